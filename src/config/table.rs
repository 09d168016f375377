//! The one list of settings. Documentation, defaults and parsing all come from it.

use super::Config;
use super::value::{self, Refusal};
use crate::target::DatabaseType;

/// One setting.
pub struct Setting {
    /// Environment variable.
    pub variable: &'static str,
    /// An older name of the variable, read where the newer one is not set.
    pub alias: Option<&'static str>,
    /// Option of `ConnectionManager`; it wins over the variable.
    pub option: &'static str,
    /// What holds where neither is given.
    pub fallback: Fallback,
    /// One sentence for people.
    pub meaning: &'static str,
    pub(super) kind: Kind,
    pub(super) store: fn(&mut Config, &str) -> Result<(), Refusal>,
}

/// What a setting is where it is not given.
pub enum Fallback {
    /// Nothing.
    Unset,
    /// This text, read like any other.
    Text(&'static str),
    /// A text that depends on settings further up, and how to say so.
    Depends(&'static str, fn(&Config) -> &'static str),
}

/// How careful to be with a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// May be shown.
    Plain,
    /// Is never shown.
    Secret,
    /// Is never shown, and is refused when it is empty: nobody means to encrypt with nothing.
    Key,
}

const HOUR_MS: u64 = 60 * 60 * 1000;
const MAX_POOL: u32 = 10_000;

