//! The work itself: chunk by chunk, none cut off halfway.

use std::time::Instant;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::key_set::KeySet;
use super::super::progress::EndedBy;
use super::copy::{Copy, Settled, Target};
use super::guard;
use super::input::{Action, BulkInput, Task};
use super::pace::Pace;
use super::preview::DryRun;
use super::record::{BulkBegin, BulkRecord};
use super::tally::Tally;
use crate::backend::redis::Client;
use crate::backend::redis::keyspace::bulk::Change;
use crate::backend::redis::keyspace::selection::Selection;
use crate::error::{Error, Result};
use crate::operations::clients::Leased;
use crate::permission::Permission;
use crate::request::context::Context;
use crate::request::effect::Effect;
use crate::request::feed::Sink;
use crate::request::reply::Reply;
use crate::service::jobs::Job;

/// Keys that are changed together: what is under way when the work is asked to stop.
const BATCH: usize = 250;

/// Does it, step by step.
pub(super) async fn run(cx: &Context, mut input: BulkInput) -> Result<Reply<BulkRecord<'static>>> {
    let writes = if input.dry_run { Permission::Read } else { Permission::Write };
    let task = input.task()?;
    if matches!(task, Task::Change(_)) {
        cx.require(writes)?;
    }
    let cost = input.cost();
    let key_set = input.key_set()?;
    let effect = if input.dry_run { Effect::Reads } else { Effect::Writes };
    cx.will(effect, cost).await?;
    let client = cx.redis().await?;
    // Where the user may not know, the work goes on without.
    let keyspace = client.size(cx.deadline).await.ok();
    if let KeySet::Filter(filter) = &key_set
        && !(input.confirm || input.dry_run)
    {
        guard::check(cx, &client, filter, input.action, keyspace).await?;
    }
    let selection = key_set.selection();
    let deed = match task {
        Task::Change(change) => Deed::Change(change, input.dry_run.then(DryRun::default)),
        Task::Copy(to, on_conflict) => {
            let to = Target::open(cx, &client, to, writes).await?;
            Deed::Copy(Box::new(Copy::new(to, on_conflict, input.dry_run)))
        }
    };
    let job = cx.service.jobs.begin(cx.connection()?.id, cx.user.clone());
    let BulkInput { action, dry_run, sample, .. } = input;
    let work =
        Work { client, selection, deed, job, keyspace, dry_run, sample, pace: Pace::default() };
    Reply::stream_of_steps(cx, cx.records(), move |cx, sink| Box::pin(work.run(cx, action, sink)))
}

struct Work {
    client: Leased<Client>,
    selection: Selection,
    deed: Deed,
    job: Job,
    keyspace: Option<u64>,
    dry_run: bool,
    /// For a dry run: keys to look at; `None` is all.
    sample: Option<u64>,
    pace: Pace,
}

/// What is done.
enum Deed {
    /// In a dry run, nothing is.
    Change(Change, Option<DryRun>),
    Copy(Box<Copy>),
}

impl Work {
    async fn run(mut self, cx: &Context, action: Action, sink: &mut Sink) -> Result<()> {
        let (job, dry_run, keyspace) = (self.job.id, self.dry_run, self.keyspace);
        let begin = BulkRecord::Begin(BulkBegin { job, action, dry_run, keyspace });
        sink.record(|out| out.value(&begin)).await?;
        sink.flush().await?;
        let mut tally = Tally::default();
        let ended = self.all(cx, &mut tally, sink).await;
        let (ended_by, failure) = match ended {
            Ok(ended_by) => (ended_by, None),
            Err(error) => (EndedBy::Failure, Some(error)),
        };
        if let Deed::Copy(copy) = &self.deed {
            copy.to().leave(cx, failure.as_ref());
        }
        let told = tally
            .end(
                ended_by,
                self.selection.may_be_incomplete(),
                self.estimate(ended_by, &tally),
                &self.pace,
                sink,
            )
            .await;
        if told.is_err() || sink.is_closed() {
            tally.log(cx.operation.name, &cx.request_id);
        }
        failure.map_or(Ok(()), |error| Err(tally.ended_by(error, dry_run)))
    }

