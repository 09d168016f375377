//! The short way to strings.

use schemars::JsonSchema;
use serde::Deserialize;

use super::input::{Bytes, Encoding, seconds};
use super::keys::{condition, written};
use crate::error::Result;
use crate::request::context::Context;
use crate::request::reply::Reply;

/// A key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetInput {
    /// The key.
    key: Bytes,
    /// How the key is spelt.
    #[serde(default)]
    encoding: Encoding,
}

/// `redis.get`: `{ key, value }`, where `value` is `null` if there is no such key.
pub(super) async fn get(cx: &Context, input: GetInput) -> Result<Reply> {
    let key = input.key.decode(input.encoding)?;
    let client = cx.redis().await?;
    let mut out = Reply::open();
    out.raw(b"{\"key\":");
    out.text_or_bytes(&key);
    out.raw(b",\"value\":");
    client.get(&key, &mut out, cx.deadline).await?;
    out.raw(b"}");
    Ok(Reply::close(out))
}

/// A key and its new string.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetInput {
    /// The key.
    key: Bytes,
    /// How the key is spelt.
    #[serde(default)]
    encoding: Encoding,
    /// The string.
    value: Bytes,
    /// Seconds to live; −1, the default, is for ever.
    ttl: Option<i64>,
    /// Only if the key does not exist.
    #[serde(default)]
    nx: bool,
    /// Only if the key exists.
    #[serde(default)]
    xx: bool,
}

/// `redis.set`
pub(super) async fn set(cx: &Context, input: SetInput) -> Result<Reply> {
    let key = input.key.decode(input.encoding)?;
    let ttl = seconds(input.ttl)?;
    let condition = condition(input.nx, input.xx)?;
    let client = cx.redis().await?;
    client.set(&key, &input.value.0, ttl, condition, cx.deadline).await?;
    written(&key, "string", ttl)
}
