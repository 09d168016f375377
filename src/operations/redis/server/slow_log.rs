//! The log of slow commands.

use schemars::JsonSchema;
use serde::Deserialize;

use super::MAX_LIMIT;
use crate::backend::redis::server::slow_log::SlowLog;
use crate::error::Result;
use crate::request::context::Context;
use crate::request::params::up_to;
use crate::request::reply::Reply;

/// As many as a server keeps unless told otherwise.
const DEFAULT_LIMIT: usize = 128;

/// How much of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SlowLogInput {
    /// Entries, the latest first, 1 to 1000; default 128.
    limit: Option<usize>,
}

pub(super) async fn list(cx: &Context, input: SlowLogInput) -> Result<Reply<SlowLog>> {
    let limit = up_to("limit", input.limit.unwrap_or(DEFAULT_LIMIT), MAX_LIMIT)?;
    let client = cx.redis().await?;
    Reply::of(&client.slow_log(limit, cx.deadline).await?)
}
