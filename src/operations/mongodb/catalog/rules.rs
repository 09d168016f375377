//! How much is listed at once, and what must be said twice.

use crate::error::{Error, Result};
use crate::request::params::within;

/// Entries on one page at most.
const MOST: usize = 1000;

/// How many entries a page may have.
pub(super) fn page(limit: Option<usize>) -> Result<usize> {
    within("limit", limit.unwrap_or(MOST), 1..=MOST)
}

/// What can't be undone is done only if its name is given once more.
pub(super) fn confirmed(confirm: Option<&str>, name: &str, what: &str) -> Result<()> {
    if confirm == Some(name) {
        return Ok(());
    }
    Err(Error::not_allowed(format!(
        "{what} can't be undone; send its exact name as `confirm` to do it"
    )))
}
