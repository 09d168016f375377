//! Keys with their values, out of a server and into one, as lines of JSON.
//!
//! # The format
//!
//! Text or bytes are a string or `{"$binary": {"base64": "…"}}`; times are milliseconds since 1970.
//! Each line is one object:
//!
//! | line | meaning |
//! |---|---|
//! | `{"redis_export": 1, at, server: {version, mode}, filter: {pattern?, type?, keys?}, continues?}` | the first one |
//! | `{key, type, expires_at?, value, field_expires?, stream?, more?, changed?}` | a key; with `more`, the next line goes on with it |
//! | `{part, field_expires?, more?, changed?}` | goes on with the value of the line before |
//! | `{pending: {group, deliveries: [{id, consumer, at, count}]}, more?}` | goes on with the stream of the line before |
//! | `{gone: true}` | the key of the lines before vanished, or became another, while it was read |
//! | `{key, type, expires_at?, dump, seal?}` | a module's value, as `DUMP` gave it (base64); see below |
//! | `{skipped: {key, type, code, message}}` | a key that could not be read |
//! | `{warning: {field, code, message}}` | what could not be read of any key, told once |
//! | `{checkpoint: {cursor, keys, skipped, lines, sha256}}` | an export goes on from here with this `cursor` |
//! | `{end: {keys, skipped, lines, sha256, may_be_incomplete, exact}}` | the last one |
//! | `{error: {…}}` | in place of the end: the export failed |
//!
//! A `value` or `part` is text or bytes for `string`, `[[field, value], …]` for `hash`, `[element, …]`
//! for `list` and `set`, `[[member, score], …]` for `zset` and `[{id, fields: [[name, value], …]}, …]`
//! for `stream`. `stream` is `{last_id, entries_added?, max_deleted_id?, groups: [{name,
//! last_delivered_id, entries_read?}]}`. `changed` says that the value was seen to change while it was
//! read in parts. `sha256` is that of the `lines` lines before it, line ends included; `keys` counts
//! complete ones.
//!
//! A dump that no server has written can crash the one that restores it. So a line with a `dump` has a
//! `seal`, made with a key that only this installation has, and is imported only where it fits: into the
//! connection that it was exported from, while that leads to the same address, and as it was. Without an
//! encryption key no line is sealed, and none with a dump is imported. All other types have a `value`.
//!
//! An export that was cut off is taken up at its last checkpoint: what follows that line is dropped, and
//! the lines of the second export, whose header `continues` the checkpoint's cursor, are appended. They
//! count and sum from their own header on. A key occurs once, but for what lies before and behind such a
//! cut, and but for an export that is not `exact`: one of more than 900,000 keys, or one that met a key
//! again which could not be read at first; that is told as `skipped` and there too, and counts as both.
//!
//! In one line each field and member occurs once; a line with one twice is refused.

use crate::request::operation::operations;

mod content;
mod encode;
mod export;
mod import;
mod ledger;
mod line;
mod report;
mod sealed;
mod values;
mod writer;

operations! {
    /// All keys, or those that fit a pattern or type, with their values, as lines of JSON.
    "redis.export" GET "/redis/{scope}/export" Connection(Redis) Read 20 gives file(Ndjson; crate::request::answer::Undeclared) => export::filtered;
    /// The keys of a list with their values, as lines of JSON.
    "redis.export.keys" POST "/redis/{scope}/export" Connection(Redis) Read 20 does reads gives file(Ndjson; crate::request::answer::Undeclared) => export::listed;
    /// Writes the keys of an export, with progress and a problem for each line that is refused.
    "redis.import" POST "/redis/{scope}/import" Connection(Redis) Write 20 does by_input fails WrongType takes upload gives records(crate::request::answer::Undeclared) => import::run;
}
