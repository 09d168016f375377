-- Names in schema platform that 002 and 002a are about to use, and that are somebody else's. It reads
-- catalogs only, and runs before those files.
--
-- CREATE … IF NOT EXISTS would go on with a stranger's table, CREATE OR REPLACE would write over a
-- stranger's function. What stands with an older Studio's table steps aside with it, see 002.
WITH
here AS (
  SELECT
    to_regnamespace('platform') AS schema,
    EXISTS (
      SELECT FROM pg_class WHERE oid = to_regclass('platform.databases') AND relkind IN ('r', 'p')
    ) AS has_old_table,
    -- 002 ran, by hand perhaps: all its names are ours.
    EXISTS (
      SELECT FROM pg_constraint
      WHERE conrelid = to_regclass('platform.database_connections')
        AND conname = 'database_connections_password_sealed'
    ) AS is_ours
),

steps_aside (name) AS (
  VALUES ('databases'), ('databases_with_projects'), ('database_stats'), ('database_permissions'),
    ('database_audit_log')
),

-- What is made, and the names that others make room under.
relations (name, is_index) AS (
  SELECT name, false FROM steps_aside
  UNION ALL
  SELECT name || '_legacy', false FROM steps_aside, here
  WHERE has_old_table AND to_regclass('platform.' || name) IS NOT NULL
    -- Told of by 002 itself.
    AND name <> 'databases'
  UNION ALL
  VALUES
    ('database_connections', false), ('project_databases', false),
    ('database_connections_identifier_unique', true),
    ('idx_database_connections_project_id', true), ('idx_database_connections_type', true),
    ('idx_database_connections_project_type', true), ('idx_database_connections_status', true),
    ('idx_database_connections_status_active', true), ('idx_database_connections_primary', true),
    ('idx_database_stats_type', true), ('idx_database_permissions_user_id', true),
    ('idx_database_audit_log_database_id', true), ('idx_database_audit_log_project_id', true),
    ('idx_database_audit_log_request_id', true), ('idx_database_audit_log_created_at', true)
),

functions (name, arguments) AS (
  VALUES
    ('bump_connection_version', ''), ('notify_connection_change', ''), ('chain_audit_entry', ''),
    ('refuse_audit_change', ''), ('refuse_databases_write', ''),
    ('verify_database_audit_log', 'bigint'), ('get_databases_by_project', 'text'),
    ('get_database_by_name', 'text, text')
),

taken AS (
  SELECT
    CASE c.relkind
      WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'I' THEN 'index'
      WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type' WHEN 'f' THEN 'foreign table' ELSE 'table'
    END AS kind,
    c.oid::REGCLASS::TEXT AS name
  FROM here
  JOIN pg_class c ON c.relnamespace = here.schema
  JOIN relations ON relations.name = c.relname
  LEFT JOIN pg_index i ON i.indexrelid = c.oid
  LEFT JOIN pg_class indexed ON indexed.oid = i.indrelid
  WHERE NOT here.is_ours
    AND NOT (
      here.has_old_table
      AND (
        (c.relname IN (SELECT name FROM steps_aside) AND c.relkind IN ('r', 'p', 'v', 'm'))
        OR (relations.is_index AND indexed.relname IN (SELECT name FROM steps_aside))
      )
    )

  UNION ALL
  -- Any type of these names, but for those that belong to a relation above.
  SELECT 'type', format('platform.%I', t.typname)
  FROM here
  JOIN pg_type t ON t.typnamespace = here.schema AND t.typtype <> 'c'
  WHERE NOT here.is_ours AND t.typelem = 0
    AND (
      t.typname IN (SELECT name FROM relations WHERE NOT is_index)
      OR (t.typname = 'database_type' AND (
        SELECT COALESCE(array_agg(e.enumlabel::TEXT), '{}') FROM pg_enum e WHERE e.enumtypid = t.oid
      ) @> ARRAY['postgres', 'redis', 'mongodb', 'bun_api'] IS NOT TRUE)
    )

  UNION ALL
  SELECT 'function', p.oid::REGPROCEDURE::TEXT
  FROM here
  JOIN pg_proc p ON p.pronamespace = here.schema
  JOIN functions ON functions.name = p.proname
    AND functions.arguments = (
      SELECT COALESCE(string_agg(format_type(argument, NULL), ', ' ORDER BY place), '')
      FROM unnest(p.proargtypes) WITH ORDINALITY AS given (argument, place)
    )
  WHERE CASE
    WHEN p.proname = 'refuse_databases_write'
    THEN NOT (p.prorettype = 'trigger'::REGTYPE AND p.prosrc ~ 'takes no writes, % is refused')
    WHEN here.is_ours THEN false
    ELSE NOT (here.has_old_table AND p.proname LIKE 'get\_database%')
  END

  UNION ALL
  SELECT 'function', moved.oid::REGPROCEDURE::TEXT
  FROM here
  JOIN pg_proc p ON p.pronamespace = here.schema
    AND p.proname IN ('get_databases_by_project', 'get_database_by_name')
  JOIN pg_proc moved ON moved.pronamespace = here.schema AND moved.proname = p.proname || '_legacy'
    AND moved.proargtypes = p.proargtypes
  WHERE here.has_old_table
)

SELECT kind || ' ' || name FROM taken ORDER BY 1;
