//! Edits: `{ "edit": { "<type>": { "<what>": { … } } } }`; and for each the command that Redis has for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::input::{Bytes, Encoding};
use super::lifetime::expiry;
use crate::backend::redis::keyspace::lifetime::Lifetime;
use crate::backend::redis::values::edit::{Edit, Edited};
use crate::error::{Error, Result};
use crate::json::TextOrBytes;
use crate::request::context::Context;
use crate::request::reply::Reply;

mod elements;
mod hash;
mod hyperloglog;
mod list;
mod set;
mod stream;
mod string;
mod zset;

/// A key, and what to change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditInput {
    /// The key.
    key: Bytes,
    /// How the key is spelt.
    #[serde(default)]
    encoding: Encoding,
    /// What to change. Without it, `ttl` and its like are all that is changed.
    edit: Option<ValueEdit>,
    /// Seconds to live from now on; −1 is for ever. Default: the time that the key has left.
    ttl: Option<i64>,
    /// The same in milliseconds.
    ttl_ms: Option<i64>,
    /// When the key ends, in seconds since 1970.
    at: Option<u64>,
    /// When the key ends, in milliseconds since 1970.
    at_ms: Option<u64>,
}

/// The type that the key holds, and what to change of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ValueEdit {
    String(string::StringEdit),
    Hash(hash::HashEdit),
    List(list::ListEdit),
    Set(set::SetEdit),
    Zset(zset::ZsetEdit),
    Stream(stream::StreamEdit),
    Hyperloglog(hyperloglog::HyperloglogEdit),
}

/// A key that was edited.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct EditedKey {
    /// The key.
    key: TextOrBytes,
    /// Not there where only the time was set.
    #[serde(flatten)]
    edited: Option<Edited>,
    #[serde(flatten)]
    lifetime: Lifetime,
}

pub(super) async fn edit(cx: &Context, input: EditInput) -> Result<Reply<EditedKey>> {
    let key = input.key.decode(input.encoding)?;
    let expiry = expiry(input.ttl, input.ttl_ms, input.at, input.at_ms)?;
    let edit = input.edit.map(ValueEdit::edit).transpose()?;
    let (edited, lifetime) = match (edit, expiry) {
        (Some(edit), expiry) => {
            let client = cx.redis().await?;
            let (edited, lifetime) = client.edit(&key, &edit, expiry, cx.deadline).await?;
            (Some(edited), lifetime)
        }
        (None, Some(expiry)) => (None, cx.redis().await?.expire(&key, expiry, cx.deadline).await?),
        (None, None) => return Err(Error::validation("`edit` is required, or a time to live")),
    };
    Reply::of(&EditedKey { key: TextOrBytes(key), edited, lifetime })
}

