//! Edits of HyperLogLogs.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::super::input::Bytes;
use super::elements::{bytes, some};
use crate::backend::redis::values::edit::{Edit, EditResult, Seen};
use crate::error::Result;

/// Changes of a HyperLogLog.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum HyperloglogEdit {
    /// Adds elements. Result: `changed`, 1 if the estimate may be another now.
    Add {
        /// The elements.
        elements: Vec<Bytes>,
    },
}

impl HyperloglogEdit {
    pub(super) fn edit(self) -> Result<Edit> {
        let Self::Add { elements } = self;
        Ok(Edit::of("string")
            .step("PFADD", some(elements, "elements", bytes)?)
            .counting(EditResult::Changed)
            .unless_changed([Seen::HyperLogLog]))
    }
}
