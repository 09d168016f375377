//! Strings, which are also numbers and bitmaps.

use super::seen::Seen;
use super::{Edit, EditResult, digits, result};
use crate::backend::redis::wire::reply;

/// Replaces the value.
#[must_use]
pub fn set(value: Vec<u8>, seen: Option<Vec<u8>>) -> Edit {
    // Not alone: it would replace a value of another type too.
    let args = vec![value, b"XX".to_vec(), b"KEEPTTL".to_vec()];
    Edit::of("string").step("SET", args).unless_changed(seen.map(Seen::Whole))
}

/// Adds to the end.
#[must_use]
pub fn append(value: Vec<u8>) -> Edit {
    Edit::of("string")
        .step("APPEND", vec![value])
        .telling(|reply| reply::integer(reply).map(EditResult::Length))
}

/// Overwrites bytes from `offset` on.
#[must_use]
pub fn set_range(offset: u64, value: Vec<u8>, seen: Option<Vec<u8>>) -> Edit {
    let near = Seen::Near(offset.saturating_add(value.len() as u64));
    Edit::of("string")
        .step("SETRANGE", vec![digits(offset), value])
        .telling(|reply| reply::integer(reply).map(EditResult::Length))
        .unless_changed([near])
        .unless_changed(seen.filter(|seen| !seen.is_empty()).map(|s| Seen::Range(offset, s)))
}

/// Adds to an integer.
#[must_use]
pub fn increment(by: i64) -> Edit {
    Edit::of("string").step("INCRBY", vec![digits(by)]).telling(result::value)
}

/// Adds to a number that may have a fraction.
#[must_use]
pub fn increment_float(by: String) -> Edit {
    Edit::of("string").step("INCRBYFLOAT", vec![by.into_bytes()]).telling(result::value)
}

/// Sets one bit of a bitmap.
#[must_use]
pub fn set_bit(offset: u32, bit: bool) -> Edit {
    Edit::of("string")
        .step("SETBIT", vec![digits(offset), digits(bit)])
        .telling(|reply| reply::integer(reply).map(EditResult::Previous))
        .unless_changed([Seen::Near(u64::from(offset) / 8 + 1)])
}
