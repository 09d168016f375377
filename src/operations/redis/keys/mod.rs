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
pub(super) use tree::{depth, separator};
pub(super) use write::{WrittenKey, condition};

operations! {
    /// One page of the keyspace, with what is told of each key.
    ///
    /// Pages follow one another by `cursor`. A key that is there all the time is on at least one of them,
    /// unless the cluster changes meanwhile; it may be on several.
    "redis.keys.list" GET "/redis/{scope}/keys" Connection(Redis) Read 5 => list::list;
    /// The keyspace as namespaces with counts, within a budget or as a growing stream.
    ///
    /// As a stream, a record with what is new every 100 ms; the last one has `done: true`. Only
    /// `complete: true` means that every key was examined.
    "redis.tree" GET "/redis/{scope}/tree" Connection(Redis) Read 10 gives stream(TreeRecord) => tree::tree;
    /// A key with its value, or with a page of it.
    ///
    /// Strings come whole, up to 16 MiB; others by the page. What makes no sense for the type that the key
    /// has is refused.
    "redis.keys.get" GET "/redis/{scope}/keys/{key}" Connection(Redis) Read 2 fails WrongType => read::get;
    /// A string of any length, as a file.
    ///
    /// It is cut off where its length changes meanwhile.
    "redis.keys.download" GET "/redis/{scope}/keys/{key}/download" Connection(Redis) Read 5 fails WrongType gives file(Bytes) => read::download;
    /// A stream with its consumer groups.
    ///
    /// As the server tells them, but for entries.
    "redis.keys.groups" GET "/redis/{scope}/keys/{key}/groups" Connection(Redis) Read 2 fails WrongType => consumers::groups;
    /// The consumers of a stream's group.
    ///
    /// As the server tells them.
    "redis.keys.consumers" GET "/redis/{scope}/keys/{key}/consumers" Connection(Redis) Read 2 fails WrongType => consumers::consumers;
    /// Entries that were delivered to a group and not acknowledged.
    ///
    /// One page, by id, and how many there are in all.
    "redis.keys.pending" GET "/redis/{scope}/keys/{key}/pending" Connection(Redis) Read 2 fails WrongType => consumers::pending;
    /// Writes a key of any type in place of what was there.
    ///
    /// All of it or nothing, and without a `ttl` for ever; `CONFLICT` where `nx` or `xx` does not hold.
    "redis.keys.set" POST "/redis/{scope}/keys/{key}" Connection(Redis) Write 3 fails WrongType => write::set;
    /// Changes one element, or some, of a key's value.
    ///
    /// The time that the key has left stays as it is, unless another is given. A key that is not there is
    /// not made; one that went with its last element has a `ttl` of −2.
    ///
    /// What must be as the caller saw it is given as `if_unchanged`, in the shape of what is written. Where
    /// something else is there now, nothing is changed, and the failure is `CONFLICT` with it as `current`.
    "redis.keys.edit" PUT "/redis/{scope}/keys/{key}" Connection(Redis) Write 2 fails WrongType => edit::edit;
    /// Deletes a key.
    ///
    /// A key that is not there is no failure: `deleted` is then 0.
    "redis.keys.delete" DELETE "/redis/{scope}/keys/{key}" Connection(Redis) Write 2 => write::delete;
    /// Sets or removes the time that a key has left.
    ///
    /// A time that has passed is refused: Redis would delete the key.
    "redis.keys.expire" POST "/redis/{scope}/keys/{key}/expire" Connection(Redis) Write 2 => lifetime::expire;
    /// Gives a key another name.
    ///
    /// Its value and the time that it has left stay as they are. `CONFLICT` where the name is taken,
    /// unless `nx` is `false`.
    "redis.keys.rename" POST "/redis/{scope}/keys/{key}/rename" Connection(Redis) Write 2 => relocate::rename;
    /// Copies a key within the connection.
    ///
    /// With the time that it has left, which is `null` here for a copy in another database. `CONFLICT`
    /// where the name is taken, unless `nx` is `false`.
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

impl KeyInput {
    pub(super) fn decoded(self) -> Result<Vec<u8>> {
        self.key.decode(self.encoding)
    }
}

/// A cursor is text; a number is what older code sends.
fn cursor(cursor: Option<Bytes>) -> Result<Option<String>> {
    let invalid = |_| Error::validation("`cursor` is not text");
    cursor.map(|cursor| String::from_utf8(cursor.0).map_err(invalid)).transpose()
}
