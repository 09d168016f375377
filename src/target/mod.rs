//! Where a connection goes: typed targets, made only from options that are on a list.
//!
//! A user's connection string is parsed into one of these and then forgotten; each driver's own
//! configuration is built from the typed form, so that nothing a driver would read from a URI
//! (file paths, proxies, insecure switches) can be smuggled past us.
//!
//! [`TargetInput`] → [`Target::parse`] → [`Target`] → [`Target::stored`], and back by
//! [`TargetInput::from_stored`]. Sockets are opened by [`egress`], secured by [`tls`].

mod caller_headers;
mod columns;
mod draft;
pub mod egress;
pub mod host;
mod http;
mod input;
mod mongodb;
mod options;
mod postgres;
mod reader_paths;
mod redis;
mod refused;
pub mod stored;
#[cfg(test)]
mod tests;
pub mod tls;
mod uri;

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::caller_headers::CallerHeaders;
pub use self::columns::Columns;
use self::draft::Draft;
pub use self::http::HttpTarget;
pub use self::input::{Rules, TargetInput};
pub use self::mongodb::MongoTarget;
pub use self::postgres::{ChannelBinding, PostgresTarget};
pub use self::reader_paths::ReaderPaths;
pub use self::redis::{RedisTarget, RedisTopology};
pub use self::stored::Stored;
pub use self::tls::Tls;
use crate::error::{Error, Result};

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

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", host::bracketed(&self.host), self.port)
    }
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
    /// Reads a target from what a user gave.
    ///
    /// Every failure is a `VALIDATION_ERROR` that quotes no secret.
    pub fn parse(kind: DatabaseType, input: &TargetInput, rules: Rules) -> Result<Self> {
        let mut draft = match as_url(kind, input) {
            Some(input) => Draft::new(&input, rules)?,
            None => Draft::new(input, rules)?,
        };
        let target = match kind {
            DatabaseType::Redis => Self::Redis(RedisTarget::read(&mut draft)?),
            DatabaseType::Mongodb => Self::Mongodb(MongoTarget::read(&mut draft)?),
            DatabaseType::Postgres => Self::Postgres(PostgresTarget::read(&mut draft)?),
            DatabaseType::BunApi => Self::Http(HttpTarget::read(&mut draft)?),
        };
        draft.options.finish()?;
        Ok(target)
    }

    /// The password, or the API key of an HTTP target.
    #[must_use]
    pub fn password(&self) -> Option<&SecretString> {
        match self {
            Self::Redis(t) => t.password.as_ref(),
            Self::Mongodb(t) => t.password.as_ref(),
            Self::Postgres(t) => t.password.as_ref(),
            Self::Http(t) => t.api_key.as_ref(),
        }
    }

    /// TLS settings, where TLS is used.
    #[must_use]
    pub fn tls(&self) -> Option<&Tls> {
        match self {
            Self::Redis(t) => t.tls.as_ref(),
            Self::Mongodb(t) => t.tls.as_ref(),
            Self::Postgres(t) => t.tls.as_ref(),
            Self::Http(t) => t.tls.as_ref(),
        }
    }

    /// Hosts and ports it names. Servers may direct to more of them.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Endpoint> {
        match self {
            Self::Redis(t) => t.endpoints.clone(),
            Self::Mongodb(t) => t.endpoints.clone(),
            Self::Postgres(t) => vec![t.endpoint.clone()],
            Self::Http(t) => vec![t.endpoint()],
        }
    }

    /// Most connections the user wants; the installation's limit holds besides.
    #[must_use]
    pub fn pool_size(&self) -> Option<u32> {
        match self {
            Self::Redis(t) => t.pool_size,
            Self::Mongodb(t) => t.pool_size,
            Self::Postgres(t) => t.pool_size,
            Self::Http(t) => t.pool_size,
        }
    }

    /// How long the user wants a connection attempt to take at most.
    #[must_use]
    pub fn connect_timeout(&self) -> Option<Duration> {
        let milliseconds = match self {
            Self::Redis(t) => t.connect_timeout_ms,
            Self::Mongodb(t) => t.connect_timeout_ms,
            Self::Postgres(t) => t.connect_timeout_ms,
            Self::Http(t) => t.connect_timeout_ms,
        };
        milliseconds.map(Duration::from_millis)
    }

    /// What may be stored and shown.
    #[must_use]
    pub fn columns(&self) -> Columns {
        match self {
            Self::Redis(t) => t.columns(),
            Self::Mongodb(t) => t.columns(),
            Self::Postgres(t) => t.columns(),
            Self::Http(t) => t.columns(),
        }
    }

    /// Secrets that are options, by name.
    fn named_secrets(&self) -> Vec<(&'static str, &SecretString)> {
        let client = self.tls().and_then(|tls| tls.client_pem.as_ref());
        let more = match self {
            Self::Redis(t) => t.sentinel_password.as_ref().map(|s| ("sentinel_password", s)),
            Self::Http(t) => t.api_key.as_ref().map(|s| ("api_key", s)),
            Self::Mongodb(_) | Self::Postgres(_) => None,
        };
        client.map(|s| ("client_pem", s)).into_iter().chain(more).collect()
    }

    /// Everything that decides who gets the secrets, and how well they are protected on the way.
    fn destination(&self) -> (Vec<Endpoint>, Option<String>, Vec<Option<String>>) {
        const PROTECTION: [&str; 12] = [
            "tls",
            "sslmode",
            "tls_verify",
            "tls_any_name",
            "ca_pem",
            "channel_binding",
            "authMechanism",
            "authSource",
            "srv",
            "cluster",
            "sentinel",
            "path",
        ];
        let columns = self.columns();
        let option = |name: &str| columns.options.get(name).map(Value::to_string);
        let mut endpoints = self.endpoints();
        endpoints.sort_by(|a, b| (&a.host, a.port).cmp(&(&b.host, b.port)));
        // No user name and `default` are the same user of a Redis.
        let username = match (self, columns.username.as_deref()) {
            (Self::Redis(_), Some("default")) => None,
            (_, username) => username.map(str::to_owned),
        };
        (endpoints, username, PROTECTION.into_iter().map(option).collect())
    }
}

/// The URL of an HTTP target is often given as its host.
fn as_url(kind: DatabaseType, input: &TargetInput) -> Option<TargetInput> {
    let url = input.host.as_ref().filter(|host| host.contains("://"))?;
    if kind != DatabaseType::BunApi || input.connection_string.is_some() {
        return None;
    }
    let connection_string = Some(url.clone().into());
    Some(TargetInput { connection_string, host: None, ..input.clone() })
}

fn wrong_scheme(expected: &str) -> Error {
    Error::validation(format!("the connection string must begin with {expected}"))
}

/// The options that say how TLS is used. `by_default` is what holds when `tls` is not named.
fn put_tls(options: &mut Map<String, Value>, tls: Option<&Tls>, by_default: bool) {
    if tls.is_some() != by_default {
        options.insert("tls".to_owned(), tls.is_some().into());
    }
    let Some(tls) = tls else { return };
    if tls.insecure {
        options.insert("tls_verify".to_owned(), false.into());
    }
    if tls.any_name {
        options.insert("tls_any_name".to_owned(), true.into());
    }
    columns::put(options, "ca_pem", tls.ca_pem.clone());
}
