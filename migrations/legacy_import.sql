-- What is still to be imported from platform.databases_legacy into platform.database_connections. $1 are
-- the rows of that table, each as JSON (row_to_json) in which what jsonb does not take was replaced.
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
-- a table does not have is null, and none is cast before it is known to be such a value: one row
-- must not stop the others. What does not fit here (notes in metadata, the encrypted column, settings of
-- other drivers) stays in the legacy table.
WITH legacy AS (
  SELECT
    CASE
      WHEN source ->> 'id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN (source ->> 'id')::UUID
    END AS id,
    lower(source ->> 'project_id') AS project,
    btrim(source ->> 'name') AS name,
    CASE source ->> 'type'
      WHEN 'postgresql' THEN 'postgres'
      ELSE source ->> 'type'
    END AS database_type,
    NULLIF(btrim(source ->> 'description'), '') AS description,
    NULLIF(btrim(source ->> 'connection_string'), '') AS connection_string,
    source ->> 'connection_string_encrypted' IS NOT NULL AS has_encrypted,
    NULLIF(btrim(source ->> 'host'), '') AS host,
    CASE WHEN source ->> 'port' ~ '^\s*\d{1,9}\s*$' THEN (source ->> 'port')::INTEGER END AS port,
    NULLIF(btrim(source ->> 'port'), '') IS NOT NULL AS has_port,
    NULLIF(COALESCE(source ->> 'database', source ->> 'database_name'), '') AS database_name,
    NULLIF(source ->> 'username', '') AS username,
    -- What a driver would have taken from config where the columns have none.
    NULLIF(source ->> 'password', '') AS own_password,
    COALESCE(
      NULLIF(source ->> 'password', ''),
      (
        SELECT value #>> '{}'
        FROM jsonb_each(
          CASE jsonb_typeof(source -> 'config') WHEN 'object' THEN source -> 'config' ELSE '{}' END
        )
        WHERE jsonb_typeof(value) IN ('string', 'number') AND value #>> '{}' <> ''
          AND (key = 'password' OR (source ->> 'type' = 'bun_api' AND key IN ('apiKey', 'api_key')))
        ORDER BY key = 'password' DESC, key = 'apiKey' DESC
        LIMIT 1
      )
    ) AS password,
    CASE jsonb_typeof(source -> 'config')
      WHEN 'object' THEN source -> 'config'
      ELSE '{}'
    END AS config,
    -- Encoded twice, a list, a word: what it asked for is not known, and it may have been TLS.
    NOT (
      COALESCE(jsonb_typeof(source -> 'config'), 'null') IN ('object', 'null')
      OR btrim(source ->> 'config') IN ('', '{}', '[]', 'null')
    ) AS config_is_odd,
    -- A Studio that has more columns than that keeps settings in them, and TLS in notes too.
    (
      SELECT COALESCE(jsonb_object_agg(key, value), '{}') FROM jsonb_each(source)
      WHERE key ~* '(tls|ssl|cert|(^|_)ca($|_)|secur|cluster|sentinel|replica|(^|_)auth($|_|source|mech)|srv|proxy|tunnel|^db|schema|^options$|params|^ur[il]$|(^|_)user($|_|name))'
        AND key <> 'username'
    ) AS more_columns,
    (
      SELECT COALESCE(jsonb_object_agg(key, value), '{}')
      FROM jsonb_each(
        CASE jsonb_typeof(source -> 'metadata') WHEN 'object' THEN source -> 'metadata' ELSE '{}' END
      )
      WHERE key ~* '(tls|ssl|cert|(^|_)ca($|_)|secur)'
    ) AS notes,
    lower(source ->> 'status') AS status,
    source ->> 'health_check_status' AS health,
    CASE WHEN source ->> 'last_health_check_at' ~ times.are THEN (source ->> 'last_health_check_at')::TIMESTAMPTZ END
      AS checked_at,
    -- An error text may quote the string that it was about.
    regexp_replace(
      COALESCE(source ->> 'health_check_error', source ->> 'last_error_message'),
      '://\S*@', '://***@', 'g'
    ) AS health_error,
    CASE WHEN source ->> 'last_connected_at' ~ times.are THEN (source ->> 'last_connected_at')::TIMESTAMPTZ END
      AS last_connected_at,
    CASE WHEN source ->> 'created_at' ~ times.are THEN (source ->> 'created_at')::TIMESTAMPTZ ELSE NOW() END
      AS created_at,
    CASE WHEN source ->> 'updated_at' ~ times.are THEN (source ->> 'updated_at')::TIMESTAMPTZ ELSE NOW() END
      AS updated_at
  FROM unnest($1::TEXT[]) AS kept (row)
  CROSS JOIN LATERAL (SELECT kept.row::JSONB AS source) AS read
  -- A time that is there on the calendar, so that the cast does not fail.
  CROSS JOIN (
    SELECT '^(?!0000)\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)'
      '|02-(0[1-9]|1\d|2[0-8])|(?<=(0[48]|[2468][048]|[13579][26])-)02-29)'
      '[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?\s*(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)?$' AS are
  ) AS times
),

