//! How many keys each database has.

use crate::api::context::Context;
use crate::api::params::Nothing;
use crate::api::reply::Reply;
use crate::error::Result;

/// `redis.databases`: `{ databases: [{ db, keys, expires, avg_ttl_ms }], current: { db, keys }, count,
/// nodes?, warnings }`.
pub(super) async fn list(cx: &Context, _: Nothing) -> Result<Reply> {
    let client = cx.redis().await?;
    Reply::json(&client.databases(cx.deadline).await?)
}
