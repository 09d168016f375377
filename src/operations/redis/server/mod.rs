//! The server as a whole: what it says of itself, what it is doing, and what takes its memory.

mod clients;
mod databases;
mod info;
mod memory;
mod settings;
mod slow_log;
mod stats;

use crate::backend::redis::server::info::figures::Snapshot;
use crate::backend::redis::server::memory::MemoryReport;
use crate::request::operation::operations;

operations! {
    /// What the server says of itself; of a cluster, per node and summed.
    ///
    /// A node that can't be reached, and what the Redis user may not ask, is told in `warnings`.
    "redis.info" GET "/redis/{scope}/info" Connection(Redis) Read 2 cache 30 => info::info;
    /// Figures that change, once or as a stream at an interval.
    ///
    /// A stream goes on until its reader leaves.
    "redis.stats" GET "/redis/{scope}/stats" Connection(Redis) Read 2 gives stream(Snapshot<'static>)
        => stats::stats;
    /// How many keys each database has.
    ///
    /// And how many databases there are. What the connection's user may not know is `null`, and
    /// `warnings` say why.
    "redis.databases" GET "/redis/{scope}/databases" Connection(Redis) Read 1 => databases::list;
    /// What takes the memory, by type, by prefix and by key: a sample, measured and extrapolated.
    ///
    /// As a stream, what is known by then every 250 ms; the last record has `done: true`.
    "redis.memory" GET "/redis/{scope}/memory" Connection(Redis) Read 20 gives stream(MemoryReport)
        => memory::analyse;
    /// The log of slow commands, the latest first.
    ///
    /// Of a cluster, of all its nodes. Arguments that are secrets are left out.
    "redis.slowlog" GET "/redis/{scope}/slowlog" Connection(Redis) Admin 2 => slow_log::list;
    /// Who is connected, in pages.
    ///
    /// Of a cluster, to all its nodes. The list is made anew for each page.
    "redis.clients" GET "/redis/{scope}/clients" Connection(Redis) Admin 2 => clients::list;
    /// The settings, without their secrets.
    ///
    /// A secret that is set is `(redacted)`.
    "redis.config" GET "/redis/{scope}/config" Connection(Redis) Admin 2 => settings::list;
}

/// The most entries of one answer.
const MAX_LIMIT: usize = 1000;
