-- What is still to be imported from platform.databases_legacy into platform.database_connections.
--
-- The migrator runs this query where platform.databases_legacy exists, in the transaction of
-- 002_add_multi_database_support.sql. For every row it seals connection_string and password (plain
-- text here), inserts the row with all of these columns ON CONFLICT (id) DO NOTHING, and notes the
-- id in platform.databases_legacy_imports. Rows that were noted do not come again.
--
-- Before it: SET LOCAL row_security = off, so that a policy on one of these tables ends in an error
-- and not in rows that are quietly missing.
--
-- Columns are read through JSON, because tables of that name differ from Studio to Studio; one that
-- a table does not have is null. What does not fit here (metadata, the encrypted column, settings
-- of other drivers) stays in the legacy table.
WITH legacy AS (
  SELECT
    (source ->> 'id')::UUID AS id,
    (source ->> 'project_id')::UUID AS project_id,
    btrim(source ->> 'name') AS name,
    CASE source ->> 'type'
      WHEN 'postgresql' THEN 'postgres'
      ELSE source ->> 'type'
    END AS database_type,
    NULLIF(btrim(source ->> 'description'), '') AS description,
    NULLIF(btrim(source ->> 'connection_string'), '') AS connection_string,
    source ->> 'connection_string_encrypted' IS NOT NULL AS has_encrypted,
    NULLIF(btrim(source ->> 'host'), '') AS host,
    (source ->> 'port')::INTEGER AS port,
    NULLIF(COALESCE(source ->> 'database', source ->> 'database_name'), '') AS database_name,
    NULLIF(source ->> 'username', '') AS username,
    -- What a driver would have taken from config where the columns have none.
    COALESCE(
      NULLIF(source ->> 'password', ''),
      NULLIF(source -> 'config' ->> 'password', ''),
      CASE source ->> 'type'
        WHEN 'bun_api' THEN COALESCE(
          NULLIF(source -> 'config' ->> 'apiKey', ''),
          NULLIF(source -> 'config' ->> 'api_key', '')
        )
      END
    ) AS password,
    CASE jsonb_typeof(source -> 'config')
      WHEN 'object' THEN source -> 'config'
      ELSE '{}'
    END AS config,
    COALESCE((source ->> 'ssl_enabled')::BOOLEAN, false) AS ssl_enabled,
    lower(source ->> 'status') AS status,
    source ->> 'health_check_status' AS health,
    (source ->> 'last_health_check_at')::TIMESTAMPTZ AS checked_at,
    -- An error text may quote the string that it was about.
    regexp_replace(
      COALESCE(source ->> 'health_check_error', source ->> 'last_error_message'),
      '://\S*@', '://***@', 'g'
    ) AS health_error,
    (source ->> 'last_connected_at')::TIMESTAMPTZ AS last_connected_at,
    COALESCE((source ->> 'created_at')::TIMESTAMPTZ, NOW()) AS created_at,
    COALESCE((source ->> 'updated_at')::TIMESTAMPTZ, NOW()) AS updated_at
  FROM platform.databases_legacy
  CROSS JOIN LATERAL to_jsonb(databases_legacy) AS source
),

-- Rows of no project or of an unknown type have no place here and stay where they are.
pending AS (
  SELECT
    legacy.*,
    p.ref AS project_ref,
    -- Only ASCII is lowered, and by the same rule in every locale. A name of which nothing is left
    -- (another script) becomes the type.
    COALESCE(
      NULLIF(
        btrim(
          left(
            btrim(regexp_replace(lower(legacy.name COLLATE "C"), '[^a-z0-9]+', '-', 'g'), '-'),
            63
          ),
          '-'
        ),
        ''
      ),
      replace(legacy.database_type, '_', '-')
    ) AS slug
  FROM legacy
  JOIN platform.projects p ON p.id = legacy.project_id
  WHERE legacy.database_type IN ('postgres', 'redis', 'mongodb', 'bun_api')
    AND NOT EXISTS (
      SELECT FROM platform.databases_legacy_imports done WHERE done.id = legacy.id
    )
    AND NOT EXISTS (
      SELECT FROM platform.database_connections dc WHERE dc.id = legacy.id
    )
),

-- Identifiers a suffix must not run into.
taken AS (
  SELECT project_id, identifier FROM platform.database_connections
  UNION
  SELECT project_id, slug FROM pending
),

-- Of several rows with the same slug, one gets it bare: the one that is called exactly so, else
-- the oldest. Where a connection has it already, none does.
placed AS (
  SELECT
    pending.*,
    row_number() OVER (
      PARTITION BY project_id, slug
      ORDER BY (name = slug) DESC, created_at, id
    ) + EXISTS (
      SELECT FROM platform.database_connections dc
      WHERE dc.project_id = pending.project_id AND dc.identifier = pending.slug
    )::INTEGER AS place
  FROM pending
),

