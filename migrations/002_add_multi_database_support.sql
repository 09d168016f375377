-- Connections to PostgreSQL, Redis, MongoDB and HTTP services, their permissions and their audit
-- log. Needs 001. Running it again changes nothing.

-- ============================================
-- A Studio that already has platform.databases as a table
-- ============================================
-- Here that name belongs to a view, so the table steps aside as platform.databases_legacy. The
-- rename carries its rows, triggers, constraints, indexes, policies and grants with it, and views
-- follow by themselves. Function bodies do not: they are text, and would from now on mean the new
-- view. They are rewritten to name the table they have always meant.
--
-- The rows are imported by the migrator in this same transaction, because secrets are sealed in
-- the application and never pass through SQL (see legacy_import.sql).
DO $$
DECLARE
  taken RECORD;
  check_bodies TEXT := current_setting('check_function_bodies');
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_class
    WHERE oid = to_regclass('platform.databases') AND relkind IN ('r', 'p')
  ) THEN
    RETURN;
  END IF;

  IF to_regclass('platform.databases_legacy') IS NOT NULL THEN
    RAISE EXCEPTION 'platform.databases is a table, and platform.databases_legacy exists already'
      USING HINT = 'Rename one of the two tables, then run the migration again.';
  END IF;

  -- A table of the architecture document comes with relations and functions of its own that have
  -- the names used below; they step aside with it. Studio's own table has none of them.
  FOR taken IN
    SELECT
      relname,
      CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind
    FROM pg_class
    WHERE relnamespace = 'platform'::regnamespace
      AND relkind IN ('r', 'p', 'v', 'm')
      AND relname IN (
        'databases',
        'databases_with_projects',
        'database_stats',
        'database_permissions',
        'database_audit_log'
      )
  LOOP
    EXECUTE format(
      'ALTER %s platform.%I RENAME TO %I',
      taken.kind, taken.relname, taken.relname || '_legacy'
    );
  END LOOP;

  FOR taken IN
    SELECT oid::regprocedure AS signature, proname
    FROM pg_proc
    WHERE pronamespace = 'platform'::regnamespace
      AND proname IN ('get_databases_by_project', 'get_database_by_name')
  LOOP
    EXECUTE format('ALTER FUNCTION %s RENAME TO %I', taken.signature, taken.proname || '_legacy');
  END LOOP;

  -- Only the name changes, so a body that was broken before is left as it was, not reported now.
  PERFORM set_config('check_function_bodies', 'off', true);

  FOR taken IN
    SELECT p.oid::regprocedure AS signature, p.proowner, pg_get_functiondef(p.oid) AS definition
    FROM pg_proc p
    JOIN pg_language l ON l.oid = p.prolang
    WHERE p.prokind IN ('f', 'p')
      AND l.lanname IN ('sql', 'plpgsql')
      AND p.prosrc ~* '\mplatform\.databases\M'
  LOOP
    IF pg_has_role(taken.proowner, 'USAGE') THEN
      EXECUTE regexp_replace(
        taken.definition, '\mplatform\.databases\M', 'platform.databases_legacy', 'gi'
      );
    ELSE
      RAISE WARNING 'function % belongs to another role and still names platform.databases; '
        'its owner should make it read platform.databases_legacy', taken.signature;
    END IF;
  END LOOP;

  PERFORM set_config('check_function_bodies', check_bodies, true);
END;
$$;

-- Which rows were imported. A connection that somebody deletes afterwards must not come back with
-- its secrets when the import runs again.
DO $$
BEGIN
  IF to_regclass('platform.databases_legacy') IS NOT NULL
    AND to_regclass('platform.databases_legacy_imports') IS NULL
  THEN
    CREATE TABLE platform.databases_legacy_imports (
      id UUID PRIMARY KEY,
      imported_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
    );
  END IF;
END;
$$;

