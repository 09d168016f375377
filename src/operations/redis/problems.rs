//! Keys that are there already, and what goes wrong with others and says that it makes no sense to go on.

use crate::backend::redis::transfer::store::{Conflict, lacks_transactions};
use crate::error::{Code, Error};
use crate::operations::transfer::OnConflict;
use crate::outcome::Outcome;

impl From<OnConflict> for Conflict {
    /// What a write does about a key that is there.
    fn from(on_conflict: OnConflict) -> Self {
        if on_conflict == OnConflict::Replace { Self::Replace } else { Self::Keep }
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
