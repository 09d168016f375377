//! The server as a whole.

use crate::backend::redis::server::info::Depth;
use crate::error::Result;
use crate::request::context::Context;
use crate::request::params::Nothing;
use crate::request::reply::Reply;

/// `redis.info`
pub(super) async fn info(cx: &Context, _: Nothing) -> Result<Reply> {
    let client = cx.redis().await?;
    Reply::json(&client.info(Depth::Everything, cx.deadline).await?)
}
