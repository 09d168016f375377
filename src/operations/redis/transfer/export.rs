//! Keys with their values, as they are found.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::input::{Bytes, Encoding};
use super::super::key_set::KeySet;
use super::sealed::Seals;
use super::values::Values;
use crate::backend::redis::Client;
use crate::backend::redis::keyspace::selection::Selection;
use crate::backend::redis::server::info::Depth;
use crate::error::Result;
use crate::json::Writer;
use crate::operations::clients::Leased;
use crate::request::context::Context;
use crate::request::feed::{Format, Sink};
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

/// `redis.export`
pub(super) async fn filtered(cx: &Context, input: ExportInput) -> Result<Reply> {
    let pattern = input.pattern.map(|pattern| pattern.decode(input.encoding)).transpose()?;
    let pattern = pattern.map(Bytes);
    let mut filter = Writer::new();
    filter.raw(b"{");
    let mut first = true;
    if let Some(pattern) = &pattern {
        filter.comma(&mut first);
        filter.key("pattern");
        filter.text_or_bytes(&pattern.0);
    }
    if let Some(type_name) = &input.type_name {
        filter.comma(&mut first);
        filter.key("type");
        filter.string(type_name);
    }
    filter.raw(b"}");
    let key_set = KeySet::new(None, pattern, input.type_name)?;
    start(cx, key_set, filter, input.cursor).await
}

/// `redis.export.keys`
pub(super) async fn listed(cx: &Context, input: ExportKeysInput) -> Result<Reply> {
    let mut filter = Writer::new();
    filter.raw(b"{\"keys\":");
    filter.value(&input.keys.len())?;
    filter.raw(b"}");
    let key_set = KeySet::new(Some(input.keys), None, None)?;
    start(cx, key_set, filter, input.cursor).await
}

async fn start(
    cx: &Context,
    key_set: KeySet,
    filter: Writer,
    cursor: Option<String>,
) -> Result<Reply> {
    let mut selection = key_set.selection();
    if let Some(cursor) = &cursor {
        selection = selection.resume(cursor)?;
    }
    let client = cx.redis().await?;
    // Where the user may not know, the header does without.
    let info = client.info(Depth::Usual, cx.deadline).await.ok();
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let mut header = Writer::new();
    header.raw(b"{\"redis_export\":1,\"at\":");
    header.value(&at)?;
    header.raw(b",\"server\":{\"version\":");
    header.value(&info.as_ref().and_then(|info| info.sections.version()))?;
    header.raw(b",\"mode\":");
    header.value(&info.as_ref().and_then(|info| info.sections.mode()))?;
    header.raw(b"},\"filter\":");
    header.raw(filter.into_bytes());
    if let Some(cursor) = cursor {
        header.raw(b",\"continues\":");
        header.string(&cursor);
    }
    header.raw(b"}");
    let name = format!("redis-{}.ndjson", cx.connection()?.identifier);
    let values = Values::new(Seals::of(cx)?);
    let export = Export { client, selection, values, checked: Instant::now(), at: 0 };
    let reply =
        Reply::stream(cx, Format::Ndjson, move |cx, sink| Box::pin(export.run(cx, header, sink)))?;
    Ok(reply.named(name))
}

struct Export {
    client: Leased<Client>,
    selection: Selection,
    values: Values,
    /// When the last checkpoint was made, and at which byte.
    checked: Instant,
    at: u64,
}

impl Export {
    async fn run(mut self, cx: &Context, header: Writer, sink: &mut Sink) -> Result<()> {
        self.values
            .ledger
            .line(sink, |out| {
                out.raw(header.into_bytes());
                Ok(())
            })
            .await?;
        sink.flush().await?;
        let mut work = FIRST_WORK;
        loop {
            self.selection.set_work(work);
            let Some(found) = self.selection.next(&self.client, cx.step()).await? else { break };
            let before = self.values.ledger.bytes();
            for keys in found.keys.chunks(BATCH) {
                self.values.keys(cx, &self.client, keys, sink).await?;
            }
            self.checkpoint(sink).await?;
            work = next_work(work, self.values.ledger.bytes() - before);
        }
        let ledger = &self.values.ledger;
        sink.record(|out| {
            out.raw(b"{\"end\":{");
            ledger.write(out);
            out.raw(b",\"may_be_incomplete\":");
            out.boolean(self.selection.may_be_incomplete());
            out.raw(b",\"exact\":");
            out.boolean(self.values.has_each_once());
            out.raw(b"}}");
            Ok(())
        })
        .await
    }

    /// Everything that was found before is written.
    async fn checkpoint(&mut self, sink: &mut Sink) -> Result<()> {
        let written = self.values.ledger.bytes() - self.at;
        if written < CHECKPOINT_BYTES && self.checked.elapsed() < CHECKPOINT_EVERY {
            return Ok(());
        }
        let mut numbers = Writer::new();
        self.values.ledger.write(&mut numbers);
        let cursor = self.selection.cursor();
        self.values
            .ledger
            .line(sink, |out| {
                out.raw(b"{\"checkpoint\":{\"cursor\":");
                out.string(&cursor);
                out.raw(b",");
                out.raw(numbers.into_bytes());
                out.raw(b"}}");
                Ok(())
            })
            .await?;
        (self.checked, self.at) = (Instant::now(), self.values.ledger.bytes());
        sink.flush().await
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
