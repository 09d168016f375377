//! The registered connections, in the platform database.
//!
//! [`Registry`] is the door. Below it, top down: [`resolve`](self) turns what a URL says into one
//! connection, `listing` and `edit` are the lists and the changes, `connection` is a row without
//! its secrets and `vault` opens them; `cache` and `notices` keep what was read and learn of
//! changes; `platform` is the pool of sessions that all of them use. `migrate` and `rotate` are the
//! operator's commands; `legacy`, `readers`, `plaintext` and `openable` are what `migrate` looks at.
//!
//! Connections from the environment (`environment`) stand beside the registered ones and work
//! without any platform database.

mod answering;
pub(crate) mod cache;
mod collisions;
mod connection;
mod dashboard;
pub mod direct;
mod edit;
mod environment;
mod failure;
mod held;
mod legacy;
mod listing;
mod migrate;
mod notices;
mod openable;
mod plaintext;
pub(crate) mod platform;
mod readers;
mod resolve;
mod rotate;
mod session;
mod tls;
mod vault;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use uuid::Uuid;

pub use connection::{Connection, Project, Status};
pub use edit::{Changes, NewConnection};
pub use legacy::{Attention, Imported};
pub use listing::{Counts, Filter, Page, PageRequest, Visible};
pub use migrate::{Migration, Report, State};
pub use plaintext::Plaintext;
pub use readers::Reader;
pub use resolve::{Address, Located};
pub use rotate::{Failed, Rotation};

use crate::config::Config;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::target::egress::Egress;
use crate::target::{DatabaseType, Rules, Target, TargetInput};
use cache::Shelf;
use environment::Environment;
use listing::PageKey;
use platform::Platform;
use resolve::Scope;
use vault::Vault;

/// The registry is read from memory nearly always; a handful of sessions is plenty.
const PLATFORM_SESSIONS: usize = 8;

const METADATA_BELIEVED_FOR: Duration = Duration::from_secs(5 * 60);
const LISTS_BELIEVED_FOR: Duration = Duration::from_secs(60);
/// How long an outage of the platform database can be bridged.
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Access to the registered connections.
#[derive(Debug)]
pub struct Registry {
    platform: Option<Arc<Platform>>,
    caches: Arc<Caches>,
    vault: Vault,
    environment: Environment,
    enabled: Vec<DatabaseType>,
    rules: Rules,
    listener: OnceLock<AbortHandle>,
}

/// What was read from the platform database.
#[derive(Debug)]
pub(crate) struct Caches {
    connections: Shelf<Uuid, Arc<Connection>>,
    scopes: Shelf<String, Arc<Scope>>,
    pages: Shelf<PageKey, Page>,
    when_removed: WhenRemoved,
    /// Counts whatever may make something that was read no longer true.
    changes: watch::Sender<u64>,
}

/// Told the id of a connection that another instance removed.
#[derive(Default)]
struct WhenRemoved(OnceLock<Box<dyn Fn(Uuid) + Send + Sync>>);

impl fmt::Debug for WhenRemoved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WhenRemoved").field(&self.0.get().is_some()).finish()
    }
}

impl Registry {
    /// The registry of a configuration. Nothing is connected before it is first asked.
    ///
    /// Fails where `DATABASE_URL` or the URL of an environment connection is malformed.
    pub fn open(config: &Config, egress: Arc<Egress>) -> Result<Self> {
        let platform = match &config.database_url {
            None => None,
            Some(url) => {
                let target = operators_target(DatabaseType::Postgres, url.expose_secret(), None)
                    .map_err(|e| e.context("DATABASE_URL"))?;
                let Target::Postgres(target) = target else {
                    return Err(Error::internal("DATABASE_URL was read as another type"));
                };
                Some(Arc::new(Platform::new(target, egress, PLATFORM_SESSIONS)?))
            }
        };
        Ok(Self {
            platform,
            caches: Arc::new(Caches {
                connections: Shelf::new(10_000, METADATA_BELIEVED_FOR, KEPT_FOR),
                scopes: Shelf::new(10_000, METADATA_BELIEVED_FOR, KEPT_FOR),
                pages: Shelf::new(1_000, LISTS_BELIEVED_FOR, KEPT_FOR),
                when_removed: WhenRemoved::default(),
                changes: watch::Sender::default(),
            }),
            vault: Vault::new(config),
            environment: Environment::read(config)?,
            enabled: DatabaseType::ALL.into_iter().filter(|kind| config.enabled(*kind)).collect(),
            rules: Rules { self_hosted: !config.is_platform },
            listener: OnceLock::new(),
        })
    }

