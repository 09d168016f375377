-- A Studio that had platform.databases as a table goes on reading the view of that name, and is told
-- where to write. Needs 002. Running it again changes nothing.

-- ============================================
-- View: platform.databases
-- ============================================
-- It answers what an older Studio asks of its table. Every column of that table is there; one that has no
-- counterpart is null, so that lists go on showing every connection, and writes get as far as the message
-- below. The type is text, spelt as that table has it: a query may compare it with a word or a parameter
-- that is no database_type. None of the columns shows a secret.
--
-- A view's columns can't change their type, so those of 002 are made anew, with the grants they had.
DO $$
DECLARE
  legacy OID := to_regclass('platform.databases_legacy');
  says_postgresql BOOLEAN := false;
  others TEXT;
  shown TEXT;
  kept TEXT[];
  regranted TEXT;
BEGIN
  SELECT array_agg(format(
    'GRANT %s ON platform.%I TO %s', entry.privilege_type, c.relname,
    CASE WHEN entry.grantee = 0 THEN 'PUBLIC' ELSE entry.grantee::REGROLE::TEXT END
  ))
  INTO kept
  FROM pg_class c
  CROSS JOIN LATERAL aclexplode(c.relacl) entry
  WHERE c.oid IN ('platform.databases'::REGCLASS, 'platform.databases_with_projects'::REGCLASS)
    AND entry.grantee <> c.relowner;

  IF EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = legacy AND attname = 'type' AND NOT attisdropped
  ) THEN
    EXECUTE $sql$
      SELECT NOT EXISTS (SELECT FROM platform.databases_legacy AS d WHERE to_jsonb(d.type) = '"postgres"')
        AND (
          EXISTS (SELECT FROM platform.databases_legacy AS d WHERE to_jsonb(d.type) = '"postgresql"')
          OR EXISTS (
            SELECT FROM pg_constraint
            WHERE conrelid = 'platform.databases_legacy'::REGCLASS AND contype = 'c'
              AND pg_get_constraintdef(oid) LIKE '%postgresql%'
          )
        )
    $sql$ INTO says_postgresql;
  END IF;

  SELECT string_agg(
    format(
      ', NULL::%s AS %I',
      -- A domain may take no null.
      CASE t.typtype WHEN 'd' THEN 'TEXT' ELSE format_type(a.atttypid, a.atttypmod) END,
      a.attname
    ), '' ORDER BY a.attnum
  )
  INTO others
  FROM pg_attribute a
  JOIN pg_type t ON t.oid = a.atttypid
  WHERE a.attrelid = legacy AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attname NOT IN (
      'id', 'project_id', 'name', 'type', 'description', 'host', 'port', 'database_name', 'username',
      'config', 'status', 'last_connected_at', 'created_at', 'updated_at', 'database', 'password',
      'connection_string', 'connection_string_encrypted', 'ssl_enabled', 'metadata',
      'health_check_status', 'last_health_check_at', 'health_check_error'
    );

  DROP FUNCTION platform.get_databases_by_project(TEXT);
  DROP FUNCTION platform.get_database_by_name(TEXT, TEXT);
  DROP VIEW platform.databases_with_projects;
  DROP VIEW platform.databases;

  EXECUTE format(
    $sql$
      CREATE VIEW platform.databases AS
      SELECT
        dc.id,
        dc.project_id,
        dc.identifier AS name,
        %s AS type,
        dc.description,
        dc.host,
        dc.port,
        dc.database_name,
        dc.username,
        dc.options AS config,
        lower(dc.status) AS status,
        dc.last_connected_at,
        dc.created_at,
        dc.updated_at,
        dc.database_name AS database,
        NULL::TEXT AS password,
        NULL::TEXT AS connection_string,
        NULL::BYTEA AS connection_string_encrypted,
        -- Whether it never goes on without TLS. Where nothing is said, the address decides.
        CASE dc.database_type
          WHEN 'postgres' THEN dc.options ->> 'sslmode' IN ('require', 'verify-ca', 'verify-full')
          WHEN 'redis' THEN dc.options ->> 'tls' IN ('true', '1')
          ELSE COALESCE(
            dc.options ->> 'tls' IN ('true', '1'),
            dc.database_type = 'bun_api' OR dc.options ->> 'srv' IN ('true', '1')
          )
        END IS TRUE AS ssl_enabled,
        '{}'::JSONB AS metadata,
        CASE dc.status
          WHEN 'ACTIVE' THEN 'healthy'
          WHEN 'ERROR' THEN 'unhealthy'
          ELSE 'unknown'
        END AS health_check_status,
        dc.last_connected_at AS last_health_check_at,
        dc.last_error AS health_check_error
        %s
      FROM platform.database_connections dc
    $sql$,
    CASE
      WHEN says_postgresql
      THEN 'CASE dc.database_type WHEN ''postgres'' THEN ''postgresql'' ELSE dc.database_type::TEXT END'
      ELSE 'dc.database_type::TEXT'
    END,
    others
  );

  COMMENT ON VIEW platform.databases IS
    'Registered connections without their secrets, to read only: POST /api/platform/databases registers one';

  -- A column of an older Studio may have one of the four names that follow here.
  SELECT string_agg(format('d.%I', a.attname), ', ' ORDER BY a.attnum)
  INTO shown
  FROM pg_attribute a
  WHERE a.attrelid = 'platform.databases'::REGCLASS AND a.attnum > 0
    AND a.attname NOT IN ('project_name', 'project_ref', 'organization_name', 'organization_slug');

  EXECUTE format(
    $sql$
      CREATE VIEW platform.databases_with_projects AS
      SELECT
        %s,
        p.name AS project_name,
        p.ref AS project_ref,
        o.name AS organization_name,
        o.slug AS organization_slug
      FROM platform.databases d
      JOIN platform.projects p ON d.project_id = p.id
      LEFT JOIN platform.organizations o ON p.organization_id = o.id
    $sql$,
    shown
  );

  CREATE FUNCTION platform.get_databases_by_project(project_ref TEXT)
  RETURNS SETOF platform.databases AS $sql$
    SELECT d.*
    FROM platform.databases d
    JOIN platform.projects p ON d.project_id = p.id
    WHERE p.ref = get_databases_by_project.project_ref
    ORDER BY d.created_at DESC, d.id;
  $sql$ LANGUAGE SQL STABLE;

  CREATE FUNCTION platform.get_database_by_name(project_ref TEXT, database_name TEXT)
  RETURNS platform.databases AS $sql$
    SELECT d.*
    FROM platform.databases d
    JOIN platform.projects p ON d.project_id = p.id
    WHERE p.ref = get_database_by_name.project_ref
      AND d.name = get_database_by_name.database_name
    LIMIT 1;
  $sql$ LANGUAGE SQL STABLE;

  FOREACH regranted IN ARRAY COALESCE(kept, '{}') LOOP
    EXECUTE regranted;
  END LOOP;
