//! What was done so far, and how it is told.

use super::super::problems::{Problems, is_gone, write_problem};
use super::super::progress::{EndedBy, Progress};
use super::super::visits::{Fate, Visits};
use super::copy::Settled;
use super::pace::Pace;
use crate::error::{Error, Result};
use crate::json::Writer;
use crate::outcome::{Extent, Outcome};
use crate::request::feed::Sink;

/// Counts of keys, each once however often it is met.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Looked at by the server.
    pub(super) examined: u64,
    /// Meant.
    pub(super) matched: u64,
    pub(super) done: u64,
    /// There was nothing to do.
    pub(super) skipped: u64,
    pub(super) failed: u64,
    pub(super) unknown: u64,
    visits: Visits,
    problems: Problems,
    progress: Progress,
}

impl Tally {
    /// Counts what became of some keys. Fails where it makes no sense to go on: something said so, or
    /// all of them failed because no server could be reached.
    pub(super) async fn settle(&mut self, settled: Settled, sink: &mut Sink) -> Result<()> {
        let Settled { keys, over } = settled;
        for (key, result) in &keys {
            self.count(key, result, sink).await;
        }
        let error = |(_, result): &(Vec<u8>, Result<bool>)| result.as_ref().err().cloned();
        let all_gone = keys.iter().all(|key| error(key).as_ref().is_some_and(is_gone));
        match over.or_else(|| keys.first().filter(|_| all_gone).and_then(error)) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Counts what became of one key, and tells of it if it went wrong.
    async fn count(&mut self, key: &[u8], result: &Result<bool>, sink: &mut Sink) {
        let (before, now) = self.visits.note(
            key,
            match result {
                Ok(true) => Fate::Done,
                Ok(false) => Fate::Skipped,
                Err(error) if error.known_outcome() == Outcome::Unknown => Fate::Unknown,
                Err(_) => Fate::Failed,
            },
        );
        match before {
            Some(before) => *self.count_of(before) -= 1,
            None => self.matched += 1,
        }
        *self.count_of(now) += 1;
        if let Err(error) = result
            && before != Some(now)
            && self.problems.admit()
        {
            // Even if nobody reads any more, the other keys are counted.
            let telling = sink.record(|out| {
                write_problem(out, None, Some(key), error);
                Ok(())
            });
            let _ = telling.await;
        }
    }

    fn count_of(&mut self, fate: Fate) -> &mut u64 {
        match fate {
            Fate::Done => &mut self.done,
            Fate::Skipped => &mut self.skipped,
            Fate::Failed => &mut self.failed,
            Fate::Unknown => &mut self.unknown,
        }
    }

    /// Whether a key was met, and is done with.
    pub(super) fn is_done(&self, key: &[u8]) -> bool {
        self.visits.is_done(key)
    }

    /// The failure that ends the work, with what was done before it.
    pub(super) fn ended_by(&self, failure: Error, dry_run: bool) -> Error {
        let done = Extent { applied: self.done, unknown: self.unknown };
        let done = if dry_run { Extent::default() } else { done };
        let counts = self.counts().map(|(name, count)| (name.to_owned(), count.into()));
        failure.after(done, serde_json::Map::from_iter(counts))
    }

    /// Tells of the progress, unless it was told of a moment ago.
    pub(super) async fn progress(&mut self, node: Option<&str>, pace: &Pace, sink: &mut Sink) {
        if !self.progress.is_news() {
            return;
        }
        let telling = sink.record(|out| {
            out.raw(b"{\"progress\":{");
            self.write_counts(out);
            out.raw(b",\"node\":");
            out.value(&node)?;
            write_pace(out, pace);
            out.raw(b"}}");
            Ok(())
        });
        // Whether anybody reads is looked for before the next chunk.
        if telling.await.is_ok() {
            let _ = sink.flush().await;
        }
    }

    /// What the log keeps where nobody reads the last record.
    pub(super) fn log(&self, operation: &str, request_id: &str) {
        let Self { matched, done, skipped, failed, unknown, .. } = *self;
        tracing::info!(operation, request_id, matched, done, skipped, failed, unknown, "stopped");
    }

    /// The last record.
    pub(super) async fn end(
        &self,
        ended_by: EndedBy,
        may_be_incomplete: bool,
        estimated: Option<u64>,
        pace: &Pace,
        sink: &mut Sink,
    ) -> Result<()> {
        sink.record(|out| {
            out.raw(b"{\"end\":{");
            self.write_counts(out);
            out.raw(b",\"ended_by\":");
            out.string(ended_by.as_str());
            out.raw(b",\"may_be_incomplete\":");
            out.boolean(may_be_incomplete);
            out.raw(b",\"exact\":");
            out.boolean(self.visits.is_exact());
            if let Some(estimated) = estimated {
                out.raw(b",\"estimated\":");
                out.integer(estimated.cast_signed());
            }
            out.raw(b",\"problems_untold\":");
            out.integer(self.problems.untold().cast_signed());
            write_pace(out, pace);
            out.raw(b"}}");
            Ok(())
        })
        .await?;
        sink.flush().await
    }

    fn write_counts(&self, out: &mut Writer) {
        let mut first = true;
        for (name, count) in self.counts() {
            out.comma(&mut first);
            out.key(name);
            out.integer(count.cast_signed());
        }
    }

    fn counts(&self) -> [(&'static str, u64); 6] {
        [
            ("examined", self.examined),
            ("matched", self.matched),
            ("done", self.done),
            ("skipped", self.skipped),
            ("failed", self.failed),
            ("unknown", self.unknown),
        ]
    }
}

fn write_pace(out: &mut Writer, pace: &Pace) {
    out.raw(b",\"round_trip_ms\":");
    out.number(pace.last_ms());
    out.raw(b",\"baseline_ms\":");
    out.number(pace.baseline_ms());
    out.raw(b",\"throttled_ms\":");
    out.number(pace.throttled_ms());
}
