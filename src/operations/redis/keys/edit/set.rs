//! Edits of sets.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::super::input::Bytes;
use super::elements::{bytes, some};
use crate::backend::redis::values::edit::{Alone, Edit, EditResult};
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
        let set = Edit::of("set");
        Ok(match self {
            Self::Add { members } => {
                set.step("SADD", some(members, "members", bytes)?).counting(EditResult::Added)
            }
            Self::Remove { members } => set
                .step("SREM", some(members, "members", bytes)?)
                .counting(EditResult::Removed)
                .alone(Alone::NeedsElements),
        })
    }
}
