//! Writing whole keys, and deleting them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::input::{Bytes, Encoding, seconds};
use super::super::value::{self, ValueType};
use super::KeyInput;
use crate::backend::redis::values::Condition;
use crate::error::{Error, Result};
use crate::request::context::Context;
use crate::request::reply::Reply;

/// A key and its new value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeysSetInput {
    /// The key.
    key: Bytes,
    /// How the key is spelt.
    #[serde(default)]
    encoding: Encoding,
    /// A string or number; an object or `[[field, value], …]` for a hash; an array for a list or
    /// set; `[{ member, score }, …]` for a sorted set; `[{ id?, fields }, …]` for a stream.
    value: serde_json::Value,
    /// Default: what the value looks like: `string`, `hash` or `list`.
    #[serde(rename = "type")]
    value_type: Option<ValueType>,
    /// Seconds to live; −1, the default, is for ever.
    ttl: Option<i64>,
    /// Only if the key does not exist.
    #[serde(default)]
    nx: bool,
    /// Only if the key exists.
    #[serde(default)]
    xx: bool,
}

/// `redis.keys.set`
pub(super) async fn set(cx: &Context, input: KeysSetInput) -> Result<Reply> {
    let key = input.key.decode(input.encoding)?;
    let value = value::parse(input.value_type, input.value)?;
    let ttl = seconds(input.ttl)?;
    let condition = condition(input.nx, input.xx)?;
    let client = cx.redis().await?;
    client.write(&key, &value, ttl, condition, cx.deadline).await?;
    written(&key, value.type_name(), ttl)
}

/// `nx` and `xx` as one condition.
pub(in super::super) fn condition(nx: bool, xx: bool) -> Result<Option<Condition>> {
    match (nx, xx) {
        (false, false) => Ok(None),
        (true, false) => Ok(Some(Condition::Absent)),
        (false, true) => Ok(Some(Condition::Present)),
        (true, true) => Err(Error::validation("`nx` and `xx` exclude each other")),
    }
}

/// The answer of a write: `{ key, type, ttl }`.
pub(in super::super) fn written(key: &[u8], type_name: &str, ttl: Option<u64>) -> Result<Reply> {
    Reply::write(|out| {
        out.raw(b"{\"key\":");
        out.text_or_bytes(key);
        out.raw(b",\"type\":");
        out.string(type_name);
        out.raw(b",\"ttl\":");
        out.integer(ttl.map_or(-1, u64::cast_signed));
        out.raw(b"}");
        Ok(())
    })
}

/// `redis.keys.delete`
pub(super) async fn delete(cx: &Context, input: KeyInput) -> Result<Reply> {
    let key = input.key.decode(input.encoding)?;
    let client = cx.redis().await?;
    let deleted = client.delete(&key, cx.deadline).await?;
    Reply::write(|out| {
        out.raw(b"{\"key\":");
        out.text_or_bytes(&key);
        out.raw(b",\"deleted\":");
        out.integer(deleted.into());
        out.raw(b"}");
        Ok(())
    })
}
