//! Keys: finding them, reading, writing and editing them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::input::{Bytes, Encoding};
use crate::backend::redis::keyspace::tree::TreeRecord;
use crate::error::{Error, Result};
use crate::request::operation::operations;

mod consumers;
mod edit;
mod lifetime;
mod list;
mod read;
mod relocate;
mod tree;
mod write;

pub(super) use list::{budget, type_name};
pub(super) use tree::separator;
pub(super) use write::{condition, written};

operations! {
    /// One page of the keyspace, with what is told of each key.
    "redis.keys.list" GET "/redis/{scope}/keys" Connection(Redis) Read 5 => list::list;
    /// The keyspace as namespaces with counts, within a budget or as a growing stream.
    ///
    /// As a stream, a record with what is new every 100 ms; the last one has `done: true`. Only
    /// `complete: true` means that every key was examined.
    "redis.tree" GET "/redis/{scope}/tree" Connection(Redis) Read 10 gives stream(TreeRecord) => tree::tree;
    /// A key with its value, or with a page of it.
    "redis.keys.get" GET "/redis/{scope}/keys/{key}" Connection(Redis) Read 2 fails WrongType => read::get;
    /// A string of any length, as a file.
    "redis.keys.download" GET "/redis/{scope}/keys/{key}/download" Connection(Redis) Read 5 fails WrongType gives file(Bytes) => read::download;
    /// A stream with its consumer groups.
    "redis.keys.groups" GET "/redis/{scope}/keys/{key}/groups" Connection(Redis) Read 2 fails WrongType => consumers::groups;
    /// The consumers of a stream's group.
    "redis.keys.consumers" GET "/redis/{scope}/keys/{key}/consumers" Connection(Redis) Read 2 fails WrongType => consumers::consumers;
    /// Entries that were delivered to a group and not acknowledged.
    "redis.keys.pending" GET "/redis/{scope}/keys/{key}/pending" Connection(Redis) Read 2 fails WrongType => consumers::pending;
    /// Writes a key of any type in place of what was there.
    "redis.keys.set" POST "/redis/{scope}/keys/{key}" Connection(Redis) Write 3 fails WrongType => write::set;
    /// Changes one element, or some, of a key's value; the time that the key has left stays as it is.
    "redis.keys.edit" PUT "/redis/{scope}/keys/{key}" Connection(Redis) Write 2 fails WrongType => edit::edit;
    /// Deletes a key.
    "redis.keys.delete" DELETE "/redis/{scope}/keys/{key}" Connection(Redis) Write 2 => write::delete;
    /// Sets or removes the time that a key has left.
    "redis.keys.expire" POST "/redis/{scope}/keys/{key}/expire" Connection(Redis) Write 2 => lifetime::expire;
    /// Gives a key another name.
    "redis.keys.rename" POST "/redis/{scope}/keys/{key}/rename" Connection(Redis) Write 2 => relocate::rename;
    /// Copies a key within the connection.
    "redis.keys.copy" POST "/redis/{scope}/keys/{key}/copy" Connection(Redis) Write 3 => relocate::copy;
}

/// A key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyInput {
    /// The key.
    key: Bytes,
    /// How the key is spelt.
    #[serde(default)]
    encoding: Encoding,
}

/// A cursor is text; a number is what older code sends.
fn cursor(cursor: Option<Bytes>) -> Result<Option<String>> {
    let invalid = |_| Error::validation("`cursor` is not text");
    cursor.map(|cursor| String::from_utf8(cursor.0).map_err(invalid)).transpose()
}