-- Rows of no project or of an unknown type have no place here and stay where they are.
pending AS (
  SELECT
    legacy.*,
    p.id AS project_id,
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
  JOIN platform.projects p ON p.id::TEXT = legacy.project
  WHERE legacy.id IS NOT NULL
    AND legacy.database_type IN ('postgres', 'redis', 'mongodb', 'bun_api')
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
),

-- Every setting, what it says, and whether it says yes or no in a way that is understood.
settings AS (
  SELECT
    id, origin, setting, value, says, database_type, kind,
    kind = 'null' OR kind IN ('boolean', 'number', 'string') AND says IN (
      '', 'false', 'f', '0', 'no', 'n', 'off', 'none', 'null', 'never', 'disable', 'disabled'
    ) OR origin > 1 AND value IN ('{}', '[]') AS is_off,
    kind IN ('boolean', 'number', 'string') AND says IN (
      'true', 't', '1', 'yes', 'y', 'on', 'enable', 'enabled', 'require', 'required', 'verify-ca',
      'verify-full'
    ) AS is_on,
    -- PostgreSQL's own way of asking for TLS where there is any, which is what holds here anyway.
    database_type = 'postgres' AND says IN ('prefer', 'allow') AS is_optional,
    setting ~* '(tls|ssl)' AS is_tls,
    setting ~* '^(use_?|enable_?|require_?)?(tls|ssl)(_?(enabled|mode|required))?$' AS is_tls_switch,
    kind = 'string' AND value #>> '{}' LIKE '%BEGIN CERTIFICATE%'
      AND setting ~* '^((tls|ssl)_?)?(root_?)?(ca(_?(cert(ificate)?s?|pem|file|bundle|chain|root))?|cert)$'
      AS is_ca
  FROM identified
  CROSS JOIN LATERAL (
    SELECT 1, key, value FROM jsonb_each(config)
    UNION ALL
    SELECT 2, key, value FROM jsonb_each(more_columns)
    UNION ALL
    SELECT 3, key, value FROM jsonb_each(notes)
  ) AS given (origin, setting, value)
  CROSS JOIN LATERAL (
    SELECT jsonb_typeof(value) AS kind, lower(btrim(value #>> '{}')) AS says
  ) AS read
),

-- What is taken over. Whatever of TLS is not a clear no turns it on, and so does an authority.
chosen AS (
  SELECT
    identified.*,
    EXISTS (
      SELECT FROM settings
      WHERE settings.id = identified.id AND ((is_tls AND NOT is_off AND NOT is_optional) OR is_ca)
    ) AS wants_tls,
    (
      SELECT pem
      FROM (
        SELECT 1, config #>> '{tls,ca}'
        UNION ALL
        SELECT 2, config #>> '{ssl,ca}'
        UNION ALL
        (SELECT 3, value #>> '{}' FROM settings WHERE settings.id = identified.id AND is_ca
        ORDER BY origin, setting COLLATE "C")
      ) AS given (place, pem)
      WHERE pem LIKE '%BEGIN CERTIFICATE%'
      ORDER BY place
      LIMIT 1
    ) AS ca_pem,
    (
      SELECT CASE WHEN kind = 'number' THEN value ELSE to_jsonb((value #>> '{}')::INTEGER) END
      FROM settings
      WHERE settings.id = identified.id AND origin < 3 AND setting = 'db'
        AND (kind = 'number' OR (kind = 'string' AND value #>> '{}' ~ '^\d{1,6}$'))
      ORDER BY origin LIMIT 1
    ) AS db,
    (
      SELECT value #>> '{}' FROM settings
      WHERE settings.id = identified.id AND kind = 'string' AND origin < 3
        AND setting IN ('replica_set', 'replicaSet')
      ORDER BY origin, setting = 'replica_set' DESC LIMIT 1
    ) AS replica_set,
    (
      SELECT value #>> '{}' FROM settings
      WHERE settings.id = identified.id AND kind = 'string' AND origin < 3
        AND setting IN ('auth_source', 'authSource')
      ORDER BY origin, setting = 'auth_source' DESC LIMIT 1
    ) AS auth_source
  FROM identified
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
        'db', db,
        'cluster', (
          SELECT true FROM settings
          WHERE settings.id = chosen.id AND setting = 'cluster' AND is_on
          LIMIT 1
        )
      )
      WHEN 'mongodb' THEN jsonb_build_object('replica_set', replica_set, 'auth_source', auth_source)
      ELSE '{}'
    END
    || jsonb_build_object('ca_pem', ca_pem)
    || CASE
      WHEN wants_tls
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

  -- Settings that change where or how a driver connects, and have no place here. One leaves this
  -- list only where it was taken over, or asks for nothing. How many connections a driver keeps and
  -- how long it waits is this package's own business, unless more than that stands in it.
  ARRAY(
    SELECT setting
    FROM (
      SELECT CASE origin WHEN 3 THEN 'metadata.' ELSE '' END || setting FROM settings
      WHERE settings.id = chosen.id AND kind <> 'null' AND CASE
        WHEN is_ca THEN value #>> '{}' IS DISTINCT FROM ca_pem
        WHEN is_tls THEN NOT (
          is_off
          OR (is_tls_switch AND (is_on OR is_optional))
          -- Its members follow.
          OR (origin = 1 AND setting IN ('tls', 'ssl') AND kind = 'object')
        )
        WHEN origin = 1 AND setting = 'password'
          OR database_type = 'bun_api' AND setting IN ('apiKey', 'api_key')
        THEN value #>> '{}' <> '' AND value #>> '{}' IS DISTINCT FROM password
        WHEN database_type = 'redis' AND setting = 'cluster' THEN NOT (is_on OR is_off)
        WHEN database_type = 'redis' AND setting = 'db' AND origin < 3
        THEN db IS NULL OR value #>> '{}' <> db #>> '{}' AND says !~ ('^0*' || (db #>> '{}') || '$')
        WHEN database_type = 'mongodb' AND setting IN ('replicaSet', 'replica_set')
        THEN value #>> '{}' IS DISTINCT FROM replica_set
        WHEN database_type = 'mongodb' AND setting IN ('authSource', 'auth_source')
        THEN value #>> '{}' IS DISTINCT FROM auth_source
        WHEN setting ~* '^retry_?writes$' THEN NOT is_on
        WHEN origin > 1 THEN NOT is_off
        ELSE setting !~* '(pool_?(size|min|max)|^pool$|timeout|retr(y|ies)|interval|keep_?alive|lazy|offline|^(min|max)(_?(pool|conn|idle|retr|wait|life|uses?$|clients?$|requests?$|size)|$)|^family$)'
          OR setting ~* '(host|cert|secret|secur|user|pass|auth|ur[il]$)'
          OR (kind IN ('object', 'array')
            AND value::TEXT ~* '(tls|ssl|host|cert|secret|secur|user|pass|auth|ur[il]")')
      END
      UNION ALL
      SELECT part || '.' || key
      FROM (VALUES ('tls'), ('ssl')) AS parts (part)
      CROSS JOIN LATERAL jsonb_each(
        CASE jsonb_typeof(config -> part) WHEN 'object' THEN config -> part ELSE '{}' END
      ) AS member
      WHERE value <> 'null' AND CASE key
        WHEN 'ca' THEN value #>> '{}' IS DISTINCT FROM ca_pem
        WHEN 'rejectUnauthorized' THEN value <> 'true'
        WHEN 'enabled' THEN value <> 'true'
        WHEN 'minVersion' THEN value #>> '{}' NOT IN ('TLSv1', 'TLSv1.1', 'TLSv1.2')
        ELSE true
      END
    ) AS left_over (setting)
    ORDER BY setting COLLATE "C"
  ) AS settings_left,

  -- Why it cannot be used as it is.
  ARRAY(
    SELECT why
    FROM (VALUES
      (
        connection_string IS NULL AND has_port AND NOT COALESCE(port BETWEEN 1 AND 65535, false),
        'its port is not a number from 1 to 65535'
      ),
      (
        config_is_odd,
        'its config is not a JSON object, so nothing of it was taken over; it may have asked for TLS'
      )
    ) AS faults (holds, why)
    WHERE holds
  ) AS faults,

  -- Where the password was found; more than one, where they agree.
  ARRAY(
    SELECT 'password' WHERE own_password IS NOT NULL
    UNION ALL
    SELECT 'config.' || setting
    FROM settings
    WHERE settings.id = chosen.id AND kind IN ('string', 'number') AND value #>> '{}' = password
      AND (setting = 'password' OR (database_type = 'bun_api' AND setting IN ('apiKey', 'api_key')))
  ) AS passwords_taken
FROM chosen
ORDER BY project_id, created_at, id;
