//! What many keys are, before their values are read: type, expiry and size, in one pipeline.

use std::time::{SystemTime, UNIX_EPOCH};

use redis::Value;

use super::commands::{Commands, Effect};
use super::failure::is_denied;
use super::kind::Kind;
use super::{Client, failure, metadata, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Result};

/// Bytes of an element, where nothing is known of it.
const ELEMENT: u64 = 512;

/// In place of a column: the server's clock.
const TIME: usize = usize::MAX;

/// What a key is.
#[derive(Debug, Clone)]
pub struct Surveyed {
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
    pub async fn survey(
        &self,
        keys: &[Vec<u8>],
        with_size: bool,
        deadline: Deadline,
    ) -> Vec<Result<Option<Surveyed>>> {
        let columns = if with_size { 3 } else { 2 };
        let asks_time = self.expire_time.may_exist();
        let mut replies = self.describe_each(keys, asks_time, with_size, deadline).await;
        let expiry = replies.chunks_exact(columns).map(|replies| &replies[1]);
        let mut now = None;
        if asks_time && expiry.clone().any(|reply| reply.as_ref().is_ok_and(is_denied)) {
            // Servers before 7.0 know only how long is left.
            self.expire_time.set_missing();
            replies = self.describe_each(keys, false, with_size, deadline).await;
        }
        if replies.len() > keys.len() * columns {
            now = replies.pop().and_then(Result::ok).and_then(clock);
        }
        if now.is_none() && !self.expire_time.may_exist() {
            now = Some(self.now(deadline).await);
        }
        let mut replies = replies.into_iter();
        let each = std::iter::from_fn(|| {
            let type_name = replies.next()?;
            Some((type_name, replies.next()?, if with_size { replies.next() } else { None }))
        });
        let mut surveyed: Vec<_> =
            each.map(|(type_name, expiry, size)| surveyed(type_name, expiry, size, now)).collect();
        if with_size {
            self.estimate(keys, &mut surveyed, deadline).await;
        }
        surveyed
    }

    /// Whether the server tells when keys expire, as far as is known; else it is reckoned from what they
    /// have left.
    #[must_use]
    pub fn tells_exact_times(&self) -> bool {
        self.expire_time.may_exist()
    }

    /// Estimates sizes from lengths where the user may not use `MEMORY`.
    async fn estimate(
        &self,
        keys: &[Vec<u8>],
        surveyed: &mut [Result<Option<Surveyed>>],
        deadline: Deadline,
    ) {
        let unknown: Vec<(usize, Kind)> = surveyed
            .iter()
            .enumerate()
            .filter_map(|(i, key)| {
                let key = key.as_ref().ok()?.as_ref().filter(|key| key.size.is_none())?;
                Some((i, Kind::named(&key.type_name)?))
            })
            .collect();
        if unknown.is_empty() {
            return;
        }
        let push = |commands: &mut Commands, &(i, kind): &(usize, Kind)| {
            kind.push_length(commands, &keys[i]);
        };
        let lengths = self.for_each(&unknown, deadline, push).await;
        for ((i, kind), length) in unknown.into_iter().zip(lengths) {
            let length = length.ok().as_ref().and_then(reply::integer).unwrap_or(0);
            let element = if kind == Kind::String { 1 } else { ELEMENT };
            if let Ok(Some(key)) = &mut surveyed[i] {
                key.size = u64::try_from(length).ok().map(|length| length.saturating_mul(element));
            }
        }
    }

    /// `columns` replies per key, and behind them the server's clock where it was asked.
    async fn describe_each(
        &self,
        keys: &[Vec<u8>],
        asks_time: bool,
        with_size: bool,
        deadline: Deadline,
    ) -> Vec<Result<Value>> {
        let expiry: &[u8] = if asks_time { b"PEXPIRETIME" } else { b"PTTL" };
        let columns = if with_size { 3 } else { 2 };
        let mut asked: Vec<(&[u8], usize)> = keys
            .iter()
            .flat_map(|key| (0..columns).map(move |column| (key.as_slice(), column)))
            .collect();
        if !asks_time {
            // Of the same moment, or the time that a key has left would be that of another.
            asked.push((&[], TIME));
        }
        let push = |commands: &mut Commands, &(key, column): &(&[u8], usize)| match column {
            TIME => commands.push(Effect::Read, 0, &[b"TIME"]),
            0 => commands.push(Effect::Read, 1, &[b"TYPE", key]),
            1 => commands.push(Effect::Read, 1, &[expiry, key]),
            _ => metadata::push_size(commands, key),
        };
        self.for_each(&asked, deadline, push).await
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

fn surveyed(
    type_name: Result<Value>,
    expiry: Result<Value>,
    size: Option<Result<Value>>,
    now: Option<i64>,
) -> Result<Option<Surveyed>> {
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
    let size = size.and_then(Result::ok).as_ref().and_then(reply::integer);
    let size = size.and_then(|size| u64::try_from(size).ok());
    Ok(Some(Surveyed { type_name, expires_at, size }))
}
