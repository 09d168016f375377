//! Keys with their values, as they are found.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::input::{Bytes, Encoding};
use super::super::key_set::KeySet;
use super::export_line::{Checkpoint, ExportEnd, ExportFilter, ExportLine, ExportedFrom, Header};
use super::sealed::Seals;
use super::values::Values;
use crate::backend::redis::keyspace::selection::Selection;
use crate::backend::redis::server::info::{Depth, Sections};
use crate::error::Result;
use crate::json::TextOrBytes;
use crate::request::context::Context;
use crate::request::feed::Format;
use crate::request::reply::Reply;

/// Keys that are described together.
const BATCH: usize = 250;

/// Keys that are looked at first; how large their values are is not yet known.
const FIRST_WORK: u64 = 100;

/// What lies between two checkpoints: what is done again after a cut.
const CHECKPOINT_BYTES: u64 = 4 << 20;
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);

/// Which keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportInput {
    /// Glob pattern; default: all keys.
    pattern: Option<Bytes>,
    /// How `pattern` is spelt.
    #[serde(default)]
    encoding: Encoding,
    /// Only keys of this type.
    #[serde(rename = "type")]
    type_name: Option<String>,
    /// The last checkpoint's, to go on where an export was cut off; with the same pattern and type.
    cursor: Option<String>,
}

/// Which keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportKeysInput {
    /// These keys, at most 100,000; those that are not there are left out.
    keys: Vec<Bytes>,
    /// The last checkpoint's, to go on where an export was cut off; with the same keys.
    cursor: Option<String>,
}

/// Keys that have something in common.
pub(super) async fn filtered(cx: &Context, input: ExportInput) -> Result<Reply<ExportLine>> {
    let pattern = input.pattern.map(|pattern| pattern.decode(input.encoding)).transpose()?;
    let filter = ExportFilter {
        pattern: pattern.clone().map(TextOrBytes),
        type_name: input.type_name.clone(),
        keys: None,
    };
    let key_set = KeySet::new(None, pattern.map(Bytes), input.type_name)?;
    start(cx, key_set, filter, input.cursor).await
}

/// Keys by their names.
pub(super) async fn listed(cx: &Context, input: ExportKeysInput) -> Result<Reply<ExportLine>> {
    let filter = ExportFilter { keys: Some(input.keys.len()), ..ExportFilter::default() };
    let key_set = KeySet::new(Some(input.keys), None, None)?;
    start(cx, key_set, filter, input.cursor).await
}

async fn start(
    cx: &Context,
    key_set: KeySet,
    filter: ExportFilter,
    cursor: Option<String>,
) -> Result<Reply<ExportLine>> {
    let mut selection = key_set.selection();
    if let Some(cursor) = &cursor {
        selection = selection.resume(cursor)?;
    }
    let client = cx.redis().await?;
    // Where the user may not know, the header does without.
    let info = client.info(Depth::Usual, cx.deadline).await.ok();
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let sections = info.as_ref().map(|info| &info.sections);
    let server = ExportedFrom {
        version: sections.and_then(Sections::version),
        mode: sections.and_then(Sections::mode),
    };
    let at = u64::try_from(at).unwrap_or(u64::MAX);
    let header = Header { redis_export: 1, at, server, filter, continues: cursor };
    let name = format!("redis-{}.ndjson", cx.connection()?.identifier);
    let seals = Seals::of(cx)?;
    let reply = Reply::stream(cx, Format::Ndjson, move |cx, sink| {
        Box::pin(async move {
            let values = Values::new(cx, &client, sink, seals);
            let export = Export { selection, values, checked: Instant::now(), at: 0 };
            export.run(header).await
        })
    })?;
    Ok(reply.named(name))
}

struct Export<'a> {
    selection: Selection,
    values: Values<'a>,
    /// When the last checkpoint was made, and at which byte.
    checked: Instant,
    at: u64,
}

impl Export<'_> {
    async fn run(mut self, header: Header) -> Result<()> {
        self.values.ledger.line(self.values.sink, |out| out.value(&header)).await?;
        self.values.sink.flush().await?;
        let mut work = FIRST_WORK;
        loop {
            self.selection.set_work(work);
            let step = self.values.cx.step();
            let Some(found) = self.selection.next(self.values.client, step).await? else { break };
            let before = self.values.ledger.bytes;
            for keys in found.keys.chunks(BATCH) {
                self.values.keys(keys).await?;
            }
            self.checkpoint().await?;
            work = next_work(work, self.values.ledger.bytes - before);
        }
        let end = ExportEnd {
            sums: self.values.ledger.sums(),
            may_be_incomplete: self.selection.may_be_incomplete(),
            exact: self.values.has_each_once(),
        };
        self.values.ledger.member(self.values.sink, "end", &end).await
    }

    /// Everything that was found before is written.
    async fn checkpoint(&mut self) -> Result<()> {
        let written = self.values.ledger.bytes - self.at;
        if written < CHECKPOINT_BYTES && self.checked.elapsed() < CHECKPOINT_EVERY {
            return Ok(());
        }
        let sums = self.values.ledger.sums();
        let checkpoint = Checkpoint { cursor: self.selection.cursor(), sums };
        self.values.ledger.member(self.values.sink, "checkpoint", &checkpoint).await?;
        (self.checked, self.at) = (Instant::now(), self.values.ledger.bytes);
        self.values.sink.flush().await
    }
}

/// How many keys to look at, so that what they give fits between two checkpoints.
fn next_work(last: u64, bytes: u64) -> u64 {
    let fits = last.saturating_mul(CHECKPOINT_BYTES) / bytes.max(1);
    fits.clamp(1, last.saturating_mul(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_done_again_after_a_cut() {
        assert_eq!(next_work(100, 400 << 20), 1);
        assert_eq!(next_work(100, 8 << 20), 50);
        assert_eq!(next_work(100, 0), 400);
        assert_eq!(next_work(1, 1 << 30), 1);
    }
}
