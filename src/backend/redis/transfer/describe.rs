//! What many keys are, before their values are read: type, expiry and size, in one pipeline.

use std::time::{SystemTime, UNIX_EPOCH};

use redis::Value;

use crate::backend::redis::Client;
use crate::backend::redis::keyspace::metadata;
use crate::backend::redis::values::NativeType;
use crate::backend::redis::wire::failure::is_denied;
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Result};

/// Bytes of an element, where nothing is known of it.
const ELEMENT: u64 = 512;

/// Tells how long a key has left.
const REMAINING: &str = "PTTL";

/// Asks how much memory a key takes.
const SIZE: &str = "MEMORY USAGE";

/// What a key is.
#[derive(Debug, Clone)]
pub struct Description {
    /// As `TYPE` names it.
    pub type_name: String,
    /// When it expires, in milliseconds since 1970 by the server's clock; `None` is never. An error
    /// where the user may not know.
    pub expires_at: Result<Option<i64>>,
    /// Bytes of memory, estimated; `None` where it was not asked for or can't be told.
    pub size: Option<u64>,
}

impl Client {
    /// What each key is; `None` where there is no such key.
    pub async fn describe(
        &self,
        keys: &[Vec<u8>],
        with_size: bool,
        deadline: Deadline,
    ) -> Vec<Result<Option<Description>>> {
        let mut columns = vec!["TYPE", self.expiry_command()];
        columns.extend(with_size.then_some(SIZE));
        let (mut rows, mut now) = self.ask_of_each(keys, &columns, deadline).await;
        let is_denied = |row: &Vec<Result<Value>>| row[1].as_ref().is_ok_and(is_denied);
        if columns[1] != REMAINING && rows.iter().any(is_denied) {
            // Servers before 7.0 know only how long is left.
            self.expire_time.set_missing();
            columns[1] = REMAINING;
            (rows, now) = self.ask_of_each(keys, &columns, deadline).await;
        }
        let mut described: Vec<_> =
            rows.into_iter().map(|row| description(&mut row.into_iter(), now)).collect();
        if with_size {
            self.estimate(keys, &mut described, deadline).await;
        }
        described
    }

    /// Whether the server tells when keys expire, as far as is known; else it is reckoned from what they
    /// have left.
    pub fn tells_exact_times(&self) -> bool {
        self.expire_time.may_exist()
    }

    /// Estimates sizes from lengths where the user may not use `MEMORY`.
    async fn estimate(
        &self,
        keys: &[Vec<u8>],
        described: &mut [Result<Option<Description>>],
        deadline: Deadline,
    ) {
        let unknown: Vec<(usize, NativeType)> = described
            .iter()
            .enumerate()
            .filter_map(|(i, key)| {
                let key = key.as_ref().ok()?.as_ref().filter(|key| key.size.is_none())?;
                Some((i, NativeType::named(&key.type_name)?))
            })
            .collect();
        if unknown.is_empty() {
            return;
        }
        let push = |commands: &mut Commands, &(i, kind): &(usize, NativeType)| {
            kind.push_length(commands, &keys[i]);
        };
        let lengths = self.for_each(&unknown, deadline, push).await;
        for ((i, kind), length) in unknown.into_iter().zip(lengths) {
            let length = length.ok().as_ref().and_then(reply::count).unwrap_or(0);
            let element = if kind == NativeType::String { 1 } else { ELEMENT };
            if let Ok(Some(key)) = &mut described[i] {
                key.size = Some(length.saturating_mul(element));
            }
        }
    }

    /// What tells when a key expires.
    fn expiry_command(&self) -> &'static str {
        if self.expire_time.may_exist() { "PEXPIRETIME" } else { REMAINING }
    }

    /// The replies of each key to these commands, one behind the other; and the server's clock where
    /// they tell what is left of a time.
    async fn ask_of_each(
        &self,
        keys: &[Vec<u8>],
        columns: &[&str],
        deadline: Deadline,
    ) -> (Vec<Vec<Result<Value>>>, Option<i64>) {
        let mut commands = Commands::with_capacity(keys.len() * columns.len() + 1);
        for key in keys {
            for &column in columns {
                match column {
                    SIZE => metadata::push_size(&mut commands, key),
                    name => commands.push(Effect::Read, 1, &[name.as_bytes(), key]),
                }
            }
        }
        let reckons = columns.contains(&REMAINING);
        if reckons {
            // Of the same moment, or what is left would be that of another.
            commands.push(Effect::Read, 0, &[b"TIME"]);
        }
        let mut replies = self.run_patiently(&commands, deadline).await;
        let mut now = None;
        if reckons {
            now = replies.pop().and_then(Result::ok).and_then(clock);
            now = Some(match now {
                Some(now) => now,
                None => self.now(deadline).await,
            });
        }
        let mut replies = replies.into_iter();
        let row = |_: &Vec<u8>| replies.by_ref().take(columns.len()).collect();
        (keys.iter().map(row).collect(), now)
    }

    /// The server's clock, in milliseconds since 1970; ours where the user may not know.
    pub async fn now(&self, deadline: Deadline) -> i64 {
        let time = self.run_one(&Commands::one(Effect::Read, 0, &[b"TIME"]), deadline).await;
        let told = time.ok().and_then(clock);
        told.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
        })
    }
}

/// A reply of `TIME` in milliseconds.
fn clock(reply: Value) -> Option<i64> {
    let parts = reply::elements(reply)?;
    let [seconds, micros] = parts.as_slice() else { return None };
    Some(reply::integer(seconds)? * 1000 + reply::integer(micros)? / 1000)
}

/// What the replies to `TYPE`, to [`Client::expiry_command`] and perhaps to [`SIZE`] say of a key.
fn description(
    replies: &mut impl Iterator<Item = Result<Value>>,
    now: Option<i64>,
) -> Result<Option<Description>> {
    let mut next = || replies.next().unwrap_or(Ok(Value::Nil));
    let (type_name, expiry) = (next(), next());
    let size = replies.next();
    let type_name = reply::text(&type_name.and_then(failure::check)?);
    let type_name = type_name.ok_or_else(|| failure::unexpected("TYPE"))?;
    let expires_at = match expiry.and_then(failure::check) {
        Ok(Value::Int(-2)) => return Ok(None),
        Ok(Value::Int(-1)) => Ok(None),
        Ok(Value::Int(ms)) => Ok(Some(now.map_or(ms, |now| now.saturating_add(ms)))),
        Ok(_) => Err(failure::unexpected("PTTL")),
        Err(error) if error.code() == Code::PermissionDenied => Err(error),
        Err(error) => return Err(error),
    };
    if type_name == "none" {
        return Ok(None);
    }
    let size = size.and_then(Result::ok).as_ref().and_then(reply::count);
    Ok(Some(Description { type_name, expires_at, size }))
}
