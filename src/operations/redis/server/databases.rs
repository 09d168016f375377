//! How many keys each database has.

use crate::error::Result;
use crate::request::context::Context;
use crate::request::params::Nothing;
use crate::request::reply::Reply;

/// `redis.databases`: `{ databases: [{ db, keys, expires, avg_ttl_ms }], current: { db, keys }, count,
/// nodes?, warnings }`.
pub(super) async fn list(cx: &Context, _: Nothing) -> Result<Reply> {
    let client = cx.redis().await?;
    Reply::json(&client.databases(cx.deadline).await?)
}
