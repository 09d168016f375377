//! Members of sets.

use super::{Alone, Edit, EditResult};
use crate::backend::redis::wire::reply;

/// Adds members.
#[must_use]
pub fn add(members: Vec<Vec<u8>>) -> Edit {
    Edit::of("set")
        .step("SADD", members)
        .telling(|reply| reply::integer(reply).map(EditResult::Added))
}

/// Removes members.
#[must_use]
pub fn remove(members: Vec<Vec<u8>>) -> Edit {
    Edit::of("set")
        .step("SREM", members)
        .telling(|reply| reply::integer(reply).map(EditResult::Removed))
        .alone(Alone::NeedsElements)
}
