-- Everything that depends on the table of an older Studio: $1 is platform.databases as long as it is
-- that table, and platform.databases_legacy afterwards. It reads catalogs only.
--
-- A dependency that PostgreSQL keeps is found by its id. What is only text (bodies of functions) is
-- searched for the name, without its comments. Where a body only may mean the table (the bare name
-- under a search path with platform in it, a text), that is what is said of it.
WITH RECURSIVE
old AS (
  SELECT c.oid, c.relowner, c.relacl, c.reltype, c.relname, n.nspname,
    '(?<!\w)"?platform"?\s*\.\s*"?databases(_legacy)?"?(?![\w"])' AS named,
    '\m(from|join|into|update|only)\s+"?databases(_legacy)?"?(?![\w".])' AS bare,
    '(?<!\w)"?platform"?\s*\.\s*"?databases"?(?![\w"])' AS names_view,
    '\m(from|join|into|update|only)\s+"?databases"?(?![\w".])' AS bare_view,
    '(?<![.\w"])"?databases(_legacy)?"?(?!\w)' AS alone
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = to_regclass($1)
),

-- Bodies without comments, and without texts either. A statement that is put together may have the name
-- in any part of it, or in a parameter.
bodies AS (
  SELECT
    p.oid,
    regexp_replace(p.prosrc, parts.text || '|' || parts.comment, '\1 ', 'g') AS body,
    regexp_replace(p.prosrc, parts.text || '|' || parts.comment, ' ', 'g') AS code,
    CASE
      WHEN p.proconfig::TEXT ~ '[{,"]search_path=' THEN p.proconfig::TEXT ~ 'search_path=[^=]*\mplatform\M'
      ELSE current_setting('search_path') ~ '\mplatform\M' OR EXISTS (
        SELECT FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) AS setting
        WHERE setting ~ '^search_path=.*\mplatform\M'
          AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      )
    END AS is_in_platform,
    concat_ws(' ', p.prosrc, pg_get_expr(p.proargdefaults, 0)) ~* '[''"\s.]databases(_legacy)?["''\s]'
      AND p.prosrc ~* '\m(execute|dblink\w*|query_to_\w+|cursor_to_\w+|regclass|to_regclass)\M' AS is_dynamic
  FROM pg_proc p
  JOIN pg_language l ON l.oid = p.prolang
  CROSS JOIN (
    SELECT '(''(?:[^'']|'''')*'')' AS text, '--[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/' AS comment
  ) AS parts
  WHERE l.lanname NOT IN ('c', 'internal')
),

-- Views of the table, views of those views, and so on.
reading AS (
  SELECT old.oid AS oid FROM old
  UNION
  SELECT rule.ev_class
  FROM reading
  JOIN pg_depend d
    ON d.refclassid = 'pg_class'::REGCLASS AND d.refobjid = reading.oid
    AND d.classid = 'pg_rewrite'::REGCLASS
  JOIN pg_rewrite rule ON rule.oid = d.objid
),

-- The names of those views, for bodies.
views AS (
  SELECT '(?<![\w"])' || CASE
      -- A bare name means it where the search path says so; that is not known here.
      WHEN n.nspname = 'public' THEN '("?public"?\s*\.\s*)?'
      ELSE '"?' || regexp_replace(n.nspname, '\W', '.', 'g') || '"?\s*\.\s*'
    END || '"?' || regexp_replace(c.relname, '\W', '.', 'g') || '"?(?![\w"])' AS named
  FROM reading
  JOIN pg_class c ON c.oid = reading.oid AND c.relkind IN ('v', 'm')
  JOIN pg_namespace n ON n.oid = c.relnamespace
),

-- The old table and the views of it, with the types of their rows and of lists of them.
depended AS (
  SELECT 'pg_class'::REGCLASS AS classid, oid AS objid FROM reading
  UNION ALL
  SELECT 'pg_type'::REGCLASS, t.oid
  FROM reading
  JOIN pg_class c ON c.oid = reading.oid
  JOIN pg_type row ON row.oid = c.reltype
  JOIN pg_type t ON t.oid IN (row.oid, row.typarray)
),

found AS (
  SELECT
    CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END AS kind,
    c.oid::REGCLASS::TEXT AS name,
    'goes on showing the old table: connections registered later are not in it, and writes to it reach none'
      AS says,
    format('-- read platform.databases in place of the old table in %s', c.oid::REGCLASS) AS mend
  FROM reading
  JOIN pg_class c ON c.oid = reading.oid
  WHERE c.relkind IN ('v', 'm')

  UNION ALL
  SELECT DISTINCT
    'function', p.oid::REGPROCEDURE::TEXT,
    CASE
      WHEN (b.code ~* old.names_view OR b.code ~* old.bare_view)
        -- What is spelt so is rewritten by the migration, and means the old table afterwards.
        AND (old.relname = 'databases_legacy' OR b.code !~* '\mplatform\.databases\M')
      THEN 'means the view platform.databases from now on: it shows every connection, no secrets, and '
        'takes no writes'
      WHEN b.body ~* ANY (SELECT views.named FROM views)
      THEN 'uses a view of the old table: connections registered later are not in it'
      WHEN b.code ~* old.named OR b.code ~* old.bare OR looked.is_tied
      THEN 'goes on using the old table: connections registered later are not in it, and what it '
        'writes there reaches no connection'
      ELSE 'may use platform.databases, which is a view from now on: it shows every connection, no '
        'secrets, and takes no writes'
    END,
    format('-- have its owner rewrite %s', p.oid::REGPROCEDURE)
  FROM old
  JOIN pg_proc p ON true
  JOIN pg_language l ON l.oid = p.prolang
  JOIN pg_namespace n ON n.oid = p.pronamespace
  LEFT JOIN bodies b ON b.oid = p.oid
  CROSS JOIN LATERAL (
    SELECT EXISTS (
      SELECT FROM pg_depend d
      JOIN depended ON depended.classid = d.refclassid AND depended.objid = d.refobjid
      WHERE d.classid = 'pg_proc'::REGCLASS AND d.objid = p.oid
    ) AS is_tied
  ) AS looked
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND NOT (
      n.nspname = 'platform'
      AND p.proname IN (
        'get_databases_by_project', 'get_database_by_name', 'refuse_databases_write'
      )
      AND old.relname = 'databases_legacy'
    )
    AND (
      b.body ~* old.named OR b.body ~* old.bare
      OR (b.is_in_platform AND b.code ~* old.alone)
      OR b.is_dynamic
      OR b.body ~* ANY (SELECT views.named FROM views)
      OR looked.is_tied
    )

  UNION ALL
  SELECT
    'policy', format('%I on %s', p.polname, p.polrelid::REGCLASS),
    CASE
      WHEN p.polrelid = old.oid THEN 'stays with the old table: a view has no policies'
      ELSE 'asks the old table: connections registered later are not in it'
    END,
    NULL
  FROM old
  JOIN pg_policy p
    ON p.polrelid = old.oid
    OR EXISTS (
      SELECT FROM pg_depend d
      JOIN depended ON depended.classid = d.refclassid AND depended.objid = d.refobjid
      WHERE d.classid = 'pg_policy'::REGCLASS AND d.objid = p.oid
    )

  UNION ALL
  SELECT
    'column', format('%s.%I', a.attrelid::REGCLASS, a.attname),
    'is of the old table''s row type: what it holds stays as it was', NULL
  FROM old
  JOIN pg_type t ON t.oid = old.reltype
  JOIN pg_attribute a ON a.atttypid IN (t.oid, t.typarray) AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f', 'm', 'c')

  UNION ALL
  SELECT
    'trigger', format('%I on %s', t.tgname, t.tgrelid::REGCLASS),
    'fires for the old table only', NULL
  FROM old JOIN pg_trigger t ON t.tgrelid = old.oid
  WHERE NOT t.tgisinternal

  UNION ALL
  SELECT
    'rule', format('%I on %s', r.rulename, r.ev_class::REGCLASS),
    'holds for the old table only', NULL
  FROM old JOIN pg_rewrite r ON r.ev_class = old.oid
  WHERE r.rulename <> '_RETURN'

  UNION ALL
  SELECT DISTINCT
    'rule', format('%I on %s', r.rulename, r.ev_class::REGCLASS),
    'uses the old table: connections registered later are not in it, and what it writes reaches none', NULL
  FROM old
  JOIN pg_rewrite r ON r.rulename <> '_RETURN' AND r.ev_class <> old.oid
  JOIN pg_depend d ON d.classid = 'pg_rewrite'::REGCLASS AND d.objid = r.oid
  JOIN depended ON depended.classid = d.refclassid AND depended.objid = d.refobjid
    AND depended.objid <> r.ev_class

  UNION ALL
  SELECT
    'column without counterpart', format('platform.databases.%I', a.attname),
    'is null in the view of this name; what it holds stays in the old table', NULL
  FROM old
  JOIN pg_attribute a ON a.attrelid = old.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attname NOT IN (
      'id', 'project_id', 'name', 'type', 'description', 'host', 'port', 'database_name', 'username',
      'config', 'status', 'last_connected_at', 'created_at', 'updated_at', 'database', 'password',
      'connection_string', 'connection_string_encrypted', 'ssl_enabled', 'metadata',
      'health_check_status', 'last_health_check_at', 'health_check_error'
    )

  UNION ALL
  SELECT
    'foreign key', format('%I on %s', f.conname, f.conrelid::REGCLASS),
    'points to the old table: rows for connections registered later are refused',
    format(
      'ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I %s%s;',
      f.conrelid::REGCLASS, f.conname, f.conname,
      regexp_replace(
        replace(pg_get_constraintdef(f.oid), ' NOT VALID', ''),
        'REFERENCES [^(]+\(', 'REFERENCES platform.database_connections('
      ),
      ' NOT VALID'
    )
  FROM old JOIN pg_constraint f ON f.confrelid = old.oid AND f.contype = 'f'

  UNION ALL
  SELECT
    'grant',
    CASE WHEN entry.grantee = 0 THEN 'PUBLIC' ELSE entry.grantee::REGROLE::TEXT END,
    string_agg(entry.privilege_type, ', ' ORDER BY entry.privilege_type)
      || ' of the old table; it follows to the view, unless row-level security keeps rows from it',
    NULL
  FROM old CROSS JOIN LATERAL aclexplode(old.relacl) entry
  WHERE entry.grantee <> old.relowner
  GROUP BY entry.grantee

  UNION ALL
  SELECT
    'publication', p.pubname::TEXT,
    'publishes the old table: connections registered later are not in it', NULL
  FROM old
  JOIN pg_publication_tables p ON p.schemaname = old.nspname AND p.tablename = old.relname

  UNION ALL
  SELECT
    'inheritance', i.inhrelid::REGCLASS || ' of ' || i.inhparent::REGCLASS,
    'belongs to the old table', NULL
  FROM old JOIN pg_inherits i ON old.oid IN (i.inhrelid, i.inhparent)
)

SELECT kind, name, says, mend FROM found ORDER BY kind, name;