    /// Which options users' targets may have.
    #[must_use]
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Whether connections of this type are managed at all; if not, they answer as if there were
    /// none.
    #[must_use]
    pub fn is_enabled(&self, database_type: DatabaseType) -> bool {
        self.enabled.contains(&database_type)
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

    /// Whether the platform database answers, and how fast; `None` where none is configured.
    pub async fn check(&self, deadline: Deadline) -> Option<Result<Duration>> {
        let platform = self.platform.as_ref()?;
        let started = Instant::now();
        let answer = deadline.run(platform.read("SELECT 1", &[])).await.unwrap_or_else(|| {
            Err(Error::timeout(
                "the platform database did not answer in time",
                crate::outcome::Outcome::NotApplied,
            ))
        });
        Some(answer.map(|_| started.elapsed()))
    }

    /// Whether the platform database could be reached when it was last needed, without asking it; `None`
    /// where none is configured, and `Some(None)` where it was not needed yet.
    #[must_use]
    pub fn reached(&self) -> Option<Option<bool>> {
        self.platform.as_ref().map(|platform| platform.reached())
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

    /// Closes every connection to the platform database.
    pub fn close(&self) {
        if let Some(listener) = self.listener.get() {
            listener.abort();
        }
        if let Some(platform) = &self.platform {
            platform.close();
        }
    }

    pub(crate) fn platform(&self) -> Option<&Arc<Platform>> {
        self.platform.as_ref()
    }

    /// The platform database, for what cannot be done without.
    fn store(&self) -> Result<&Arc<Platform>> {
        let platform = self.platform.as_ref().ok_or_else(|| {
            Error::new(
                Code::OperationNotAllowed,
                "registered connections are kept in the platform database; set DATABASE_URL",
            )
        })?;
        self.listener.get_or_init(|| {
            notices::listen(Arc::downgrade(platform), Arc::downgrade(&self.caches))
        });
        Ok(platform)
    }

    fn vault(&self) -> &Vault {
        &self.vault
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.get() {
            listener.abort();
        }
    }
}

impl Caches {
    /// A connection changed, came or went.
    async fn changed(&self, id: Uuid, project_id: Uuid) {
        self.connections.forget(&id).await;
        self.scopes.forget_where(|scope| scope.shows(project_id)).await;
        self.pages.forget_all();
        self.tell();
    }

    fn removed(&self, id: Uuid) {
        if let Some(react) = self.when_removed.0.get() {
            react(id);
        }
    }

    /// Anything may have changed.
    fn forget_all(&self) {
        self.connections.forget_all();
        self.scopes.forget_all();
        self.pages.forget_all();
        self.tell();
    }

    /// Changes may have been missed.
    fn doubt_all(&self) {
        self.connections.doubt_all();
        self.scopes.doubt_all();
        self.pages.doubt_all();
        self.tell();
    }

    fn tell(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

/// A target from the operator's own configuration, which may use every option.
fn operators_target(
    database_type: DatabaseType,
    url: &str,
    password: Option<&secrecy::SecretString>,
) -> Result<Target> {
    let mut input = TargetInput::from_connection_string(url);
    input.password = password.cloned();
    Target::parse(database_type, &input, Rules { self_hosted: true })
}

/// The one answer for what does not exist and for what the user has no part in. It repeats nothing
/// of the request, so that the two cannot differ.
#[must_use]
pub fn not_found() -> Error {
    Error::not_found("there is no such project or database connection, or you have no access to it")
}