-- ============================================
-- Type: platform.database_type
-- ============================================
DO $$
BEGIN
  IF to_regtype('platform.database_type') IS NULL THEN
    CREATE TYPE platform.database_type AS ENUM (
      'postgres',
      'redis',
      'mongodb',
      'bun_api'
    );
  END IF;
END;
$$;

-- ============================================
-- Table: platform.database_connections
-- ============================================
-- One row per registered connection.
--
-- connection_string and password are sealed by the application, and the seal is bound to the id
-- and the project of the row: ids are chosen before the row is written, and neither may change
-- without sealing again. The checks on the two columns let no plain text in, whoever writes it:
-- 'mdb1:' is the package's format, 'U2FsdGVkX1' how crypto-js output begins (stored by an older
-- Studio, sealed again at first use).
CREATE TABLE IF NOT EXISTS platform.database_connections (
  id UUID PRIMARY KEY DEFAULT platform.new_uuid(),
  project_id UUID NOT NULL REFERENCES platform.projects(id) ON DELETE CASCADE,

  -- Database identification
  database_type platform.database_type NOT NULL,
  identifier TEXT NOT NULL, -- e.g. "primary-postgres", "cache-redis", "main-mongo"
  description TEXT,

  -- Connection details
  connection_string TEXT, -- sealed
  host TEXT,
  port INTEGER, -- null for a bun_api or SRV target
  database_name TEXT,
  username TEXT,
  password TEXT, -- sealed

  -- Additional options, never a secret: views show them
  options JSONB NOT NULL DEFAULT '{}',

  -- Metadata
  is_primary BOOLEAN NOT NULL DEFAULT false,
  status TEXT NOT NULL DEFAULT 'ACTIVE',
  last_connected_at TIMESTAMPTZ,
  last_error TEXT,
  version BIGINT NOT NULL DEFAULT 1,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),

  -- Constraints
  CONSTRAINT database_connections_identifier_unique UNIQUE (project_id, identifier),
  CONSTRAINT database_connections_identifier_format CHECK (identifier ~ '^[a-z0-9-]+$'),
  CONSTRAINT database_connections_connection_string_sealed
    CHECK (connection_string ~ '^(mdb1:|U2FsdGVkX1)'),
  CONSTRAINT database_connections_password_sealed
    CHECK (password ~ '^(mdb1:|U2FsdGVkX1)'),
  CONSTRAINT database_connections_port_range CHECK (port BETWEEN 1 AND 65535),
  CONSTRAINT database_connections_options_object CHECK (jsonb_typeof(options) = 'object'),
  CONSTRAINT database_connections_status_known
    CHECK (status IN ('ACTIVE', 'INACTIVE', 'ERROR', 'CONNECTING'))
);

-- Default privileges of the schema may hand new tables to everybody; not this one.
REVOKE ALL ON platform.database_connections FROM PUBLIC;

COMMENT ON TABLE platform.database_connections IS
  'Registered connections; connection_string and password are sealed by the application';
COMMENT ON COLUMN platform.database_connections.version IS
  'Raised by trigger on every change but health bookkeeping; connection pools are keyed by it';

-- Indexes
CREATE INDEX IF NOT EXISTS idx_database_connections_project_id
  ON platform.database_connections(project_id);
CREATE INDEX IF NOT EXISTS idx_database_connections_type
  ON platform.database_connections(database_type);
CREATE INDEX IF NOT EXISTS idx_database_connections_project_type
  ON platform.database_connections(project_id, database_type);
CREATE INDEX IF NOT EXISTS idx_database_connections_status
  ON platform.database_connections(status);
CREATE INDEX IF NOT EXISTS idx_database_connections_status_active
  ON platform.database_connections(status) WHERE status = 'ACTIVE';

-- At most one primary per project and type. To move it, clear the old one first: a unique index is
-- checked row by row, not at the end of the statement.
CREATE UNIQUE INDEX IF NOT EXISTS idx_database_connections_primary
  ON platform.database_connections(project_id, database_type) WHERE is_primary;

