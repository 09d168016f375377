//! The keyspace as a tree of namespaces: once, or growing while it is counted.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::input::{Bytes, Encoding};
use super::cursor;
use super::list::{budget, type_name};
use crate::backend::redis::keyspace::tree::{Outline, Tree};
use crate::backend::redis::keyspace::{Filter, starting_with};
use crate::error::{Error, Result};
use crate::request::context::{Accept, Context};
use crate::request::params::up_to;
use crate::request::reply::Reply;

const DEFAULT_LIMIT: usize = 1000;

/// Namespaces and keys of one JSON answer, and of a stream, at most.
const MAX_LIMIT: usize = 1000;
const MAX_STREAM_LIMIT: usize = 10_000;

const MAX_DEPTH: u32 = 8;
const MAX_SEPARATOR: usize = 16;

/// How often a stream tells what is new.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// What to count.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TreeInput {
    /// Only keys that begin with this, whatever characters it has: the `prefix` of a namespace.
    prefix: Option<Bytes>,
    /// What ends a namespace, 1 to 16 bytes; default `:`.
    separator: Option<Bytes>,
    /// How `prefix` and `separator` are spelt.
    #[serde(default)]
    encoding: Encoding,
    /// Levels below the prefix that are counted, 1 to 8; default 1.
    depth: Option<u32>,
    /// Only keys of this type.
    #[serde(rename = "type")]
    type_name: Option<String>,
    /// Namespaces that are told apart, and keys whose names are given; default 1000, which is also
    /// the most; 10 000 as a stream. The keys of further ones are counted in `other_keys`.
    limit: Option<usize>,
    /// Where the answer before ended. Counts are of this answer alone: add them up.
    cursor: Option<Bytes>,
    /// Keys that are examined before the answer is given as it is; default 100 000, at most
    /// 1 000 000. A stream goes on to the end.
    max_examined: Option<u64>,
    /// Milliseconds after which the answer is given as it is; default 2000, from 10 to 10 000. A
    /// stream goes on to the end.
    max_ms: Option<u64>,
}

pub(super) async fn tree(cx: &Context, input: TreeInput) -> Result<Reply<Tree>> {
    let is_stream = cx.accept != Accept::Json;
    let outline = outline(&input, if is_stream { MAX_STREAM_LIMIT } else { MAX_LIMIT })?;
    let filter = Filter {
        pattern: Some(starting_with(&outline.prefix)),
        type_name: input.type_name.map(type_name).transpose()?,
    };
    let cursor = cursor(input.cursor)?.unwrap_or_else(|| "0".to_owned());
    let client = cx.redis().await?;
    if !is_stream {
        let budget = budget(input.max_examined, input.max_ms);
        let mut walk = client.tree(&outline, &filter, &cursor, Some(budget))?;
        walk.ask_total(cx.deadline).await?;
        while !walk.has_ended() {
            walk.step(cx.deadline).await?;
        }
        return Reply::write(|out| walk.write(out));
    }
    // A cursor that is not one is refused before the stream begins.
    drop(client.tree(&outline, &filter, &cursor, None)?);
    Reply::stream(cx, cx.records(), move |cx, sink| {
        Box::pin(async move {
            let mut walk = client.tree(&outline, &filter, &cursor, None)?;
            walk.ask_total(cx.step()).await?;
            let mut told: Option<Instant> = None;
            while !walk.has_ended() {
                walk.step(cx.step()).await?;
                if walk.has_ended() || told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                    sink.record(|out| walk.write(out)).await?;
                    sink.flush().await?;
                    told = Some(Instant::now());
                }
            }
            Ok(())
        })
    })
}

/// What ends a namespace.
pub(crate) fn separator(input: Option<&Bytes>, encoding: Encoding) -> Result<Vec<u8>> {
    let separator = match input {
        Some(separator) => separator.clone().decode(encoding)?,
        None => b":".to_vec(),
    };
    if separator.is_empty() || separator.len() > MAX_SEPARATOR {
        return Err(Error::validation(format!("`separator` has 1 to {MAX_SEPARATOR} bytes")));
    }
    Ok(separator)
}

/// How many levels are told apart.
pub(crate) fn depth(wanted: Option<u32>) -> Result<u32> {
    let depth = wanted.unwrap_or(1);
    if (1..=MAX_DEPTH).contains(&depth) {
        return Ok(depth);
    }
    Err(Error::validation(format!("`depth` is from 1 to {MAX_DEPTH}")))
}

fn outline(input: &TreeInput, max_limit: usize) -> Result<Outline> {
    let separator = separator(input.separator.as_ref(), input.encoding)?;
    let depth = depth(input.depth)?;
    let limit = input.limit.unwrap_or(DEFAULT_LIMIT);
    let limit = up_to("limit", limit, max_limit, "; narrow the tree with `prefix`")?;
    let prefix = input.prefix.clone().map(|prefix| prefix.decode(input.encoding)).transpose()?;
    Ok(Outline { prefix: prefix.unwrap_or_default(), separator, depth, limit })
}
