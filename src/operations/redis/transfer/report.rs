//! What an import tells: counts, and a problem for each line or key that was refused.

use super::super::problems::{Problems, write_problem};
use super::super::progress::{EndedBy, Progress};
use crate::error::{Code, Error, Result};
use crate::json::Writer;
use crate::outcome::{Extent, Outcome};
use crate::request::feed::Sink;

/// What became of keys and lines.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// The last line that was read.
    pub(super) line: u64,
    pub(super) bytes: u64,
    pub(super) done: u64,
    /// They were there, and still are.
    pub(super) skipped: u64,
    /// Their time was over.
    pub(super) expired: u64,
    /// Refused: lines that can't be read, and keys that can't be written.
    pub(super) failed: u64,
    pub(super) unknown: u64,
    problems: Problems,
    progress: Progress,
}

/// What the checksum of the file said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checksum {
    /// All of the file is as it was written.
    Right,
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
            let _ = sink.offer(|out| {
                write_problem(out, Some(line), key, error);
                Ok(())
            });
        }
    }

    /// Tells of the progress, unless it was told of a moment ago or the reader is behind.
    pub(super) fn progress(&mut self, resume_line: u64, sink: &mut Sink) {
        if sink.lags() || !self.progress.is_news() {
            return;
        }
        let _ = sink.offer(|out| {
            out.raw(b"{\"progress\":{");
            self.write_counts(out, resume_line);
            out.raw(b"}}");
            Ok(())
        });
    }

    /// The failure that ends the import, with what was written before it.
    pub(super) fn ended_by(&self, failure: Error, resume_line: u64, dry_run: bool) -> Error {
        let done = Extent { applied: self.done, unknown: self.unknown };
        let done = if dry_run { Extent::default() } else { done };
        let counts = self.counts(resume_line).map(|(name, count)| (name.to_owned(), count.into()));
        failure.after(done, serde_json::Map::from_iter(counts))
    }

    /// The last record.
    pub(super) async fn end(
        &self,
        ended_by: EndedBy,
        checksum: Checksum,
        resume_line: u64,
        sink: &mut Sink,
    ) -> Result<()> {
        sink.record(|out| {
            out.raw(b"{\"end\":{");
            self.write_counts(out, resume_line);
            out.raw(b",\"problems_untold\":");
            out.integer(self.problems.untold().cast_signed());
            out.raw(b",\"checksum\":");
            out.string(match checksum {
                Checksum::Right => "right",
                Checksum::Wrong => "wrong",
                Checksum::Missing => "missing",
            });
            out.raw(b",\"ended_by\":");
            out.string(ended_by.as_str());
            out.raw(b"}}");
            Ok(())
        })
        .await?;
        sink.flush().await
    }

    /// What the log keeps where nobody reads the last record.
    pub(super) fn log(&self, operation: &str, request_id: &str) {
        let Self { line, done, skipped, expired, failed, unknown, .. } = *self;
        tracing::info!(
            operation, request_id, line, done, skipped, expired, failed, unknown, "stopped"
        );
    }

    fn write_counts(&self, out: &mut Writer, resume_line: u64) {
        let mut first = true;
        for (name, count) in self.counts(resume_line) {
            out.comma(&mut first);
            out.key(name);
            out.integer(count.cast_signed());
        }
    }

    fn counts(&self, resume_line: u64) -> [(&'static str, u64); 8] {
        [
            ("line", self.line),
            ("bytes", self.bytes),
            ("done", self.done),
            ("skipped", self.skipped),
            ("expired", self.expired),
            ("failed", self.failed),
            ("unknown", self.unknown),
            ("resume_line", resume_line),
        ]
    }
}
