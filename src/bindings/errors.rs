//! Errors thrown at once, before there is a promise.

use crate::error::Error;

/// A thrown error carries the failure envelope as its message; the JavaScript side makes one of
/// its classes of it.
pub(super) fn thrown(error: &Error) -> napi::Error {
    napi::Error::from_reason(error.to_json(""))
}
