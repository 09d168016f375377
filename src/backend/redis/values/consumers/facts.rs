//! What a server says of a stream, a group or a consumer.

use std::collections::BTreeMap;

use redis::Value;
use schemars::JsonSchema;
use serde::Serialize;

use super::MAX_LISTED;
use crate::backend::redis::wire::reply;
use crate::json::{Integer64, OrNull, TextOrBytes};

/// What a server says of something, in its own words with `_` for `-`; what is nested is left out.
pub(super) type Facts = BTreeMap<String, Fact>;

#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Fact {
    Nothing,
    Number(Integer64),
    Word(TextOrBytes),
}

/// What `XINFO STREAM` says; what an older server does not know is not there.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its schema is used
pub(super) struct StreamFacts {
    /// Entries.
    length: u64,
    radix_tree_keys: u64,
    radix_tree_nodes: u64,
    /// The greatest id that an entry was given.
    last_generated_id: String,
    /// The greatest id of an entry that was deleted. Redis 7 and later.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_deleted_entry_id: Option<String>,
    /// Entries that were ever added. Redis 7 and later.
    #[serde(skip_serializing_if = "Option::is_none")]
    entries_added: Option<Integer64>,
    /// The id of the first entry. Redis 7 and later.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_first_entry_id: Option<String>,
    /// How many groups there are.
    groups: u64,
    /// What else the server says.
    #[serde(flatten)]
    more: Facts,
}

/// What `XINFO GROUPS` says of a group; what an older server does not know is not there.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its schema is used
pub(super) struct GroupFacts {
    name: TextOrBytes,
    /// How many it has.
    consumers: u64,
    /// Entries that were delivered and not acknowledged.
    pending: u64,
    /// The entry behind which it goes on.
    last_delivered_id: String,
    /// Entries that were delivered; `null` where that is not known. Redis 7 and later.
    #[serde(skip_serializing_if = "Option::is_none")]
    entries_read: Option<OrNull<Integer64>>,
    /// Entries that are yet to be delivered; `null` where that is not known. Redis 7 and later.
    #[serde(skip_serializing_if = "Option::is_none")]
    lag: Option<OrNull<Integer64>>,
    /// What else the server says.
    #[serde(flatten)]
    more: Facts,
}

/// What `XINFO CONSUMERS` says of a consumer.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its schema is used
pub(super) struct ConsumerFacts {
    name: TextOrBytes,
    /// Entries that were delivered to it and not acknowledged.
    pending: u64,
    /// Milliseconds since it last tried to read, claim or acknowledge.
    idle_ms: Integer64,
    /// Milliseconds since it last did; −1 if it never has. Redis 7.2 and later.
    #[serde(skip_serializing_if = "Option::is_none")]
    inactive_ms: Option<Integer64>,
    /// What else the server says.
    #[serde(flatten)]
    more: Facts,
}

/// A list of maps, and whether some were left out.
pub(super) fn list(list: Value) -> (Vec<Facts>, bool) {
    let listed = reply::elements(list).unwrap_or_default();
    let truncated = listed.len() > MAX_LISTED;
    (listed.into_iter().take(MAX_LISTED).map(read).collect(), truncated)
}

/// The words and numbers of a map.
pub(super) fn read(facts: Value) -> Facts {
    let mut said = Facts::new();
    let mut facts = reply::elements(facts).unwrap_or_default().into_iter();
    while let (Some(name), Some(fact)) = (facts.next(), facts.next()) {
        let Some(name) = reply::text(&name).filter(|name| !name.ends_with("-entry")) else {
            continue;
        };
        let fact = match fact {
            Value::Array(_) | Value::Map(_) => continue,
            Value::Int(number) => Fact::Number(Integer64(number)),
            word => {
                reply::into_bytes(word).map_or(Fact::Nothing, |word| Fact::Word(TextOrBytes(word)))
            }
        };
        let name = match name.as_str() {
            "idle" => "idle_ms".to_owned(),
            "inactive" => "inactive_ms".to_owned(),
            _ => name.replace('-', "_"),
        };
        said.insert(name, fact);
    }
    said
}
