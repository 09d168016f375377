-- The schema every Studio in platform mode has: organizations, projects, credentials.
--
-- Nothing here touches an object that is already there, not even to replace it with an equal one:
-- on a Studio that has these tables the file changes nothing, and it runs under a role that only
-- owns the schema. What a Studio added of its own (stricter checks, other defaults) stays.

-- CREATE SCHEMA IF NOT EXISTS asks for CREATE on the database even when the schema is there.
DO $$
BEGIN
  IF to_regnamespace('platform') IS NULL THEN
    CREATE SCHEMA platform;
  END IF;
END;
$$;

-- Function: platform.new_uuid()
-- A random (version 4) UUID on every PostgreSQL from 12 to 18. The documents call
-- uuid_generate_v4(), which belongs to uuid-ossp, and that extension is often missing. From 13 on
-- gen_random_uuid() is built in. On 12 it is found in an extension, which is created if that is
-- possible. Else the last resort is hashed from the session's random numbers (seeded by the
-- server from its strong source), the clock and the process: unique, but no stronger than that
-- 48-bit seed, which is enough because ids are names here and never grant access by themselves.
DO $$
DECLARE
  generator TEXT;
BEGIN
  IF to_regprocedure('platform.new_uuid()') IS NOT NULL THEN
    RETURN;
  END IF;

  IF to_regprocedure('pg_catalog.gen_random_uuid()') IS NULL
    AND NOT EXISTS (SELECT FROM pg_extension WHERE extname IN ('pgcrypto', 'uuid-ossp'))
    AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pgcrypto')
  THEN
    BEGIN
      CREATE EXTENSION pgcrypto;
    EXCEPTION WHEN OTHERS THEN
      -- Mostly a missing right. Whatever it is, the last resort below works without.
      RAISE NOTICE 'pgcrypto could not be created (%), using the built-in fallback', SQLERRM;
    END;
  END IF;

  -- Functions outside pg_catalog count only as members of the extension itself: anybody may have
  -- made a function of the same name in a schema that is searched.
  SELECT format('%I.%I()', n.nspname, p.proname)
  INTO generator
  FROM pg_proc p
  JOIN pg_namespace n ON n.oid = p.pronamespace
  LEFT JOIN pg_depend d
    ON d.classid = 'pg_proc'::regclass
    AND d.objid = p.oid
    AND d.refclassid = 'pg_extension'::regclass
    AND d.deptype = 'e'
  LEFT JOIN pg_extension e ON e.oid = d.refobjid
  WHERE p.pronargs = 0
    AND p.proname IN ('gen_random_uuid', 'uuid_generate_v4')
    AND (n.nspname = 'pg_catalog' OR e.extname IN ('pgcrypto', 'uuid-ossp'))
    AND has_schema_privilege(n.oid, 'USAGE')
    AND has_function_privilege(p.oid, 'EXECUTE')
  ORDER BY n.nspname = 'pg_catalog' DESC, p.proname
  LIMIT 1;

  IF generator IS NOT NULL THEN
    EXECUTE format(
      'CREATE FUNCTION platform.new_uuid() RETURNS UUID LANGUAGE SQL VOLATILE AS %L',
      'SELECT ' || generator
    );
  ELSE
    CREATE FUNCTION platform.new_uuid() RETURNS UUID LANGUAGE SQL VOLATILE AS $body$
      SELECT encode(
        -- Version 4 in the high half of byte 6, variant 1 in the top bits of byte 8.
        set_byte(
          set_byte(seed, 6, (get_byte(seed, 6) & 15) | 64),
          8, (get_byte(seed, 8) & 63) | 128
        ),
        'hex'
      )::UUID
      FROM (
        SELECT substring(
          sha256(convert_to(
            concat_ws(
              '/', random(), random(), random(), random(),
              clock_timestamp(), pg_backend_pid(), pg_postmaster_start_time()
            ),
            'UTF8'
          ))
          FROM 1 FOR 16
        ) AS seed
      ) AS seeds;
    $body$;
  END IF;
END;
$$;

-- Table: platform.organizations
CREATE TABLE IF NOT EXISTS platform.organizations (
  id UUID PRIMARY KEY DEFAULT platform.new_uuid(),
  name TEXT NOT NULL,
  slug TEXT UNIQUE NOT NULL,
  billing_email TEXT,
  created_at TIMESTAMPTZ DEFAULT NOW(),
  updated_at TIMESTAMPTZ DEFAULT NOW()
);

-- Table: platform.projects
CREATE TABLE IF NOT EXISTS platform.projects (
  id UUID PRIMARY KEY DEFAULT platform.new_uuid(),
  organization_id UUID REFERENCES platform.organizations(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  ref TEXT UNIQUE NOT NULL,
  database_host TEXT NOT NULL,
  database_port INTEGER DEFAULT 5432,
  database_name TEXT NOT NULL,
  database_user TEXT NOT NULL,
  database_password TEXT NOT NULL,
  postgres_meta_url TEXT,
  supabase_url TEXT,
  status TEXT DEFAULT 'ACTIVE_HEALTHY',
  created_at TIMESTAMPTZ DEFAULT NOW(),
  updated_at TIMESTAMPTZ DEFAULT NOW()
);

-- Table: platform.credentials
CREATE TABLE IF NOT EXISTS platform.credentials (
  id UUID PRIMARY KEY DEFAULT platform.new_uuid(),
  project_id UUID UNIQUE REFERENCES platform.projects(id) ON DELETE CASCADE,
  anon_key TEXT NOT NULL,
  service_role_key TEXT NOT NULL,
  jwt_secret TEXT NOT NULL,
  created_at TIMESTAMPTZ DEFAULT NOW(),
  updated_at TIMESTAMPTZ DEFAULT NOW()
);

-- Function: platform.update_updated_at_column()
-- Keeps updated_at current on every table that has the trigger below.
DO $$
BEGIN
  IF to_regprocedure('platform.update_updated_at_column()') IS NULL THEN
    CREATE FUNCTION platform.update_updated_at_column() RETURNS TRIGGER LANGUAGE plpgsql AS $body$
    BEGIN
      NEW.updated_at = NOW();
      RETURN NEW;
    END;
    $body$;
  END IF;
END;
$$;

-- Triggers for updated_at. Found by their function and not by their name, so that a Studio which
-- named its own differently does not get a second one.
DO $$
DECLARE
  table_name TEXT;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['organizations', 'projects', 'credentials'] LOOP
    IF NOT EXISTS (
      SELECT FROM pg_trigger
      WHERE tgrelid = format('platform.%I', table_name)::regclass
        AND tgfoid = 'platform.update_updated_at_column()'::regprocedure
    ) THEN
      EXECUTE format(
        'CREATE TRIGGER %I BEFORE UPDATE ON platform.%I '
        'FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column()',
        'update_' || table_name || '_updated_at', table_name
      );
    END IF;
  END LOOP;
END;
$$;
