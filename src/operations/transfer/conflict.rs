//! What is there already when something comes under its name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens to what is there already, and to what comes in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnConflict {
    /// It stays; what comes is passed over, and counted.
    Skip,
    /// It is replaced.
    Replace,
    /// It stays; what comes is told as a problem.
    Refuse,
    /// It stays, and the work ends.
    Fail,
}

/// What an import goes by.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ImportTerms {
    pub(crate) on_conflict: OnConflict,
}

impl OnConflict {
    /// What goes for Redis keys where nothing is said.
    pub(crate) const fn skip() -> Self {
        Self::Skip
    }

    /// What goes for MongoDB documents where nothing is said.
    pub(crate) const fn refuse() -> Self {
        Self::Refuse
    }
}
