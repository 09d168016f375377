//! Targets that the operator's own code names itself, past the registry.
//!
//! They are pooled like registered ones. The key is made of everything the target says, hashed
//! under a random key of the process, so that it can be shown without giving a password away.

use std::sync::{Arc, LazyLock};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::Registry;
use super::connection::{Connection, Origin};
use super::environment::operators_target;
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::target::{DatabaseType, Target, TargetInput};

/// A target outside the registry.
#[derive(Debug)]
pub enum Direct {
    /// A connection string or fields.
    Given(Box<Given>),
    /// The platform database itself.
    Platform,
    /// The pg-meta service of the configuration.
    PgMeta,
    /// The Redis of the configuration in which instances share their rate limits.
    SharedLimits,
}

/// What the code named.
#[derive(Debug, Deserialize)]
pub struct Given {
    #[serde(rename = "type")]
    database_type: DatabaseType,
    #[serde(flatten)]
    input: TargetInput,
}

static HASH_KEY: LazyLock<[u8; 32]> = LazyLock::new(rand::random);

impl Direct {
    /// Reads `{ type, connection_string | host, … }`.
    pub fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map(|given| Self::Given(Box::new(given)))
            // The text may hold a password, and so may what the parser says of it.
            .map_err(|_| Error::validation("the target must be { type, connection_string | host }"))
    }

    /// The connection to it.
    pub fn connection(
        &self,
        config: &Config,
        registry: &Registry,
        database_type: DatabaseType,
    ) -> Result<Arc<Connection>> {
        let named = |kind, what: &str, url: &str| {
            Ok((operators_target(kind, url, None)?, true, format!("{what} {url}")))
        };
        let (target, operators, identity) = match self {
            Self::Platform => {
                let url = config.database_url.as_ref().ok_or_else(no_platform)?;
                named(DatabaseType::Postgres, "platform", url.expose_secret())?
            }
            Self::PgMeta => {
                let url = config.pg_meta_url.as_ref().ok_or_else(no_platform)?;
                named(DatabaseType::BunApi, "pg-meta", url.as_str())?
            }
            Self::SharedLimits => {
                let url = config.shared_redis_url.as_ref();
                let url = url.ok_or_else(|| Error::internal("no shared limits"))?;
                named(DatabaseType::Redis, "shared limits", url.expose_secret())?
            }
            Self::Given(given) => {
                let rules = registry.rules();
                let target = Target::parse(given.database_type, &given.input, rules)?;
                (target, false, identity(given))
            }
        };
        if target.database_type() != database_type {
            let kind = database_type.display_name();
            return Err(Error::validation(format!("the target must be a {kind} server")));
        }
        Ok(Arc::new(connection(target, operators, &identity)))
    }
}

fn identity(given: &Given) -> String {
    let TargetInput { connection_string, host, port, database_name, username, password, options } =
        &given.input;
    let secret = |s: &Option<SecretString>| s.as_ref().map(|s| s.expose_secret().to_owned());
    format!(
        "{:?} {:?} {:?} {host:?} {port:?} {database_name:?} {username:?} {options:?}",
        given.database_type,
        secret(connection_string),
        secret(password),
    )
}

fn connection(target: Target, operators: bool, identity: &str) -> Connection {
    let digest = Sha256::new().chain_update(*HASH_KEY).chain_update(identity).finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    let id = uuid::Builder::from_random_bytes(id).into_uuid();
    let target = Arc::new(target);
    let origin = Origin::Direct { target: Arc::clone(&target), operators };
    Connection::unregistered(id, &Arc::default(), "direct", &target, origin)
}

fn no_platform() -> Error {
    Error::new(Code::OperationNotAllowed, "there is no platform database; set DATABASE_URL")
}
