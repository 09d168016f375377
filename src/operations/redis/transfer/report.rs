//! What an import tells: counts, and a problem for each line or key that was refused.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::super::problems::{Problem, Problems};
use super::super::progress::{EndedBy, Progress};
use crate::error::{Code, Error, Result};
use crate::outcome::{Extent, Outcome};
use crate::request::feed::Sink;

/// What is told of an import.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ImportRecord {
    /// As it goes.
    Progress(ImportCounts),
    /// A line or a key that was refused, or may not be as it should. The first 1000 are told.
    Problem(LineProblem),
    /// The last one.
    End(ImportEnd),
    /// The first one.
    #[serde(untagged)]
    Begin(ImportBegin),
}

/// What is to be done.
#[derive(Serialize, JsonSchema)]
pub(super) struct ImportBegin {
    /// With it the work is asked to stop.
    #[schemars(with = "String")]
    pub(super) job: Uuid,
    pub(super) dry_run: bool,
}

/// What became of lines and keys.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ImportCounts {
    /// The last line that was read.
    line: u64,
    /// Bytes of all lines that were read.
    bytes: u64,
    /// Keys that were written.
    done: u64,
    /// Keys that were there, and still are.
    skipped: u64,
    /// Keys whose time was over.
    expired: u64,
    /// Lines that can't be read, and keys that can't be written.
    failed: u64,
    /// Keys that may or may not have been written.
    unknown: u64,
    /// Where an import that goes on from here begins (`from_line`).
    resume_line: u64,
}

/// What went wrong, and in which line.
#[derive(Serialize, JsonSchema)]
pub(super) struct LineProblem {
    line: u64,
    #[serde(flatten)]
    problem: Problem,
}

/// What was done.
#[derive(Serialize, JsonSchema)]
pub(super) struct ImportEnd {
    #[serde(flatten)]
    counts: ImportCounts,
    /// Problems that were counted and not told.
    problems_untold: u64,
    checksum: Checksum,
    ended_by: EndedBy,
}

/// What became of keys and lines.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) line: u64,
    pub(super) bytes: u64,
    pub(super) done: u64,
    pub(super) skipped: u64,
    pub(super) expired: u64,
    pub(super) failed: u64,
    pub(super) unknown: u64,
    problems: Problems,
    progress: Progress,
}

/// What the checksum of the file said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Checksum {
    /// All of the file is as it was written.
    Right,
    /// Something was changed, lost or added.
    Wrong,
    /// It was not come to.
    Missing,
}

impl Report {
    /// A line that can't be read.
    pub(super) fn refuse(&mut self, line: u64, key: Option<&[u8]>, reason: &str, sink: &mut Sink) {
        let error = Error::new(Code::ValidationError, reason);
        self.problem(line, key, &error, sink);
    }

    /// A key, or a line without one, that did not get where it should.
    pub(super) fn problem(
        &mut self,
        line: u64,
        key: Option<&[u8]>,
        error: &Error,
        sink: &mut Sink,
    ) {
        if error.known_outcome() == Outcome::Unknown {
            self.unknown += 1;
        } else {
            self.failed += 1;
        }
        if self.problems.admit() {
            let problem = Problem::new(key, error);
            let problem = ImportRecord::Problem(LineProblem { line, problem });
            let _ = sink.offer(|out| out.value(&problem));
        }
    }

    /// Tells of the progress, unless it was told of a moment ago or the reader is behind.
    pub(super) fn progress(&mut self, resume_line: u64, sink: &mut Sink) {
        if sink.lags() || !self.progress.is_news() {
            return;
        }
        let progress = ImportRecord::Progress(self.counts(resume_line));
        let _ = sink.offer(|out| out.value(&progress));
    }

    /// The failure that ends the import, with what was written before it.
    pub(super) fn ended_by(&self, failure: Error, resume_line: u64, dry_run: bool) -> Error {
        let done = Extent { applied: self.done, unknown: self.unknown };
        let done = if dry_run { Extent::default() } else { done };
        failure.after(done, json!(self.counts(resume_line)))
    }

    /// The last record.
    pub(super) async fn end(
        &self,
        ended_by: EndedBy,
        checksum: Checksum,
        resume_line: u64,
        sink: &mut Sink,
    ) -> Result<()> {
        let end = ImportRecord::End(ImportEnd {
            counts: self.counts(resume_line),
            problems_untold: self.problems.untold(),
            checksum,
            ended_by,
        });
        sink.record(|out| out.value(&end)).await?;
        sink.flush().await
    }

    /// What the log keeps where nobody reads the last record.
    pub(super) fn log(&self, operation: &str, request_id: &str) {
        let Self { line, done, skipped, expired, failed, unknown, .. } = *self;
        tracing::info!(
            operation, request_id, line, done, skipped, expired, failed, unknown, "stopped"
        );
    }

    fn counts(&self, resume_line: u64) -> ImportCounts {
        let Self { line, bytes, done, skipped, expired, failed, unknown, .. } = *self;
        ImportCounts { line, bytes, done, skipped, expired, failed, unknown, resume_line }
    }
}
