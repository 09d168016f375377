//! Work while it goes on.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::record::{Begin, Counts, End, EndedBy, Problem, Record, Task};
use crate::error::{Error, Result};
use crate::outcome::{Extent, Outcome};
use crate::request::context::Context;
use crate::request::feed::Sink;
use crate::service::jobs::Job;

/// The version of the records.
const VERSION: u8 = 1;

/// Problems that are told; of more only the number is.
const MAX_TOLD: u64 = 1_000;

/// So much waits for a reader at most; problems beyond it are not told.
const MAX_BACKLOG: usize = 1 << 20;

/// How often progress is told.
const EVERY: Duration = Duration::from_millis(250);

/// What was done so far, and who is told. Nothing waits for the reader: it may look at the answer only
/// once it has sent all of its body.
pub(crate) struct Work<'s, T: Task> {
    pub(crate) done: u64,
    pub(crate) skipped: u64,
    pub(crate) failed: u64,
    pub(crate) unknown: u64,
    cx: &'s Context,
    sink: &'s mut Sink,
    job: Arc<Job>,
    dry_run: bool,
    told: u64,
    untold: u64,
    /// When progress was told last.
    at: Option<Instant>,
    task: PhantomData<T>,
}

impl<'s, T: Task> Work<'s, T> {
    /// Begins, and says so.
    pub(crate) fn begin(
        cx: &'s Context,
        sink: &'s mut Sink,
        dry_run: bool,
        terms: T::Terms,
    ) -> Result<Self> {
        let job = cx.job.clone().ok_or_else(|| Error::internal("only a stream is work"))?;
        let operation = cx.operation.name;
        let begin = Begin::<T> { job: job.id, version: VERSION, operation, dry_run, terms };
        let (done, skipped, failed, unknown, told, untold) = (0, 0, 0, 0, 0, 0);
        let (at, task) = (None, PhantomData);
        let mut work =
            Self { done, skipped, failed, unknown, cx, sink, job, dry_run, told, untold, at, task };
        work.tell(&Record::Begin(begin))?;
        Ok(work)
    }

    /// What ends it between two steps, if something does.
    pub(crate) fn over(&self) -> Option<EndedBy> {
        if self.job.is_stopped() {
            Some(EndedBy::Stop)
        } else if self.sink.is_closed() {
            Some(EndedBy::Leaving)
        } else {
            self.cx.running.closing().is_cancelled().then_some(EndedBy::Shutdown)
        }
    }

    /// Waits for something, unless something ends the work before.
    pub(crate) async fn until_over<F: Future>(&self, awaited: F) -> Result<F::Output, EndedBy> {
        let closing = self.cx.running.closing();
        tokio::select! {
            biased;
            () = self.job.stopped().cancelled() => Err(EndedBy::Stop),
            () = self.sink.closed() => Err(EndedBy::Leaving),
            () = closing.cancelled() => Err(EndedBy::Shutdown),
            output = awaited => Ok(output),
        }
    }

    /// Does a step, unless nobody reads any more: then it is given up.
    pub(crate) async fn while_read<F: Future>(&self, step: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = step => Some(output),
            () = self.sink.closed() => None,
        }
    }

    /// Counts and tells what could not be done, or may not have been.
    pub(crate) fn fail(&mut self, number: u64, key: Option<&[u8]>, error: &Error) {
        let problem = Problem::new(Some(number), key, error);
        if problem.outcome == Outcome::Unknown {
            self.unknown += 1;
        } else {
            self.failed += 1;
        }
        self.problem(problem);
    }

    /// Tells a problem that is counted already.
    pub(crate) fn problem(&mut self, problem: Problem) {
        if self.told >= MAX_TOLD || self.sink.backlog() > MAX_BACKLOG {
            self.untold += 1;
        } else {
            self.told += 1;
            // Even if nobody reads any more, the work goes on to its next step.
            let _ = self.tell(&Record::<T>::Problem(problem));
        }
    }

    /// Whether its progress is to be told: that was not done a moment ago, and the reader is not behind.
    pub(crate) fn is_news(&self) -> bool {
        self.sink.backlog() == 0 && self.at.is_none_or(|at| at.elapsed() >= EVERY)
    }

    /// Tells how far it is.
    pub(crate) fn progress(&mut self, own: T::Counts) {
        self.at = Some(Instant::now());
        let _ = self.tell(&Record::Progress(self.counts(own)));
    }

    /// Tells a record of its own kind of work.
    pub(crate) fn tell(&mut self, record: &impl serde::Serialize) -> Result<()> {
        self.sink.offer(|out| out.value(record))
    }

    /// Tells how it ended. A failure tells what was done before it too, and so does the log where nobody
    /// reads any more.
    pub(crate) async fn end(
        self,
        ended: Result<EndedBy>,
        own: T::Counts,
        findings: T::Findings,
    ) -> Result<()> {
        let done = Extent { applied: self.done, unknown: self.unknown };
        let done = if self.dry_run { Extent::default() } else { done };
        let counts = self.counts(own);
        let in_details = serde_json::to_value(&counts).unwrap_or_default();
        let (ended_by, failure) = match ended {
            Ok(ended_by) => (ended_by, None),
            Err(error) => (EndedBy::Failure, Some(error.after(done, in_details.clone()))),
        };
        let outcome =
            failure.as_ref().map_or(done.outcome(Outcome::NotApplied), Error::known_outcome);
        let end = End { counts, ended_by, outcome, problems_untold: self.untold, findings };
        let told = self.sink.record(|out| out.value(&Record::<T>::End(end))).await;
        if told.is_err() || self.sink.flush().await.is_err() || self.sink.is_closed() {
            log(self.cx, &in_details);
        }
        failure.map_or(Ok(()), Err)
    }

    fn counts(&self, own: T::Counts) -> Counts<T> {
        let Self { done, skipped, failed, unknown, .. } = *self;
        Counts { done, skipped, failed, unknown, own }
    }
}

fn log(cx: &Context, counts: &Value) {
    let (operation, request_id) = (cx.operation.name, &cx.request_id);
    tracing::info!(operation, %request_id, %counts, "stopped");
}
