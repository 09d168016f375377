//! The one list of settings. Documentation, defaults and parsing all come from it.

use super::Config;
use super::value::{self, Refusal};
use crate::target::DatabaseType;

/// One setting.
pub struct Setting {
    /// Environment variable, and older names of it, which are read where the newer one is not set.
    pub names: &'static [&'static str],
    /// Option of `ConnectionManager`; it wins over the variable.
    pub option: &'static str,
    /// What holds where neither is given.
    pub fallback: Fallback,
    /// One sentence for people.
    pub meaning: &'static str,
    pub(super) kind: Kind,
    pub(super) store: fn(&mut Config, &str) -> Result<(), Refusal>,
}

impl Setting {
    /// Environment variable.
    pub fn variable(&self) -> &'static str {
        self.names[0]
    }
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
        names: &["DATABASE_URL"],
        option: "databaseUrl",
        fallback: Fallback::Unset,
        meaning: "connection string of the platform database",
        kind: Kind::Secret,
        store: |c, text| set(&mut c.database_url, value::connection_string(text, &["postgres"])),
    },
    Setting {
        names: &["DATABASE_ENCRYPTION_KEY", "MULTI_DB_CRYPTO_KEY"],
        option: "encryptionKey",
        fallback: Fallback::Unset,
        meaning: "seals stored secrets; 64 hexadecimal digits or base64 of 32 bytes, or a comma \
                  list `id:key,…` of which the first seals and all open; required to store",
        kind: Kind::Key,
        store: |c, text| set(&mut c.keyring, value::keyring(text)),
    },
    Setting {
        names: &["PG_META_CRYPTO_KEY"],
        option: "pgMetaCryptoKey",
        fallback: Fallback::Unset,
        meaning: "crypto-js passphrase of legacy strings of every type",
        kind: Kind::Key,
        store: |c, text| set(&mut c.pg_meta_crypto_key, value::passphrase(text)),
    },
    Setting {
        names: &["REDIS_CRYPTO_KEY"],
        option: "redisCryptoKey",
        fallback: Fallback::Unset,
        meaning: "crypto-js passphrase of legacy Redis strings",
        kind: Kind::Key,
        store: |c, text| set(&mut c.redis_crypto_key, value::passphrase(text)),
    },
    Setting {
        names: &["MONGODB_CRYPTO_KEY"],
        option: "mongodbCryptoKey",
        fallback: Fallback::Unset,
        meaning: "crypto-js passphrase of legacy MongoDB strings",
        kind: Kind::Key,
        store: |c, text| set(&mut c.mongodb_crypto_key, value::passphrase(text)),
    },
    Setting {
        names: &["STUDIO_PG_META_URL"],
        option: "pgMetaUrl",
        fallback: Fallback::Unset,
        meaning: "URL of pg-meta, used where no `DATABASE_URL` is given",
        kind: Kind::Secret,
        store: |c, text| set(&mut c.pg_meta_url, value::service_url(text)),
    },
    Setting {
        names: &["REDIS_URL"],
        option: "redisUrl",
        fallback: Fallback::Unset,
        meaning: "a Redis connection that exists without being registered (`default`, `env`)",
        kind: Kind::Secret,
        store: |c, text| {
            set(&mut c.redis_url, value::connection_string(text, &["redis", "valkey"]))
        },
    },
    Setting {
        names: &["MONGODB_URL"],
        option: "mongodbUrl",
        fallback: Fallback::Unset,
        meaning: "a MongoDB connection that exists without being registered (`default`, `env`)",
        kind: Kind::Secret,
        store: |c, text| set(&mut c.mongodb_url, value::connection_string(text, &["mongodb"])),
    },
    Setting {
        names: &["BUN_API_URL"],
        option: "bunApiUrl",
        fallback: Fallback::Unset,
        meaning: "an HTTP service that exists without being registered (`default`, `env`)",
        kind: Kind::Secret,
        store: |c, text| set(&mut c.bun_api_url, value::service_url(text)),
    },
    Setting {
        names: &["BUN_API_KEY"],
        option: "bunApiKey",
        fallback: Fallback::Unset,
        meaning: "key sent to the service at `BUN_API_URL`",
        kind: Kind::Secret,
        store: |c, text| set(&mut c.bun_api_key, Ok(value::secret(text))),
    },
    Setting {
        names: &["MAX_POSTGRES_CONNECTIONS"],
        option: "maxPostgresConnections",
        fallback: Fallback::Text("20"),
        meaning: "server connections of one PostgreSQL connection",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.max_postgres_connections, value::count(text, 1..=MAX_POOL)),
    },
    Setting {
        names: &["MAX_REDIS_CONNECTIONS", "REDIS_MAX_CONNECTIONS"],
        option: "maxRedisConnections",
        fallback: Fallback::Text("10"),
        meaning: "server connections of one Redis connection",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.max_redis_connections, value::count(text, 1..=MAX_POOL)),
    },
    Setting {
        names: &["MAX_MONGODB_CONNECTIONS", "MONGODB_MAX_POOL_SIZE"],
        option: "maxMongodbConnections",
        fallback: Fallback::Text("10"),
        meaning: "server connections of one MongoDB connection",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.max_mongodb_connections, value::count(text, 1..=MAX_POOL)),
    },
    Setting {
        names: &["ENABLE_REDIS_MANAGEMENT"],
        option: "enableRedisManagement",
        fallback: Fallback::Text("true"),
        meaning: "`false`: Redis answers 404 and lists nothing",
        kind: Kind::Plain,
        store: |c, text| manage(c, DatabaseType::Redis, text),
    },
    Setting {
        names: &["ENABLE_MONGODB_MANAGEMENT"],
        option: "enableMongodbManagement",
        fallback: Fallback::Text("true"),
        meaning: "`false`: MongoDB answers 404 and lists nothing",
        kind: Kind::Plain,
        store: |c, text| manage(c, DatabaseType::Mongodb, text),
    },
    Setting {
        names: &["ENABLE_BUN_API_MANAGEMENT"],
        option: "enableBunApiManagement",
        fallback: Fallback::Text("true"),
        meaning: "`false`: HTTP services answer 404 and list nothing",
        kind: Kind::Plain,
        store: |c, text| manage(c, DatabaseType::BunApi, text),
    },
    Setting {
        names: &["MULTIDB_MAX_CLIENTS"],
        option: "maxClients",
        fallback: Fallback::Text("100"),
        meaning: "pool entries of the process; the least recently used idle one is closed first",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.max_clients, value::count(text, 1..=100_000_usize)),
    },
    Setting {
        names: &["MULTIDB_IDLE_TIMEOUT_MS"],
        option: "idleTimeoutMs",
        fallback: Fallback::Text("300000"),
        meaning: "how long an unused pool entry is kept, in milliseconds",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.idle_timeout, value::millis(text, 1..=24 * HOUR_MS)),
    },
    Setting {
        names: &["NEXT_PUBLIC_IS_PLATFORM"],
        option: "isPlatform",
        fallback: Fallback::Text("false"),
        meaning: "`true`: hosted for many, so private addresses are denied and roles are enforced",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.is_platform, value::flag(text)),
    },
    Setting {
        names: &["MULTIDB_ALLOWED_HOSTS"],
        option: "allowedHosts",
        fallback: Fallback::Unset,
        meaning: "comma list of hosts and address ranges that may be connected to even where \
                  private ranges are denied",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.allowed_hosts, Ok(value::list(text))),
    },
    Setting {
        names: &["MULTIDB_DENIED_HOSTS"],
        option: "deniedHosts",
        fallback: Fallback::Unset,
        meaning: "comma list of hosts and address ranges that may not be connected to; metadata \
                  addresses never may",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.denied_hosts, Ok(value::list(text))),
    },
    Setting {
        names: &["MULTIDB_ALLOWED_ORIGINS"],
        option: "allowedOrigins",
        fallback: Fallback::Depends("the request's own host", |_| ""),
        meaning: "comma list of origins, such as `https://studio.example.com`, that the Studio is \
                  known by in browsers, besides `localhost` and addresses",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.allowed_origins, value::origins(text)),
    },
    Setting {
        names: &["MULTIDB_RATE_LIMIT"],
        option: "rateLimit",
        fallback: Fallback::Text("100/60s"),
        meaning: "cost and time per user, or `off`",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.rate_limit, value::rate_limit(text)),
    },
    Setting {
        names: &["MULTIDB_SHARED_REDIS_URL"],
        option: "sharedRedisUrl",
        fallback: Fallback::Unset,
        meaning: "Redis in which instances share their rate limits",
        kind: Kind::Secret,
        store: |c, text| {
            set(&mut c.shared_redis_url, value::connection_string(text, &["redis", "valkey"]))
        },
    },
    Setting {
        names: &["MULTIDB_AUTHORIZATION"],
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
        names: &["MULTIDB_REQUEST_TIMEOUT_MS"],
        option: "requestTimeoutMs",
        fallback: Fallback::Text("30000"),
        meaning: "deadline of an operation that names none, in milliseconds",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.request_timeout, value::millis(text, 1..=HOUR_MS)),
    },
    Setting {
        names: &["MULTIDB_CONNECT_TIMEOUT_MS"],
        option: "connectTimeoutMs",
        fallback: Fallback::Text("10000"),
        meaning: "until a new connection must be ready for use, in milliseconds",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.connect_timeout, value::millis(text, 1..=HOUR_MS)),
    },
    Setting {
        names: &["MULTIDB_MAX_RESULT_BYTES"],
        option: "maxResultBytes",
        fallback: Fallback::Text("67108864"),
        meaning: "cap of one result and of one request body in bytes, enforced while it is being \
                  read",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.max_result_bytes, value::count(text, 1024..=1_usize << 30)),
    },
    Setting {
        names: &["MULTIDB_MAX_SOCKETS"],
        option: "maxSockets",
        fallback: Fallback::Text("1000"),
        meaning: "subscriptions (WebSockets and event streams), exports and other streams of the process",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.max_sockets, value::count(text, 1..=100_000_usize)),
    },
    Setting {
        names: &["MULTIDB_MAX_SOCKETS_PER_USER"],
        option: "maxSocketsPerUser",
        fallback: Fallback::Text("50"),
        meaning: "the same of one user",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.max_sockets_per_user, value::count(text, 1..=100_000_usize)),
    },
    Setting {
        names: &["MULTIDB_SOCKET_PING_MS"],
        option: "socketPingMs",
        fallback: Fallback::Text("25000"),
        meaning: "a subscriber that was silent this long is asked whether it lives, and closed after \
                  as long again, in milliseconds",
        kind: Kind::Plain,
        store: |c, text| set(&mut c.socket_ping, value::millis(text, 1..=HOUR_MS)),
    },
    Setting {
        names: &["MULTIDB_METRICS_TOKEN"],
        option: "metricsToken",
        fallback: Fallback::Unset,
        meaning: "bearer token for `/metrics`, of at least 16 characters; without it nobody reads them",
        kind: Kind::Secret,
        store: |c, text| set(&mut c.metrics_token, value::token(text)),
    },
    Setting {
        names: &["LOG_LEVEL"],
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
