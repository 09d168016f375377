//! The server as a whole: what it says of itself, what it is doing, and what takes its memory.

mod clients;
mod memory;
mod stats;

use schemars::JsonSchema;
use serde::Deserialize;

use super::input::limit;
use crate::backend::redis::server::databases::Databases;
use crate::backend::redis::server::info::figures::Snapshot;
use crate::backend::redis::server::info::{Depth, Info};
use crate::backend::redis::server::memory::MemoryReport;
use crate::backend::redis::server::settings::Settings;
use crate::backend::redis::server::slow_log::SlowLog;
use crate::error::Result;
use crate::request::context::Context;
use crate::request::operation::operations;
use crate::request::params::Nothing;
use crate::request::reply::Reply;

operations! {
    /// What the server says of itself; of a cluster, per node and summed.
    ///
    /// A node that can't be reached, and what the Redis user may not ask, is told in `warnings`.
    "redis.info" GET "/redis/{scope}/info" Connection(Redis) Read 2 cache 30 => info;
    /// Figures that change, once or as a stream at an interval.
    ///
    /// A stream goes on until its reader leaves.
    "redis.stats" GET "/redis/{scope}/stats" Connection(Redis) Read 2 gives stream(Snapshot<'static>)
        => stats::stats;
    /// How many keys each database has.
    ///
    /// And how many databases there are. What the connection's user may not know is `null`, and
    /// `warnings` say why.
    "redis.databases" GET "/redis/{scope}/databases" Connection(Redis) Read 1 => databases;
    /// What takes the memory, by type, by prefix and by key: a sample, measured and extrapolated.
    ///
    /// As a stream, what is known by then every 250 ms; the last record has `done: true`.
    "redis.memory" GET "/redis/{scope}/memory" Connection(Redis) Read 20 gives stream(MemoryReport)
        => memory::analyse;
    /// The log of slow commands, the latest first.
    ///
    /// Of a cluster, of all its nodes. Arguments that are secrets are left out.
    "redis.slowlog" GET "/redis/{scope}/slowlog" Connection(Redis) Admin 2 => slow_log;
    /// Who is connected, in pages.
    ///
    /// Of a cluster, to all its nodes. The list is made anew for each page.
    "redis.clients" GET "/redis/{scope}/clients" Connection(Redis) Admin 2 => clients::list;
    /// The settings, without their secrets.
    ///
    /// A secret that is set is `(redacted)`.
    "redis.config" GET "/redis/{scope}/config" Connection(Redis) Admin 2 => settings;
}

async fn info(cx: &Context, _: Nothing) -> Result<Reply<Info>> {
    let client = cx.redis().await?;
    Reply::of(&client.info(Depth::Everything, cx.deadline).await?)
}

async fn databases(cx: &Context, _: Nothing) -> Result<Reply<Databases>> {
    let client = cx.redis().await?;
    Reply::of(&client.databases(cx.deadline).await?)
}

/// As many as a server keeps unless told otherwise.
const LOGGED_COMMANDS: usize = 128;

/// How much of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SlowLogInput {
    /// Entries, the latest first, 1 to 1000; default 128.
    limit: Option<usize>,
}

async fn slow_log(cx: &Context, input: SlowLogInput) -> Result<Reply<SlowLog>> {
    let limit = limit(input.limit, LOGGED_COMMANDS)?;
    let client = cx.redis().await?;
    Reply::of(&client.slow_log(limit, cx.deadline).await?)
}

/// Which settings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsInput {
    /// Glob pattern of their names; default all.
    pattern: Option<String>,
}

async fn settings(cx: &Context, input: SettingsInput) -> Result<Reply<Settings>> {
    let pattern = input.pattern.as_deref().unwrap_or("*");
    let client = cx.redis().await?;
    Reply::of(&client.settings(pattern, cx.deadline).await?)
}
