//! The server as a whole.

use crate::backend::redis::server::info::{Depth, Info};
use crate::error::Result;
use crate::request::context::Context;
use crate::request::params::Nothing;
use crate::request::reply::Reply;

pub(super) async fn info(cx: &Context, _: Nothing) -> Result<Reply<Info>> {
    let client = cx.redis().await?;
    Reply::of(&client.info(Depth::Everything, cx.deadline).await?)
}
