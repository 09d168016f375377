//! The registry of a configuration.

use std::sync::{Arc, OnceLock};

use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::caches::Caches;
use super::environment::Environment;
use super::vault::Vault;
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::platform::{Platform, notices};
use crate::target::{DatabaseType, Rules};

/// Access to the registered connections.
#[derive(Debug)]
pub struct Registry {
    pub(super) platform: Option<Arc<Platform>>,
    pub(super) caches: Arc<Caches>,
    pub(super) vault: Vault,
    pub(super) environment: Environment,
    pub(super) enabled: Vec<DatabaseType>,
    pub(super) rules: Rules,
    listening: OnceLock<AbortOnDropHandle<()>>,
}

impl Registry {
    /// The registry of a configuration, in its platform database.
    ///
    /// Fails where the URL of an environment connection is malformed.
    pub fn open(config: &Config, platform: Option<Arc<Platform>>) -> Result<Self> {
        Ok(Self {
            platform,
            caches: Arc::default(),
            vault: Vault::new(config),
            environment: Environment::read(config)?,
            enabled: DatabaseType::ALL.into_iter().filter(|kind| config.enabled(*kind)).collect(),
            rules: Rules { self_hosted: !config.is_platform },
            listening: OnceLock::new(),
        })
    }

    /// Which options users' targets may have.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Whether connections of this type are managed at all; if not, they answer as if there were
    /// none.
    pub fn is_enabled(&self, database_type: DatabaseType) -> bool {
        self.enabled.contains(&database_type)
    }

    /// The types that are managed, as the database names them.
    pub(super) fn enabled_names(&self) -> Vec<&'static str> {
        self.enabled.iter().map(|kind| kind.as_str()).collect()
    }

    /// Refuses a type that is not managed.
    pub fn require_enabled(&self, database_type: DatabaseType) -> Result<()> {
        if self.is_enabled(database_type) {
            return Ok(());
        }
        Err(Error::not_found(format!(
            "{} management is disabled on this installation",
            database_type.display_name()
        )))
    }

    /// Has `react` called with the id of every connection that any instance removes, so that its
    /// sockets can be closed. Only the first call counts.
    pub fn when_removed(&self, react: impl Fn(Uuid) + Send + Sync + 'static) {
        let _ = self.caches.when_removed.0.set(Box::new(react));
    }

    /// Tells of changes to connections, of whichever, as they become known here: then what was looked
    /// up is to be looked up again.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.caches.changes.subscribe()
    }

    /// Listens for changes no longer.
    pub fn close(&self) {
        if let Some(listening) = self.listening.get() {
            listening.abort();
        }
    }

    /// The platform database, for what cannot be done without.
    pub(super) fn require_platform(&self) -> Result<&Arc<Platform>> {
        let platform = self.platform.as_ref().ok_or_else(|| {
            Error::new(
                Code::OperationNotAllowed,
                "registered connections are kept in the platform database; set DATABASE_URL",
            )
        })?;
        self.listening.get_or_init(|| {
            notices::listen(Arc::downgrade(platform), Arc::downgrade(&self.caches))
        });
        Ok(platform)
    }
}