impl ValueEdit {
    fn edit(self) -> Result<Edit> {
        match self {
            Self::String(edit) => edit.edit(),
            Self::Hash(edit) => edit.edit(),
            Self::List(edit) => edit.edit(),
            Self::Set(edit) => edit.edit(),
            Self::Zset(edit) => edit.edit(),
            Self::Stream(edit) => edit.edit(),
            Self::Hyperloglog(edit) => edit.edit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::elements::MAX_ELEMENTS;
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(edit: &Value) -> Result<Edit> {
        let change: ValueEdit =
            serde_json::from_value(edit.clone()).map_err(|e| Error::validation(e.to_string()))?;
        change.edit()
    }

    #[test]
    fn every_edit_is_read() {
        let edits = [
            json!({ "string": { "set": { "value": "v", "if_unchanged": "u" } } }),
            json!({ "string": { "append": { "value": { "$binary": { "base64": "/w==" } } } } }),
            json!({ "string": { "set_range": { "offset": 5, "value": "v" } } }),
            json!({ "string": { "increment": { "by": { "$numberLong": "-9007199254740993" } } } }),
            json!({ "string": { "increment_float": { "by": 0.1 } } }),
            json!({ "string": { "set_bit": { "offset": 7, "bit": 1 } } }),
            json!({ "hash": { "set": { "fields": [["f", "v"]], "if_unchanged": [["f", null]] } } }),
            json!({ "hash": { "delete": { "fields": ["f"] } } }),
            json!({ "hash": { "increment": { "field": "f", "by": 1 } } }),
            json!({ "hash": { "increment_float": { "field": "f", "by": "1.5" } } }),
            json!({ "hash": { "expire": { "fields": ["f"], "ttl_ms": 5 } } }),
            json!({ "list": { "set": { "index": -1, "value": "v", "if_unchanged": "u" } } }),
            json!({ "list": { "insert": { "side": "before", "pivot": "p", "value": "v" } } }),
            json!({ "list": { "insert_at": {
                "index": 0, "side": "after", "value": "v", "if_unchanged": "u",
            } } }),
            json!({ "list": { "push": { "side": "left", "values": ["v"] } } }),
            json!({ "list": { "remove": { "value": "v", "count": -1 } } }),
            json!({ "list": { "remove_at": { "index": 0, "if_unchanged": "u" } } }),
            json!({ "list": { "trim": { "start": 0, "stop": -2 } } }),
            json!({ "set": { "add": { "members": ["m"] } } }),
            json!({ "set": { "remove": { "members": ["m"] } } }),
            json!({ "zset": { "add": {
                "members": [["m", 1.5]], "if_unchanged": [["m", "-inf"], ["n", null]],
            } } }),
            json!({ "zset": { "increment": { "member": "m", "by": "inf" } } }),
            json!({ "zset": { "remove": { "members": ["m"] } } }),
            json!({ "stream": { "add": { "fields": [["f", "v"]], "max_length": 5 } } }),
            json!({ "stream": { "trim": { "min_id": "5-0", "exact": true } } }),
            json!({ "stream": { "delete": { "ids": ["5-1"] } } }),
            json!({ "stream": { "group_create": { "group": "g", "id": "$" } } }),
            json!({ "stream": { "group_destroy": { "group": "g" } } }),
            json!({ "stream": { "group_set_id": { "group": "g", "id": "0" } } }),
            json!({ "stream": { "ack": { "group": "g", "ids": ["5-1"] } } }),
            json!({ "stream": { "claim": { "group": "g", "consumer": "c", "ids": ["5-1"] } } }),
            json!({ "stream": { "delete_consumer": { "group": "g", "consumer": "c" } } }),
            json!({ "hyperloglog": { "add": { "elements": ["e"] } } }),
        ];
        for edit in edits {
            drop(read(&edit).unwrap_or_else(|error| panic!("{edit}: {error}")));
        }
    }

    #[test]
    fn what_is_no_edit_is_refused() {
        let edits = [
            json!({}),
            json!("string"),
            json!({ "json": { "set": { "value": "v" } } }),
            json!({ "string": {} }),
            json!({ "string": { "set": {} } }),
            json!({ "string": { "set": { "value": "v", "if_unchange": "u" } } }),
            json!({ "string": { "set": { "value": "v" } }, "hash": { "delete": { "fields": [] } } }),
            json!({ "string": { "set_bit": { "offset": 7, "bit": 2 } } }),
            json!({ "string": { "set_range": { "offset": -1, "value": "v" } } }),
            json!({ "string": { "increment": { "by": 1.5 } } }),
            json!({ "hash": { "set": { "fields": [] } } }),
            json!({ "hash": { "set": { "fields": [["f"]] } } }),
            json!({ "hash": { "expire": { "fields": ["f"] } } }),
            json!({ "hash": { "expire": { "fields": ["f"], "ttl": 0 } } }),
            json!({ "list": { "set": { "index": 0, "value": "v" } } }),
            json!({ "list": { "push": { "side": "middle", "values": ["v"] } } }),
            json!({ "zset": { "add": { "members": [["m", "nan"]] } } }),
            json!({ "stream": { "trim": {} } }),
            json!({ "stream": { "trim": { "min_id": "5", "max_length": 5 } } }),
            json!({ "stream": { "delete": { "ids": ["5-1 6-1"] } } }),
            json!({ "stream": { "delete": { "ids": ["MAXLEN"] } } }),
            json!({ "set": { "add": { "members": vec!["m"; MAX_ELEMENTS + 1] } } }),
        ];
        for edit in edits {
            assert!(read(&edit).is_err(), "{edit}");
        }
    }

    #[test]
    fn a_name_with_two_values_is_refused_and_told_by_its_place() {
        for (edit, at) in [
            (
                json!({ "hash": { "set": { "fields": [["b", 1], ["a", "1"], ["a", "9"]] } } }),
                "fields",
            ),
            (
                json!({ "hash": { "set": { "fields": [["b", 1], ["1", "1"], [1, "1"]] } } }),
                "fields",
            ),
            (
                json!({ "hash": { "set": {
                    "fields": [["a", 5]], "if_unchanged": [["b", 1], ["a", "x"], ["a", null]],
                } } }),
                "if_unchanged",
            ),
            (
                json!({ "hash": { "delete": {
                    "fields": ["a"], "if_unchanged": [["b", 1], ["a", "x"], ["a", "y"]],
                } } }),
                "if_unchanged",
            ),
            (json!({ "hash": { "expire": { "fields": ["b", "a", "a"], "ttl": 5 } } }), "fields"),
            (
                json!({ "zset": { "add": { "members": [["b", 1], ["a", 1], ["a", 2]] } } }),
                "members",
            ),
            (
                json!({ "zset": { "add": {
                    "members": [["a", 1]], "if_unchanged": [["b", 1], ["a", 1], ["a", 2]],
                } } }),
                "if_unchanged",
            ),
        ] {
            let error = read(&edit).unwrap_err();
            for place in [format!("`{at}[1]`"), format!("`{at}[2]`")] {
                assert!(error.message().contains(&place), "{edit}: {error}");
            }
        }
        // One name is all that is said here, or names may repeat.
        for edit in [
            json!({ "hash": { "delete": { "fields": ["a", "a"] } } }),
            json!({ "set": { "add": { "members": ["a", "a"] } } }),
            json!({ "set": { "remove": { "members": ["a", "a"] } } }),
            json!({ "zset": { "remove": { "members": ["a", "a"] } } }),
            json!({ "stream": { "add": { "fields": [["a", "1"], ["a", "2"]] } } }),
        ] {
            drop(read(&edit).unwrap_or_else(|error| panic!("{edit}: {error}")));
        }
    }

    proptest! {
        /// No input makes it panic, and what is read is an edit of the type that was named.
        #[test]
        fn any_offsets_counts_and_bytes_are_read_or_refused(
            offset: u64, index: i64, value: Vec<u8>, by: i64
        ) {
            let value = serde_json::Value::from(crate::json::TextOrBytes(&value));
            for edit in [
                json!({ "string": { "set_range": {
                    "offset": offset, "value": value, "if_unchanged": value,
                } } }),
                json!({ "string": { "set_bit": { "offset": offset, "bit": 0 } } }),
                json!({ "string": { "increment": { "by": by } } }),
                json!({ "list": { "set": {
                    "index": index, "value": value, "if_unchanged": value,
                } } }),
                json!({ "stream": { "trim": { "max_length": offset } } }),
            ] {
                let _ = read(&edit);
            }
        }
    }
}
