//! The elements that an edit names: how many, and none of them twice.

use super::super::super::input::{Bytes, each_once};
use crate::error::{Error, Result};

/// Elements of one edit, at most.
pub(super) const MAX_ELEMENTS: usize = 1000;

/// The elements of an edit: one at least, and not too many.
pub(super) fn some<T, U>(elements: Vec<T>, name: &str, read: impl Fn(T) -> U) -> Result<Vec<U>> {
    if elements.is_empty() {
        return Err(Error::validation(format!("`{name}` is empty")));
    }
    if elements.len() > MAX_ELEMENTS {
        let message = format!("`{name}` has at most {MAX_ELEMENTS} elements in one edit");
        return Err(Error::too_large(message));
    }
    Ok(elements.into_iter().map(read).collect())
}

/// The same for what has a name, which no other may have.
pub(super) fn named<T, V>(
    elements: Vec<T>,
    name: &str,
    read: impl Fn(T) -> (Vec<u8>, V),
) -> Result<Vec<(Vec<u8>, V)>> {
    let elements = some(elements, name, read)?;
    let names = elements.iter().map(|(name, _)| name.as_slice());
    each_once(name, names).map_err(Error::validation)?;
    Ok(elements)
}

/// The same where all that there is may be left out.
pub(super) fn seen<T, V>(
    elements: Vec<T>,
    read: impl Fn(T) -> (Vec<u8>, V),
) -> Result<Vec<(Vec<u8>, V)>> {
    if elements.is_empty() { Ok(Vec::new()) } else { named(elements, "if_unchanged", read) }
}

pub(super) fn bytes(bytes: Bytes) -> Vec<u8> {
    bytes.0
}

pub(super) fn pair((name, value): (Bytes, Bytes)) -> (Vec<u8>, Vec<u8>) {
    (name.0, value.0)
}