-- Trigger: updated_at
DROP TRIGGER IF EXISTS update_database_connections_updated_at ON platform.database_connections;
CREATE TRIGGER update_database_connections_updated_at
  BEFORE UPDATE ON platform.database_connections
  FOR EACH ROW
  EXECUTE FUNCTION platform.update_updated_at_column();

-- Trigger: version
-- Pools and caches are keyed by id and version, so a version stands for one target. Recording how
-- a connection is doing (status, last_connected_at, last_error) leaves the target alone and must
-- not drain its pool. Columns are named by exclusion: one that is added later counts by default.
--
-- Key rotation writes the same secrets under another key. It says so with
-- SET LOCAL studio_multidb.resealing = 'on', and keeps the pools too.
CREATE OR REPLACE FUNCTION platform.bump_connection_version()
RETURNS TRIGGER AS $$
DECLARE
  bookkeeping TEXT[] := ARRAY[
    'status', 'last_connected_at', 'last_error', 'version', 'created_at', 'updated_at'
  ];
BEGIN
  IF current_setting('studio_multidb.resealing', true) = 'on' THEN
    bookkeeping := bookkeeping || ARRAY['connection_string', 'password'];
  END IF;

  IF (to_jsonb(NEW) - bookkeeping) IS DISTINCT FROM (to_jsonb(OLD) - bookkeeping) THEN
    NEW.version := OLD.version + 1;
  ELSE
    NEW.version := OLD.version;
  END IF;

  RETURN NEW;
END;
$$ LANGUAGE plpgsql;

DROP TRIGGER IF EXISTS bump_database_connections_version ON platform.database_connections;
CREATE TRIGGER bump_database_connections_version
  BEFORE UPDATE ON platform.database_connections
  FOR EACH ROW
  EXECUTE FUNCTION platform.bump_connection_version();

-- Trigger: tell every instance
-- Sent at commit on channel studio_multidb: {"id", "project_id", "version", "op"}. A changed status
-- or a fresh seal is told with an unchanged version: read the row again, keep the pool. A moved
-- last_connected_at alone is a heartbeat and not told at all.
CREATE OR REPLACE FUNCTION platform.notify_connection_change()
RETURNS TRIGGER AS $$
DECLARE
  heartbeat TEXT[] := ARRAY['last_connected_at', 'updated_at'];
  connection platform.database_connections;
BEGIN
  IF TG_OP = 'DELETE' THEN
    connection := OLD;
  ELSE
    connection := NEW;
  END IF;

  IF TG_OP = 'UPDATE' THEN
    IF (to_jsonb(NEW) - heartbeat) = (to_jsonb(OLD) - heartbeat) THEN
      RETURN NULL;
    END IF;
  END IF;

  PERFORM pg_notify(
    'studio_multidb',
    json_build_object(
      'id', connection.id,
      'project_id', connection.project_id,
      'version', connection.version,
      'op', lower(TG_OP)
    )::TEXT
  );

  RETURN NULL;
END;
$$ LANGUAGE plpgsql;

DROP TRIGGER IF EXISTS notify_database_connections_change ON platform.database_connections;
CREATE TRIGGER notify_database_connections_change
  AFTER INSERT OR UPDATE OR DELETE ON platform.database_connections
  FOR EACH ROW
  EXECUTE FUNCTION platform.notify_connection_change();

-- ============================================
-- Views
-- ============================================
-- Two documents, two sets of column names over the same rows. None shows a sealed column.

-- View: connections with project info (API design)
CREATE OR REPLACE VIEW platform.project_databases AS
SELECT
  dc.id,
  dc.project_id,
  dc.database_type,
  dc.identifier,
  dc.host,
  dc.port,
  dc.database_name,
  dc.status,
  dc.is_primary,
  dc.created_at,
  p.ref AS project_ref,
  p.name AS project_name,
  p.organization_id
FROM platform.database_connections dc
JOIN platform.projects p ON dc.project_id = p.id;

