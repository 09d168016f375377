//! `/mongodb/{scope}/server`.

use crate::error::Result;
use crate::request::context::Context;
use crate::request::params::Nothing;
use crate::request::reply::Reply;

/// `{ version, git_version, modules, allocator, bits, max_document_bytes, topology, host, process,
/// storage_engine, uptime_seconds, local_time, connections, opcounters, opcounters_replicated,
/// operations, memory, network, cache, replication, shards, pool, warnings }`. What the connection's
/// user may not know is `null`, and `warnings` has why. `replication` is `null` but for a replica set,
/// `shards` but for a sharded cluster.
pub(super) async fn status(cx: &Context, _input: Nothing) -> Result<Reply> {
    let client = cx.mongodb().await?;
    Reply::json(&cx.side_by_side(&client).await.server().await?)
}
