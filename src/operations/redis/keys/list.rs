//! Pages of the keyspace.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::input::{Bytes, Encoding};
use super::cursor;
use crate::backend::redis::keyspace::scan::{KeyPage, Scan};
use crate::backend::redis::keyspace::{Budget, Columns, Filter, starting_with};
use crate::error::{Error, Result};
use crate::request::context::Context;
use crate::request::params::up_to;
use crate::request::reply::Reply;

/// Keys of a page, unless asked otherwise.
const DEFAULT_COUNT: u32 = 100;

/// Most keys of a page.
const MAX_COUNT: u32 = 1000;

/// Keys that one answer examines, unless asked otherwise, and at most.
const DEFAULT_EXAMINED: u64 = 100_000;
const MAX_EXAMINED: u64 = 1_000_000;

/// Milliseconds that looking takes, unless asked otherwise, at least and at most.
const DEFAULT_MS: u64 = 2_000;
const MIN_MS: u64 = 10;
const MAX_MS: u64 = 10_000;

/// What is told of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum KeyDetail {
    Type,
    Ttl,
    Size,
    Encoding,
}

/// Which keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeysListInput {
    /// Glob pattern; without special characters it names one key. Default: all keys.
    pattern: Option<Bytes>,
    /// Only keys that begin with this, whatever characters it has; instead of `pattern`.
    prefix: Option<Bytes>,
    /// How `pattern` or `prefix` is spelt.
    #[serde(default)]
    encoding: Encoding,
    /// Only keys of this type: `string`, `hash`, `list`, `set`, `zset`, `stream`, or a module's.
    #[serde(rename = "type")]
    type_name: Option<String>,
    /// `"0"` at first, then the `cursor` of the last page; the last page has `"0"` again.
    cursor: Option<Bytes>,
    /// Keys per page, 1 to 1000; default 100. A page may have a few more, and fewer.
    count: Option<u32>,
    /// Keys that are examined before the page is given as it is; default 100 000, at most
    /// 1 000 000. It may be exceeded by one call's work.
    max_examined: Option<u64>,
    /// Milliseconds after which the page is given as it is; default 2000, from 10 to 10 000.
    max_ms: Option<u64>,
    /// What is told of each key; default `type,ttl,size`.
    with: Option<Vec<KeyDetail>>,
}

pub(super) async fn list(cx: &Context, input: KeysListInput) -> Result<Reply<KeyPage>> {
    let count = input.count.unwrap_or(DEFAULT_COUNT);
    let count = up_to("count", count, MAX_COUNT, "; use `cursor` for the others")?;
    let decode = |name: Bytes| name.decode(input.encoding);
    let pattern = match (input.pattern, input.prefix) {
        (Some(_), Some(_)) => {
            return Err(Error::validation("give `pattern` or `prefix`, not both"));
        }
        (pattern, None) => pattern.map(decode).transpose()?,
        (None, Some(prefix)) => Some(starting_with(&decode(prefix)?)),
    };
    let with = input.with.unwrap_or_else(|| vec![KeyDetail::Type, KeyDetail::Ttl, KeyDetail::Size]);
    let scan = Scan {
        filter: Filter { pattern, type_name: input.type_name.map(type_name).transpose()? },
        cursor: cursor(input.cursor)?.unwrap_or_else(|| "0".to_owned()),
        count,
        budget: budget(input.max_examined, input.max_ms),
        with: Columns {
            type_name: with.contains(&KeyDetail::Type),
            ttl: with.contains(&KeyDetail::Ttl),
            size: with.contains(&KeyDetail::Size),
            encoding: with.contains(&KeyDetail::Encoding),
        },
    };
    let client = cx.redis().await?;
    let mut out = Reply::open();
    client.scan(&scan, &mut out, cx.deadline).await?;
    Ok(Reply::close(out))
}

/// What one answer may cost; wishes beyond the limits are held to them.
pub(crate) fn budget(max_examined: Option<u64>, max_ms: Option<u64>) -> Budget {
    let time = max_ms.unwrap_or(DEFAULT_MS).clamp(MIN_MS, MAX_MS);
    Budget {
        examined: max_examined.unwrap_or(DEFAULT_EXAMINED).clamp(1, MAX_EXAMINED),
        time: Duration::from_millis(time),
    }
}

/// Type names are words; anything else can't be one.
pub(crate) fn type_name(name: String) -> Result<String> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if name.is_empty() || !name.bytes().all(word) {
        return Err(Error::validation("`type` is not the name of a type"));
    }
    Ok(name)
}
