//! What is known about a write after it ended, well or badly.

use serde::Serialize;

/// Whether the operation took effect on the server.
///
/// A retry, by us or by the caller, is only safe after [`Outcome::NotApplied`] or for reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The server confirmed it.
    Applied,
    /// It is proven that the server did not run it.
    NotApplied,
    /// The request may have reached the server and its answer was lost.
    Unknown,
}

impl Outcome {
    /// The name used in JSON and in JavaScript.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::NotApplied => "not_applied",
            Self::Unknown => "unknown",
        }
    }
}
