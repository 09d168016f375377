//! Storing many small values under their names, in one pipeline, each all or nothing.
//!
//! Each is made under another name and renamed in the same transaction. What must not replace anything
//! (`RENAMENX`) needs no look before, so that many fit into one pipeline. And what replaces something
//! does so in its last step: a user may lose a right in the middle of a pipeline, and a server that
//! then refuses `MULTI` or the value must not have deleted what was there.

use redis::Value;

use super::dump::Dump;
use super::small::FieldExpiries;
use super::temporary;
use crate::backend::redis::Client;
use crate::backend::redis::run::may_run_later;
use crate::backend::redis::values::NewValue;
pub(crate) use crate::backend::redis::wire::failure::lacks_transactions;
use crate::backend::redis::wire::{Commands, Effect, NO_ARGS, Transaction, failure, reply};
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
pub enum Stored {
    /// It is there.
    Written,
    /// Something else was there, and still is.
    Kept,
    /// Its time was over.
    Expired,
}

/// A value and the name that it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct NewKey {
    /// The name.
    pub key: Vec<u8>,
    /// The value.
    pub content: Content,
    /// When it expires, in milliseconds since 1970.
    pub expires_at: Option<i64>,
}

/// What is stored.
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
            failure::check(reply?).map_err(failure::not_begun)?;
        }
        Ok(())
    }

    /// Stores each value under its name. `token` is one that nobody else uses.
    pub async fn store(
        &self,
        entries: &[NewKey],
        conflict: Conflict,
        token: &str,
        deadline: Deadline,
    ) -> Vec<Result<Stored>> {
        let unlink = self.unlink.may_exist();
        let mut way = match conflict {
            Conflict::Keep => Way::Keep { token, remove: if unlink { "UNLINK" } else { "DEL" } },
            Conflict::Replace => Way::Replace { token },
        };
        let mut commands = Commands::with_capacity(entries.len());
        for entry in entries {
            entry.push(&mut commands, way);
        }
        let replies = self.run(&commands, None, deadline).await.into_iter();
        let told = entries.iter().zip(replies);
        let mut results: Vec<Result<Stored>> =
            told.map(|(e, reply)| outcome(e, way, reply)).collect();
        let again: Vec<usize> = (0..results.len())
            .filter(|&i| results[i].as_ref().is_err_and(|error| way.may_be_another(error)))
            .collect();
        if again.is_empty() {
            return results;
        }
        if let Way::Keep { remove, .. } = &mut way {
            if results
                .iter()
                .filter_map(|result| result.as_ref().err())
                .any(failure::is_about_unlink)
            {
                self.unlink.set_missing();
                *remove = "DEL";
            }
        } else {
            way = Way::InPlace;
        }
        let left: Vec<&NewKey> = again.iter().map(|&i| &entries[i]).collect();
        let replies = self.for_each(&left, deadline, |c, entry| entry.push(c, way)).await;
        for (i, reply) in again.into_iter().zip(replies) {
            results[i] = outcome(&entries[i], way, reply);
        }
        results
    }

    /// Which of the keys are there.
    pub async fn exist(&self, keys: &[&[u8]], deadline: Deadline) -> Vec<Result<bool>> {
        let ask =
            self.for_each(keys, deadline, |c, key| c.push(Effect::Read, 1, &[b"EXISTS", key]));
        let there = |reply: Value| reply::integer(&reply) == Some(1);
        ask.await.into_iter().map(|reply| reply.and_then(failure::check).map(there)).collect()
    }
}

/// How values get their names.
#[derive(Clone, Copy)]
enum Way<'a> {
    /// Made under another name, which becomes the key's if that is free.
    Keep { token: &'a str, remove: &'static str },
    /// Made under another name, which becomes the key's.
    Replace { token: &'a str },
    /// Deleted and made anew. For who may use no other name, and for a slot that is on its way to
    /// another node, where no transaction has two names.
    InPlace,
}