-- The others are numbered from 2, past numbers that are in use: cache, cache-2, cache-3.
identified AS (
  SELECT
    placed.*,
    CASE
      WHEN place = 1 THEN slug
      ELSE (
        SELECT slug || '-' || n
        FROM generate_series(2, place + (SELECT count(*) FROM taken)) AS n
        WHERE NOT EXISTS (
          SELECT FROM taken
          WHERE taken.project_id = placed.project_id AND taken.identifier = slug || '-' || n
        )
        ORDER BY n
        OFFSET place - 2
        LIMIT 1
      )
    END AS identifier,
    connection_string IS NULL AND password IS NULL AND has_encrypted AS secret_is_lost
  FROM placed
)

SELECT
  id,
  project_id,
  database_type,
  identifier,
  CASE
    WHEN identifier = name THEN description
    ELSE concat_ws(': ', NULLIF(name, ''), description)
  END AS description,
  connection_string,
  host,
  CASE WHEN port BETWEEN 1 AND 65535 THEN port END AS port,
  database_name,
  username,
  password,

  -- Only settings that are known here, under their names here. config was free-form and may hold
  -- passwords or keys, while options are shown; and a certificate check that was switched off
  -- there is not switched off here.
  jsonb_strip_nulls(
    CASE database_type
      WHEN 'redis' THEN jsonb_build_object(
        'db', CASE jsonb_typeof(config -> 'db') WHEN 'number' THEN config -> 'db' END,
        'cluster', CASE WHEN config -> 'cluster' = 'true' THEN true END,
        'ca_pem', CASE WHEN config #>> '{tls,ca}' LIKE '%BEGIN CERTIFICATE%' THEN config #>> '{tls,ca}' END
      )
      WHEN 'mongodb' THEN jsonb_build_object(
        'replica_set', COALESCE(config ->> 'replica_set', config ->> 'replicaSet'),
        'auth_source', COALESCE(config ->> 'auth_source', config ->> 'authSource')
      )
      ELSE '{}'
    END
    || CASE
      WHEN ssl_enabled
        OR config -> 'tls' = 'true' OR jsonb_typeof(config -> 'tls') = 'object'
        OR config -> 'ssl' = 'true' OR jsonb_typeof(config -> 'ssl') = 'object'
      THEN jsonb_build_object(CASE database_type WHEN 'postgres' THEN 'ssl' ELSE 'tls' END, true)
      ELSE '{}'
    END
  ) AS options,

  -- Which of several was meant to be the primary is not known.
  false AS is_primary,

  CASE
    WHEN secret_is_lost THEN 'INACTIVE'
    WHEN status = 'active' THEN 'ACTIVE'
    WHEN status = 'error' THEN 'ERROR'
    ELSE 'INACTIVE' -- inactive, maintenance
  END AS status,
  COALESCE(last_connected_at, CASE WHEN health = 'healthy' THEN checked_at END)
    AS last_connected_at,
  CASE
    WHEN secret_is_lost THEN
      'Only an encrypted copy of the connection string was found, and its key is not known here. '
      'Enter the connection string or password again to use this connection. '
      'The encrypted copy is kept in platform.databases_legacy.'
    WHEN status = 'error' OR health = 'unhealthy' THEN health_error
  END AS last_error,
  created_at,
  updated_at,
  project_ref,
  name,

  -- Settings that change where or how a driver connects, and have no place here. How many
  -- connections it keeps and how long it waits is this package's own business.
  ARRAY(
    SELECT setting
    FROM (
      SELECT key AS setting FROM jsonb_object_keys(config) AS key
      WHERE key NOT IN ('tls', 'ssl', 'password')
      UNION ALL
      SELECT 'tls.' || key
      FROM jsonb_object_keys(
        CASE jsonb_typeof(config -> 'tls') WHEN 'object' THEN config -> 'tls' ELSE '{}' END
      ) AS key
      WHERE NOT (key = 'ca' AND config #>> '{tls,ca}' LIKE '%BEGIN CERTIFICATE%')
        AND NOT (key = 'rejectUnauthorized' AND config #> '{tls,rejectUnauthorized}' = 'true')
        AND key NOT IN ('minVersion', 'enabled')
      UNION ALL
      SELECT 'ssl.' || key
      FROM jsonb_object_keys(
        CASE jsonb_typeof(config -> 'ssl') WHEN 'object' THEN config -> 'ssl' ELSE '{}' END
      ) AS key
    ) AS settings
    WHERE setting !~* '(pool|timeout|retr|interval|keep_?alive|lazy|offline|^(min|max)|^family$)'
      AND NOT (
        database_type = 'redis' AND (
          setting = 'cluster' OR (setting = 'db' AND jsonb_typeof(config -> 'db') = 'number')
        )
        OR database_type = 'mongodb'
          AND setting IN ('replicaSet', 'replica_set', 'authSource', 'auth_source')
        OR database_type = 'bun_api' AND setting IN ('apiKey', 'api_key')
      )
    ORDER BY setting COLLATE "C"
  ) AS settings_left
FROM identified
ORDER BY project_id, created_at, id;