END;
$$;

-- ============================================
-- Writes
-- ============================================
-- Secrets are sealed in the application, with a key that the database does not have. PostgreSQL
-- would pass a write to this view on to the table by itself. It is refused once per statement, also
-- where no row is met: a writer that is told nothing believes that it has written.
CREATE OR REPLACE FUNCTION platform.refuse_databases_write()
RETURNS TRIGGER AS $$
BEGIN
  RAISE EXCEPTION '%.% takes no writes, % is refused: use POST /api/platform/databases, or PATCH and DELETE of /api/platform/databases/{id}',
    TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
    USING
      ERRCODE = 'object_not_in_prerequisite_state',
      DETAIL = 'It shows the registered connections, whose secrets the application seals before they '
        'are stored.',
      HINT = 'In the server''s own code, manager.databases() registers and changes connections.';
END;
$$ LANGUAGE plpgsql;

-- So are writes to a view of the old table that PostgreSQL passes on by itself: they would change what
-- nothing connects by. Functions and views with triggers or rules of their own are somebody's code, and
-- are listed instead.
DO $$
DECLARE
  shown RECORD;
BEGIN
  FOR shown IN
    WITH RECURSIVE reading AS (
      SELECT to_regclass('platform.databases_legacy')::OID AS oid
      UNION
      SELECT rule.ev_class
      FROM reading
      JOIN pg_depend d
        ON d.refclassid = 'pg_class'::REGCLASS AND d.refobjid = reading.oid
        AND d.classid = 'pg_rewrite'::REGCLASS
      JOIN pg_rewrite rule ON rule.oid = d.objid AND rule.rulename = '_RETURN'
    )
    SELECT c.oid::REGCLASS AS name, c.relowner
    FROM pg_class c
    WHERE c.relkind = 'v' AND (
      c.oid IN (
        'platform.databases'::REGCLASS,
        'platform.project_databases'::REGCLASS,
        'platform.databases_with_projects'::REGCLASS
      )
      OR (
        c.oid IN (SELECT oid FROM reading)
        AND pg_relation_is_updatable(c.oid, false) & 28 <> 0
      )
    )
  LOOP
    IF NOT pg_has_role(shown.relowner, 'USAGE') THEN
      RAISE WARNING 'view % belongs to another role, and writes to it go on changing platform.databases_legacy, '
        'which nothing connects by', shown.name;
      CONTINUE;
    END IF;
    EXECUTE format('DROP TRIGGER IF EXISTS refuse_statement ON %s', shown.name);
    EXECUTE format('DROP TRIGGER IF EXISTS refuse_row ON %s', shown.name);
    EXECUTE format(
      'CREATE TRIGGER refuse_statement BEFORE INSERT OR UPDATE OR DELETE ON %s '
      'FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_databases_write()', shown.name
    );
    -- A view over several tables takes a write only where a trigger stands in for it.
    EXECUTE format(
      'CREATE TRIGGER refuse_row INSTEAD OF INSERT OR UPDATE OR DELETE ON %s '
      'FOR EACH ROW EXECUTE FUNCTION platform.refuse_databases_write()', shown.name
    );
  END LOOP;
