//! Connections that come from the environment: `REDIS_URL`, `MONGODB_URL`, `BUN_API_URL`.
//!
//! They belong to the project `default` under the identifier `env`, and work without any platform
//! database. They are changed where they are set, not here.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use uuid::{Uuid, uuid};

use super::connection::{Connection, Origin, Project};
use crate::config::Config;
use crate::error::Result;
use crate::target::{DatabaseType, Rules, Target, TargetInput};

/// `ref` of the project they belong to, which is also the one project of a self-hosted Studio.
pub(super) const DEFAULT_PROJECT: &str = "default";

const IDENTIFIER: &str = "env";

/// Stands in for the id of the project `default` where no platform database has one. The ids here
/// are UUIDs of version 5 in the URL namespace: `studio-multidb:project:default` and
/// `studio-multidb:env:<type>`. They are the same on every installation, so that links last.
const DEFAULT_PROJECT_ID: Uuid = uuid!("69bfce56-74b4-5427-98e1-93df4ed95c4a");
const REDIS_ID: Uuid = uuid!("d4563950-eda2-5216-8403-91334acac925");
const MONGODB_ID: Uuid = uuid!("2a31f8fd-6ad3-58e8-98d9-8514d0627a4d");
const BUN_API_ID: Uuid = uuid!("a59d56cf-cf11-5166-aa64-6168314f09c3");

/// What the environment defines.
#[derive(Debug)]
pub(super) struct Environment(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    id: Uuid,
    target: Target,
}

impl Environment {
    /// Reads and checks the URLs; a malformed one is refused with the variable's name.
    pub(super) fn read(config: &Config) -> Result<Self> {
        let mut entries = Vec::new();
        let mut add = |id, name: &str, kind, url: Option<&str>, password| {
            if let Some(url) = url.filter(|_| config.enabled(kind)) {
                let target = operators_target(kind, url, password).map_err(|e| e.context(name))?;
                entries.push(Entry { id, target });
            }
            Ok(())
        };
        let secret =
            |url: &Option<SecretString>| url.as_ref().map(|url| url.expose_secret().to_owned());
        let (redis, mongodb) = (secret(&config.redis_url), secret(&config.mongodb_url));
        add(REDIS_ID, "REDIS_URL", DatabaseType::Redis, redis.as_deref(), None)?;
        add(MONGODB_ID, "MONGODB_URL", DatabaseType::Mongodb, mongodb.as_deref(), None)?;
        let bun_api = config.bun_api_url.as_ref().map(|url| url.as_str());
        let key = config.bun_api_key.as_ref();
        add(BUN_API_ID, "BUN_API_URL", DatabaseType::BunApi, bun_api, key)?;
        Ok(Self(entries))
    }

    /// Whether the environment defines none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a connection of the environment goes.
    pub(super) fn target(&self, id: Uuid) -> Option<&Target> {
        self.0.iter().find(|entry| entry.id == id).map(|entry| &entry.target)
    }

    /// Its connections, as members of the project `default`.
    pub(super) fn connections(&self, project: &Arc<Project>) -> Vec<Arc<Connection>> {
        let connection = |Entry { id, target }: &Entry| {
            let origin = Origin::Environment;
            Arc::new(Connection {
                description: Some("From the environment".to_owned()),
                ..Connection::unregistered(*id, project, IDENTIFIER, target, origin)
            })
        };
        self.0.iter().map(connection).collect()
    }
}

/// The project `default` where no platform database has one.
pub(super) fn default_project() -> Arc<Project> {
    Arc::new(Project {
        id: DEFAULT_PROJECT_ID,
        project_ref: DEFAULT_PROJECT.to_owned(),
        name: "Default Project".to_owned(),
        ..Project::default()
    })
}

/// A target from the operator's own configuration, which may use every option.
pub(super) fn operators_target(
    database_type: DatabaseType,
    url: &str,
    password: Option<&SecretString>,
) -> Result<Target> {
    let mut input = TargetInput::from_connection_string(url);
    input.password = password.cloned();
    Target::parse(database_type, &input, Rules { self_hosted: true })
}