    /// Goes all the way, unless something ends it before.
    async fn all(&mut self, cx: &Context, tally: &mut Tally, sink: &mut Sink) -> Result<EndedBy> {
        while let Some(found) = self.selection.next(&self.client, cx.step()).await? {
            tally.counts.examined += found.examined;
            let node = found.node.as_deref();
            let left: Vec<Vec<u8>> =
                found.keys.into_iter().filter(|key| self.is_left(key, tally)).collect();
            for keys in left.chunks(BATCH) {
                if let Some(ended_by) = is_over(&self.job, cx, sink) {
                    return Ok(ended_by);
                }
                if let Some(ended_by) = self.chunk(cx, keys, node, tally, sink).await? {
                    return Ok(ended_by);
                }
            }
            if self.sample.is_some_and(|sample| tally.counts.examined >= sample) {
                return Ok(EndedBy::Sample);
            }
            // A filter that few keys fit is looked for at length.
            tally.progress(node, &self.pace, sink).await;
            if let Some(ended_by) = is_over(&self.job, cx, sink) {
                return Ok(ended_by);
            }
        }
        Ok(EndedBy::Completion)
    }

    /// Whether there is something to do about a key that may have been met before. A change is made
    /// again, as a server that takes over may not have heard of it; a copy is there.
    fn is_left(&self, key: &[u8], tally: &Tally) -> bool {
        matches!(self.deed, Deed::Change(_, None)) || !tally.is_done(key)
    }

    /// Does what is to be done with some keys, and then waits if that took long.
    async fn chunk(
        &mut self,
        cx: &Context,
        keys: &[Vec<u8>],
        node: Option<&str>,
        tally: &mut Tally,
        sink: &mut Sink,
    ) -> Result<Option<EndedBy>> {
        let Self { client, deed, job, pace, .. } = self;
        let started = Instant::now();
        let pause = match deed {
            Deed::Change(change, dry_run) => {
                let results = match dry_run {
                    None => client.change(*change, keys, cx.step()).await,
                    Some(dry_run) => dry_run.chunk(client, *change, keys, sink, cx.step()).await?,
                };
                let pause = pace.observe(started.elapsed());
                let keys = keys.iter().cloned().zip(results).collect();
                tally.settle(Settled { keys, over: None }, sink).await?;
                pause
            }
            Deed::Copy(copy) => {
                let (mut settled, mut batch) = copy.look(cx, client, keys, sink).await?;
                // How long values take says how large they are, and not how busy a server is.
                let pause = pace.observe(started.elapsed());
                loop {
                    tally.settle(settled, sink).await?;
                    tally.progress(node, pace, sink).await;
                    if batch.is_empty() {
                        break pause;
                    }
                    let sink: &Sink = sink;
                    if let Some(ended_by) = is_over(job, cx, sink) {
                        return Ok(Some(ended_by));
                    }
                    let over = || is_over(job, cx, sink).is_some();
                    settled = copy.step(cx, client, &mut batch, &over).await;
                }
            }
        };
        tally.progress(node, pace, sink).await;
        if !pause.is_zero() {
            job.stopped().run_until_cancelled(tokio::time::sleep(pause)).await;
        }
        Ok(None)
    }

    /// How many keys would match, from those that were looked at.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn estimate(&self, ended_by: EndedBy, tally: &Tally) -> Option<u64> {
        let keyspace = self.keyspace.filter(|_| ended_by == EndedBy::Sample)?;
        let share = tally.counts.matched as f64 / tally.counts.examined.max(1) as f64;
        Some((share * keyspace as f64).round() as u64)
    }
}

/// What ends work between two steps.
fn is_over(job: &Job, cx: &Context, sink: &Sink) -> Option<EndedBy> {
    if job.is_stopped() {
        Some(EndedBy::Stop)
    } else if sink.is_closed() {
        Some(EndedBy::Leaving)
    } else {
        cx.running.closing().is_cancelled().then_some(EndedBy::Shutdown)
    }
}

/// Which work.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StopInput {
    /// The `job` of the first record.
    job: String,
}

/// Work that was asked to stop.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct StoppingJob {
    #[schemars(with = "String")]
    job: Uuid,
    /// Always: whether it has stopped is its own stream's to say.
    stopping: bool,
}

/// Asks it to stop.
pub(super) async fn stop(cx: &Context, input: StopInput) -> Result<Reply<StoppingJob>> {
    let unknown = || Error::not_found("no such work is under way in this process");
    let job: Uuid = input.job.parse().map_err(|_| unknown())?;
    if !cx.service.jobs.stop(job, cx.connection()?.id, cx.user.as_ref()) {
        return Err(unknown());
    }
    Reply::of(&StoppingJob { job, stopping: true })
}
