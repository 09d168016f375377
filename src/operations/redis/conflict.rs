//! Keys that are there already when others come under their names.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::redis::transfer::store::Conflict;

/// What happens to keys that are there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "OnKeyConflict")]
pub(super) enum OnConflict {
    /// They stay as they are.
    #[default]
    Skip,
    /// They are replaced.
    Replace,
    /// The work ends at the first.
    Fail,
}

impl OnConflict {
    /// What a write does about it.
    pub(super) fn conflict(self) -> Conflict {
        if self == Self::Replace { Conflict::Replace } else { Conflict::Keep }
    }
}
