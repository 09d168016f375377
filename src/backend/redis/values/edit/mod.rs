//! Edits of values: one change of one key, by the command that Redis has for it.
//!
//! An edit keeps the time that its key has left, and a key that was deleted meanwhile stays deleted.
//! Many commands promise that by themselves (`LPUSHX`, `HDEL`, `XADD NOMKSTREAM`): they are sent
//! [alone](Edit::alone). The others would make a key, or compare nothing: they run in a transaction of
//! `run::watch`, after a look at the key's type and at what the caller saw.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use redis::Value;
use schemars::JsonSchema;
use serde::Serialize;

use crate::backend::redis::Client;
use crate::backend::redis::keyspace::lifetime::{Expiry, Lifetime};
use crate::backend::redis::run::exactly;
use crate::backend::redis::values::NativeType;
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

pub(super) mod field_times;
mod result;
mod seen;

pub use field_times::about_fields;
pub use result::EditResult;
pub use seen::Seen;

/// One change of one key.
#[derive(Debug)]
#[must_use]
pub struct Edit {
    /// What the key must hold, as `TYPE` names it.
    type_name: &'static str,
    steps: Vec<Step>,
    /// What must be as the caller saw it.
    seen: Vec<Seen>,
    /// The one step may be sent alone.
    alone: Option<Alone>,
    /// Fields whose own time to live is kept.
    lasting_fields: Vec<Vec<u8>>,
}

/// What it means that a command changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alone {
    /// There was no key.
    NeedsKey,
    /// There was no key, or nothing in it to be changed.
    NeedsElements,
}

/// A command about the key.
#[derive(Debug)]
struct Step {
    name: &'static str,
    args: Vec<Vec<u8>>,
    /// What its reply tells of the edit.
    told: Told,
}

#[derive(Debug, Clone, Copy)]
enum Told {
    Nothing,
    Count(fn(i64) -> EditResult),
    By(fn(&Value) -> Option<EditResult>),
}

impl Told {
    fn of(self, reply: &Value) -> Option<EditResult> {
        match self {
            Self::Nothing => None,
            Self::Count(told) => reply::integer(reply).map(told),
            Self::By(told) => told(reply),
        }
    }
}

impl Edit {
    /// Of a key that holds this type, as `TYPE` names it.
    pub fn of(type_name: &'static str) -> Self {
        let (steps, seen, lasting_fields) = (Vec::new(), Vec::new(), Vec::new());
        Self { type_name, steps, seen, alone: None, lasting_fields }
    }

    /// Runs a command: its name, and what stands behind the key.
    pub fn step(mut self, name: &'static str, args: Vec<Vec<u8>>) -> Self {
        self.steps.push(Step { name, args, told: Told::Nothing });
        self
    }

    /// Tells of the edit what the reply of the last step says.
    pub fn telling(self, told: fn(&Value) -> Option<EditResult>) -> Self {
        self.told(Told::By(told))
    }

    /// Tells of the edit the number that the last step answers.
    pub fn counting(self, told: fn(i64) -> EditResult) -> Self {
        self.told(Told::Count(told))
    }

    fn told(mut self, told: Told) -> Self {
        if let Some(step) = self.steps.last_mut() {
            step.told = told;
        }
        self
    }

    /// Sends the one step alone: it never makes a key, and its reply tells what became of it.
    pub fn alone(mut self, alone: Alone) -> Self {
        self.alone = Some(alone);
        self
    }

    /// Changes nothing where something is not as it was seen.
    pub fn unless_changed(mut self, seen: impl IntoIterator<Item = Seen>) -> Self {
        self.seen.extend(seen);
        self
    }

    /// Keeps the time that fields have left, which `HSET` would take away.
    pub fn lasting(mut self, fields: Vec<Vec<u8>>) -> Self {
        self.lasting_fields = fields;
        self
    }

    fn push(&self, commands: &mut Commands, key: &[u8]) {
        for step in &self.steps {
            commands.push_about(Effect::Write, step.name, key, &step.args);
        }
    }
}

/// An edit that ran.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Edited {
    /// What the key holds.
    #[serde(rename = "type")]
    #[schemars(with = "NativeType")]
    type_name: &'static str,
    /// What it did; of which form is said with each edit.
    result: EditResult,
}

impl Client {
    /// Runs an edit. A lifetime of −2 says that the key went with its last element.
    ///
    /// `expiry` is set with it; without one the key keeps the time that it has left.
    pub async fn edit(
        &self,
        key: &[u8],
        edit: &Edit,
        expiry: Option<Expiry>,
        deadline: Deadline,
    ) -> Result<(Edited, Lifetime)> {
        let (replies, ttl) = match edit.alone {
            Some(alone) if edit.seen.is_empty() && expiry.is_none() => {
                self.edit_alone(key, edit, alone, deadline).await?
            }
            _ => self.edit_watched(key, edit, expiry, deadline).await?,
        };
        let mut told = edit.steps.iter().zip(&replies);
        let result = told.find_map(|(step, reply)| step.told.of(reply));
        let result = result.unwrap_or(EditResult::Nothing {});
        Ok((Edited { type_name: edit.type_name, result }, Lifetime::of(&ttl)))
    }

