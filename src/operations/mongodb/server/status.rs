//! `/mongodb/{scope}/server`.

use crate::backend::mongodb::Server;
use crate::error::Result;
use crate::request::context::Context;
use crate::request::params::Nothing;
use crate::request::reply::Reply;

pub(super) async fn status(cx: &Context, _input: Nothing) -> Result<Reply<Server>> {
    let client = cx.mongodb().await?;
    Reply::of(&cx.side_by_side(&client).await.server().await?)
}
