//! Edits of sets.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::super::input::Bytes;
use super::elements::{bytes, some};
use crate::backend::redis::values::edit::{Edit, set};
use crate::error::Result;

/// Changes of a set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum SetEdit {
    /// Adds members. Result: `added`, how many are new.
    Add {
        /// The members.
        members: Vec<Bytes>,
    },
    /// Removes members. Result: `removed`.
    Remove {
        /// The members.
        members: Vec<Bytes>,
    },
}

impl SetEdit {
    pub(super) fn edit(self) -> Result<Edit> {
        Ok(match self {
            Self::Add { members } => set::add(some(members, "members", bytes)?),
            Self::Remove { members } => set::remove(some(members, "members", bytes)?),
        })
    }
}
