//! Keys: finding them, reading, writing and editing them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::input::{Bytes, Encoding};
use crate::api::operation::operations;
use crate::error::{Error, Result};

mod edit;
mod lifetime;
mod list;
mod read;
mod tree;
mod write;

pub(super) use list::type_name;
pub(super) use write::{condition, written};

operations! {
    /// One page of the keyspace, with what is told of each key.
    "redis.keys.list" GET "/redis/{scope}/keys" Connection(Redis) Read 5 => list::list;
    /// The keyspace as namespaces with counts, within a budget or as a growing stream.
    "redis.tree" GET "/redis/{scope}/tree" Connection(Redis) Read 10 gives stream => tree::tree;
    /// A key with its value, or with a page of it.
    "redis.keys.get" GET "/redis/{scope}/keys/{key}" Connection(Redis) Read 2 => read::get;
    /// Writes a key of any type in place of what was there.
    "redis.keys.set" POST "/redis/{scope}/keys/{key}" Connection(Redis) Write 3 => write::set;
    /// Changes one element, or some, of a key's value; the time that the key has left stays as it is.
    "redis.keys.edit" PUT "/redis/{scope}/keys/{key}" Connection(Redis) Write 2 => edit::edit;
    /// Deletes a key.
    "redis.keys.delete" DELETE "/redis/{scope}/keys/{key}" Connection(Redis) Write 2 => write::delete;
    /// Sets or removes the time that a key has left.
    "redis.keys.expire" POST "/redis/{scope}/keys/{key}/expire" Connection(Redis) Write 2 => lifetime::expire;
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
