//! The server as a whole: what it says of itself, what it is doing, and what takes its memory.

mod clients;
mod databases;
mod info;
mod memory;
mod settings;
mod slow_log;
mod stats;

use crate::error::{Code, Error, Result};
use crate::request::operation::operations;

operations! {
    /// What the server says of itself; of a cluster, per node and summed.
    "redis.info" GET "/redis/{scope}/info" Connection(Redis) Read 2 cache 30 => info::info;
    /// Figures that change, once or as a stream at an interval.
    "redis.stats" GET "/redis/{scope}/stats" Connection(Redis) Read 2 gives stream(crate::request::answer::Undeclared) => stats::stats;
    /// How many keys each database has.
    "redis.databases" GET "/redis/{scope}/databases" Connection(Redis) Read 1 => databases::list;
    /// What takes the memory, by type, by prefix and by key: a sample, measured and extrapolated.
    "redis.memory" GET "/redis/{scope}/memory" Connection(Redis) Read 20 gives stream(crate::request::answer::Undeclared) => memory::analyse;
    /// The log of slow commands.
    "redis.slowlog" GET "/redis/{scope}/slowlog" Connection(Redis) Admin 2 => slow_log::list;
    /// Who is connected.
    "redis.clients" GET "/redis/{scope}/clients" Connection(Redis) Admin 2 => clients::list;
    /// The settings, without their secrets.
    "redis.config" GET "/redis/{scope}/config" Connection(Redis) Admin 2 => settings::list;
}

/// The most entries of one answer.
const MAX_LIMIT: usize = 1000;

/// How many entries an answer has.
fn limit(wanted: Option<usize>, usual: usize) -> Result<usize> {
    match wanted.unwrap_or(usual) {
        0 => Err(Error::validation("`limit` must be at least 1")),
        limit @ 1..=MAX_LIMIT => Ok(limit),
        _ => {
            let message = format!("`limit` is at most {MAX_LIMIT}");
            Err(Error::new(Code::PayloadTooLarge, message))
        }
    }
}
