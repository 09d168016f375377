//! The short way to strings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{Bytes, Encoding, seconds};
use super::keys::{KeyInput, WrittenKey, condition};
use crate::backend::redis::values::NativeType;
use crate::error::Result;
use crate::json::TextOrBytes;
use crate::request::context::Context;
use crate::request::reply::Reply;

/// A key and its string.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct StringKey {
    /// The key.
    key: TextOrBytes,
    /// The string; `null` if there is no such key.
    value: Option<TextOrBytes>,
}

pub(super) async fn get(cx: &Context, input: KeyInput) -> Result<Reply<StringKey>> {
    let key = input.decoded()?;
    let client = cx.redis().await?;
    let value = client.get(&key, cx.deadline).await?;
    Reply::of(&StringKey { key: TextOrBytes(key), value: value.map(TextOrBytes) })
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

pub(super) async fn set(cx: &Context, input: SetInput) -> Result<Reply<WrittenKey>> {
    let key = input.key.decode(input.encoding)?;
    let ttl = seconds(input.ttl)?;
    let condition = condition(input.nx, input.xx)?;
    let client = cx.redis().await?;
    client.set(&key, &input.value.0, ttl, condition, cx.deadline).await?;
    Reply::of(&WrittenKey::new(key, NativeType::String, ttl))
}
