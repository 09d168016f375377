//! `/mongodb/{scope}/server`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::reply::Reply;
use crate::context::Context;
use crate::error::Result;

/// Nothing is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusInput {}

/// `{ version, git_version, modules, allocator, bits, max_document_bytes, topology, host, process,
/// storage_engine, uptime_seconds, local_time, connections, opcounters, opcounters_replicated,
/// operations, memory, network, cache, replication, shards, pool, warnings }`. What the connection's
/// user may not know is `null`, and `warnings` has why. `replication` is `null` but for a replica set,
/// `shards` but for a sharded cluster.
pub(super) async fn status(cx: &Context, _input: StatusInput) -> Result<Reply> {
    let client = cx.mongodb().await?;
    Reply::json(&client.call(cx.deadline, &cx.request_id).server().await?)
}
