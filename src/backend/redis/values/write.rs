//! Writing, deleting and expiring whole keys.

use std::borrow::Cow;

use redis::Value;

use super::new_value::NewValue;
use crate::backend::redis::Client;
use crate::backend::redis::wire::{Commands, Effect, NO_ARGS, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

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
    fn failed(self, key: &[u8]) -> Error {
        let key = String::from_utf8_lossy(key);
        let message = match self {
            Self::Absent => format!("the key {key:?} exists already"),
            Self::Present => format!("the key {key:?} does not exist"),
        };
        Error::new(Code::Conflict, message)
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
            Err(error) if unlink && failure::is_about_unlink(&error) => {
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
        let look = Commands::one(Effect::Read, 1, &[b"EXISTS", key]);
        let decide = |seen: &[Value]| {
            let exists = seen.first().and_then(reply::integer) == Some(1);
            if exists == (condition == Condition::Present) {
                Ok(Cow::Borrowed(&commands))
            } else {
                Err(condition.failed(key))
            }
        };
        executed(self.watched(key, &look, &decide, deadline).await?)
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
fn executed(replies: Vec<Value>) -> Result<()> {
    match replies.into_iter().find_map(|reply| failure::check(reply).err()) {
        None => Ok(()),
        Some(error) => Err(error.context("the key was written in part").outcome(Outcome::Unknown)),
    }
}
