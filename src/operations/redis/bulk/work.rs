//! The work itself: chunk by chunk, none cut off halfway.

use std::mem;
use std::time::Instant;

use super::super::key_set::KeySet;
use super::copy::{Copy, Settled, Target};
use super::guard;
use super::input::{Action, BulkInput, Task};
use super::pace::Pace;
use super::preview::DryRun;
use super::record::{BulkFindings, BulkRecord, BulkTerms, KeysBulk, Walked};
use super::tally::Tally;
use crate::backend::redis::Client;
use crate::backend::redis::keyspace::bulk::Change;
use crate::backend::redis::keyspace::selection::Selection;
use crate::error::Result;
use crate::operations::clients::Leased;
use crate::operations::transfer::{EndedBy, OnConflict, Work};
use crate::permission::Permission;
use crate::request::context::Context;
use crate::request::effect::Effect;
use crate::request::reply::Reply;

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
    let BulkInput { action, dry_run, sample, ttl, to, on_conflict, .. } = input;
    let on_conflict = on_conflict.or((action == Action::Copy).then_some(OnConflict::Skip));
    let terms = BulkTerms { action, ttl, to, on_conflict, keyspace };
    let walk = Walk {
        client,
        selection,
        deed,
        keyspace,
        sample,
        node: None,
        pace: Pace::default(),
        tally: Tally::default(),
    };
    Reply::stream_of_steps(cx, cx.records(), move |cx, sink| {
        Box::pin(async move { walk.run(cx, Work::begin(cx, sink, dry_run, terms)?).await })
    })
}

/// The way through the keys.
struct Walk {
    client: Leased<Client>,
    selection: Selection,
    deed: Deed,
    keyspace: Option<u64>,
    /// For a dry run: keys to look at; `None` is all.
    sample: Option<u64>,
    /// The node of a cluster that the keys are on.
    node: Option<String>,
    pace: Pace,
    tally: Tally,
}

/// What is done.
enum Deed {
    /// In a dry run, nothing is.
    Change(Change, Option<DryRun>),
    Copy(Box<Copy>),
}

impl Walk {
    async fn run(mut self, cx: &Context, mut work: Work<'_, KeysBulk>) -> Result<()> {
        let ended = self.all(cx, &mut work).await;
        if let Deed::Copy(copy) = &self.deed {
            copy.to.leave(cx, ended.as_ref().err());
        }
        let findings = BulkFindings {
            may_be_incomplete: self.selection.may_be_incomplete(),
            exact: self.tally.visits.is_exact,
            estimated: self.estimate(ended.as_ref().ok()),
        };
        work.end(ended, self.walked(), findings).await
    }

    /// Goes all the way, unless something ends it before.
    async fn all(&mut self, cx: &Context, work: &mut Work<'_, KeysBulk>) -> Result<EndedBy> {
        while let Some(found) = self.selection.next(&self.client, cx.step()).await? {
            self.tally.examined += found.examined;
            self.node = found.node;
            let left: Vec<Vec<u8>> =
                found.keys.into_iter().filter(|key| self.is_left(key)).collect();
            for keys in left.chunks(BATCH) {
                if let Some(ended_by) = work.over() {
                    return Ok(ended_by);
                }
                if let Some(ended_by) = self.chunk(cx, keys, work).await? {
                    return Ok(ended_by);
                }
            }
            if self.sample.is_some_and(|sample| self.tally.examined >= sample) {
                return Ok(EndedBy::Sample);
            }
            // A filter that few keys fit is looked for at length.
            self.progress(work);
            if let Some(ended_by) = work.over() {
                return Ok(ended_by);
            }
        }
        Ok(EndedBy::Completion)
    }

    /// Whether there is something to do about a key that may have been met before. A change is made
    /// again, as a server that takes over may not have heard of it; a copy is there.
    fn is_left(&self, key: &[u8]) -> bool {
        matches!(self.deed, Deed::Change(_, None)) || !self.tally.visits.is_done(key)
    }

    /// Does what is to be done with some keys, and then waits if that took long.
    async fn chunk(
        &mut self,
        cx: &Context,
        keys: &[Vec<u8>],
        work: &mut Work<'_, KeysBulk>,
    ) -> Result<Option<EndedBy>> {
        let started = Instant::now();
        let pause = match &mut self.deed {
            Deed::Change(change, dry_run) => {
                let client = &self.client;
                let results = match dry_run {
                    None => client.change(*change, keys, cx.step()).await,
                    Some(dry_run) => dry_run.chunk(client, *change, keys, work, cx.step()).await?,
                };
                let pause = self.pace.observe(started.elapsed());
                let keys = keys.iter().cloned().zip(results).collect();
                self.tally.settle(Settled { keys, over: None }, work)?;
                pause
            }
            Deed::Copy(copy) => {
                let mut batch = copy.look(cx, &self.client, keys, work).await?;
                // How long values take says how large they are, and not how busy a server is.
                let pause = self.pace.observe(started.elapsed());
                loop {
                    self.tally.settle(mem::take(&mut batch.settled), work)?;
                    if batch.is_empty() {
                        break pause;
                    }
                    if work.is_news() {
                        work.progress(walked(&self.tally, self.node.as_ref(), &self.pace));
                    }
                    if let Some(ended_by) = work.over() {
                        return Ok(Some(ended_by));
                    }
                    let over = || work.over().is_some();
                    copy.step(cx, &self.client, &mut batch, &over).await;
                }
            }
        };
        self.progress(work);
        if !pause.is_zero() {
            // The next step looks what ended it.
            let _ = work.until_over(tokio::time::sleep(pause)).await;
        }
        Ok(None)
    }

    fn progress(&self, work: &mut Work<'_, KeysBulk>) {
        if work.is_news() {
            work.progress(self.walked());
        }
    }

    fn walked(&self) -> Walked {
        walked(&self.tally, self.node.as_ref(), &self.pace)
    }

    /// How many keys would match, from those that were looked at.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn estimate(&self, ended_by: Option<&EndedBy>) -> Option<u64> {
        let keyspace = self.keyspace.filter(|_| ended_by == Some(&EndedBy::Sample))?;
        let share = self.tally.matched as f64 / self.tally.examined.max(1) as f64;
        Some((share * keyspace as f64).round() as u64)
    }
}

fn walked(tally: &Tally, node: Option<&String>, pace: &Pace) -> Walked {
    let Tally { examined, matched, .. } = *tally;
    Walked { examined, matched, node: node.cloned(), paced: pace.told() }
}