impl Way<'_> {
    /// Whether nothing was done, and it may be done in a moment or in another way.
    fn may_be_another(self, error: &Error) -> bool {
        let denied = || {
            error.known_outcome() == Outcome::NotApplied
                && (error.code() == Code::PermissionDenied || failure::is_unknown_command(error))
                && !lacks_transactions(error)
        };
        match self {
            Self::Keep { remove, .. } => {
                may_run_later(error) || (remove != "DEL" && failure::is_about_unlink(error))
            }
            Self::Replace { .. } | Self::InPlace => may_run_later(error) || denied(),
        }
    }
}

impl NewKey {
    fn push(&self, commands: &mut Commands, way: Way<'_>) {
        let key = self.key.as_slice();
        let (value, field_expiries) = match &self.content {
            Content::Dump(dump) => return self.push_restore(commands, dump, way),
            Content::Value(NewValue::String(text), _) if self.expires_at.is_none() => {
                let args: &[&[u8]] = match way {
                    Way::Keep { .. } => &[b"SET", key, text, b"NX"],
                    Way::Replace { .. } | Way::InPlace => &[b"SET", key, text],
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
        match way {
            Way::InPlace => commands.transaction(key, |transaction| {
                transaction.push("DEL", NO_ARGS);
                fill(transaction);
            }),
            Way::Replace { token } => {
                commands.transaction(&temporary::beside(key, token), |transaction| {
                    fill(transaction);
                    transaction.push("RENAME", &[key]);
                });
            }
            Way::Keep { token, remove } => {
                commands.transaction(&temporary::beside(key, token), |transaction| {
                    fill(transaction);
                    transaction.push("RENAMENX", &[key]);
                    transaction.push(remove, NO_ARGS);
                });
            }
        }
    }

    fn push_restore(&self, commands: &mut Commands, dump: &Dump, way: Way<'_>) {
        let at = self.expires_at.unwrap_or(0).to_string();
        let mut args: Vec<&[u8]> =
            vec![b"RESTORE", &self.key, at.as_bytes(), dump.bytes(), b"ABSTTL"];
        if !matches!(way, Way::Keep { .. }) {
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

/// What a unit's reply means.
fn outcome(entry: &NewKey, way: Way<'_>, reply: Result<Value>) -> Result<Stored> {
    let mut replies = match reply? {
        Value::Array(replies) => replies,
        Value::Nil => return Ok(Stored::Kept),
        Value::ServerError(error) if error.code() == "BUSYKEY" => return Ok(Stored::Kept),
        reply => {
            return match failure::check(reply) {
                Err(error) if failure::is_unknown_command(&error) => {
                    Err(unknown_command(entry, error))
                }
                checked => checked.map(|_| Stored::Written),
            };
        }
    };
    let renamed = match way {
        Way::Keep { .. } if replies.len() > 1 => replies.remove(replies.len() - 2),
        Way::Replace { .. } => replies.pop().unwrap_or(Value::Nil),
        Way::Keep { .. } | Way::InPlace => Value::Int(1),
    };
    if let Some(error) = replies.into_iter().find_map(|reply| failure::check(reply).err()) {
        return Err(error.context("the key was written in part").outcome(Outcome::Unknown));
    }
    renamed_to(renamed)
}

/// What a reply of `RENAMENX` means.
pub(super) fn renamed_to(reply: Value) -> Result<Stored> {
    match reply {
        Value::Int(0) => Ok(Stored::Kept),
        Value::ServerError(error) if error.details().is_some_and(|d| d.contains("no such key")) => {
            Ok(Stored::Expired)
        }
        reply => failure::check(reply).map(|_| Stored::Written),
    }
}

fn unknown_command(entry: &NewKey, error: Error) -> Error {
    match &entry.content {
        Content::Value(_, expiries) if !expiries.is_empty() => {
            Error::new(Code::DbQueryError, "this server's hashes have no fields that expire")
        }
        _ => error,
    }
}
