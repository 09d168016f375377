-- A Studio that had platform.databases as a table goes on reading the view of that name, and is told
-- where to write. Needs 002. Running it again changes nothing.

-- ============================================
-- View: platform.databases
-- ============================================
-- The columns of an older Studio's table follow those that the view has: so its lists go on showing
-- every connection, and its writes get as far as the message below. None of them shows a secret.
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
  dc.updated_at,
  dc.database_name AS database,
  NULL::TEXT AS password,
  NULL::TEXT AS connection_string,
  NULL::BYTEA AS connection_string_encrypted,
  COALESCE(dc.options ->> 'tls', dc.options ->> 'ssl', 'false') IN ('true', '1') AS ssl_enabled,
  '{}'::JSONB AS metadata,
  CASE dc.status
    WHEN 'ACTIVE' THEN 'healthy'
    WHEN 'ERROR' THEN 'unhealthy'
    ELSE 'unknown'
  END AS health_check_status,
  dc.last_connected_at AS last_health_check_at,
  dc.last_error AS health_check_error
FROM platform.database_connections dc;

COMMENT ON VIEW platform.databases IS
  'Registered connections without their secrets, to read only: POST /api/platform/databases registers one';

-- ============================================
-- Writes
-- ============================================
-- Secrets are sealed in the application, with a key that the database does not have. PostgreSQL
-- would pass a write to this view on to the table by itself. It is refused once per statement, also
-- where no row is met: a writer that is told nothing believes that it has written.
CREATE OR REPLACE FUNCTION platform.refuse_databases_write()
RETURNS TRIGGER AS $$
BEGIN
  RAISE EXCEPTION 'platform.% takes no writes, % is refused: use POST /api/platform/databases, or PATCH and DELETE of /api/platform/databases/{id}',
    TG_TABLE_NAME, TG_OP
    USING
      ERRCODE = 'object_not_in_prerequisite_state',
      DETAIL = 'It shows the registered connections, whose secrets the application seals before they '
        'are stored.',
      HINT = 'In the server''s own code, manager.databases() registers and changes connections.';
END;
$$ LANGUAGE plpgsql;

DO $$
DECLARE
  shown TEXT;
BEGIN
  FOREACH shown IN ARRAY ARRAY['databases', 'project_databases', 'databases_with_projects'] LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS refuse_statement ON platform.%I', shown);
    EXECUTE format('DROP TRIGGER IF EXISTS refuse_row ON platform.%I', shown);
    EXECUTE format(
      'CREATE TRIGGER refuse_statement BEFORE INSERT OR UPDATE OR DELETE ON platform.%I '
      'FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_databases_write()', shown
    );
    -- A view over several tables takes a write only where a trigger stands in for it.
    EXECUTE format(
      'CREATE TRIGGER refuse_row INSTEAD OF INSERT OR UPDATE OR DELETE ON platform.%I '
      'FOR EACH ROW EXECUTE FUNCTION platform.refuse_databases_write()', shown
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
-- privilege as before.
DO $$
DECLARE
  legacy OID := to_regclass('platform.databases_legacy');
  owner OID;
  is_guarded BOOLEAN;
  is_forced BOOLEAN;
  granted RECORD;
  sees_all BOOLEAN;
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
    sees_all := NOT is_guarded
      OR (granted.grantee = owner AND NOT is_forced)
      OR EXISTS (
        SELECT FROM pg_roles r
        WHERE r.oid = granted.grantee AND (r.rolsuper OR r.rolbypassrls)
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
      RAISE WARNING '% of platform.% is taken back from %: row-level security on the old table keeps rows from it, and a view has no policies',
        granted.privilege, granted.relname,
        CASE WHEN granted.grantee = 0 THEN 'PUBLIC' ELSE granted.grantee::REGROLE::TEXT END;
    ELSIF granted.follows THEN
      RAISE WARNING '% of platform.databases is not given to %: row-level security on the old table keeps rows from it, and a view has no policies',
        granted.privilege,
        CASE WHEN granted.grantee = 0 THEN 'PUBLIC' ELSE granted.grantee::REGROLE::TEXT END;
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
