-- Relations that may hold secrets of connections in plain text: those with a column for connection
-- strings, whoever made them; and in schema platform, or where the name is that of a backup, also those
-- with a password beside a host, and documents (json) of any name. The tables of this package and the
-- Studio's own credentials are none of them. It reads catalogs only.
--
-- Tables come first, and a materialized view after those that it reads.
WITH RECURSIVE
-- What a domain is made of, through any number of them.
base AS (
  SELECT oid, typname FROM pg_type WHERE typtype <> 'd'
  UNION ALL
  SELECT d.oid, base.typname
  FROM base
  JOIN pg_type d ON d.typtype = 'd' AND d.typbasetype = base.oid
),

reads AS (
  SELECT rule.ev_class AS reader, d.refobjid AS source
  FROM pg_rewrite rule
  JOIN pg_depend d
    ON d.classid = 'pg_rewrite'::REGCLASS AND d.objid = rule.oid
    AND d.refclassid = 'pg_class'::REGCLASS AND d.refobjid <> rule.ev_class
),

below AS (
  SELECT reads.reader, reads.source
  FROM reads JOIN pg_class c ON c.oid = reads.reader AND c.relkind = 'm'
  UNION
  SELECT below.reader, reads.source FROM below JOIN reads ON reads.reader = below.source
),

columns AS (
  SELECT
    a.attrelid, a.attnum, a.attnotnull, format('%I', a.attname) AS name, lower(a.attname) AS plain,
    base.typname IN ('json', 'jsonb') AS is_document,
    base.typname = 'bytea' AS is_binary,
    base.typname IN ('text', 'varchar', 'bpchar', 'citext', 'json', 'jsonb', 'bytea')
      AND a.attname ~* '^(connection_?(string|uri|url)|password|passwd|passphrase|api_?key|dsn)'
      AS is_secret
  FROM pg_attribute a
  JOIN base ON base.oid = a.atttypid
  WHERE a.attnum > 0 AND NOT a.attisdropped
),

relations AS (
  SELECT
    c.oid, c.relkind, c.relispopulated,
    n.nspname = 'platform'
      OR c.relname ~* '(backup|_bak|_old|_copy|copies|snapshot|archive|databases|connections)' AS is_near,
    bool_or(plain ~ '^connection_?string') AS has_string,
    bool_or(plain IN ('host', 'hostname', 'project_id', 'projectid')) AS has_host,
    array_agg(name ORDER BY attnum) FILTER (WHERE is_secret AND NOT is_binary) AS texts,
    array_agg(name ORDER BY attnum) FILTER (WHERE is_secret AND is_binary) AS encrypted,
    array_agg(name ORDER BY attnum) FILTER (WHERE is_document AND NOT is_secret) AS documents,
    array_agg(name ORDER BY attnum) FILTER (WHERE is_secret AND attnotnull) AS required
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN columns ON columns.attrelid = c.oid
  WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND NOT (n.nspname = 'platform' AND c.relname IN (
      'database_connections', 'database_permissions', 'database_audit_log', 'projects', 'credentials',
      'databases_legacy_imports', 'multidb_migrations'
    ))
  GROUP BY c.oid, c.relkind, c.relispopulated, n.nspname, c.relname
)

SELECT
  oid::REGCLASS::TEXT,
  relkind = 'm',
  CASE WHEN has_string OR (is_near AND has_host) THEN texts END,
  CASE WHEN has_string OR (is_near AND has_host) THEN encrypted END,
  CASE WHEN has_string OR is_near THEN documents END,
  required,
  CASE oid
    WHEN to_regclass('platform.databases') THEN 'old'
    WHEN to_regclass('platform.databases_legacy') THEN 'legacy'
    ELSE CASE WHEN has_string THEN 'copy' ELSE 'perhaps' END
  END
FROM relations
WHERE (relkind <> 'm' OR relispopulated)
  AND (
    (has_string AND COALESCE(texts, encrypted, documents) IS NOT NULL)
    OR (is_near AND (documents IS NOT NULL OR (has_host AND COALESCE(texts, encrypted) IS NOT NULL)))
  )
ORDER BY
  relkind = 'm',
  (
    SELECT count(DISTINCT below.source)
    FROM below JOIN pg_class m ON m.oid = below.source AND m.relkind = 'm'
    WHERE below.reader = relations.oid
  ),
  1;
