//! What is to be done, and to which keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::input::{Bytes, seconds};
use super::super::key_set::KeySet;
use crate::backend::redis::keyspace::bulk::Change;
use crate::error::{Error, Result};
use crate::operations::transfer::OnConflict;

/// What a walk over all keys counts in the rate limit.
const COST: u32 = 20;
/// So many keys that are named cost one more.
const KEYS_OF_ONE_COST: usize = 100;

/// What to do to each key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Action {
    /// Deletes it.
    Delete,
    /// Sets the seconds that it has left.
    Expire,
    /// Lets it live on.
    Persist,
    /// Copies it to another connection.
    Copy,
}

impl Action {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Expire => "expire",
            Self::Persist => "persist",
            Self::Copy => "copy",
        }
    }
}

/// What is done to each key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// It is changed where it is.
    Change(Change),
    /// It is copied to this connection.
    Copy(Uuid, OnConflict),
}

/// What to do to which keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BulkInput {
    /// What to do to each key.
    pub(super) action: Action,
    /// These keys, at most 100,000. Else `pattern`, `type` or both.
    keys: Option<Vec<Bytes>>,
    /// Keys that fit this glob pattern.
    pattern: Option<Bytes>,
    /// Keys of this type.
    #[serde(rename = "type")]
    type_name: Option<String>,
    /// For `expire`: the seconds that each key has left.
    pub(super) ttl: Option<i64>,
    /// For `copy`: the id of the connection to copy to, a Redis connection of the same project on
    /// which the user has write permission.
    pub(super) to: Option<String>,
    /// For `copy`: what happens to keys that are there already: `skip` (default), `replace`, `refuse` or
    /// `fail`.
    pub(super) on_conflict: Option<OnConflict>,
    /// Needed where the pattern is made of wildcards alone, such as `*`, where nine tenths of the
    /// database's keys or more fit, and where most do and the pattern does not say what their names begin
    /// with.
    #[serde(default)]
    pub(super) confirm: bool,
    /// Only counts what would be done, exactly, and shows the first keys.
    #[serde(default)]
    pub(super) dry_run: bool,
    /// For a dry run: looks at about so many keys and estimates the rest.
    pub(super) sample: Option<u64>,
}

impl BulkInput {
    /// What to do to each key.
    pub(super) fn task(&self) -> Result<Task> {
        let ttl = seconds(self.ttl)?;
        let taken_by = [
            (Action::Expire, "ttl", ttl.is_some()),
            (Action::Copy, "to", self.to.is_some()),
            (Action::Copy, "on_conflict", self.on_conflict.is_some()),
        ];
        for (action, name, is_given) in taken_by {
            if is_given && self.action != action {
                let message = format!("`{}` takes no `{name}`", self.action.as_str());
                return Err(Error::validation(message));
            }
        }
        Ok(match self.action {
            Action::Delete => Task::Change(Change::Delete),
            Action::Persist => Task::Change(Change::Persist),
            Action::Expire => {
                let seconds =
                    ttl.ok_or_else(|| Error::validation("`expire` needs a positive `ttl`"))?;
                Task::Change(Change::Expire(seconds.saturating_mul(1000)))
            }
            Action::Copy => {
                let to = self.to.as_ref().and_then(|to| to.parse().ok()).ok_or_else(|| {
                    Error::validation("`copy` needs `to`, the id of the connection to copy to")
                })?;
                Task::Copy(to, self.on_conflict.unwrap_or(OnConflict::Skip))
            }
        })
    }

    /// What it counts in the rate limit: a walk over all keys, or the keys that are named.
    pub(super) fn cost(&self) -> u32 {
        let named = self.keys.as_ref().map_or(0, |keys| keys.len() / KEYS_OF_ONE_COST);
        COST.saturating_add(u32::try_from(named).unwrap_or(u32::MAX))
    }

    /// The keys.
    pub(super) fn key_set(&mut self) -> Result<KeySet> {
        if self.sample.is_some() && !self.dry_run {
            return Err(Error::validation("`sample` is for a dry run"));
        }
        let key_set = KeySet::new(self.keys.take(), self.pattern.take(), self.type_name.take())?;
        if let KeySet::Filter(filter) = &key_set
            && filter.pattern.is_none()
            && filter.type_name.is_none()
        {
            return Err(Error::validation("say which: `keys`, `pattern` or `type`"));
        }
        Ok(key_set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use serde_json::{Value, json};

    fn key_set(input: Value) -> Result<KeySet> {
        serde_json::from_value::<BulkInput>(input).unwrap().key_set()
    }

    #[test]
    fn what_does_not_say_which_keys_is_refused() {
        for input in [
            json!({ "action": "delete" }),
            json!({ "action": "delete", "confirm": true }),
            json!({ "action": "delete", "keys": [], "pattern": "a*" }),
            json!({ "action": "delete", "keys": [], "type": "hash" }),
            json!({ "action": "delete", "type": "a b" }),
            json!({ "action": "delete", "pattern": "a*", "sample": 10 }),
        ] {
            assert_eq!(key_set(input).unwrap_err().code(), Code::ValidationError);
        }
    }

    #[test]
    fn each_action_takes_what_it_needs_and_nothing_else() {
        let task = |input| serde_json::from_value::<BulkInput>(input).unwrap().task();
        let expire = Task::Change(Change::Expire(5000));
        assert_eq!(task(json!({ "action": "expire", "ttl": 5 })).unwrap(), expire);
        let (id, to) = (Uuid::from_u128(1), Uuid::from_u128(1).to_string());
        let copy = |conflict| Task::Copy(id, conflict);
        assert_eq!(task(json!({ "action": "copy", "to": to })).unwrap(), copy(OnConflict::Skip));
        let replace = json!({ "action": "copy", "to": to, "on_conflict": "replace" });
        assert_eq!(task(replace).unwrap(), copy(OnConflict::Replace));
        for refused in [
            json!({ "action": "expire" }),
            json!({ "action": "expire", "ttl": 0 }),
            json!({ "action": "delete", "ttl": 5 }),
            json!({ "action": "delete", "to": to }),
            json!({ "action": "persist", "on_conflict": "skip" }),
            json!({ "action": "copy" }),
            json!({ "action": "copy", "to": to, "ttl": 5 }),
        ] {
            assert_eq!(task(refused).unwrap_err().code(), Code::ValidationError);
        }
    }
}
