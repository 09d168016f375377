//! How many keys each database has.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::reply::Reply;
use crate::context::Context;
use crate::error::Result;

/// Takes nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabasesInput {}

/// `redis.databases`: `{ databases: [{ db, keys, expires, avg_ttl_ms }], current: { db, keys }, count,
/// nodes?, warnings }`.
pub(super) async fn list(cx: &Context, _: DatabasesInput) -> Result<Reply> {
    let client = cx.redis().await?;
    Reply::json(&client.databases(cx.deadline).await?)
}
