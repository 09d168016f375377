//! Members of sorted sets, and their scores.

use super::seen::Seen;
use super::{Alone, Edit};

/// Adds members, or gives new scores to those that are there.
#[must_use]
pub fn add(members: Vec<(Vec<u8>, String)>, seen: Vec<(Vec<u8>, Option<String>)>) -> Edit {
    let args = members.into_iter().flat_map(|(member, score)| [score.into_bytes(), member]);
    Edit::of("zset")
        .step("ZADD", args.collect())
        .telling("added")
        .unless_changed(seen.into_iter().map(|(member, score)| Seen::Score(member, score)))
}

/// Adds to the score of a member; of one that is not there, to 0.
#[must_use]
pub fn increment(member: Vec<u8>, by: String) -> Edit {
    Edit::of("zset").step("ZINCRBY", vec![by.into_bytes(), member]).telling("score")
}

/// Removes members.
#[must_use]
pub fn remove(members: Vec<Vec<u8>>) -> Edit {
    Edit::of("zset").step("ZREM", members).telling("removed").alone(Alone::NeedsElements)
}
