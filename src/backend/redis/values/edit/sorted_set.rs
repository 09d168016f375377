//! Members of sorted sets, and their scores.

use super::seen::Seen;
use super::{Alone, Edit, EditResult};
use crate::backend::redis::values::range::spell;
use crate::backend::redis::wire::reply;

/// Adds members, or gives new scores to those that are there.
#[must_use]
pub fn add(members: Vec<(Vec<u8>, String)>, seen: Vec<(Vec<u8>, Option<String>)>) -> Edit {
    let args = members.into_iter().flat_map(|(member, score)| [score.into_bytes(), member]);
    Edit::of("zset")
        .step("ZADD", args.collect())
        .telling(|reply| reply::integer(reply).map(EditResult::Added))
        .unless_changed(seen.into_iter().map(|(member, score)| Seen::Score(member, score)))
}

/// Adds to the score of a member; of one that is not there, to 0.
#[must_use]
pub fn increment(member: Vec<u8>, by: String) -> Edit {
    Edit::of("zset")
        .step("ZINCRBY", vec![by.into_bytes(), member])
        .telling(|reply| Some(EditResult::Score(spell(reply))))
}

/// Removes members.
#[must_use]
pub fn remove(members: Vec<Vec<u8>>) -> Edit {
    Edit::of("zset")
        .step("ZREM", members)
        .telling(|reply| reply::integer(reply).map(EditResult::Removed))
        .alone(Alone::NeedsElements)
}
