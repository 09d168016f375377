//! What a manager is made of: its own intake, before a core that others may share.
//!
//! Managers with the same configuration share one core, however often they are made: a Studio in
//! development reloads its modules on every edit, its helpers and its routes each have a manager, and
//! worker threads load the addon again. Each can be shut down by itself; the core ends with the last.

pub mod answers;
mod core;
pub mod intake;
pub mod jobs;
mod shared;
#[cfg(test)]
mod tests;
pub mod uploads;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use self::core::Core;
use crate::config::Config;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::pool::Lease;
use crate::registry::Connection;
use crate::service::intake::Intake;

/// One manager.
#[derive(Debug)]
pub struct Service {
    core: Arc<Core>,
    /// The requests of this manager that are running.
    pub intake: Intake,
    has_left: AtomicBool,
}

impl Deref for Service {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.core
    }
}

impl Service {
    /// One more manager of this configuration.
    pub fn shared(config: Config) -> Result<Arc<Self>> {
        let core = shared::join(config)?;
        Ok(Arc::new(Self { core, intake: Intake::default(), has_left: AtomicBool::new(false) }))
    }

    /// The client of a connection.
    pub async fn lease(&self, connection: &Arc<Connection>, deadline: Deadline) -> Result<Lease> {
        self.core.lease(connection, deadline).await
    }

    /// Stops this manager's intake, and lets its work finish until the deadline. The last one closes
    /// every socket; a manager made afterwards gets a core of its own.
    pub async fn shutdown(&self, deadline: Deadline) {
        self.intake.close(deadline).await;
        if !self.has_left.swap(true, Ordering::SeqCst) && shared::leave(&self.core, true) {
            self.core.end(deadline).await;
        }
    }
}

impl Drop for Service {
    /// A manager that was forgotten, as on a reload, uses the core no more. It ends nothing: what the
    /// next one makes use of is there still, and what nobody uses is closed when it has been idle.
    fn drop(&mut self) {
        if !*self.has_left.get_mut() {
            shared::leave(&self.core, false);
        }
    }
}
