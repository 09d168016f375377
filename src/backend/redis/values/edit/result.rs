//! What an edit tells of itself, from the server's reply.

use redis::Value;
use schemars::JsonSchema;
use serde::Serialize;

use super::field_times::NO_FIELD;
use crate::backend::redis::values::range::spell;
use crate::backend::redis::wire::reply;
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

impl EditResult {
    /// Of the commands that add to a number.
    #[allow(clippy::unnecessary_wraps)] // As others tell it, which may be none.
    pub(crate) fn increased(reply: &Value) -> Option<Self> {
        Some(Self::Value(match reply {
            Value::Int(number) => Increased::Integer(Integer64(*number)),
            fraction => Increased::Fraction(spell(fraction)),
        }))
    }

    /// Of the command that adds to a score.
    #[allow(clippy::unnecessary_wraps)] // As others tell it, which may be none.
    pub(crate) fn score(reply: &Value) -> Option<Self> {
        Some(Self::Score(spell(reply)))
    }

    /// Of the commands about the time of fields: counts the codes that there are, one for each field.
    pub(crate) fn field_codes(reply: &Value) -> Option<Self> {
        let Value::Array(codes) = reply else { return None };
        let count = |wanted: fn(i64) -> bool| {
            codes.iter().filter(|code| reply::integer(code).is_some_and(wanted)).count()
        };
        let (changed, missing) = (count(|code| code > 0), count(|code| code == NO_FIELD));
        Some(Self::Fields { changed, missing })
    }

    /// Of the command that adds an entry.
    pub(crate) fn id(reply: &Value) -> Option<Self> {
        reply::text(reply).map(Self::Id)
    }

    /// Of the command that claims entries.
    pub(crate) fn claimed(reply: &Value) -> Option<Self> {
        let Value::Array(ids) = reply else { return None };
        Some(Self::Claimed(ids.iter().filter_map(reply::text).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_fields_are_counted() {
        let told =
            EditResult::field_codes(&Value::Array([1, -2, 0, -1, 2].map(Value::Int).to_vec()));
        assert_eq!(told, Some(EditResult::Fields { changed: 2, missing: 1 }));
    }
}