-- View: databases (architecture)
CREATE OR REPLACE VIEW platform.databases AS
SELECT
  dc.id,
  dc.project_id,
  dc.identifier AS name,
  dc.database_type AS type,
  dc.description,
  dc.host,
  dc.port,
  dc.database_name,
  dc.username,
  dc.options AS config,
  lower(dc.status) AS status,
  dc.last_connected_at,
  dc.created_at,
  dc.updated_at
FROM platform.database_connections dc;

-- View: databases with project and organization (architecture)
-- A project need not belong to an organization, and its databases are listed all the same.
CREATE OR REPLACE VIEW platform.databases_with_projects AS
SELECT
  d.*,
  p.name AS project_name,
  p.ref AS project_ref,
  o.name AS organization_name,
  o.slug AS organization_slug
FROM platform.databases d
JOIN platform.projects p ON d.project_id = p.id
LEFT JOIN platform.organizations o ON p.organization_id = o.id;

-- ============================================
-- Functions
-- ============================================
-- Parameters are written with the function's name, because a bare name that is also a column means
-- the column: in the document's own version database_name is the column of that name.

-- Function: databases of a project
CREATE OR REPLACE FUNCTION platform.get_databases_by_project(project_ref TEXT)
RETURNS SETOF platform.databases AS $$
  SELECT d.*
  FROM platform.databases d
  JOIN platform.projects p ON d.project_id = p.id
  WHERE p.ref = get_databases_by_project.project_ref
  ORDER BY d.created_at DESC, d.id;
$$ LANGUAGE SQL STABLE;

-- Function: one database of a project, by its name
CREATE OR REPLACE FUNCTION platform.get_database_by_name(
  project_ref TEXT,
  database_name TEXT
)
RETURNS platform.databases AS $$
  SELECT d.*
  FROM platform.databases d
  JOIN platform.projects p ON d.project_id = p.id
  WHERE p.ref = get_database_by_name.project_ref
    AND d.name = get_database_by_name.database_name
  LIMIT 1;
$$ LANGUAGE SQL STABLE;

-- ============================================
-- Materialized view: platform.database_stats
-- ============================================
-- Counts for the dashboard, as of the last refresh.
CREATE MATERIALIZED VIEW IF NOT EXISTS platform.database_stats AS
SELECT
  database_type AS type,
  COUNT(*) AS total,
  COUNT(*) FILTER (WHERE status = 'ACTIVE') AS active,
  COUNT(*) FILTER (WHERE last_connected_at > NOW() - INTERVAL '1 hour') AS recently_connected
FROM platform.database_connections
GROUP BY database_type;

-- Unique, so that the view can be refreshed concurrently, while it is read.
CREATE UNIQUE INDEX IF NOT EXISTS idx_database_stats_type ON platform.database_stats(type);

-- ============================================
-- Table: platform.database_permissions
-- ============================================
-- Widens or narrows one connection for one user. Users live in the Studio's authentication, which
-- need not be in this database, so user_id refers to no table.
CREATE TABLE IF NOT EXISTS platform.database_permissions (
  id UUID PRIMARY KEY DEFAULT platform.new_uuid(),
  database_id UUID NOT NULL REFERENCES platform.database_connections(id) ON DELETE CASCADE,
  user_id UUID NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('admin', 'write', 'read')),
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  UNIQUE (database_id, user_id)
);

CREATE INDEX IF NOT EXISTS idx_database_permissions_user_id
  ON platform.database_permissions(user_id);

DROP TRIGGER IF EXISTS update_database_permissions_updated_at ON platform.database_permissions;
CREATE TRIGGER update_database_permissions_updated_at
  BEFORE UPDATE ON platform.database_permissions
  FOR EACH ROW
  EXECUTE FUNCTION platform.update_updated_at_column();

