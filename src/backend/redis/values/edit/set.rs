//! Members of sets.

use super::{Alone, Edit};

/// Adds members.
#[must_use]
pub fn add(members: Vec<Vec<u8>>) -> Edit {
    Edit::of("set").step("SADD", members).telling("added")
}

/// Removes members.
#[must_use]
pub fn remove(members: Vec<Vec<u8>>) -> Edit {
    Edit::of("set").step("SREM", members).telling("removed").alone(Alone::NeedsElements)
}
