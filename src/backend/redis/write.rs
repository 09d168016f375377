//! Writing, deleting and expiring whole keys.

use redis::Value;

use super::Client;
use super::commands::{Commands, Effect, NO_ARGS};
use super::failure;
use super::put::is_about_unlink;
use super::reply;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// Elements that one command carries: the server runs a command in one go.
const CHUNK: usize = 1000;

/// A value of any type that Redis itself has.
#[derive(Debug, Clone, PartialEq)]
pub enum NewValue {
    /// Bytes.
    String(Vec<u8>),
    /// Fields and their values.
    Hash(Vec<(Vec<u8>, Vec<u8>)>),
    /// Elements in order.
    List(Vec<Vec<u8>>),
    /// Members.
    Set(Vec<Vec<u8>>),
    /// Members and their scores, spelt as Redis spells them.
    SortedSet(Vec<(Vec<u8>, String)>),
    /// Entries: an id, or `*` to let the server choose, and fields.
    Stream(Vec<StreamEntry>),
}

/// An entry of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamEntry {
    /// `ms-seq`, or `*`.
    pub id: String,
    /// Fields in order; names may repeat.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
}

/// When a key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Only if it does not exist (`NX`).
    Absent,
    /// Only if it exists (`XX`).
    Present,
}

impl Condition {
    /// The error of a condition that does not hold.
    pub(super) fn failed(self, key: &[u8]) -> Error {
        let key = String::from_utf8_lossy(key);
        let message = match self {
            Self::Absent => format!("the key {key:?} exists already"),
            Self::Present => format!("the key {key:?} does not exist"),
        };
        Error::new(Code::Conflict, message)
    }
}

impl NewValue {
    /// The name that `TYPE` has for it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::Hash(_) => "hash",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::SortedSet(_) => "zset",
            Self::Stream(_) => "stream",
        }
    }

    /// Whether it has no elements, or no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::String(bytes) => bytes.is_empty(),
            Self::Hash(fields) => fields.is_empty(),
            Self::List(elements) | Self::Set(elements) => elements.is_empty(),
            Self::SortedSet(members) => members.is_empty(),
            Self::Stream(entries) => entries.is_empty(),
        }
    }

    /// Hands over the commands that make it, name and arguments.
    pub(super) fn commands(&self, add: &mut dyn FnMut(&str, &[&[u8]])) {
        match self {
            Self::String(value) => add("SET", &[value]),
            Self::Hash(fields) => chunked(add, "HSET", fields, |args, (name, value)| {
                args.extend([name.as_slice(), value]);
            }),
            Self::List(values) => chunked(add, "RPUSH", values, |args, v| args.push(v)),
            Self::Set(members) => chunked(add, "SADD", members, |args, m| args.push(m)),
            Self::SortedSet(members) => chunked(add, "ZADD", members, |args, (member, score)| {
                args.extend([score.as_bytes(), member]);
            }),
            Self::Stream(entries) => {
                for entry in entries {
                    let mut args = vec![entry.id.as_bytes()];
                    args.extend(entry.fields.iter().flat_map(|(n, v)| [n.as_slice(), v]));
                    add("XADD", &args);
                }
            }
        }
    }
}

fn chunked<'a, T>(
    add: &mut dyn FnMut(&str, &[&[u8]]),
    name: &str,
    items: &'a [T],
    spread: impl Fn(&mut Vec<&'a [u8]>, &'a T),
) {
    for items in items.chunks(CHUNK) {
        let mut args = Vec::with_capacity(items.len() * 2);
        for item in items {
            spread(&mut args, item);
        }
        add(name, &args);
    }
}

impl Client {
    /// Writes `value` to `key` in place of whatever was there, all of it or nothing. `ttl` is in
    /// seconds; without one the key does not expire.
    pub async fn write(
        &self,
        key: &[u8],
        value: &NewValue,
        ttl: Option<u64>,
        condition: Option<Condition>,
        deadline: Deadline,
    ) -> Result<()> {
        if let NewValue::String(bytes) = value {
            return self.set(key, bytes, ttl, condition, deadline).await;
        }
        let unlink = self.unlink.may_exist();
        match self.replace(key, value, ttl, condition, unlink, deadline).await {
            Err(error) if unlink && is_about_unlink(&error) => {
                self.unlink.set_missing();
                self.replace(key, value, ttl, condition, false, deadline).await
            }
            replaced => replaced,
        }
    }

    async fn replace(
        &self,
        key: &[u8],
        value: &NewValue,
        ttl: Option<u64>,
        condition: Option<Condition>,
        unlink: bool,
        deadline: Deadline,
    ) -> Result<()> {
        let all = |add: &mut dyn FnMut(&str, &[&[u8]])| {
            add(if unlink { "UNLINK" } else { "DEL" }, NO_ARGS);
            value.commands(add);
            if let Some(seconds) = ttl {
                add("EXPIRE", &[seconds.to_string().as_bytes()]);
            }
        };
        let mut commands = Commands::with_capacity(3);
        let Some(condition) = condition else {
            commands.transaction(key, |transaction| {
                all(&mut |name, args| transaction.push(name, args));
            });
            let replies = self.run_one(&commands, deadline).await?;
            let replies = reply::elements(replies).ok_or_else(|| failure::unexpected("EXEC"))?;
            return executed(replies);
        };
        all(&mut |name, args| commands.push_about(Effect::Write, name, key, args));
        self.write_if(key, &commands, condition, deadline).await
    }

    /// Writes a string.
    pub async fn set(
        &self,
        key: &[u8],
        value: &[u8],
        ttl: Option<u64>,
        condition: Option<Condition>,
        deadline: Deadline,
    ) -> Result<()> {
        let seconds = ttl.map(|seconds| seconds.to_string());
        let mut args: Vec<&[u8]> = vec![b"SET", key, value];
        match condition {
            None => {}
            Some(Condition::Absent) => args.push(b"NX"),
            Some(Condition::Present) => args.push(b"XX"),
        }
        if let Some(seconds) = &seconds {
            args.extend([b"EX", seconds.as_bytes()]);
        }
        let set = Commands::one(Effect::Write, 1, &args);
        match (self.run_one(&set, deadline).await?, condition) {
            (Value::Nil, Some(condition)) => Err(condition.failed(key)),
            _ => Ok(()),
        }
    }

    /// Deletes the key; `false` when there was none.
    pub async fn delete(&self, key: &[u8], deadline: Deadline) -> Result<bool> {
        let unlink = Commands::one(Effect::Write, 1, &[b"UNLINK", key]);
        let deleted = match self.run_one(&unlink, deadline).await {
            // An ACL that knows only the older of the two.
            Err(error) if error.code() == Code::PermissionDenied => {
                let del = Commands::one(Effect::Write, 1, &[b"DEL", key]);
                self.run_one(&del, deadline).await?
            }
            deleted => deleted?,
        };
        Ok(reply::integer(&deleted) == Some(1))
    }
}

/// `EXEC` ran everything; one command may still have failed, and the others are not undone.
pub(super) fn executed(replies: Vec<Value>) -> Result<()> {
    match replies.into_iter().find_map(|reply| failure::check(reply).err()) {
        None => Ok(()),
        Some(error) => Err(error.context("the key was written in part").outcome(Outcome::Unknown)),
    }
}
