//! A key with its value, or a page of it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::input::{Bytes, Encoding};
use super::cursor;
use crate::api::reply::Reply;
use crate::backend::redis::read::Window;
use crate::context::Context;
use crate::error::{Error, Result};

/// Which key, and which part of its value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetInput {
    /// The key.
    key: Bytes,
    /// How the key is spelt.
    #[serde(default)]
    encoding: Encoding,
    /// The `cursor` of the last page of this value.
    cursor: Option<Bytes>,
    /// First byte of a string, first index of a list or sorted set.
    offset: Option<u64>,
    /// Bytes of a string (default: all, up to 16 MiB), else elements (default 100, at most 1000).
    count: Option<u64>,
}

/// `redis.keys.get`
pub(super) async fn get(cx: &Context, input: GetInput) -> Result<Reply> {
    let key = input.key.decode(input.encoding)?;
    if input.count == Some(0) {
        return Err(Error::validation("`count` must be at least 1"));
    }
    let window = Window { cursor: cursor(input.cursor)?, offset: input.offset, count: input.count };
    let client = cx.redis().await?;
    let mut out = Reply::open();
    client.read(&key, &window, &mut out, cx.deadline).await?;
    Ok(Reply::close(out))
}
