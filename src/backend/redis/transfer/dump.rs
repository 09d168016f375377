//! Values as a server itself writes them (`DUMP`) and reads them (`RESTORE`): the only form of what a
//! module keeps.
//!
//! A server trusts what it restores: bytes that no server has written can crash it, whatever their
//! checksum says. So nothing is restored but what was [proved](Dump::proved) to be what we ourselves read
//! from the same place, and values of every type that has another form go in that.

use redis::Value;

use crate::backend::redis::Client;
use crate::backend::redis::wire::{Effect, failure, reply};
use crate::crypto::KeyRing;
use crate::deadline::Deadline;
use crate::error::Result;

/// What the stamp is for.
const PURPOSE: &str = "redis dump v1";

/// A dump that may be restored.
#[derive(Debug, Clone, PartialEq)]
pub struct Dump(Vec<u8>);

/// What a stamp vouches for besides the bytes.
#[derive(Debug, Clone, Copy)]
pub struct Label<'a> {
    /// Where it was read, and may be restored: one connection, as long as it leads to the same server.
    pub place: &'a [u8],
    /// The key.
    pub key: &'a [u8],
    /// As `TYPE` named it.
    pub type_name: &'a str,
}

impl Label<'_> {
    /// The stamp of a dump that was read just now.
    pub fn stamp(&self, dump: &[u8], keys: &KeyRing) -> String {
        self.with(dump, |parts| keys.stamp(PURPOSE, parts))
    }

    fn with<T>(&self, dump: &[u8], read: impl FnOnce(&[&[u8]]) -> T) -> T {
        read(&[self.place, self.key, self.type_name.as_bytes(), dump])
    }
}

impl Dump {
    /// The bytes, if the stamp says that we read them, under this label.
    pub fn proved(bytes: Vec<u8>, stamp: &str, label: &Label<'_>, keys: &KeyRing) -> Option<Self> {
        let is_ours = label.with(&bytes, |parts| keys.is_stamp(stamp, PURPOSE, parts));
        is_ours.then_some(Self(bytes))
    }

    /// The bytes, for `RESTORE`.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Client {
    /// The value of each key; `None` where it has vanished.
    pub async fn dump(&self, keys: &[&[u8]], deadline: Deadline) -> Vec<Result<Option<Vec<u8>>>> {
        let ask = self.for_each(keys, deadline, |c, key| c.push(Effect::Read, 1, &[b"DUMP", key]));
        let dumped = |reply: Result<Value>| match reply.and_then(failure::check)? {
            Value::Nil => Ok(None),
            reply => reply::into_bytes(reply).map(Some).ok_or_else(|| failure::unexpected("DUMP")),
        };
        ask.await.into_iter().map(dumped).collect()
    }
}
