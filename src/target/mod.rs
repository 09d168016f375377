//! Where a connection goes: typed targets, made only from options that are on a list.
//!
//! A user's connection string is parsed into one of these and then forgotten; each driver's own
//! configuration is built from the typed form, so that nothing a driver would read from a URI
//! (file paths, proxies, insecure switches) can be smuggled past us.

pub mod egress;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// The four kinds of backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseType {
    /// PostgreSQL 12 to 18.
    Postgres,
    /// Redis 6.0 and later, Valkey 7 and later.
    Redis,
    /// MongoDB 5.0 and later.
    Mongodb,
    /// An HTTP service.
    BunApi,
}

impl DatabaseType {
    /// All kinds, in the order they are listed.
    pub const ALL: [Self; 4] = [Self::Postgres, Self::Redis, Self::Mongodb, Self::BunApi];

    /// The name in the database and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Mongodb => "mongodb",
            Self::BunApi => "bun_api",
        }
    }

    /// The name people read in messages.
    #[must_use]
    pub fn display_name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Redis => "Redis",
            Self::Mongodb => "MongoDB",
            Self::BunApi => "Bun API",
        }
    }
}

/// A host name or address literal, and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Host name or address literal, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// How TLS is used. `None` in a target means plain TCP.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// PEM text of the certificate authority to trust instead of the public ones.
    pub ca_pem: Option<String>,
    /// PEM text of a client certificate and its key.
    pub client_pem: Option<SecretString>,
    /// Skip verification of chain and name; only parsed when self-hosted.
    pub insecure: bool,
    /// PostgreSQL's `prefer`: fall back to plain TCP where the server has no TLS.
    pub optional: bool,
}

/// Where Redis connections go.
#[derive(Debug, Clone)]
pub struct RedisTarget {
    /// One node, several seeds of a cluster, or several sentinels.
    pub endpoints: Vec<Endpoint>,
    /// Standalone, cluster or sentinel.
    pub topology: RedisTopology,
    /// ACL user; `None` means the default user.
    pub username: Option<String>,
    /// Password of the data nodes.
    pub password: Option<SecretString>,
    /// Password of the sentinels themselves.
    pub sentinel_password: Option<SecretString>,
    /// Numbered database; always 0 in a cluster.
    pub db: i64,
    /// TLS, if any.
    pub tls: Option<Tls>,
}

/// How Redis nodes are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedisTopology {
    /// One server.
    Standalone,
    /// Redis Cluster; the endpoints are seeds.
    Cluster,
    /// Sentinel; the endpoints are sentinels.
    Sentinel {
        /// Name of the monitored primary.
        master: String,
    },
}

/// Where MongoDB connections go.
#[derive(Debug, Clone)]
pub struct MongoTarget {
    /// `mongodb+srv`: the one endpoint's host is looked up as an SRV record.
    pub srv: bool,
    /// Seeds.
    pub endpoints: Vec<Endpoint>,
    /// User name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<SecretString>,
    /// Default database.
    pub database: Option<String>,
    /// Database that holds the user.
    pub auth_source: Option<String>,
    /// `SCRAM-SHA-1`, `SCRAM-SHA-256`, `PLAIN` or `MONGODB-X509`.
    pub auth_mechanism: Option<String>,
    /// Replica set name.
    pub replica_set: Option<String>,
    /// Talk to the one seed only.
    pub direct: Option<bool>,
    /// Read preference name.
    pub read_preference: Option<String>,
    /// Retryable writes, on by default where the topology has them.
    pub retry_writes: Option<bool>,
    /// Write concern `w`.
    pub w: Option<String>,
    /// Milliseconds to wait for a suitable server.
    pub server_selection_timeout_ms: Option<u64>,
    /// TLS, if any.
    pub tls: Option<Tls>,
}

/// Where PostgreSQL connections go.
#[derive(Debug, Clone)]
pub struct PostgresTarget {
    /// Server.
    pub endpoint: Endpoint,
    /// Role.
    pub username: String,
    /// Password.
    pub password: Option<SecretString>,
    /// Database.
    pub database: String,
    /// TLS, if any.
    pub tls: Option<Tls>,
    /// Default `statement_timeout` in milliseconds.
    pub statement_timeout_ms: Option<u64>,
}

/// Where HTTP requests go.
#[derive(Debug, Clone)]
pub struct HttpTarget {
    /// Requests may only go below it; ends with `/`.
    pub base_url: url::Url,
    /// Injected as `Authorization: Bearer …`.
    pub api_key: Option<SecretString>,
    /// TLS settings for `https`.
    pub tls: Option<Tls>,
}

/// A target of any kind.
#[derive(Debug, Clone)]
pub enum Target {
    /// Redis.
    Redis(RedisTarget),
    /// MongoDB.
    Mongodb(MongoTarget),
    /// PostgreSQL.
    Postgres(PostgresTarget),
    /// HTTP.
    Http(HttpTarget),
}

impl Target {
    /// Which kind it is.
    #[must_use]
    pub fn database_type(&self) -> DatabaseType {
        match self {
            Self::Redis(_) => DatabaseType::Redis,
            Self::Mongodb(_) => DatabaseType::Mongodb,
            Self::Postgres(_) => DatabaseType::Postgres,
            Self::Http(_) => DatabaseType::BunApi,
        }
    }
}
