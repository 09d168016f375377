//! Putting many whole values under their names, in one pipeline, each all or nothing.
//!
//! What must not replace anything is made under another name and renamed (`RENAMENX`) in the same
//! transaction: that needs no look before, so that many fit into one pipeline.

use redis::Value;

use super::commands::{Commands, Effect, NO_ARGS, Transaction};
use super::dump::Dump;
use super::whole::FieldExpiries;
use super::write::NewValue;
use super::{Client, failure, reply, temporary};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// What happens to a key that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// It is left as it is.
    Keep,
    /// It is replaced.
    Replace,
}

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there.
    Written,
    /// Something else was there, and still is.
    Kept,
    /// Its time was over.
    Expired,
}

/// A value and the name that it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The name.
    pub key: Vec<u8>,
    /// The value.
    pub content: Content,
    /// When it expires, in milliseconds since 1970.
    pub expires_at: Option<i64>,
}

/// What is put.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A value of a type that Redis itself has, but no stream; and when fields of a hash expire.
    Value(NewValue, FieldExpiries),
    /// What a module keeps.
    Dump(Dump),
}

impl Client {
    /// Whether the user may use transactions. Where `MULTI` is refused, what is sent behind it would
    /// run by itself.
    pub async fn require_transactions(&self, deadline: Deadline) -> Result<()> {
        let mut commands = Commands::with_capacity(2);
        commands.push(Effect::Read, 0, &[b"MULTI"]);
        commands.push(Effect::Read, 0, &[b"DISCARD"]);
        let node = self.node_of(None)?;
        for reply in self.run(&commands, Some(&node), deadline).await {
            failure::check(reply?)?;
        }
        Ok(())
    }

    /// Puts each value under its name. `token` is one that nobody else uses.
    pub async fn put(
        &self,
        entries: &[Entry],
        conflict: Conflict,
        token: &str,
        deadline: Deadline,
    ) -> Vec<Result<Put>> {
        let unlink = self.unlink.may_exist();
        let replies = self.put_with(entries, conflict, token, unlink, deadline).await;
        let mut results: Vec<Result<Put>> = entries
            .iter()
            .zip(replies)
            .map(|(entry, reply)| outcome(entry, conflict, reply))
            .collect();
        let denied: Vec<usize> = (0..results.len())
            .filter(|&i| unlink && results[i].as_ref().is_err_and(is_about_unlink))
            .collect();
        if !denied.is_empty() {
            self.unlink.set_missing();
            let again: Vec<Entry> = denied.iter().map(|&i| entries[i].clone()).collect();
            let replies = self.put_with(&again, conflict, token, false, deadline).await;
            for ((i, entry), reply) in denied.into_iter().zip(&again).zip(replies) {
                results[i] = outcome(entry, conflict, reply);
            }
        }
        results
    }

    async fn put_with(
        &self,
        entries: &[Entry],
        conflict: Conflict,
        token: &str,
        unlink: bool,
        deadline: Deadline,
    ) -> Vec<Result<Value>> {
        let remove = if unlink { "UNLINK" } else { "DEL" };
        let push = |commands: &mut Commands, entry: &Entry| {
            entry.push(commands, conflict, token, remove);
        };
        self.for_each(entries, deadline, push).await
    }

    /// Which of the keys are there.
    pub async fn exist(&self, keys: &[&[u8]], deadline: Deadline) -> Vec<Result<bool>> {
        let push = |commands: &mut Commands, key: &&[u8]| {
            commands.push(Effect::Read, 1, &[b"EXISTS", key]);
        };
        let replies = self.for_each(keys, deadline, push).await;
        let there = |reply: Value| reply::integer(&reply) == Some(1);
        replies.into_iter().map(|reply| reply.and_then(failure::check).map(there)).collect()
    }
}

