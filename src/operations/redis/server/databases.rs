//! How many keys each database has.

use crate::backend::redis::server::databases::Databases;
use crate::error::Result;
use crate::request::context::Context;
use crate::request::params::Nothing;
use crate::request::reply::Reply;

pub(super) async fn list(cx: &Context, _: Nothing) -> Result<Reply<Databases>> {
    let client = cx.redis().await?;
    Reply::of(&client.databases(cx.deadline).await?)
}
