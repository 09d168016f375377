//! What is configured, with the defaults in it.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use secrecy::SecretString;
use tracing::Level;
use url::Url;

use crate::crypto::KeyRing;
use crate::error::Result;
use crate::target::DatabaseType;
use crate::target::egress::{Egress, EgressPolicy};

/// Connections of one HTTP service, each of which carries one request at a time. No variable limits them.
const HTTP_CONNECTIONS: u32 = 10;

/// Everything that can be configured, as it is in effect. The settings are read into its `Default`, and
/// [`super::SETTINGS`] gives every member what it is where nothing is given. `Debug` shows of secrets
/// whether they are set.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// `DATABASE_URL`: the platform database.
    pub database_url: Option<SecretString>,
    /// `DATABASE_ENCRYPTION_KEY`: seals stored secrets; nothing can be stored without it.
    pub keyring: Option<KeyRing>,
    /// `PG_META_CRYPTO_KEY`: crypto-js passphrase of the pg-meta header.
    pub pg_meta_crypto_key: Option<SecretString>,
    /// `REDIS_CRYPTO_KEY`: crypto-js passphrase of older Redis strings.
    pub redis_crypto_key: Option<SecretString>,
    /// `MONGODB_CRYPTO_KEY`: crypto-js passphrase of older MongoDB strings.
    pub mongodb_crypto_key: Option<SecretString>,
    /// `STUDIO_PG_META_URL`.
    pub pg_meta_url: Option<GuardedUrl>,
    /// `REDIS_URL`: a connection that exists without the registry.
    pub redis_url: Option<SecretString>,
    /// `MONGODB_URL`: a connection that exists without the registry.
    pub mongodb_url: Option<SecretString>,
    /// `BUN_API_URL`: a connection that exists without the registry.
    pub bun_api_url: Option<GuardedUrl>,
    /// `BUN_API_KEY`: key of the service at `bun_api_url`.
    pub bun_api_key: Option<SecretString>,
    /// `MAX_POSTGRES_CONNECTIONS`, per registered connection.
    pub max_postgres_connections: u32,
    /// `MAX_REDIS_CONNECTIONS`, per registered connection.
    pub max_redis_connections: u32,
    /// `MAX_MONGODB_CONNECTIONS`, per registered connection.
    pub max_mongodb_connections: u32,
    /// `ENABLE_…_MANAGEMENT`: types that are not managed.
    pub unmanaged: BTreeSet<DatabaseType>,
    /// `MULTIDB_MAX_CLIENTS`: pool entries of the process.
    pub max_clients: usize,
    /// `MULTIDB_IDLE_TIMEOUT_MS`.
    pub idle_timeout: Duration,
    /// `MULTIDB_ALLOWED_HOSTS`: rules, not yet parsed.
    pub allowed_hosts: Vec<String>,
    /// `MULTIDB_DENIED_HOSTS`: rules, not yet parsed.
    pub denied_hosts: Vec<String>,
    /// `NEXT_PUBLIC_IS_PLATFORM`: hosted for many; changes the defaults of egress and authorization.
    pub is_platform: bool,
    /// `MULTIDB_ALLOWED_ORIGINS`, as browsers spell them.
    pub allowed_origins: Vec<String>,
    /// `MULTIDB_RATE_LIMIT`; `None` when it is `off`.
    pub rate_limit: Option<RateLimit>,
    /// `MULTIDB_SHARED_REDIS_URL`: where instances share their rate limits.
    pub shared_redis_url: Option<SecretString>,
    /// `MULTIDB_AUTHORIZATION`.
    pub authorization: Authorization,
    /// `MULTIDB_REQUEST_TIMEOUT_MS`: the deadline of an operation that names none.
    pub request_timeout: Duration,
    /// `MULTIDB_CONNECT_TIMEOUT_MS`: until a new connection must be ready for use.
    pub connect_timeout: Duration,
    /// `MULTIDB_MAX_RESULT_BYTES`: cap of one result, enforced while it is being read.
    pub max_result_bytes: usize,
    /// `MULTIDB_MAX_SOCKETS`: subscriptions of the process.
    pub max_sockets: usize,
    /// `MULTIDB_MAX_SOCKETS_PER_USER`.
    pub max_sockets_per_user: usize,
    /// `MULTIDB_SOCKET_PING_MS`: a subscriber that was silent this long is asked whether it lives.
    pub socket_ping: Duration,
    /// `MULTIDB_METRICS_TOKEN`: who has it may read `/metrics`; nobody where it is not set.
    pub metrics_token: Option<SecretString>,
    /// `LOG_LEVEL`; `None` when it is `off`.
    pub log_level: Option<Level>,
}

/// Who may do what is decided by roles, or not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Authorization {
    /// Every caller may do everything.
    Off,
    /// By the roles of the organization, the project and the connection.
    #[default]
    Members,
}

/// So much cost in so much time, per user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Sum of the operations' cost weights.
    pub cost: u32,
    /// In any stretch of time this long.
    pub window: Duration,
}

impl RateLimit {
    /// No window is longer: one day.
    pub const LONGEST_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
}

impl Config {
    /// Whether a type is managed at all. PostgreSQL always is.
    pub fn enabled(&self, kind: DatabaseType) -> bool {
        !self.unmanaged.contains(&kind)
    }

    /// How many server connections one registered connection may hold.
    pub fn max_connections(&self, kind: DatabaseType) -> u32 {
        match kind {
            DatabaseType::Postgres => self.max_postgres_connections,
            DatabaseType::Redis => self.max_redis_connections,
            DatabaseType::Mongodb => self.max_mongodb_connections,
            DatabaseType::BunApi => HTTP_CONNECTIONS,
        }
    }

    /// The guard for connections that users register: private ranges are closed on a platform.
    pub fn egress_policy(&self) -> Result<Egress> {
        let (allowed, denied) = (self.allowed_hosts.join(","), self.denied_hosts.join(","));
        Ok(Egress::new(EgressPolicy::parse(self.is_platform, &allowed, &denied)?))
    }

    /// The passphrases that an older Studio may have used for strings of this type, its own first.
    pub fn legacy_passphrases(&self, kind: DatabaseType) -> impl Iterator<Item = &SecretString> {
        let own = match kind {
            DatabaseType::Redis => self.redis_crypto_key.as_ref(),
            DatabaseType::Mongodb => self.mongodb_crypto_key.as_ref(),
            _ => None,
        };
        own.into_iter().chain(&self.pg_meta_crypto_key)
    }
}

/// A URL in which a password may stand: of that, `Debug` shows the origin alone.
#[derive(Clone)]
pub struct GuardedUrl(pub(super) Url);

impl Deref for GuardedUrl {
    type Target = Url;

    fn deref(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for GuardedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin().ascii_serialization())
    }
}
