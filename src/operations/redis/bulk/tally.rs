//! What was done so far, and how it is told.

use serde_json::json;

use super::super::problems::{Problem, Problems, is_gone};
use super::super::progress::{EndedBy, Progress};
use super::super::visits::{Fate, Visits};
use super::copy::Settled;
use super::pace::Pace;
use super::record::{BulkCounts, BulkEnd, BulkProgress, BulkRecord};
use crate::error::{Error, Result};
use crate::outcome::{Extent, Outcome};
use crate::request::feed::Sink;

/// What became of the keys so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) counts: BulkCounts,
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
            None => self.counts.matched += 1,
        }
        *self.count_of(now) += 1;
        if let Err(error) = result
            && before != Some(now)
            && self.problems.admit()
        {
            // Even if nobody reads any more, the other keys are counted.
            let problem = BulkRecord::Problem(Problem::new(Some(key), error));
            let _ = sink.record(|out| out.value(&problem)).await;
        }
    }

    fn count_of(&mut self, fate: Fate) -> &mut u64 {
        match fate {
            Fate::Done => &mut self.counts.done,
            Fate::Skipped => &mut self.counts.skipped,
            Fate::Failed => &mut self.counts.failed,
            Fate::Unknown => &mut self.counts.unknown,
        }
    }

    /// Whether a key was met, and is done with.
    pub(super) fn is_done(&self, key: &[u8]) -> bool {
        self.visits.is_done(key)
    }

    /// The failure that ends the work, with what was done before it.
    pub(super) fn ended_by(&self, failure: Error, dry_run: bool) -> Error {
        let done = Extent { applied: self.counts.done, unknown: self.counts.unknown };
        let done = if dry_run { Extent::default() } else { done };
        failure.after(done, json!(self.counts))
    }

    /// Tells of the progress, unless it was told of a moment ago.
    pub(super) async fn progress(&mut self, node: Option<&str>, pace: &Pace, sink: &mut Sink) {
        if !self.progress.is_news() {
            return;
        }
        let progress = BulkProgress { counts: self.counts, node, paced: pace.told() };
        let progress = BulkRecord::Progress(progress);
        // Whether anybody reads is looked for before the next chunk.
        if sink.record(|out| out.value(&progress)).await.is_ok() {
            let _ = sink.flush().await;
        }
    }

    /// What the log keeps where nobody reads the last record.
    pub(super) fn log(&self, operation: &str, request_id: &str) {
        let BulkCounts { matched, done, skipped, failed, unknown, .. } = self.counts;
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
        let end = BulkRecord::End(BulkEnd {
            counts: self.counts,
            ended_by,
            may_be_incomplete,
            exact: self.visits.is_exact(),
            estimated,
            problems_untold: self.problems.untold(),
            paced: pace.told(),
        });
        sink.record(|out| out.value(&end)).await?;
        sink.flush().await
    }
}
