//! What takes the memory: once within a budget, or growing while it is measured.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::redis::keyspace::{Filter, starting_with};
use crate::backend::redis::server::memory::{MemoryReport, Sample};
use crate::error::{Error, Result};
use crate::operations::redis::input::{Bytes, Encoding, MAX_LIMIT, limit};
use crate::operations::redis::keys::{budget, depth, separator, type_name};
use crate::request::context::{Accept, Context};
use crate::request::params::up_to;
use crate::request::reply::Reply;

const DEFAULT_PREFIXES: usize = 100;
const DEFAULT_TOP: usize = 50;
const DEFAULT_SAMPLES: u32 = 5;

/// Measuring more elements of one collection holds the server up.
const MAX_SAMPLES: u32 = 1000;

/// A stream goes on for as long as somebody reads it.
const NO_END: Duration = Duration::from_secs(365 * 24 * 3600);

/// How often a stream tells what is known by then.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// What to measure.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemoryInput {
    /// Only keys that begin with this, whatever characters it has.
    prefix: Option<Bytes>,
    /// Only keys of this type.
    #[serde(rename = "type")]
    type_name: Option<String>,
    /// What ends a part of a prefix, 1 to 16 bytes; default `:`.
    separator: Option<Bytes>,
    /// How `prefix` and `separator` are spelt.
    #[serde(default)]
    encoding: Encoding,
    /// Parts that a prefix has at most, 1 to 8; default 1.
    depth: Option<u32>,
    /// Prefixes that are told apart, the largest first, 1 to 1000; default 100.
    limit: Option<usize>,
    /// The largest keys, and the most used ones, that are named, 1 to 1000; default 50.
    top: Option<usize>,
    /// Elements of a collection that are measured, 1 to 1000; default 5.
    samples: Option<u32>,
    /// Keys that are examined; default 100 000, at most 1 000 000. A stream goes on to the end
    /// unless asked otherwise.
    max_examined: Option<u64>,
    /// Milliseconds after which the answer is given as it is; default 2000, from 10 to 10 000. A
    /// stream goes on to the end unless asked otherwise.
    max_ms: Option<u64>,
}

pub(super) async fn analyse(cx: &Context, input: MemoryInput) -> Result<Reply<MemoryReport>> {
    let mut budget = budget(input.max_examined, input.max_ms);
    if cx.accept != Accept::Json {
        budget.examined = input.max_examined.map_or(u64::MAX, |_| budget.examined);
        budget.time = input.max_ms.map_or(NO_END, |_| budget.time);
    }
    let sample = sample(input)?;
    let client = cx.redis().await?;
    if cx.accept == Accept::Json {
        let mut analysis = client.measure(&sample, budget, cx.deadline).await?;
        while !analysis.has_ended() {
            analysis.step(cx.deadline).await?;
        }
        return Reply::of(&analysis.report());
    }
    Reply::stream(cx, cx.records(), move |cx, sink| {
        Box::pin(async move {
            let mut analysis = client.measure(&sample, budget, cx.step()).await?;
            let mut told: Option<Instant> = None;
            while !analysis.has_ended() {
                analysis.step(cx.step()).await?;
                if analysis.has_ended() || told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                    let report = analysis.report();
                    sink.record(|out| out.value(&report)).await?;
                    sink.flush().await?;
                    told = Some(Instant::now());
                }
            }
            Ok(())
        })
    })
}

fn sample(input: MemoryInput) -> Result<Sample> {
    let depth = depth(input.depth)?;
    let samples = input.samples.unwrap_or(DEFAULT_SAMPLES);
    if !(1..=MAX_SAMPLES).contains(&samples) {
        return Err(Error::validation(format!("`samples` is from 1 to {MAX_SAMPLES}")));
    }
    let prefix = input.prefix.map(|prefix| prefix.decode(input.encoding)).transpose()?;
    Ok(Sample {
        filter: Filter {
            pattern: prefix.map(|prefix| starting_with(&prefix)),
            type_name: input.type_name.map(type_name).transpose()?,
        },
        separator: separator(input.separator.as_ref(), input.encoding)?,
        depth,
        limit: limit(input.limit, DEFAULT_PREFIXES)?,
        top: up_to("top", input.top.unwrap_or(DEFAULT_TOP), MAX_LIMIT, "")?,
        samples,
    })
}
