//! Who may do what.

use serde::Deserialize;

use crate::api::operation::Permission;
use crate::error::{Code, Error, Result};

/// The authenticated user, as the Studio passes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct User {
    /// Stable id: the `sub` claim.
    pub id: String,
}

/// Refuses when less was granted than is needed.
pub fn require(granted: Permission, needed: Permission) -> Result<()> {
    if granted >= needed {
        return Ok(());
    }
    let (needed, granted) = (name(needed), name(granted));
    Err(Error::new(
        Code::PermissionDenied,
        format!("this needs {needed} permission; you have {granted}"),
    ))
}

fn name(permission: Permission) -> &'static str {
    match permission {
        Permission::Read => "read",
        Permission::Write => "write",
        Permission::Admin => "admin",
    }
}
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy)]
pub enum Authorization {
    Off,
    Members,
}
#[allow(missing_docs)]
#[derive(Debug)]
pub struct Access;
#[allow(missing_docs)]
impl Access {
    pub fn new(_: Authorization, _: &crate::registry::Registry) -> Self {
        Self
    }
    pub async fn granted(
        &self,
        _: Option<&User>,
        _: uuid::Uuid,
        _: Option<uuid::Uuid>,
    ) -> Result<Permission> {
        Ok(Permission::Admin)
    }
    pub async fn granted_anywhere(&self, _: Option<&User>) -> Result<Permission> {
        Ok(Permission::Admin)
    }
    pub fn known(&self, _: Option<&User>) -> Result<()> {
        Ok(())
    }
}
