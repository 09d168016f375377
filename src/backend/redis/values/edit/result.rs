//! What an edit tells of itself, from the server's reply.

use redis::Value;
use schemars::JsonSchema;
use serde::Serialize;

use crate::backend::redis::values::range::spell;
use crate::json::Integer64;

/// What an edit did.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditResult {
    /// How many fields or members are new.
    Added(i64),
    /// How many elements, fields, members or entries were removed.
    Removed(i64),
    /// The bytes of the string, or the elements of the list, that there are now.
    Length(i64),
    /// The number that it is now.
    Value(Increased),
    /// The score that it is now, spelt as Redis spells it.
    Score(String),
    /// The bit that was there.
    Previous(i64),
    /// 1 if the estimate may be another now, else 0.
    Changed(i64),
    /// Fields whose time to live was set or removed.
    Fields {
        /// How many were changed.
        changed: usize,
        /// How many there are not.
        missing: usize,
    },
    /// The id of the new entry.
    Id(String),
    /// 1, or 0 where there was no such group.
    Destroyed(i64),
    /// How many entries are no longer pending.
    Acknowledged(i64),
    /// The ids of the entries that are the other consumer's now.
    Claimed(Vec<String>),
    /// How many pending entries of the consumer are now nobody's.
    Pending(i64),
    /// There is nothing to tell.
    #[serde(untagged)]
    #[schemars(extend("additionalProperties" = false))]
    Nothing {},
}

/// A number that something was added to.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Increased {
    /// An integer.
    Integer(Integer64),
    /// One that may have a fraction, spelt as Redis spells it.
    Fraction(String),
}

/// Of the commands that add to a number.
#[allow(clippy::unnecessary_wraps)] // As others tell it, which may be none.
pub(super) fn value(reply: &Value) -> Option<EditResult> {
    Some(EditResult::Value(match reply {
        Value::Int(number) => Increased::Integer(Integer64(*number)),
        fraction => Increased::Fraction(spell(fraction)),
    }))
}
