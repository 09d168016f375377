//! Edits of sorted sets.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::super::input::{Bytes, Score};
use super::elements::{bytes, named, seen, some};
use crate::backend::redis::values::edit::{Alone, Edit, EditResult, Seen};
use crate::error::Result;

/// Changes of a sorted set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ZsetEdit {
    /// Adds members, or gives new scores to those that are there. Result: `added`, how many are
    /// new.
    Add {
        /// `[[member, score], …]`, each member once.
        members: Vec<(Bytes, Score)>,
        /// Only if these have these scores still: `[[member, score], …]`, `null` for one that must
        /// not exist.
        #[serde(default)]
        if_unchanged: Vec<(Bytes, Option<Score>)>,
    },
    /// Adds to a score; to that of a new member, 0. Result: `score`.
    Increment {
        /// The member.
        member: Bytes,
        /// What to add; may be negative.
        by: Score,
    },
    /// Removes members. Result: `removed`.
    Remove {
        /// The members.
        members: Vec<Bytes>,
    },
}

impl ZsetEdit {
    pub(super) fn edit(self) -> Result<Edit> {
        let zset = Edit::of("zset");
        Ok(match self {
            Self::Add { members, if_unchanged } => {
                let members = named(members, "members", |(member, score)| (member.0, score.0))?;
                let scored = |(member, score): (Bytes, Option<Score>)| {
                    (member.0, score.map(|score| score.0))
                };
                let seen = seen(if_unchanged, scored)?;
                let args = members.into_iter().flat_map(|(member, score)| [score.into(), member]);
                zset.step("ZADD", args.collect())
                    .counting(EditResult::Added)
                    .unless_changed(seen.into_iter().map(|(name, score)| Seen::Score(name, score)))
            }
            Self::Increment { member, by } => {
                zset.step("ZINCRBY", vec![by.0.into(), member.0]).telling(EditResult::score)
            }
            Self::Remove { members } => zset
                .step("ZREM", some(members, "members", bytes)?)
                .counting(EditResult::Removed)
                .alone(Alone::NeedsElements),
        })
    }
}
