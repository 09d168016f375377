//! What an answer lacks, and why: what is denied to the connection's user is left out and told, so
//! that the rest can still be seen.

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Cause, Code, Error, Result};

/// What could not be told, and why; each member once.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Warnings(Vec<Warning>);

/// Something that could not be told.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Warning {
    /// The member that is `null`, or lacks something.
    field: &'static str,
    #[serde(flatten)]
    cause: Cause,
}

impl Warning {
    /// About a member that could not be told because of this failure.
    pub fn new(field: &'static str, error: Error) -> Self {
        Self { field, cause: error.into() }
    }
}

impl Warnings {
    /// What was told; `None`, and why, where the user may not know.
    pub(super) fn unless_denied<T>(
        &mut self,
        field: &'static str,
        told: Result<T>,
    ) -> Result<Option<T>> {
        match told {
            Ok(told) => Ok(Some(told)),
            Err(error) if error.code() == Code::PermissionDenied => {
                self.add(field, error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn add(&mut self, field: &'static str, error: Error) {
        if self.0.iter().all(|known| known.field != field) {
            self.0.push(Warning::new(field, error));
        }
    }
}
