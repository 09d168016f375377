//! The server as a whole.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::reply::Reply;
use crate::backend::redis::info::Depth;
use crate::context::Context;
use crate::error::Result;

/// Takes nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InfoInput {}

/// `redis.info`
pub(super) async fn info(cx: &Context, _: InfoInput) -> Result<Reply> {
    let client = cx.redis().await?;
    Reply::json(&client.info(Depth::Everything, cx.deadline).await?)
}
