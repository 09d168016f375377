//! The server as a whole.

use crate::api::context::Context;
use crate::api::params::Nothing;
use crate::api::reply::Reply;
use crate::backend::redis::info::Depth;
use crate::error::Result;

/// `redis.info`
pub(super) async fn info(cx: &Context, _: Nothing) -> Result<Reply> {
    let client = cx.redis().await?;
    Reply::json(&client.info(Depth::Everything, cx.deadline).await?)
}
