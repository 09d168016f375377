//! What an answer lacks, and why: what is denied to the connection's user is left out and told, so
//! that the rest can still be seen.

use serde::{Serialize, Serializer};
use serde_json::json;

use crate::error::Error;

/// Fields that could not be told, and why; each once. Written as `[{ field, code, message }]`.
#[derive(Debug, Clone, Default)]
pub struct Warnings(Vec<(&'static str, Error)>);

impl Warnings {
    pub(super) fn add(&mut self, field: &'static str, error: Error) {
        if self.0.iter().all(|(known, _)| *known != field) {
            self.0.push((field, error));
        }
    }
}

impl Serialize for Warnings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(field, error)| {
            json!({ "field": field, "code": error.code().as_str(), "message": error.message() })
        }))
    }
}