-- ============================================
-- Tables: platform.organization_members, platform.project_members
-- ============================================
-- Only where the Studio does not have them. They get every column of the Studio's own tables, so
-- that the Studio's migration 003 still runs if it comes later. Its references to platform.users
-- are left out: where these tables are missing, so is that one.
DO $$
BEGIN
  IF to_regclass('platform.organization_members') IS NULL THEN
    CREATE TABLE platform.organization_members (
      id UUID PRIMARY KEY DEFAULT platform.new_uuid(),
      organization_id UUID NOT NULL REFERENCES platform.organizations(id) ON DELETE CASCADE,
      user_id UUID NOT NULL,
      role TEXT NOT NULL
        CHECK (role IN ('owner', 'admin', 'developer', 'billing_admin', 'member')),
      invited_at TIMESTAMPTZ,
      invited_by UUID,
      joined_at TIMESTAMPTZ DEFAULT NOW(),
      created_at TIMESTAMPTZ DEFAULT NOW(),
      updated_at TIMESTAMPTZ DEFAULT NOW(),
      UNIQUE (organization_id, user_id)
    );

    CREATE INDEX idx_organization_members_user ON platform.organization_members(user_id);

    CREATE TRIGGER update_organization_members_updated_at
      BEFORE UPDATE ON platform.organization_members
      FOR EACH ROW
      EXECUTE FUNCTION platform.update_updated_at_column();
  END IF;

  IF to_regclass('platform.project_members') IS NULL THEN
    CREATE TABLE platform.project_members (
      id UUID PRIMARY KEY DEFAULT platform.new_uuid(),
      project_id UUID NOT NULL REFERENCES platform.projects(id) ON DELETE CASCADE,
      user_id UUID NOT NULL,
      role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'read_only')),
      added_by UUID,
      created_at TIMESTAMPTZ DEFAULT NOW(),
      updated_at TIMESTAMPTZ DEFAULT NOW(),
      UNIQUE (project_id, user_id)
    );

    CREATE INDEX idx_project_members_user ON platform.project_members(user_id);

    CREATE TRIGGER update_project_members_updated_at
      BEFORE UPDATE ON platform.project_members
      FOR EACH ROW
      EXECUTE FUNCTION platform.update_updated_at_column();
  END IF;
END;
$$;

-- ============================================
-- Table: platform.database_audit_log
-- ============================================
-- Every write and admin operation leaves two entries, the intent before it runs and the outcome
-- after, tied by request_id. An entry carries the hash of the one before it, so that changing or
-- removing one shows from there on. Cutting off the newest entries does not show by itself: to
-- rule that out, keep the latest seq and hash somewhere else.
--
-- It outlives what it speaks of: ids refer to no table, and user_id is text, because an operation
-- must be recorded whatever the Studio's authentication calls its users.
CREATE TABLE IF NOT EXISTS platform.database_audit_log (
  seq BIGINT PRIMARY KEY,
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  request_id TEXT NOT NULL,
  user_id TEXT,
  project_id UUID,
  database_id UUID,
  operation TEXT NOT NULL,
  phase TEXT NOT NULL CHECK (phase IN ('intent', 'outcome')),
  outcome TEXT CHECK (outcome IN ('applied', 'not_applied', 'unknown')),
  parameters JSONB NOT NULL DEFAULT '{}', -- redacted
  created_at TIMESTAMPTZ NOT NULL,
  CONSTRAINT database_audit_log_outcome_known CHECK ((phase = 'outcome') = (outcome IS NOT NULL))
);

REVOKE ALL ON platform.database_audit_log FROM PUBLIC;

CREATE INDEX IF NOT EXISTS idx_database_audit_log_database_id
  ON platform.database_audit_log(database_id);
CREATE INDEX IF NOT EXISTS idx_database_audit_log_project_id
  ON platform.database_audit_log(project_id);
CREATE INDEX IF NOT EXISTS idx_database_audit_log_request_id
  ON platform.database_audit_log(request_id);
CREATE INDEX IF NOT EXISTS idx_database_audit_log_created_at
  ON platform.database_audit_log(created_at DESC);