END;
$$;

-- ============================================
-- Grants
-- ============================================
-- Who could read the table can read the view, which shows less. Not so where row-level security on
-- the table keeps rows from a role: a view has no policies, and would show that role every row. A
-- privilege on these views that such a role got from the schema's defaults is taken back for the same
-- reason. A role that may read every row (the owner, BYPASSRLS, a policy of USING (true)) is given the
-- privilege as before. Its members inherit the privilege, but not BYPASSRLS or what a superuser may: where
-- that is why it saw every row, it gets the privilege only if nobody inherits it who saw less.
DO $$
DECLARE
  legacy OID := to_regclass('platform.databases_legacy');
  owner OID;
  is_guarded BOOLEAN;
  is_forced BOOLEAN;
  granted RECORD;
  sees_all BOOLEAN;
  is_group BOOLEAN;
BEGIN
  IF legacy IS NULL THEN
    RETURN;
  END IF;
  SELECT relowner, relrowsecurity, relforcerowsecurity INTO owner, is_guarded, is_forced
  FROM pg_class WHERE oid = legacy;

  FOR granted IN
    SELECT entry.grantee, entry.privilege_type AS privilege, NULL::NAME AS attname,
      true AS follows, v.relname
    FROM pg_class c
    CROSS JOIN LATERAL aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) entry
    CROSS JOIN (VALUES ('databases'::NAME)) AS v (relname)
    WHERE c.oid = legacy
    UNION
    SELECT entry.grantee, entry.privilege_type, a.attname, true, 'databases'
    FROM pg_attribute a
    CROSS JOIN LATERAL aclexplode(a.attacl) entry
    WHERE a.attrelid = legacy AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attname IN (
        SELECT shown.attname FROM pg_attribute shown
        WHERE shown.attrelid = 'platform.databases'::regclass AND shown.attnum > 0
      )
    UNION
    SELECT entry.grantee, entry.privilege_type, NULL, false, c.relname
    FROM pg_class c
    CROSS JOIN LATERAL aclexplode(c.relacl) entry
    WHERE c.oid IN (
      'platform.databases'::regclass,
      'platform.project_databases'::regclass,
      'platform.databases_with_projects'::regclass
    )
    ORDER BY follows
  LOOP
    CONTINUE WHEN granted.privilege NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
      OR granted.grantee = (SELECT relowner FROM pg_class WHERE oid = 'platform.databases'::regclass);

    -- Restrictive policies narrow whatever the permissive ones allow.
    is_group := granted.grantee <> 0 AND EXISTS (
      SELECT FROM pg_roles member
      WHERE member.oid <> granted.grantee AND NOT member.rolsuper AND NOT member.rolbypassrls
        AND pg_has_role(member.oid, granted.grantee, 'USAGE')
    );
    sees_all := NOT is_guarded
      OR (granted.grantee = owner AND NOT is_forced)
      OR EXISTS (
        SELECT FROM pg_roles r
        WHERE r.oid = granted.grantee AND (r.rolsuper OR r.rolbypassrls) AND NOT is_group
      )
      OR (
        EXISTS (
          SELECT FROM pg_policy p
          WHERE p.polrelid = legacy AND p.polpermissive AND p.polcmd IN ('*', 'r')
            AND pg_get_expr(p.polqual, p.polrelid) = 'true'
            AND (p.polroles = '{0}' OR EXISTS (
              SELECT FROM unnest(p.polroles) AS role
              WHERE role = granted.grantee
                OR (granted.grantee <> 0 AND role <> 0 AND pg_has_role(granted.grantee, role, 'USAGE'))
            ))
        )
        AND NOT EXISTS (
          SELECT FROM pg_policy p
          WHERE p.polrelid = legacy AND NOT p.polpermissive AND p.polcmd IN ('*', 'r')
        )
      );

    IF granted.follows AND sees_all THEN
      EXECUTE format(
        'GRANT %s%s ON platform.%I TO %s',
        granted.privilege,
        CASE WHEN granted.attname IS NOT NULL THEN format(' (%I)', granted.attname) ELSE '' END,
        granted.relname,
        CASE WHEN granted.grantee = 0 THEN 'PUBLIC' ELSE granted.grantee::REGROLE::TEXT END
      );
    ELSIF NOT granted.follows AND NOT sees_all THEN
      EXECUTE format(
        'REVOKE %s ON platform.%I FROM %s',
        granted.privilege, granted.relname,
        CASE WHEN granted.grantee = 0 THEN 'PUBLIC' ELSE granted.grantee::REGROLE::TEXT END
      );
      RAISE WARNING '% of platform.% is taken back from %: row-level security on the old table keeps rows from it%, and a view has no policies',
        granted.privilege, granted.relname,
        CASE WHEN granted.grantee = 0 THEN 'PUBLIC' ELSE granted.grantee::REGROLE::TEXT END,
        CASE WHEN is_group THEN ' or from its members' ELSE '' END;
    ELSIF granted.follows THEN
      RAISE WARNING '% of platform.databases is not given to %: row-level security on the old table keeps rows from it%, and a view has no policies',
        granted.privilege,
        CASE WHEN granted.grantee = 0 THEN 'PUBLIC' ELSE granted.grantee::REGROLE::TEXT END,
        CASE WHEN is_group THEN ' or from its members' ELSE '' END;
    END IF;
  END LOOP;
