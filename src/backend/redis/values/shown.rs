//! What is shown of a key. It is written as it is read; what its members are is said here.
#![allow(dead_code)] // of most only the schema is used

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::backend::Warnings;
use crate::backend::redis::keyspace::lifetime::Lifetime;
use crate::json::{Integer64, TextOrBytes};

/// A key with its value, or with a page of it.
#[derive(JsonSchema)]
#[schemars(rename = "RedisKey")]
pub struct ShownKey {
    /// The key.
    key: TextOrBytes,
    #[serde(flatten)]
    value: ShownValue,
    /// The bytes or elements of the whole value; `null` for a module's type.
    length: Option<u64>,
    /// Where to go on; `"0"` when nothing is left to read.
    cursor: String,
    #[serde(flatten)]
    lifetime: Lifetime,
    /// As `OBJECT ENCODING` names it; `null` where the connection's user may not ask.
    encoding: Option<String>,
    /// The bytes of memory that it takes, about; `null` where the connection's user may not ask.
    size: Option<u64>,
    /// What could not be told.
    warnings: Warnings,
}

/// A value, by its type.
#[derive(JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
enum ShownValue {
    /// Also a bitmap, and a HyperLogLog.
    String(ShownString),
    /// Fields, in no order.
    Hash(ShownFields),
    /// Elements in order; in reverse, the last is the first.
    List { values: Vec<TextOrBytes> },
    /// Members, in no order.
    Set { members: Vec<TextOrBytes> },
    /// Members from the lowest score on, or in reverse from the highest; by pattern, in no order.
    Zset {
        members: Vec<ScoredMember>,
        /// How many there are between `min` and `max`, where these were given.
        #[serde(skip_serializing_if = "Option::is_none")]
        matched: Option<u64>,
    },
    /// Entries, the oldest first, or in reverse the newest.
    Stream { entries: Vec<ShownEntry> },
    /// A module's type: only the module knows how to read it.
    #[serde(untagged)]
    Module {
        /// As `TYPE` names it.
        #[serde(rename = "type")]
        type_name: String,
        value: (),
        #[schemars(extend("const" = false))]
        supported: bool,
    },
}

/// A string, or a window of it.
#[derive(JsonSchema)]
#[schemars(rename = "RedisString")]
#[serde(untagged)]
enum ShownString {
    /// As it is.
    Value {
        /// Text, or bytes. A window of text ends between two characters.
        value: TextOrBytes,
        /// Not there unless it is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        hyperloglog: Option<HyperLogLog>,
    },
    /// As a bitmap.
    Bits {
        /// The position of the first bit that is given.
        offset: Integer64,
        /// `0` and `1`, the first being the highest of the first byte.
        bits: String,
        /// How many are 1 in the whole value; `null` where that is too much to count, or denied.
        bit_count: Option<u64>,
    },
}

/// A string that counts distinct elements without holding them.
#[derive(Serialize, JsonSchema)]
pub(super) struct HyperLogLog {
    /// How many the server estimates; `null` where the connection's user may not ask.
    pub(super) count: Option<i64>,
    pub(super) encoding: HyperLogLogEncoding,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum HyperLogLogEncoding {
    Dense,
    Sparse,
}

/// Fields of a hash.
#[derive(JsonSchema)]
#[schemars(rename = "HashFields")]
struct ShownFields {
    /// Those whose names are text.
    fields: BTreeMap<String, TextOrBytes>,
    /// Those whose names are not, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_fields: Option<Vec<(TextOrBytes, TextOrBytes)>>,
    /// The seconds that fields have left which have a time to live of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    field_ttls: Option<BTreeMap<String, Integer64>>,
    /// The same of fields whose names are no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_field_ttls: Option<Vec<(TextOrBytes, Integer64)>>,
}

/// A member of a sorted set.
#[derive(JsonSchema)]
struct ScoredMember {
    member: TextOrBytes,
    /// As Redis spells it: `1.5`, `inf`, `-0`.
    score: String,
}

/// An entry of a stream.
#[derive(JsonSchema)]
#[schemars(rename = "StreamEntry")]
struct ShownEntry {
    id: String,
    /// In order; a name may occur more than once.
    fields: Vec<(TextOrBytes, TextOrBytes)>,
}