/// Every setting, in the order in which they are documented and read.
pub static SETTINGS: &[Setting] = &[
    Setting {
        variable: "DATABASE_URL",
        alias: None,
        option: "databaseUrl",
        fallback: Fallback::Unset,
        meaning: "connection string of the platform database",
        kind: Kind::Secret,
        store: |c, text| set(&mut c.database_url, value::connection_string(text, &["postgres"])),
    },
    Setting {
        variable: "DATABASE_ENCRYPTION_KEY",
        alias: Some("MULTI_DB_CRYPTO_KEY"),
        option: "encryptionKey",
        fallback: Fallback::Unset,
        meaning: "seals stored secrets; 64 hexadecimal digits or base64 of 32 bytes, or a comma \
                  list `id:key,…` of which the first seals and all open; required to store",
        kind: Kind::Key,
        store: |c, text| set(&mut c.keyring, value::keyring(text)),
    },
    Setting {
        variable: "PG_META_CRYPTO_KEY",
        alias: None,
        option: "pgMetaCryptoKey",
        fallback: Fallback::Unset,
        meaning: "crypto-js passphrase of legacy strings of every type",
        kind: Kind::Key,
        store: |c, text| set(&mut c.pg_meta_crypto_key, value::passphrase(text)),
    },
    Setting {
        variable: "REDIS_CRYPTO_KEY",
        alias: None,
        option: "redisCryptoKey",
        fallback: Fallback::Unset,
        meaning: "crypto-js passphrase of legacy Redis strings",
        kind: Kind::Key,
        store: |c, text| set(&mut c.redis_crypto_key, value::passphrase(text)),
    },
    Setting {
        variable: "MONGODB_CRYPTO_KEY",
        alias: None,
        option: "mongodbCryptoKey",
        fallback: Fallback::Unset,
        meaning: "crypto-js passphrase of legacy MongoDB strings",
        kind: Kind::Key,
        store: |c, text| set(&mut c.mongodb_crypto_key, value::passphrase(text)),
    },
    Setting {
        variable: "STUDIO_PG_META_URL",
        alias: None,
        option: "pgMetaUrl",
        fallback: Fallback::Unset,
        meaning: "URL of pg-meta, used where no `DATABASE_URL` is given",
        kind: Kind::Secret,
        store: |c, text| set(&mut c.pg_meta_url, value::service_url(text)),
    },
    Setting {
        variable: "REDIS_URL",
        alias: None,
        option: "redisUrl",
        fallback: Fallback::Unset,
        meaning: "a Redis connection that exists without being registered (`default`, `env`)",
        kind: Kind::Secret,
        store: |c, text| {
            set(&mut c.redis_url, value::connection_string(text, &["redis", "valkey"]))
        },
    },
    Setting {
        variable: "MONGODB_URL",
        alias: None,
        option: "mongodbUrl",
        fallback: Fallback::Unset,
        meaning: "a MongoDB connection that exists without being registered (`default`, `env`)",
        kind: Kind::Secret,
        store: |c, text| set(&mut c.mongodb_url, value::connection_string(text, &["mongodb"])),
    },
    Setting {
        variable: "BUN_API_URL",
        alias: None,
        option: "bunApiUrl",
        fallback: Fallback::Unset,
        meaning: "an HTTP service that exists without being registered (`default`, `env`)",
        kind: Kind::Secret,
        store: |c, text| set(&mut c.bun_api_url, value::service_url(text)),
    },
    Setting {
        variable: "BUN_API_KEY",
        alias: None,
        option: "bunApiKey",
        fallback: Fallback::Unset,
        meaning: "key sent to the service at `BUN_API_URL`",
        kind: Kind::Secret,
        store: |c, text| set(&mut c.bun_api_key, Ok(value::secret(text))),
    },
    Setting {
        variable: "MAX_POSTGRES_CONNECTIONS",
        alias: None,
        option: "maxPostgresConnections",
        fallback: Fallback::Text("20"),
        meaning: "server connections of one PostgreSQL connection",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.max_postgres_connections, value::count(text, 1..=MAX_POOL)),
    },
    Setting {
        variable: "MAX_REDIS_CONNECTIONS",
        alias: Some("REDIS_MAX_CONNECTIONS"),
        option: "maxRedisConnections",
        fallback: Fallback::Text("10"),
        meaning: "server connections of one Redis connection",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.max_redis_connections, value::count(text, 1..=MAX_POOL)),
    },
    Setting {
        variable: "MAX_MONGODB_CONNECTIONS",
        alias: Some("MONGODB_MAX_POOL_SIZE"),
        option: "maxMongodbConnections",
        fallback: Fallback::Text("10"),
        meaning: "server connections of one MongoDB connection",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.max_mongodb_connections, value::count(text, 1..=MAX_POOL)),
    },
    Setting {
        variable: "ENABLE_REDIS_MANAGEMENT",
        alias: None,
        option: "enableRedisManagement",
        fallback: Fallback::Text("true"),
        meaning: "`false`: Redis answers 404 and lists nothing",
        kind: Kind::Plain,
        store: |c, text| manage(c, DatabaseType::Redis, text),
    },
    Setting {
        variable: "ENABLE_MONGODB_MANAGEMENT",
        alias: None,
        option: "enableMongodbManagement",
        fallback: Fallback::Text("true"),
        meaning: "`false`: MongoDB answers 404 and lists nothing",
        kind: Kind::Plain,
        store: |c, text| manage(c, DatabaseType::Mongodb, text),
    },
    Setting {
        variable: "ENABLE_BUN_API_MANAGEMENT",
        alias: None,
        option: "enableBunApiManagement",
        fallback: Fallback::Text("true"),
        meaning: "`false`: HTTP services answer 404 and list nothing",
        kind: Kind::Plain,
        store: |c, text| manage(c, DatabaseType::BunApi, text),
    },
    Setting {
        variable: "MULTIDB_MAX_CLIENTS",
        alias: None,
        option: "maxClients",
        fallback: Fallback::Text("100"),
        meaning: "pool entries of the process; the least recently used idle one is closed first",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.max_clients, value::count(text, 1..=100_000_usize)),
    },
    Setting {
        variable: "MULTIDB_IDLE_TIMEOUT_MS",
        alias: None,
        option: "idleTimeoutMs",
        fallback: Fallback::Text("300000"),
        meaning: "how long an unused pool entry is kept, in milliseconds",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.idle_timeout, value::millis(text, 1..=24 * HOUR_MS)),
    },
    Setting {
        variable: "NEXT_PUBLIC_IS_PLATFORM",
        alias: None,
        option: "isPlatform",
        fallback: Fallback::Text("false"),
        meaning: "`true`: hosted for many, so private addresses are denied and roles are enforced",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.is_platform, value::flag(text)),
    },
    Setting {
        variable: "MULTIDB_ALLOWED_HOSTS",
        alias: None,
        option: "allowedHosts",
        fallback: Fallback::Unset,
        meaning: "comma list of hosts and address ranges that may be connected to even where \
                  private ranges are denied",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.allowed_hosts, Ok(value::list(text))),
    },
    Setting {
        variable: "MULTIDB_DENIED_HOSTS",
        alias: None,
        option: "deniedHosts",
        fallback: Fallback::Unset,
        meaning: "comma list of hosts and address ranges that may not be connected to; metadata \
                  addresses never may",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.denied_hosts, Ok(value::list(text))),
    },
    Setting {
        variable: "MULTIDB_ALLOWED_ORIGINS",
        alias: None,
        option: "allowedOrigins",
        fallback: Fallback::Depends("the request's own host", |_| ""),
        meaning: "comma list of origins, such as `https://studio.example.com`, that the Studio is \
                  known by in browsers, besides `localhost` and addresses",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.allowed_origins, value::origins(text)),
    },
    Setting {
        variable: "MULTIDB_RATE_LIMIT",
        alias: None,
        option: "rateLimit",
        fallback: Fallback::Text("100/60s"),
        meaning: "cost and time per user, or `off`",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.rate_limit, value::rate_limit(text)),
    },
    Setting {
        variable: "MULTIDB_SHARED_REDIS_URL",
        alias: None,
        option: "sharedRedisUrl",
        fallback: Fallback::Unset,
        meaning: "Redis in which instances share their rate limits",
        kind: Kind::Secret,
        store: |c, text| {
            set(&mut c.shared_redis_url, value::connection_string(text, &["redis", "valkey"]))
        },
    },
    Setting {
        variable: "MULTIDB_AUTHORIZATION",
        alias: None,
        option: "authorization",
        fallback: Fallback::Depends(
            "`members` where `NEXT_PUBLIC_IS_PLATFORM` is `true`, else `off`",
            |c| if c.is_platform { "members" } else { "off" },
        ),
        meaning: "`members` enforces roles, `off` lets every caller do everything",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.authorization, value::authorization(text)),
    },
    Setting {
        variable: "MULTIDB_REQUEST_TIMEOUT_MS",
        alias: None,
        option: "requestTimeoutMs",
        fallback: Fallback::Text("30000"),
        meaning: "deadline of an operation that names none, in milliseconds",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.request_timeout, value::millis(text, 1..=HOUR_MS)),
    },
    Setting {
        variable: "MULTIDB_CONNECT_TIMEOUT_MS",
        alias: None,
        option: "connectTimeoutMs",
        fallback: Fallback::Text("10000"),
        meaning: "until a new connection must be ready for use, in milliseconds",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.connect_timeout, value::millis(text, 1..=HOUR_MS)),
    },
    Setting {
        variable: "MULTIDB_MAX_RESULT_BYTES",
        alias: None,
        option: "maxResultBytes",
        fallback: Fallback::Text("67108864"),
        meaning: "cap of one result and of one request body in bytes, enforced while it is being \
                  read",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.max_result_bytes, value::count(text, 1024..=1_usize << 30)),
    },
    Setting {
        variable: "MULTIDB_MAX_SOCKETS",
        alias: None,
        option: "maxSockets",
        fallback: Fallback::Text("1000"),
        meaning: "subscriptions (WebSockets and event streams), exports and other streams of the process",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.max_sockets, value::count(text, 1..=100_000_usize)),
    },
    Setting {
        variable: "MULTIDB_MAX_SOCKETS_PER_USER",
        alias: None,
        option: "maxSocketsPerUser",
        fallback: Fallback::Text("50"),
        meaning: "the same of one user",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.max_sockets_per_user, value::count(text, 1..=100_000_usize)),
    },
    Setting {
        variable: "MULTIDB_SOCKET_PING_MS",
        alias: None,
        option: "socketPingMs",
        fallback: Fallback::Text("25000"),
        meaning: "a subscriber that was silent this long is asked whether it lives, and closed after \
                  as long again, in milliseconds",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.socket_ping, value::millis(text, 1..=HOUR_MS)),
    },
    Setting {
        variable: "MULTIDB_METRICS_TOKEN",
        alias: None,
        option: "metricsToken",
        fallback: Fallback::Unset,
        meaning: "bearer token for `/metrics`, of at least 16 characters; without it nobody reads them",
        kind: Kind::Secret,
        store: |c, text| set(&mut c.metrics_token, value::token(text)),
    },
    Setting {
        variable: "LOG_LEVEL",
        alias: None,
        option: "logLevel",
        fallback: Fallback::Text("info"),
        meaning: "`off`, `error`, `warn`, `info`, `debug` or `trace`; JSON lines on stderr; of \
                  several managers in a process, the one that asks for most decides",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.log_level, value::level(text)),
    },
];

/// Stores what was read, if it could be read.
fn set<T, V: Into<T>>(member: &mut T, value: Result<V, Refusal>) -> Result<(), Refusal> {
    *member = value?.into();
    Ok(())
}

/// Whether a type is managed.
fn manage(config: &mut Config, kind: DatabaseType, text: &str) -> Result<(), Refusal> {
    if value::flag(text)? {
        config.unmanaged.remove(&kind);
    } else {
        config.unmanaged.insert(kind);
    }
    Ok(())
}
