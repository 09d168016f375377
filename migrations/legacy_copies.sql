-- Relations that may hold secrets of connections in plain text: those with a column for connection
-- strings, whoever made them; and in schema platform, or where the name is that of a backup or a record of
-- changes, also those with a password beside a host, documents (json) of any name, and texts in which a
-- document or a URL may stand. A column that is called the URL of a database counts anywhere. The tables of
-- this package and the Studio's own credentials are none of them. It reads catalogs only.
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

-- Whole rows of the old table, and lists of them.
rows AS (
  SELECT unnest(ARRAY[t.oid, t.typarray]) AS oid
  FROM pg_type t
  WHERE t.typrelid IN (to_regclass('platform.databases'), to_regclass('platform.databases_legacy'))
    AND t.typrelid IN (SELECT oid FROM pg_class WHERE relkind IN ('r', 'p'))
),

columns AS (
  SELECT
    a.atttypid IN (SELECT oid FROM rows) AS is_row,
    a.attrelid, a.attnum, a.attnotnull, format('%I', a.attname) AS name, lower(a.attname) AS plain,
    base.typname IN ('json', 'jsonb') AS is_document,
    base.typname IN ('text', 'varchar', 'bpchar', 'citext', '_text', '_varchar', '_json', '_jsonb')
      AS is_text,
    -- What it is cast back to once the secrets are taken out of its text.
    format_type(a.atttypid, a.atttypmod) AS type,
    a.attname ~* '^((\w*_)?(database|redis|valkey|mongo(db)?|postgres(ql)?|pg|db|cache|broker|connection)_?)?(ur[il]|dsn)s?$'
      AS is_address,
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
      OR n.nspname ~* '(audit|history|backup|archive)'
      OR c.relname ~* '(backup|_bak|_old|_copy|copies|snapshot|archive|databases|connections|audit|hist|version|record|revision|changes|events|outbox|(^|_)logs?$)'
      AS is_near,
    bool_or(plain ~ '^connection_?string') AS has_string,
    bool_or(plain IN ('host', 'hostname', 'project_id', 'projectid')) AS has_host,
    array_agg(name ORDER BY attnum) FILTER (WHERE is_secret AND NOT is_binary) AS texts,
    array_agg(name ORDER BY attnum) FILTER (WHERE is_secret AND is_binary) AS encrypted,
    array_agg(name ORDER BY attnum) FILTER (WHERE is_document AND NOT is_secret) AS documents,
    array_agg(type ORDER BY attnum) FILTER (WHERE is_document AND NOT is_secret) AS document_types,
    array_agg(name ORDER BY attnum) FILTER (WHERE is_text AND NOT is_secret) AS loose,
    array_agg(type ORDER BY attnum) FILTER (WHERE is_text AND NOT is_secret) AS loose_types,
    array_agg(name ORDER BY attnum) FILTER (WHERE is_text AND is_address) AS addresses,
    array_agg(type ORDER BY attnum) FILTER (WHERE is_text AND is_address) AS address_types,
    array_agg(name ORDER BY attnum) FILTER (WHERE is_row) AS rows,
    array_agg(name ORDER BY attnum) FILTER (WHERE (is_secret OR is_row) AND attnotnull) AS required
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
  CASE WHEN has_string OR (is_near AND has_host) THEN texts END || rows,
  CASE WHEN has_string OR (is_near AND has_host) THEN encrypted END,
  CASE WHEN is_kept THEN documents WHEN is_near THEN documents || loose
    WHEN has_string THEN documents || addresses ELSE addresses END,
  required,
  CASE oid
    WHEN to_regclass('platform.databases') THEN 'old'
    WHEN to_regclass('platform.databases_legacy') THEN 'legacy'
    ELSE CASE WHEN has_string THEN 'copy' ELSE 'perhaps' END
  END,
  CASE WHEN is_kept THEN document_types WHEN is_near THEN document_types || loose_types
    WHEN has_string THEN document_types || address_types ELSE address_types END
FROM relations
-- The old table has its own statement, by what was imported of it.
CROSS JOIN LATERAL (
  SELECT oid IN (to_regclass('platform.databases'), to_regclass('platform.databases_legacy')) IS TRUE AS is_kept
) AS looked
WHERE (relkind <> 'm' OR relispopulated)
  AND (
    (has_string AND COALESCE(texts, encrypted, documents) IS NOT NULL)
    OR COALESCE(addresses, rows) IS NOT NULL
    OR (is_near AND (documents IS NOT NULL OR loose IS NOT NULL
      OR (has_host AND COALESCE(texts, encrypted) IS NOT NULL)))
  )
ORDER BY
  relkind = 'm',
  (
    SELECT count(DISTINCT below.source)
    FROM below JOIN pg_class m ON m.oid = below.source AND m.relkind = 'm'
    WHERE below.reader = relations.oid
  ),
  1;
