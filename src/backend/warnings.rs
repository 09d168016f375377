//! What an answer lacks, and why: what is denied to the connection's user is left out and told, so
//! that the rest can still be seen.

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Error;

/// Fields that could not be told; each once.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Warnings(Vec<Warning>);

/// Why a field could not be told.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Warning {
    field: &'static str,
    /// As of a failure.
    code: &'static str,
    /// For people.
    message: String,
}

impl Warnings {
    #[allow(clippy::needless_pass_by_value, reason = "it ends here")]
    pub(super) fn add(&mut self, field: &'static str, error: Error) {
        if self.0.iter().all(|known| known.field != field) {
            let (code, message) = (error.code().as_str(), error.message().to_owned());
            self.0.push(Warning { field, code, message });
        }
    }
}
