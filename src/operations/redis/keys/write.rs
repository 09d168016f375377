//! Writing whole keys, and deleting them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::input::{Bytes, Encoding, seconds};
use super::super::value;
use super::KeyInput;
use crate::backend::redis::values::{Condition, NativeType};
use crate::error::{Error, Result};
use crate::json::{Integer64, TextOrBytes};
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
    value_type: Option<NativeType>,
    /// Seconds to live; −1, the default, is for ever.
    ttl: Option<i64>,
    /// Only if the key does not exist.
    #[serde(default)]
    nx: bool,
    /// Only if the key exists.
    #[serde(default)]
    xx: bool,
}

/// A key that was written.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WrittenKey {
    /// The key.
    key: TextOrBytes,
    /// What it is now.
    #[serde(rename = "type")]
    value_type: NativeType,
    /// Seconds to live, as given; −1 is for ever.
    ttl: Integer64,
}

impl WrittenKey {
    pub(crate) fn new(key: Vec<u8>, value_type: NativeType, ttl: Option<u64>) -> Self {
        let ttl = Integer64(ttl.map_or(-1, u64::cast_signed));
        Self { key: TextOrBytes(key), value_type, ttl }
    }
}

pub(super) async fn set(cx: &Context, input: KeysSetInput) -> Result<Reply<WrittenKey>> {
    let key = input.key.decode(input.encoding)?;
    let value = value::parse(input.value_type, input.value)?;
    let ttl = seconds(input.ttl)?;
    let condition = condition(input.nx, input.xx)?;
    let client = cx.redis().await?;
    client.write(&key, &value, ttl, condition, cx.deadline).await?;
    Reply::of(&WrittenKey::new(key, value.native_type(), ttl))
}

/// `nx` and `xx` as one condition.
pub(crate) fn condition(nx: bool, xx: bool) -> Result<Option<Condition>> {
    match (nx, xx) {
        (false, false) => Ok(None),
        (true, false) => Ok(Some(Condition::Absent)),
        (false, true) => Ok(Some(Condition::Present)),
        (true, true) => Err(Error::validation("`nx` and `xx` exclude each other")),
    }
}

/// A key that is gone.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DeletedKey {
    /// The key.
    key: TextOrBytes,
    /// 1, or 0 where there was no such key.
    deleted: u8,
}

pub(super) async fn delete(cx: &Context, input: KeyInput) -> Result<Reply<DeletedKey>> {
    let key = input.decoded()?;
    let client = cx.redis().await?;
    let deleted = client.delete(&key, cx.deadline).await?;
    Reply::of(&DeletedKey { key: TextOrBytes(key), deleted: deleted.into() })
}