-- Function: the hash of an entry
-- Columns are listed one by one, so that a column added later leaves the hashes of old entries as
-- they are; the time is taken in UTC, because JSON writes it in the session's time zone.
CREATE OR REPLACE FUNCTION platform.audit_entry_hash(entry platform.database_audit_log)
RETURNS TEXT AS $$
  SELECT encode(
    sha256(convert_to(
      jsonb_build_array(
        entry.seq,
        entry.previous_hash,
        entry.request_id,
        entry.user_id,
        entry.project_id,
        entry.database_id,
        entry.operation,
        entry.phase,
        entry.outcome,
        entry.parameters,
        entry.created_at AT TIME ZONE 'UTC'
      )::TEXT,
      'UTF8'
    )),
    'hex'
  );
$$ LANGUAGE SQL STABLE;

-- Trigger: append to the chain
-- Writers give the content; place, time and hashes are set here, so that every instance continues
-- the same chain. The lock lasts to the end of the writer's transaction: keep that one short.
CREATE OR REPLACE FUNCTION platform.chain_audit_entry()
RETURNS TRIGGER AS $$
DECLARE
  last_seq BIGINT;
  last_hash TEXT;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('platform.database_audit_log', 0));

  SELECT seq, hash
  INTO last_seq, last_hash
  FROM platform.database_audit_log
  ORDER BY seq DESC
  LIMIT 1;

  NEW.seq := COALESCE(last_seq, 0) + 1;
  NEW.previous_hash := COALESCE(last_hash, repeat('0', 64));
  NEW.created_at := clock_timestamp();
  NEW.hash := platform.audit_entry_hash(NEW);

  RETURN NEW;
END;
$$ LANGUAGE plpgsql;

DROP TRIGGER IF EXISTS chain_database_audit_log ON platform.database_audit_log;
CREATE TRIGGER chain_database_audit_log
  BEFORE INSERT ON platform.database_audit_log
  FOR EACH ROW
  EXECUTE FUNCTION platform.chain_audit_entry();

-- Trigger: append only
CREATE OR REPLACE FUNCTION platform.refuse_audit_change()
RETURNS TRIGGER AS $$
BEGIN
  RAISE EXCEPTION 'platform.database_audit_log is append-only, % is refused', TG_OP
    USING ERRCODE = 'insufficient_privilege';
END;
$$ LANGUAGE plpgsql;

DROP TRIGGER IF EXISTS refuse_database_audit_log_change ON platform.database_audit_log;
CREATE TRIGGER refuse_database_audit_log_change
  BEFORE UPDATE OR DELETE OR TRUNCATE ON platform.database_audit_log
  FOR EACH STATEMENT
  EXECUTE FUNCTION platform.refuse_audit_change();

-- Function: check the chain
-- Returns the entries at which it is broken; none when it is whole. After old entries were moved
-- to an archive, start at the oldest that is left.
CREATE OR REPLACE FUNCTION platform.verify_database_audit_log(from_seq BIGINT DEFAULT 1)
RETURNS TABLE (seq BIGINT, problem TEXT) AS $$
  SELECT checked.seq, checked.problem
  FROM (
    SELECT
      entry.seq,
      CASE
        WHEN entry.hash <> platform.audit_entry_hash(entry)
          THEN 'the entry was changed'
        WHEN entry.seq <> lag(entry.seq, 1, verify_database_audit_log.from_seq - 1) OVER chain + 1
          THEN 'entries before it are missing'
        WHEN entry.previous_hash <> lag(entry.hash) OVER chain
          OR (entry.seq = 1 AND entry.previous_hash <> repeat('0', 64))
          THEN 'it does not continue the entry before it'
      END AS problem
    FROM platform.database_audit_log entry
    WHERE entry.seq >= verify_database_audit_log.from_seq
    WINDOW chain AS (ORDER BY entry.seq)
  ) AS checked
  WHERE checked.problem IS NOT NULL
  ORDER BY checked.seq;
$$ LANGUAGE SQL STABLE;
