//! What goes wrong with single keys: how many problems are told one by one, the others being only
//! counted, and which ones say that it makes no sense to go on.

use schemars::JsonSchema;
use serde::Serialize;

use crate::backend::redis::transfer::store::lacks_transactions;
use crate::error::{Code, Error};
use crate::json::TextOrBytes;
use crate::outcome::Outcome;

/// Problems that one answer tells.
const MAX_TOLD: u64 = 1_000;

/// Characters of a reason that are told; a hostile line may be quoted in it.
const MAX_REASON: usize = 500;

/// Bytes of a key that are told.
const MAX_KEY: usize = 1_000;

/// Those that were told, and those that were not.
#[derive(Debug, Default)]
pub(super) struct Problems(u64);

impl Problems {
    /// Counts one; says whether it is to be told.
    pub(super) fn admit(&mut self) -> bool {
        self.0 += 1;
        self.0 <= MAX_TOLD
    }

    /// How many were not told.
    pub(super) fn untold(&self) -> u64 {
        self.0.saturating_sub(MAX_TOLD)
    }
}

/// A key that is not what it should be, or may not be.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KeyProblem")]
pub(super) struct Problem {
    /// At most its first 1000 bytes; `null` for what is about no key.
    key: Option<TextOrBytes>,
    outcome: Outcome,
    /// For programs.
    code: Code,
    /// For people, at most 500 characters.
    message: String,
}

impl Problem {
    /// What went wrong with a key.
    pub(super) fn new(key: Option<&[u8]>, error: &Error) -> Self {
        Self {
            key: key.map(|key| TextOrBytes(key[..key.len().min(MAX_KEY)].to_vec())),
            outcome: error.known_outcome(),
            code: error.code(),
            message: error.message().chars().take(MAX_REASON).collect(),
        }
    }
}

/// Nothing was done, because no server could be reached.
fn is_unreachable(error: &Error) -> bool {
    error.known_outcome() == Outcome::NotApplied && error.code().retryable()
}

/// Nothing was written, and what comes next would not be either: no server can be reached, or its user
/// may use no transactions any more.
pub(super) fn ends_writing(error: &Error) -> bool {
    is_unreachable(error) || lacks_transactions(error)
}

/// No server could be reached, or answers any more. A lost connection may be made again.
pub(super) fn is_gone(error: &Error) -> bool {
    error.code() == Code::DbTimeout || is_unreachable(error)
}
