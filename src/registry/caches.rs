//! What was read of projects and connections, and what makes it no longer true.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;
use uuid::Uuid;

use super::connection::Connection;
use super::listing::{Page, PageRequest};
use super::scope::Scope;
use crate::platform::cache::Shelf;
use crate::platform::notices::Listener;

const METADATA_BELIEVED_FOR: Duration = Duration::from_secs(5 * 60);
const LISTS_BELIEVED_FOR: Duration = Duration::from_secs(60);
/// How long an outage of the platform database can be bridged.
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// What was read from the platform database.
#[derive(Debug)]
pub(super) struct Caches {
    pub(super) connections: Shelf<Uuid, Arc<Connection>>,
    pub(super) scopes: Shelf<String, Arc<Scope>>,
    pub(super) pages: Shelf<PageRequest, Page>,
    pub(super) when_removed: WhenRemoved,
    /// Counts whatever may make something that was read no longer true.
    pub(super) changes: watch::Sender<u64>,
}

/// Told the id of a connection that another instance removed.
#[derive(Default)]
pub(super) struct WhenRemoved(pub(super) OnceLock<Box<dyn Fn(Uuid) + Send + Sync>>);

impl fmt::Debug for WhenRemoved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WhenRemoved").field(&self.0.get().is_some()).finish()
    }
}

impl Default for Caches {
    fn default() -> Self {
        Self {
            connections: Shelf::new(10_000, METADATA_BELIEVED_FOR, KEPT_FOR),
            scopes: Shelf::new(10_000, METADATA_BELIEVED_FOR, KEPT_FOR),
            pages: Shelf::new(1_000, LISTS_BELIEVED_FOR, KEPT_FOR),
            when_removed: WhenRemoved::default(),
            changes: watch::Sender::default(),
        }
    }
}

impl Caches {
    /// A connection changed, came or went.
    pub(super) async fn changed(&self, id: Uuid, project_id: Uuid) {
        self.connections.forget(&id).await;
        self.scopes.forget_where(|scope| scope.shows(project_id)).await;
        self.pages.forget_all();
        self.tell();
    }

    /// Anything may have changed.
    pub(super) fn forget_all(&self) {
        self.connections.forget_all();
        self.scopes.forget_all();
        self.pages.forget_all();
        self.tell();
    }

    fn tell(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

/// The payload that the trigger of `platform.database_connections` sends.
#[derive(Debug, Deserialize)]
struct Notice {
    id: Uuid,
    project_id: Uuid,
    #[serde(default)]
    op: String,
}

impl Listener for Caches {
    async fn heard(&self, payload: &str) {
        match serde_json::from_str::<Notice>(payload) {
            Ok(Notice { id, project_id, op }) => {
                self.changed(id, project_id).await;
                if op == "delete"
                    && let Some(react) = self.when_removed.0.get()
                {
                    react(id);
                }
            }
            // Somebody's own notice on our channel: better read too much than too little.
            Err(_) => self.forget_all(),
        }
    }

    fn doubt(&self) {
        self.connections.doubt_all();
        self.scopes.doubt_all();
        self.pages.doubt_all();
        self.tell();
    }
}
