//! The three levels that everything is granted and required in.

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Code, Error, Result};

/// What a user may do, or must be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// See.
    Read,
    /// Change data.
    Write,
    /// Change connections, and what affects others.
    Admin,
}

impl Permission {
    /// Refuses where this, which was granted, is less than is needed.
    pub fn require(self, needed: Self) -> Result<()> {
        if self >= needed {
            return Ok(());
        }
        let (needed, granted) = (needed.as_str(), self.as_str());
        Err(Error::new(
            Code::PermissionDenied,
            format!("this needs {needed} permission; you have {granted}"),
        ))
    }

    /// `read`, `write` or `admin`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}
