//! Values that arrive in parts: put together under another name, and then renamed at once, so that
//! nobody sees half of one.
//!
//! The name is in the slot of the key that it is for, and lives for a while only: what is left of an
//! import that was cut off goes by itself. Until the last step nothing happens to the key, so that a
//! lost connection before it leaves the key as it was, for certain.

use redis::Value;

use super::store::{Conflict, Stored, expire_fields, renamed_to};
use super::stream_state::{PendingEntry, StreamState};
use super::temporary;
use crate::backend::redis::Client;
use crate::backend::redis::run::exactly;
use crate::backend::redis::values::NewValue;
use crate::backend::redis::wire::{Commands, Effect, NO_ARGS, Transaction, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// How long a value may wait for its next part.
const PATIENCE_MS: &[u8] = b"3600000";

/// A value that is being put together.
#[derive(Debug)]
pub struct Assembly {
    key: Vec<u8>,
    temporary: Vec<u8>,
    begun: bool,
}

impl Assembly {
    /// For a key. `token` is one that nobody else uses.
    pub fn new(key: &[u8], token: &str) -> Self {
        Self { key: key.to_vec(), temporary: temporary::beside(key, token), begun: false }
    }

    /// Adds elements.
    pub async fn add(
        &mut self,
        client: &Client,
        part: &NewValue,
        field_expiries: &[(Vec<u8>, i64)],
        deadline: Deadline,
    ) -> Result<()> {
        if part.is_empty() {
            return Ok(());
        }
        let step = |transaction: &mut Transaction<'_>| {
            match part {
                NewValue::String(bytes) => transaction.push("APPEND", &[bytes]),
                part => part.commands(&mut |name, args| transaction.push(name, args)),
            }
            expire_fields(transaction, field_expiries);
        };
        self.step(client, step, deadline).await
    }

    /// Gives a stream its counters and groups, after its entries.
    pub async fn set_state(
        &mut self,
        client: &Client,
        state: &StreamState,
        deadline: Deadline,
    ) -> Result<()> {
        let counters = client.stream_counters.may_exist()
            && (state.entries_added.is_some() || state.max_deleted_id.is_some());
        let set = self.step(client, |t| push_state(t, state, counters), deadline).await;
        match set {
            // Servers before 7.0 refuse the arguments, and with them the transaction.
            Err(error) if counters && error.message().contains("number of arguments") => {
                client.stream_counters.set_missing();
                self.step(client, |t| push_state(t, state, false), deadline).await
            }
            set => set,
        }
    }

    /// Gives a group of a stream what it has pending.
    pub async fn add_deliveries(
        &mut self,
        client: &Client,
        group: &[u8],
        deliveries: &[PendingEntry],
        deadline: Deadline,
    ) -> Result<()> {
        let step = |transaction: &mut Transaction<'_>| {
            for delivery in deliveries {
                let (at, count) = (delivery.at.to_string(), delivery.count.to_string());
                let args: [&[u8]; 10] = [
                    group,
                    &delivery.consumer,
                    b"0",
                    delivery.id.as_bytes(),
                    b"TIME",
                    at.as_bytes(),
                    b"RETRYCOUNT",
                    count.as_bytes(),
                    b"FORCE",
                    b"JUSTID",
                ];
                transaction.push("XCLAIM", &args);
            }
        };
        self.step(client, step, deadline).await
    }

    /// Gives the value its name and its time. Before this, whatever fails has left the key as it was.
    pub async fn finish(
        self,
        client: &Client,
        expires_at: Option<i64>,
        conflict: Conflict,
        deadline: Deadline,
    ) -> Result<Stored> {
        let expires_at = expires_at.map(|at| at.to_string());
        let mut commands = Commands::with_capacity(1);
        commands.transaction(&self.temporary, |transaction| {
            match &expires_at {
                Some(at) => transaction.push("PEXPIREAT", &[at]),
                None => transaction.push("PERSIST", NO_ARGS),
            }
            let rename = match conflict {
                Conflict::Keep => "RENAMENX",
                Conflict::Replace => "RENAME",
            };
            transaction.push(rename, &[&self.key]);
            transaction.push("DEL", NO_ARGS);
        });
        let [renamed] = exactly(client.run_patiently(&commands, deadline).await);
        let Value::Array(replies) = failure::check(renamed?)? else {
            return Err(failure::unexpected("EXEC"));
        };
        let mut replies = replies.into_iter();
        let timed = replies.next().unwrap_or(Value::Nil);
        let stored = renamed_to(replies.next().unwrap_or(Value::Nil))?;
        if let (Stored::Written, Err(error)) = (stored, failure::check(timed)) {
            let what = "the key was written without the time at which it expires";
            return Err(error.context(what).outcome(Outcome::Unknown));
        }
        match stored {
            Stored::Expired if expires_at.is_none() => Err(interrupted()),
            stored => Ok(stored),
        }
    }

    /// Gives up. What can't be deleted now goes by itself.
    pub async fn discard(self, client: &Client, deadline: Deadline) {
        if self.begun {
            let delete = Commands::one(Effect::Write, 1, &[b"DEL", &self.temporary]);
            let _ = client.run(&delete, None, deadline).await;
        }
    }

    /// Runs one transaction on the name, if it is there since the first one.
    async fn step(
        &mut self,
        client: &Client,
        fill: impl FnOnce(&mut Transaction<'_>),
        deadline: Deadline,
    ) -> Result<()> {
        let mut commands = Commands::with_capacity(1);
        commands.transaction(&self.temporary, |transaction| {
            transaction.push("EXISTS", NO_ARGS);
            fill(transaction);
            transaction.push("PEXPIRE", &[PATIENCE_MS]);
        });
        let before = std::mem::replace(&mut self.begun, true);
        let [added] = exactly(client.run_patiently(&commands, deadline).await);
        let added = added.and_then(failure::check).inspect_err(|error| {
            // The server has run none of it.
            if error.known_outcome() == Outcome::NotApplied {
                self.begun = before;
            }
        })?;
        let Value::Array(replies) = added else { return Err(failure::unexpected("EXEC")) };
        if replies.first().and_then(reply::integer) != Some(i64::from(before)) {
            return Err(interrupted());
        }
        replies.into_iter().try_for_each(|reply| failure::check(reply).map(drop))
    }
}

fn interrupted() -> Error {
    Error::new(Code::Conflict, "what was put together so far was deleted by somebody else")
}

fn push_state(transaction: &mut Transaction<'_>, state: &StreamState, counters: bool) {
    // A stream without entries comes into being with its first group.
    transaction.push("XGROUP CREATE", &["\0", "0", "MKSTREAM"]);
    transaction.push("XGROUP DESTROY", &["\0"]);
    let added = state.entries_added.map(|added| added.to_string());
    let mut args: Vec<&[u8]> = vec![state.last_id.as_bytes()];
    if counters {
        if let Some(added) = &added {
            args.extend([b"ENTRIESADDED", added.as_bytes()]);
        }
        if let Some(id) = &state.max_deleted_id {
            args.extend([b"MAXDELETEDID", id.as_bytes()]);
        }
    }
    transaction.push("XSETID", &args);
    for group in &state.groups {
        let read = group.entries_read.map(|read| read.to_string());
        let mut args: Vec<&[u8]> = vec![&group.name, group.last_delivered_id.as_bytes()];
        if let Some(read) = read.as_ref().filter(|_| counters) {
            args.extend([b"ENTRIESREAD", read.as_bytes()]);
        }
        transaction.push("XGROUP CREATE", &args);
    }
}
