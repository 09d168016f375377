//! How much is listed at once, and what must be said twice.

use crate::error::{Code, Error, Result};

/// Entries on one page at most.
const MOST: usize = 1000;

/// How many entries a page may have.
pub(super) fn page(limit: Option<usize>) -> Result<usize> {
    let limit = limit.unwrap_or(MOST);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::validation(format!("`limit` must be between 1 and {MOST}")));
    }
    Ok(limit)
}

/// What can't be undone is done only if its name is given once more.
pub(super) fn confirmed(confirm: Option<&str>, name: &str, what: &str) -> Result<()> {
    if confirm == Some(name) {
        return Ok(());
    }
    Err(Error::new(
        Code::OperationNotAllowed,
        format!("{what} can't be undone; send its exact name as `confirm` to do it"),
    ))
}
