//! Messages that a reader missed.

use schemars::JsonSchema;
use serde::Serialize;

/// Messages that were or may have been missed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Gap {
    /// How many; `null` where nobody knows.
    pub dropped: Option<u64>,
    /// Why.
    pub reason: GapReason,
}

/// Why messages were missed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The reader was too slow.
    SlowReader,
    /// The server could not be heard for a while.
    Reconnected,
    /// The message was too large to be read.
    TooLarge,
}