END;
$$;

-- ============================================
-- Texts in functions
-- ============================================
-- 002 writes the table's new name into every body that spells the old one. Where that is in a text that
-- no statement is made of, the text is what somebody reads: it is put back as it was.
DO $$
DECLARE
  taken RECORD;
  restored TEXT;
  check_bodies TEXT := current_setting('check_function_bodies');
BEGIN
  PERFORM set_config('check_function_bodies', 'off', true);
  FOR taken IN
    SELECT p.oid, p.prosrc, p.proowner
    FROM pg_proc p
    JOIN pg_language l ON l.oid = p.prolang
    WHERE p.prokind IN ('f', 'p')
      AND l.lanname IN ('sql', 'plpgsql')
      AND p.prosrc ~* '\mplatform\.databases_legacy\M'
      AND p.prosrc !~* '\m(execute|regclass|to_regclass|dblink\w*|query_to_\w+|cursor_to_\w+)\M'
      AND p.prosrc !~ '\$\w*\$|\m[eE]'''
  LOOP
    CONTINUE WHEN NOT pg_has_role(taken.proowner, 'USAGE');
    SELECT string_agg(
      CASE
        WHEN part[1] LIKE '''%'
        THEN regexp_replace(part[1], '\mplatform\.databases_legacy\M', 'platform.databases', 'gi')
        ELSE part[1]
      END, '' ORDER BY place
    )
    INTO restored
    FROM regexp_matches(
      taken.prosrc,
      '(--[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/|''(?:[^'']|'''')*''|"[^"]*"|[^-/''"]+|.)', 'g'
    ) WITH ORDINALITY AS parts (part, place);
    IF restored <> taken.prosrc THEN
      EXECUTE replace(pg_get_functiondef(taken.oid), taken.prosrc, restored);
    END IF;
  END LOOP;
  PERFORM set_config('check_function_bodies', check_bodies, true);
END;
$$;
