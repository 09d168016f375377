//! The work itself: chunk by chunk, none cut off halfway.

use std::time::Instant;

use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::input::{Action, BulkInput};
use super::pace::Pace;
use super::preview::Preview;
use super::tally::{EndedBy, Tally};
use crate::api::operation::Permission;
use crate::api::reply::Reply;
use crate::api::stream::Sink;
use crate::backend::redis::Client;
use crate::backend::redis::bulk::Change;
use crate::backend::redis::course::Course;
use crate::context::{Context, Leased};
use crate::error::{Code, Error, Result};
use crate::jobs::Job;
use crate::outcome::Outcome;

/// Keys that are changed together: what is under way when the work is asked to stop.
const CHUNK: usize = 250;

/// `redis.bulk`
pub(super) async fn run(cx: &Context, mut input: BulkInput) -> Result<Reply> {
    cx.require(if input.dry_run { Permission::Read } else { Permission::Write })?;
    let change = input.change()?;
    let course = input.selection()?.course();
    let client = cx.redis().await?;
    // Where the user may not know, the work goes on without.
    let keyspace = client.size(cx.deadline).await.ok();
    let job = cx.service.jobs.begin(cx.connection()?.id, cx.user.clone());
    let preview = input.dry_run.then(|| Preview::new(input.sample));
    let action = input.action;
    let work = Work { client, course, change, job, keyspace, preview, pace: Pace::default() };
    Ok(Reply::stream_of_steps(cx, cx.records(), move |cx, sink| {
        Box::pin(work.run(cx, action, sink))
    }))
}

struct Work {
    client: Leased<Client>,
    course: Course,
    change: Change,
    job: Job,
    keyspace: Option<u64>,
    /// Where nothing is to be changed.
    preview: Option<Preview>,
    pace: Pace,
}

impl Work {
    async fn run(mut self, cx: &Context, action: Action, sink: &mut Sink) -> Result<()> {
        sink.record(|out| {
            out.raw(b"{\"job\":");
            out.value(&self.job.id)?;
            out.raw(b",\"action\":");
            out.string(action.as_str());
            out.raw(b",\"dry_run\":");
            out.boolean(self.preview.is_some());
            out.raw(b",\"keyspace\":");
            out.value(&self.keyspace)?;
            out.raw(b"}");
            Ok(())
        })
        .await?;
        sink.flush().await?;
        let mut tally = Tally::default();
        let ended = self.all(cx, &mut tally, sink).await;
        let (ended_by, failure) = match ended {
            Ok(ended_by) => (ended_by, None),
            Err(error) => (EndedBy::Failure, Some(error)),
        };
        let told = tally
            .end(
                ended_by,
                self.course.may_be_incomplete(),
                self.estimate(ended_by, &tally),
                &self.pace,
                sink,
            )
            .await;
        if told.is_err() || sink.is_closed() {
            tally.log(cx.operation.name, &cx.request_id);
        }
        failure.map_or(Ok(()), Err)
    }

    /// Goes all the way, unless something ends it before.
    async fn all(&mut self, cx: &Context, tally: &mut Tally, sink: &mut Sink) -> Result<EndedBy> {
        while let Some(found) = self.course.next(&self.client, cx.step()).await? {
            tally.examined += found.examined;
            for keys in found.keys.chunks(CHUNK) {
                if let Some(ended_by) = self.is_over(cx, sink) {
                    return Ok(ended_by);
                }
                let started = Instant::now();
                let results = match &mut self.preview {
                    None => self.client.change(self.change, keys, cx.step()).await,
                    Some(preview) => {
                        preview.chunk(&self.client, self.change, keys, sink, cx.step()).await?
                    }
                };
                let pause = self.pace.observe(started.elapsed());
                tally.matched += keys.len() as u64;
                for (key, result) in keys.iter().zip(&results) {
                    tally.count(key, result, sink).await;
                }
                if let Some(error) = unreachable(&results) {
                    return Err(error.clone());
                }
                tally.progress(found.node.as_deref(), &self.pace, sink).await;
                if !pause.is_zero() {
                    self.job.stopped().run_until_cancelled(tokio::time::sleep(pause)).await;
                }
            }
            if self.preview.as_ref().is_some_and(|preview| preview.has_seen(tally.examined)) {
                return Ok(EndedBy::Sample);
            }
            // A filter that few keys fit is looked for at length.
            tally.progress(found.node.as_deref(), &self.pace, sink).await;
            if let Some(ended_by) = self.is_over(cx, sink) {
                return Ok(ended_by);
            }
        }
        Ok(EndedBy::Completion)
    }

    fn is_over(&self, cx: &Context, sink: &Sink) -> Option<EndedBy> {
        if self.job.is_stopped() {
            Some(EndedBy::Stop)
        } else if sink.is_closed() {
            Some(EndedBy::Leaving)
        } else {
            cx.running.closing().is_cancelled().then_some(EndedBy::Shutdown)
        }
    }

    /// How many keys would match, from those that were looked at.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn estimate(&self, ended_by: EndedBy, tally: &Tally) -> Option<u64> {
        let keyspace = self.keyspace.filter(|_| ended_by == EndedBy::Sample)?;
        let share = tally.matched as f64 / tally.examined.max(1) as f64;
        Some((share * keyspace as f64).round() as u64)
    }
}

/// Why none of a chunk was changed, if it is that no server could be reached, or answers any more:
/// then it makes no sense to go on. A lost connection may be made again.
fn unreachable(results: &[Result<bool>]) -> Option<&Error> {
    let gone = |error: &&Error| {
        error.code() == Code::DbTimeout
            || (error.code().retryable() && error.known_outcome() == Outcome::NotApplied)
    };
    let first = results.first()?.as_ref().err()?;
    results.iter().all(|result| result.as_ref().err().as_ref().is_some_and(gone)).then_some(first)
}

/// Which work.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StopInput {
    /// The `job` of the first record.
    job: String,
}

/// `redis.jobs.stop`: `{ job, stopping }`. The work ends after the chunk that is under way, and its
/// own last record says what was done.
pub(super) async fn stop(cx: &Context, input: StopInput) -> Result<Reply> {
    let unknown = || Error::not_found("no such work is under way in this process");
    let id: Uuid = input.job.parse().map_err(|_| unknown())?;
    if !cx.service.jobs.stop(id, cx.connection()?.id, cx.user.as_ref()) {
        return Err(unknown());
    }
    Reply::write(|out| {
        out.raw(b"{\"job\":");
        out.value(&id)?;
        out.raw(b",\"stopping\":true}");
        Ok(())
    })
}
