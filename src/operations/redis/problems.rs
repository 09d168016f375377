//! What goes wrong with single keys: how many problems are told one by one, the others being only
//! counted, and which ones say that it makes no sense to go on.

use crate::backend::redis::transfer::store::lacks_transactions;
use crate::error::{Code, Error};
use crate::json::Writer;
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

/// Writes `{ problem: { line, key, outcome, code, message } }`; `line` only where there are lines.
pub(super) fn write_problem(
    out: &mut Writer,
    line: Option<u64>,
    key: Option<&[u8]>,
    error: &Error,
) {
    out.raw(b"{\"problem\":{");
    if let Some(line) = line {
        out.raw(b"\"line\":");
        out.integer(line.cast_signed());
        out.raw(b",");
    }
    out.raw(b"\"key\":");
    match key {
        Some(key) => out.text_or_bytes(&key[..key.len().min(MAX_KEY)]),
        None => out.raw(b"null"),
    }
    out.raw(b",\"outcome\":");
    out.string(error.known_outcome().as_str());
    out.raw(b",\"code\":");
    out.string(error.code().as_str());
    out.raw(b",\"message\":");
    let message: String = error.message().chars().take(MAX_REASON).collect();
    out.string(&message);
    out.raw(b"}}");
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
