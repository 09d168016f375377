//! Keys: listing, reading, writing, deleting, expiring.

use schemars::JsonSchema;
use serde::Deserialize;

use super::input::{Bytes, Encoding, seconds};
use super::value::{self, ValueType};
use crate::api::reply::Reply;
use crate::backend::redis::read::Window;
use crate::backend::redis::scan::{Scan, With};
use crate::backend::redis::write::Condition;
use crate::context::Context;
use crate::error::{Code, Error, Result};

/// Keys of a page, unless asked otherwise.
const DEFAULT_COUNT: u32 = 100;

/// Most keys of a page.
const MAX_COUNT: u32 = 1000;

/// What is told of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Detail {
    Type,
    Ttl,
    Size,
    Encoding,
}

/// Which keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListInput {
    /// Glob pattern; without special characters it names one key. Default: all keys.
    pattern: Option<Bytes>,
    /// Only keys of this type: `string`, `hash`, `list`, `set`, `zset`, `stream`, or a module's.
    #[serde(rename = "type")]
    type_name: Option<String>,
    /// `"0"` at first, then the `cursor` of the last page; the last page has `"0"` again.
    cursor: Option<Bytes>,
    /// Keys per page, 1 to 1000; default 100. A page may have a few more, and fewer.
    count: Option<u32>,
    /// What is told of each key; default `type,ttl,size`.
    with: Option<Vec<Detail>>,
}

/// `redis.keys.list`
pub(super) async fn list(cx: &Context, input: ListInput) -> Result<Reply> {
    let count = input.count.unwrap_or(DEFAULT_COUNT);
    if count == 0 {
        return Err(Error::validation("`count` must be at least 1"));
    }
    if count > MAX_COUNT {
        return Err(Error::new(
            Code::PayloadTooLarge,
            format!("a page has at most {MAX_COUNT} keys; use `cursor` for the others"),
        ));
    }
    let with = input.with.unwrap_or_else(|| vec![Detail::Type, Detail::Ttl, Detail::Size]);
    let scan = Scan {
        pattern: input.pattern.map(|pattern| pattern.0),
        type_name: input.type_name.map(type_name).transpose()?,
        cursor: cursor(input.cursor)?.unwrap_or_else(|| "0".to_owned()),
        count,
        with: With {
            type_name: with.contains(&Detail::Type),
            ttl: with.contains(&Detail::Ttl),
            size: with.contains(&Detail::Size),
            encoding: with.contains(&Detail::Encoding),
        },
    };
    let client = cx.redis().await?;
    let mut out = Reply::open();
    client.scan(&scan, &mut out, cx.deadline).await?;
    Ok(Reply::close(out))
}

/// Type names are words; anything else can't be one.
pub(super) fn type_name(name: String) -> Result<String> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if name.is_empty() || !name.bytes().all(word) {
        return Err(Error::validation("`type` is not the name of a type"));
    }
    Ok(name)
}

/// A cursor is text; a number is what older code sends.
fn cursor(cursor: Option<Bytes>) -> Result<Option<String>> {
    let invalid = |_| Error::validation("`cursor` is not text");
    cursor.map(|cursor| String::from_utf8(cursor.0).map_err(invalid)).transpose()
}

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

/// A key and its new value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetInput {
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
pub(super) async fn set(cx: &Context, input: SetInput) -> Result<Reply> {
    let key = input.key.decode(input.encoding)?;
    let value = value::parse(input.value_type, input.value)?;
    let ttl = seconds(input.ttl)?;
    let condition = condition(input.nx, input.xx)?;
    let client = cx.redis().await?;
    client.write(&key, &value, ttl, condition, cx.deadline).await?;
    written(&key, value.type_name(), ttl)
}

/// `nx` and `xx` as one condition.
pub(super) fn condition(nx: bool, xx: bool) -> Result<Option<Condition>> {
    match (nx, xx) {
        (false, false) => Ok(None),
        (true, false) => Ok(Some(Condition::Absent)),
        (false, true) => Ok(Some(Condition::Present)),
        (true, true) => Err(Error::validation("`nx` and `xx` exclude each other")),
    }
}

/// The answer of a write: `{ key, type, ttl }`.
pub(super) fn written(key: &[u8], type_name: &str, ttl: Option<u64>) -> Result<Reply> {
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

/// A key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyInput {
    /// The key.
    key: Bytes,
    /// How the key is spelt.
    #[serde(default)]
    encoding: Encoding,
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

/// A key and the time that it has left.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpireInput {
    /// The key.
    key: Bytes,
    /// How the key is spelt.
    #[serde(default)]
    encoding: Encoding,
    /// Seconds to live; −1 is for ever.
    ttl: i64,
}

/// `redis.keys.expire`
pub(super) async fn expire(cx: &Context, input: ExpireInput) -> Result<Reply> {
    let key = input.key.decode(input.encoding)?;
    let ttl = seconds(Some(input.ttl))?;
    let client = cx.redis().await?;
    client.expire(&key, ttl, cx.deadline).await?;
    Reply::write(|out| {
        out.raw(b"{\"key\":");
        out.text_or_bytes(&key);
        out.raw(b",\"ttl\":");
        out.integer(input.ttl);
        out.raw(b"}");
        Ok(())
    })
}
