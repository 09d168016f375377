//! Who consumes a stream.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::input::{Bytes, Encoding};
use super::{KeyInput, cursor};
use crate::backend::redis::values::consumers::PendingQuery;
use crate::error::{Code, Error, Result};
use crate::request::context::Context;
use crate::request::reply::Reply;

const DEFAULT_COUNT: u64 = 100;
const MAX_COUNT: u64 = 1000;

/// `redis.keys.groups`: `{ key, stream: { length, last_generated_id, … }, groups: [{ name,
/// consumers, pending, last_delivered_id, entries_read, lag }], truncated }`; what an older server
/// does not know is not there.
pub(super) async fn groups(cx: &Context, input: KeyInput) -> Result<Reply> {
    let key = input.key.decode(input.encoding)?;
    let client = cx.redis().await?;
    let mut out = Reply::open();
    client.groups(&key, &mut out, cx.deadline).await?;
    Ok(Reply::close(out))
}

/// A stream and one of its groups.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupInput {
    /// The key.
    key: Bytes,
    /// How key and group are spelt.
    #[serde(default)]
    encoding: Encoding,
    /// The group's name.
    group: Bytes,
}

/// `redis.keys.consumers`: `{ key, consumers: [{ name, pending, idle_ms, inactive_ms }],
/// truncated }`
pub(super) async fn consumers(cx: &Context, input: GroupInput) -> Result<Reply> {
    let (key, group) = (input.key.decode(input.encoding)?, input.group.decode(input.encoding)?);
    let client = cx.redis().await?;
    let mut out = Reply::open();
    client.consumers(&key, &group, &mut out, cx.deadline).await?;
    Ok(Reply::close(out))
}

/// Which of a group's pending entries.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PendingInput {
    /// The key.
    key: Bytes,
    /// How key, group and consumer are spelt.
    #[serde(default)]
    encoding: Encoding,
    /// The group's name.
    group: Bytes,
    /// Only those of this consumer.
    consumer: Option<Bytes>,
    /// The lowest id.
    min: Option<String>,
    /// The highest id.
    max: Option<String>,
    /// Only those that were idle for this many milliseconds.
    min_idle_ms: Option<u64>,
    /// The `cursor` of the last page; the last one has `"0"`.
    cursor: Option<Bytes>,
    /// Entries per page; default 100, at most 1000.
    count: Option<u64>,
}

/// `redis.keys.pending`: `{ key, summary: { pending, min_id, max_id, consumers }, entries: [{ id,
/// consumer, idle_ms, deliveries }], cursor }`
pub(super) async fn pending(cx: &Context, input: PendingInput) -> Result<Reply> {
    let key = input.key.decode(input.encoding)?;
    let count = input.count.unwrap_or(DEFAULT_COUNT);
    if count == 0 {
        return Err(Error::validation("`count` must be at least 1"));
    }
    if count > MAX_COUNT {
        let message = format!("a page has at most {MAX_COUNT} entries; use `cursor` for others");
        return Err(Error::new(Code::PayloadTooLarge, message));
    }
    let wanted = PendingQuery {
        group: input.group.decode(input.encoding)?,
        consumer: input.consumer.map(|name| name.decode(input.encoding)).transpose()?,
        min: input.min,
        max: input.max,
        min_idle_ms: input.min_idle_ms,
        cursor: cursor(input.cursor)?,
        count,
    };
    let client = cx.redis().await?;
    let mut out = Reply::open();
    client.pending(&key, &wanted, &mut out, cx.deadline).await?;
    Ok(Reply::close(out))
}
