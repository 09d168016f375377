//! Who consumes a stream.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::input::{Bytes, Encoding};
use super::{KeyInput, cursor};
use crate::backend::redis::values::consumers::{
    GroupConsumers, PendingPage, PendingQuery, StreamGroups,
};
use crate::error::Result;
use crate::request::context::Context;
use crate::request::params::up_to;
use crate::request::reply::Reply;

const DEFAULT_COUNT: u64 = 100;
const MAX_COUNT: u64 = 1000;

pub(super) async fn groups(cx: &Context, input: KeyInput) -> Result<Reply<StreamGroups>> {
    let key = input.decoded()?;
    Reply::of(&cx.redis().await?.groups(&key, cx.deadline).await?)
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

pub(super) async fn consumers(cx: &Context, input: GroupInput) -> Result<Reply<GroupConsumers>> {
    let (key, group) = (input.key.decode(input.encoding)?, input.group.decode(input.encoding)?);
    Reply::of(&cx.redis().await?.consumers(&key, &group, cx.deadline).await?)
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

pub(super) async fn pending(cx: &Context, input: PendingInput) -> Result<Reply<PendingPage>> {
    let key = input.key.decode(input.encoding)?;
    let count = input.count.unwrap_or(DEFAULT_COUNT);
    let count = up_to("count", count, MAX_COUNT, "; use `cursor` for the others")?;
    let wanted = PendingQuery {
        group: input.group.decode(input.encoding)?,
        consumer: input.consumer.map(|name| name.decode(input.encoding)).transpose()?,
        min: input.min,
        max: input.max,
        min_idle_ms: input.min_idle_ms,
        cursor: cursor(input.cursor)?,
        count,
    };
    Reply::of(&cx.redis().await?.pending(&key, &wanted, cx.deadline).await?)
}
