//! The lines of an export, as they are declared. Those about keys are written while they are read.
#![allow(dead_code)] // of those about keys nothing is made but their schema

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::content::{ExportedEntry, ExportedStream, PendingOfGroup};
use super::ledger::Sums;
use crate::backend::Warning;
use crate::error::Cause;
use crate::json::{Integer64, TextOrBytes};

/// A line of an export. Times are milliseconds since 1970.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ExportLine {
    /// A key that could not be read.
    Problem(UnreadKey),
    /// What could not be read of any key, told once.
    Warning(Warning),
    /// The key of the lines before vanished, or became another, while it was read. Always `true`.
    Gone(bool),
    /// The export goes on from here with this `cursor`, if it is cut off later.
    Checkpoint(Checkpoint),
    /// The last one.
    End(ExportEnd),
    /// The first one.
    #[serde(untagged)]
    Header(Header),
    /// A key; with `more`, the next line goes on with it.
    #[serde(untagged)]
    Key(ExportedKey),
    /// A key of a module.
    #[serde(untagged)]
    Dump(DumpedKey),
    /// Goes on with the value of the line before.
    #[serde(untagged)]
    Part(ExportedPart),
    /// Goes on with the stream of the line before.
    #[serde(untagged)]
    Pending(ExportedPending),
}

/// What the export is of.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExportHeader")]
pub(super) struct Header {
    /// The version of the format: 1.
    pub(super) redis_export: u8,
    /// When it began.
    pub(super) at: u64,
    pub(super) server: ExportedFrom,
    pub(super) filter: ExportFilter,
    /// The checkpoint that it goes on from, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) continues: Option<String>,
}

/// The server; `null` is what the user may not know.
#[derive(Serialize, JsonSchema)]
pub(super) struct ExportedFrom {
    pub(super) version: Option<String>,
    /// `standalone`, `cluster` or `sentinel`.
    pub(super) mode: Option<String>,
}

/// Which keys were asked for; all of them where it is empty.
#[derive(Default, Serialize, JsonSchema)]
pub(super) struct ExportFilter {
    /// Those that fit it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pattern: Option<TextOrBytes>,
    /// Those of this type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) type_name: Option<String>,
    /// Those of a list: how many it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) keys: Option<usize>,
}

/// A key with its value, or the beginning of it.
#[derive(JsonSchema)]
pub(super) struct ExportedKey {
    key: TextOrBytes,
    /// Not there where it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Integer64>,
    #[serde(flatten)]
    value: ExportedValue,
    /// Of a stream: what it is besides its entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<ExportedStream>,
    #[serde(flatten)]
    about: AboutValue,
}

#[derive(JsonSchema)]
struct AboutValue {
    /// Of a hash: fields that expire, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    field_expires: Option<Vec<(TextOrBytes, Integer64)>>,
    /// Whether the next line goes on with it; not there where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<bool>,
    /// Whether it was seen to change while it was read in parts; not there where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<bool>,
}

/// A value by its type.
#[derive(JsonSchema)]
#[serde(tag = "type", content = "value", rename_all = "lowercase")]
enum ExportedValue {
    String(TextOrBytes),
    /// Fields and values.
    Hash(Vec<(TextOrBytes, TextOrBytes)>),
    List(Vec<TextOrBytes>),
    Set(Vec<TextOrBytes>),
    /// Members and scores.
    Zset(Vec<(TextOrBytes, String)>),
    Stream(Vec<ExportedEntry>),
}

/// A part of a value, by the type of its key.
#[derive(JsonSchema)]
#[serde(untagged)]
enum PartOfValue {
    /// Of a `string`.
    Text(TextOrBytes),
    /// Of a `hash`: fields and values.
    Pairs(Vec<(TextOrBytes, TextOrBytes)>),
    /// Of a `list` or `set`.
    Elements(Vec<TextOrBytes>),
    /// Of a `zset`: members and scores.
    Scored(Vec<(TextOrBytes, String)>),
    /// Of a `stream`.
    Entries(Vec<ExportedEntry>),
}

/// More of a value.
#[derive(JsonSchema)]
pub(super) struct ExportedPart {
    part: PartOfValue,
    #[serde(flatten)]
    about: AboutValue,
}

/// Deliveries of a stream that were not acknowledged.
#[derive(JsonSchema)]
pub(super) struct ExportedPending {
    pending: PendingOfGroup,
    /// As in the first line of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<bool>,
}

/// A module's value, as `DUMP` gave it.
#[derive(JsonSchema)]
pub(super) struct DumpedKey {
    key: TextOrBytes,
    #[serde(rename = "type")]
    type_name: String,
    /// Not there where it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Integer64>,
    /// Base64.
    dump: String,
    /// Without it, it is not imported. Not there where the installation has no encryption key.
    #[serde(skip_serializing_if = "Option::is_none")]
    seal: Option<String>,
}

/// A key that could not be read.
#[derive(JsonSchema)]
pub(super) struct UnreadKey {
    key: TextOrBytes,
    /// `null` where it is not known.
    #[serde(rename = "type")]
    type_name: Option<String>,
    #[serde(flatten)]
    cause: Cause,
}

/// Where an export can be taken up.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ExportCheckpoint")]
pub(super) struct Checkpoint {
    pub(super) cursor: String,
    #[serde(flatten)]
    pub(super) sums: Sums,
}

/// What is said of the export as a whole.
#[derive(Serialize, JsonSchema)]
pub(super) struct ExportEnd {
    #[serde(flatten)]
    pub(super) sums: Sums,
    /// Slots moved or another server took over: keys may have been missed.
    pub(super) may_be_incomplete: bool,
    /// Whether each key occurs once. With more than 900,000 keys not all are remembered; and a key that
    /// could not be read may have been met again, and be there too.
    pub(super) exact: bool,
}
