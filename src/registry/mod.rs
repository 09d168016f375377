//! The registered connections, in the platform database.
use std::sync::Arc;
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
#[allow(missing_docs)]
impl Connection {
    pub fn pool_key(&self) -> crate::pool::PoolKey {
        todo!()
    }
    pub fn is_env(&self) -> bool {
        false
    }
}
#[allow(missing_docs)]
#[derive(Debug)]
pub struct Project {
    pub id: Uuid,
    pub project_ref: String,
}

/// Access to the platform database.
#[derive(Debug)]
pub struct Registry;
#[allow(missing_docs)]
impl Registry {
    pub fn open(_: &crate::config::Config, _: Arc<crate::target::egress::Egress>) -> Result<Self> {
        Ok(Self)
    }
    pub async fn resolve(
        &self,
        _: &str,
        _: DatabaseType,
        _: Option<Uuid>,
        _: Option<&str>,
        _: bool,
    ) -> Result<Arc<Connection>> {
        todo!()
    }
    pub async fn connection(&self, _: Uuid, _: bool) -> Result<Arc<Connection>> {
        todo!()
    }
    pub async fn project(&self, _: &str) -> Result<Arc<Project>> {
        todo!()
    }
    pub async fn check(&self, _: crate::deadline::Deadline) -> Option<Result<std::time::Duration>> {
        None
    }
    pub async fn close(&self) {}
    /// Opens the connection's secrets and parses its target.
    pub async fn target(&self, _connection: &Connection) -> Result<Target> {
        Err(Error::internal("not built yet"))
    }
}
