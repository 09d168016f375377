//! The registered connections, in the platform database.

use uuid::Uuid;

use crate::error::{Error, Result};
use crate::target::{DatabaseType, Target};

/// A registered connection, without its secrets.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its id.
    pub id: Uuid,
    /// The project it belongs to.
    pub project_id: Uuid,
    /// That project's `ref`.
    pub project_ref: String,
    /// What it connects to.
    pub database_type: DatabaseType,
    /// Name, unique in the project.
    pub identifier: String,
    /// Raised on every change of the target; part of the pool's key.
    pub version: i64,
}

/// Access to the platform database.
#[derive(Debug)]
pub struct Registry;

impl Registry {
    /// Opens the connection's secrets and parses its target.
    pub async fn target(&self, _connection: &Connection) -> Result<Target> {
        Err(Error::internal("not built yet"))
    }
}