    /// The replies of its steps; and to `PTTL`, or why that is not known.
    async fn edit_alone(
        &self,
        key: &[u8],
        edit: &Edit,
        alone: Alone,
        deadline: Deadline,
    ) -> Result<(Vec<Value>, Value)> {
        let mut commands = Commands::with_capacity(2);
        edit.push(&mut commands, key);
        commands.push(Effect::Read, 1, &[b"PTTL", key]);
        let [reply, ttl] = exactly(self.run(&commands, None, deadline).await);
        let (reply, ttl) = (reply?, ttl.unwrap_or(Value::Nil));
        let has_failed = matches!(reply, Value::ServerError(_));
        let is_gone = reply::integer(&ttl) == Some(-2);
        let needed_key = alone == Alone::NeedsKey && did_nothing(&reply);
        if needed_key || (is_gone && (has_failed || did_nothing(&reply))) {
            return Err(failure::not_found(key));
        }
        let replies = self.check_all(key, edit, vec![reply], deadline).await?;
        Ok((replies, ttl))
    }

    /// The same.
    async fn edit_watched(
        &self,
        key: &[u8],
        edit: &Edit,
        expiry: Option<Expiry>,
        deadline: Deadline,
    ) -> Result<(Vec<Value>, Value)> {
        let keeps_fields = !edit.lasting_fields.is_empty() && self.hash_field_ttl.may_exist();
        let mut look = Commands::with_capacity(2 + edit.seen.len());
        look.push(Effect::Read, 1, &[b"TYPE", key]);
        for seen in &edit.seen {
            seen.push(&mut look, key);
        }
        if keeps_fields {
            let args = about_fields(None, &edit.lasting_fields);
            look.push_about(Effect::Read, "HPEXPIRETIME", key, &args);
        }
        // One that may not be used would have the whole transaction discarded.
        look.push(Effect::Read, 1, &[b"PTTL", key]);
        let tells_ttl = AtomicBool::new(true);
        let decide = |replies: &[Value]| {
            let [found, replies @ .., ttl] = replies else { return Err(missing()) };
            tells_ttl.store(!failure::is_denied(ttl), Ordering::Relaxed);
            match reply::text(&failure::check(found.clone())?).as_deref() {
                Some("none") => return Err(failure::not_found(key)),
                Some(actual) if actual != edit.type_name => {
                    return Err(failure::wrong_type(actual, Some(edit.type_name)));
                }
                _ => {}
            }
            for (seen, reply) in edit.seen.iter().zip(replies) {
                seen.check(reply)?;
            }
            let mut commands = Commands::with_capacity(4);
            edit.push(&mut commands, key);
            if keeps_fields {
                let ends = replies.last().ok_or_else(missing)?;
                field_times::keep_ends(&mut commands, key, &edit.lasting_fields, ends)?;
            }
            if let Some(expiry) = expiry {
                expiry.push(&mut commands, key);
            }
            if tells_ttl.load(Ordering::Relaxed) {
                commands.push(Effect::Read, 1, &[b"PTTL", key]);
            }
            Ok(Cow::Owned(commands))
        };
        let mut replies = self.watched(key, &look, &decide, deadline).await?;
        let told = tells_ttl.into_inner().then(|| replies.pop()).flatten();
        let ttl = told.unwrap_or(Value::Nil);
        let replies = self.check_all(key, edit, replies, deadline).await?;
        Ok((replies, ttl))
    }

    /// The replies, or what the first refusal among them means.
    async fn check_all(
        &self,
        key: &[u8],
        edit: &Edit,
        replies: Vec<Value>,
        deadline: Deadline,
    ) -> Result<Vec<Value>> {
        let is_refused = |reply: &Value| matches!(reply, Value::ServerError(_));
        let in_part = !replies.iter().all(is_refused);
        if let Some(refusal) = replies.iter().find_map(failure::refusal) {
            let error = self.explain(key, edit, refusal, deadline).await;
            return Err(if in_part {
                error.context("the edit was applied in part").outcome(Outcome::Unknown)
            } else {
                error
            });
        }
        for (step, reply) in edit.steps.iter().zip(&replies) {
            if step.name == "LINSERT" && *reply == Value::Int(-1) {
                let message = "the list has no such element any more; nothing was inserted";
                return Err(Error::new(Code::Conflict, message));
            }
        }
        Ok(replies)
    }

    async fn explain(&self, key: &[u8], edit: &Edit, error: Error, deadline: Deadline) -> Error {
        match error.code() {
            Code::WrongType => self.wrong_type(key, edit.type_name, deadline).await,
            _ if failure::is_unknown_command(&error) && edit.type_name == "hash" => Error::new(
                Code::DbQueryError,
                "on this server the fields of hashes do not expire; they do since Redis 7.4 and \
                 Valkey 9",
            ),
            _ => error,
        }
    }
}

/// Whether a command that is sent alone changed nothing, as it must where there is no key.
fn did_nothing(reply: &Value) -> bool {
    match reply {
        Value::Int(0) | Value::Nil => true,
        Value::Array(codes) => codes.iter().all(|code| *code == Value::Int(field_times::NO_FIELD)),
        _ => false,
    }
}

fn missing() -> Error {
    Error::internal("a reply is missing")
}

/// The digits of a number, as an argument.
pub fn digits(number: impl Into<i128>) -> Vec<u8> {
    number.into().to_string().into_bytes()
}
