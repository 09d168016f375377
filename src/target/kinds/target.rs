//! A target of any kind, and what all kinds have.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use super::http::HttpTarget;
use super::mongodb::MongoTarget;
use super::postgres::PostgresTarget;
use super::redis::RedisTarget;
use crate::error::Result;
use crate::target::columns::Columns;
use crate::target::database_type::DatabaseType;
use crate::target::draft::Draft;
use crate::target::endpoint::Endpoint;
use crate::target::input::{Rules, TargetInput, as_url};
use crate::target::tls::Tls;

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

/// What targets of every kind have.
macro_rules! of_any {
    ($target:expr, $t:ident => $what:expr) => {
        match $target {
            Self::Redis($t) => $what,
            Self::Mongodb($t) => $what,
            Self::Postgres($t) => $what,
            Self::Http($t) => $what,
        }
    };
}

impl Target {
    /// Which kind it is.
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
    pub fn password(&self) -> Option<&SecretString> {
        match self {
            Self::Redis(t) => t.password.as_ref(),
            Self::Mongodb(t) => t.password.as_ref(),
            Self::Postgres(t) => t.password.as_ref(),
            Self::Http(t) => t.api_key.as_ref(),
        }
    }

    /// TLS settings, where TLS is used.
    pub fn tls(&self) -> Option<&Tls> {
        of_any!(self, t => t.tls.as_ref())
    }

    /// Hosts and ports it names. Servers may direct to more of them.
    pub fn endpoints(&self) -> Vec<Endpoint> {
        match self {
            Self::Redis(t) => t.endpoints.clone(),
            Self::Mongodb(t) => t.endpoints.clone(),
            Self::Postgres(t) => vec![t.endpoint.clone()],
            Self::Http(t) => vec![t.endpoint()],
        }
    }

    /// Most connections the user wants; the installation's limit holds besides.
    pub fn pool_size(&self) -> Option<u32> {
        of_any!(self, t => t.pool_size)
    }

    /// How long the user wants a connection attempt to take at most.
    pub fn connect_timeout(&self) -> Option<Duration> {
        of_any!(self, t => t.connect_timeout_ms).map(Duration::from_millis)
    }

    /// What may be stored and shown.
    pub fn columns(&self) -> Columns {
        of_any!(self, t => t.columns())
    }

    /// Secrets that are options, by name.
    pub(in crate::target) fn named_secrets(&self) -> Vec<(&'static str, &SecretString)> {
        let client = self.tls().and_then(|tls| tls.client_pem.as_ref());
        let more = match self {
            Self::Redis(t) => t.sentinel_password.as_ref().map(|s| ("sentinel_password", s)),
            Self::Http(t) => t.api_key.as_ref().map(|s| ("api_key", s)),
            _ => None,
        };
        client.map(|s| ("client_pem", s)).into_iter().chain(more).collect()
    }

    /// Everything that decides who gets the secrets, and how well they are protected on the way.
    pub(in crate::target) fn destination(
        &self,
    ) -> (Vec<Endpoint>, Option<String>, Vec<Option<String>>) {
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
        let protection = PROTECTION.map(|name| columns.options.get(name).map(Value::to_string));
        let mut endpoints = self.endpoints();
        endpoints.sort_by(|a, b| (&a.host, a.port).cmp(&(&b.host, b.port)));
        // No user name and the default one are the same user.
        let default_user = self.database_type().spelling().default_user;
        let username = columns.username.filter(|name| Some(name.as_str()) != default_user);
        (endpoints, username, protection.into())
    }
}