impl Entry {
    fn push(&self, commands: &mut Commands, conflict: Conflict, token: &str, remove: &str) {
        let key = self.key.as_slice();
        let (value, field_expiries) = match &self.content {
            Content::Dump(dump) => return self.push_restore(commands, dump, conflict),
            Content::Value(NewValue::String(text), _) if self.expires_at.is_none() => {
                let args: &[&[u8]] = match conflict {
                    Conflict::Keep => &[b"SET", key, text, b"NX"],
                    Conflict::Replace => &[b"SET", key, text],
                };
                return commands.push(Effect::Write, 1, args);
            }
            Content::Value(value, expiries) => (value, expiries),
        };
        let fill = |transaction: &mut Transaction<'_>| {
            value.commands(&mut |name, args| transaction.push(name, args));
            expire_fields(transaction, field_expiries);
            if let Some(at) = self.expires_at {
                transaction.push("PEXPIREAT", &[at.to_string()]);
            }
        };
        match conflict {
            Conflict::Replace => commands.transaction(key, |transaction| {
                transaction.push(remove, NO_ARGS);
                fill(transaction);
            }),
            Conflict::Keep => {
                commands.transaction(&temporary::beside(key, token), |transaction| {
                    fill(transaction);
                    transaction.push("RENAMENX", &[key]);
                    transaction.push(remove, NO_ARGS);
                });
            }
        }
    }

    fn push_restore(&self, commands: &mut Commands, dump: &Dump, conflict: Conflict) {
        let at = self.expires_at.unwrap_or(0).to_string();
        let mut args: Vec<&[u8]> =
            vec![b"RESTORE", &self.key, at.as_bytes(), dump.bytes(), b"ABSTTL"];
        if conflict == Conflict::Replace {
            args.push(b"REPLACE");
        }
        commands.push(Effect::Write, 1, &args);
    }
}

/// Sets when fields of a hash expire.
pub(super) fn expire_fields(transaction: &mut Transaction<'_>, expiries: &[(Vec<u8>, i64)]) {
    for (name, at) in expiries {
        let at = at.to_string();
        transaction.push("HPEXPIREAT", &[at.as_bytes(), b"FIELDS", b"1", name]);
    }
}

/// Whether nothing was done because the user may delete in the older way only.
pub(super) fn is_about_unlink(error: &Error) -> bool {
    error.known_outcome() == Outcome::NotApplied
        && error.message().to_ascii_lowercase().contains("unlink")
}

/// What a unit's reply means.
fn outcome(entry: &Entry, conflict: Conflict, reply: Result<Value>) -> Result<Put> {
    let mut replies = match reply? {
        Value::Array(replies) => replies,
        Value::Nil => return Ok(Put::Kept),
        Value::ServerError(error) if error.code() == "BUSYKEY" => return Ok(Put::Kept),
        reply => {
            return match failure::check(reply) {
                Err(error) if failure::is_unknown_command(&error) => {
                    Err(unknown_command(entry, error))
                }
                checked => checked.map(|_| Put::Written),
            };
        }
    };
    let renamed = match conflict {
        Conflict::Keep if replies.len() > 1 => replies.remove(replies.len() - 2),
        _ => Value::Int(1),
    };
    if let Some(error) = replies.into_iter().find_map(|reply| failure::check(reply).err()) {
        return Err(error.context("the key was written in part").outcome(Outcome::Unknown));
    }
    renamed_to(renamed)
}

/// What a reply of `RENAMENX` means.
pub(super) fn renamed_to(reply: Value) -> Result<Put> {
    match reply {
        Value::Int(0) => Ok(Put::Kept),
        Value::ServerError(error) if error.details().is_some_and(|d| d.contains("no such key")) => {
            Ok(Put::Expired)
        }
        reply => failure::check(reply).map(|_| Put::Written),
    }
}

fn unknown_command(entry: &Entry, error: Error) -> Error {
    match &entry.content {
        Content::Value(_, expiries) if !expiries.is_empty() => {
            Error::new(Code::DbQueryError, "this server's hashes have no fields that expire")
        }
        _ => error,
    }
}
