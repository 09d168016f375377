//! Running a pipeline: on one node or over a cluster, again where that is safe, never twice.
//!
//! A unit is sent again in two cases only. The server refused it, which proves that it was not
//! run: then at most [`MAX_REDIRECTS`] times. Or its connection was lost before its answer and it
//! only reads what nothing behind it writes: then once. A write whose answer was lost fails with
//! outcome `unknown`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rand::Rng;
use redis::Value;

use super::group::{Learned, Waiting, ask, by_node, exchange_all, unanswered};
use crate::backend::redis::Client;
use crate::backend::redis::client::Nodes;
use crate::backend::redis::servers::{Node, slot};
use crate::backend::redis::wire::Commands;
use crate::backend::redis::wire::failure::{self, Refusal};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// How often a refused unit is sent again.
pub(super) const MAX_REDIRECTS: u32 = 5;

const FIRST_BACKOFF: Duration = Duration::from_millis(20);

/// What the next round begins with.
#[derive(Default)]
struct Next {
    waiting: Vec<Waiting>,
    /// Some must wait a moment.
    wait: bool,
    /// Some were sent to the wrong node.
    stale: bool,
}

impl Client {
    /// Runs a pipeline and returns one result per unit. A server's refusal that sending again
    /// can't help is an `Ok(Value::ServerError)`.
    ///
    /// Without `on`, each unit goes to the node that has its key; so does one that `on` can't serve.
    pub(crate) async fn run(
        &self,
        commands: &Commands,
        on: Option<&Arc<Node>>,
        deadline: Deadline,
    ) -> Vec<Result<Value>> {
        // Most pipelines go to one node, and every answer comes.
        let mut exchanged = None;
        if let Some(node) = self.only_node(on) {
            match exchange_all(commands, node, deadline).await.plain(commands) {
                Ok(values) => return values.into_iter().map(Ok).collect(),
                Err(unfinished) => exchanged = Some(unfinished),
            }
        }
        let mut results: Vec<Option<Result<Value>>> = Vec::new();
        results.resize_with(commands.len(), || None);
        let mut waiting = self.place(commands, on, &mut results);
        if waiting.len() < commands.len() && self.reread_map(deadline).await {
            waiting = self.place(commands, on, &mut results);
        }
        let mut round = 0;
        while !waiting.is_empty() {
            let groups = by_node(waiting);
            let learned = match (exchanged.take(), groups.as_slice()) {
                (Some(exchanged), [group]) => vec![exchanged.learned(commands, group)],
                (_, groups) => join_all(groups.iter().map(|g| ask(commands, g, deadline))).await,
            };
            let mut next = Next::default();
            for (unit, learned) in
                groups.into_iter().zip(learned).flat_map(|(g, l)| g.into_iter().zip(l))
            {
                let index = unit.index;
                results[index] = self.settle(commands, unit, learned, round, &mut next);
            }
            waiting = next.waiting;
            if waiting.is_empty() {
                break;
            }
            if next.wait {
                let _ = deadline.run(tokio::time::sleep(backoff(round))).await;
            }
            if next.stale {
                self.look_again(commands, &mut waiting, deadline).await;
                // The node that answered has the keys: it ran the script, whose own words these are.
                for unit in waiting.extract_if(.., |unit| unit.said.is_some()) {
                    results[unit.index] = unit.said.map(Ok);
                }
            }
            round += 1;
        }
        let missing = || Err(unanswered_unit());
        results.into_iter().map(|result| result.unwrap_or_else(missing)).collect()
    }

    /// Runs a pipeline whose parts have no use without each other: where one has no answer, all have
    /// none. What the server refused is among the answers.
    pub(crate) async fn run_all<const N: usize>(
        &self,
        commands: &Commands,
        deadline: Deadline,
    ) -> Result<[Value; N]> {
        let answers = self.run(commands, None, deadline).await;
        let answers = answers.into_iter().collect::<Result<Vec<Value>>>()?;
        answers.try_into().map_err(|_| unanswered_unit())
    }

    /// Runs one command; its refusal is an error.
    pub(crate) async fn run_one(&self, commands: &Commands, deadline: Deadline) -> Result<Value> {
        let [result] = exactly(self.run(commands, None, deadline).await);
        result.and_then(failure::check)
    }

    /// Runs one unit per item, which `push` adds. What was proven not to have run, and may run in a
    /// moment, is sent again until the deadline.
    pub(crate) async fn for_each<T>(
        &self,
        items: &[T],
        deadline: Deadline,
        push: impl Fn(&mut Commands, &T),
    ) -> Vec<Result<Value>> {
        let mut commands = Commands::with_capacity(items.len());
        for item in items {
            push(&mut commands, item);
        }
        self.run_patiently(&commands, deadline).await
    }

    /// Runs a pipeline; what was proven not to have run, and may run in a moment, is sent again until
    /// the deadline.
    pub(crate) async fn run_patiently(
        &self,
        commands: &Commands,
        deadline: Deadline,
    ) -> Vec<Result<Value>> {
        let mut results = self.run(commands, None, deadline).await;
        for round in 0.. {
            let later = |result: &Result<Value>| result.as_ref().is_err_and(may_run_later);
            let left: Vec<usize> = (0..results.len()).filter(|&i| later(&results[i])).collect();
            let pausing = tokio::time::sleep(pause(round));
            if left.is_empty() || deadline.run(pausing).await.is_none() {
                break;
            }
            let again = self.run(&commands.only(&left), None, deadline).await;
            for (i, result) in left.into_iter().zip(again) {
                results[i] = result;
            }
        }
        results
    }

    /// The node that has the key; for a command without one, any.
    pub(crate) fn node_of(&self, key: Option<&[u8]>) -> Result<Arc<Node>> {
        match (&self.nodes, key) {
            (Nodes::One(node), _) => Ok(node.clone()),
            (Nodes::Cluster(cluster), None) => cluster.any(),
            (Nodes::Cluster(cluster), Some(key)) => cluster.map().owner(slot::of(key)).cloned(),
        }
    }

    /// The same. Where the map knows no node for the key, it is read again: a cluster that has lost
    /// some of its slots may have them by now.
    pub(crate) async fn find_node(
        &self,
        key: Option<&[u8]>,
        deadline: Deadline,
    ) -> Result<Arc<Node>> {
        let found = self.node_of(key);
        if found.is_err() && self.reread_map(deadline).await { self.node_of(key) } else { found }
    }

    /// Reads the map of a cluster again; `false` where there is none, or it can't be had.
    async fn reread_map(&self, deadline: Deadline) -> bool {
        let Nodes::Cluster(cluster) = &self.nodes else { return false };
        Box::pin(cluster.refresh(deadline)).await.is_ok()
    }

    /// The node that a whole pipeline goes to, where that is known without looking at it.
    fn only_node<'a>(&'a self, on: Option<&'a Arc<Node>>) -> Option<&'a Arc<Node>> {
        match (on, &self.nodes) {
            (Some(node), _) | (None, Nodes::One(node)) => Some(node),
            (None, Nodes::Cluster(_)) => None,
        }
    }

    fn place(
        &self,
        commands: &Commands,
        on: Option<&Arc<Node>>,
        results: &mut [Option<Result<Value>>],
    ) -> Vec<Waiting> {
        let mut waiting = Vec::with_capacity(commands.len());
        for (index, result) in results.iter_mut().enumerate() {
            let node = match on {
                Some(node) => Ok(node.clone()),
                None => self.node_of(commands.key(index)),
            };
            match node {
                Ok(node) => {
                    *result = None;
                    waiting.push(Waiting::new(index, node));
                }
                Err(error) => *result = Some(Err(error)),
            }
        }
        waiting
    }

    /// The result of a unit, or `None` if it waits for the next round.
    fn settle(
        &self,
        commands: &Commands,
        mut unit: Waiting,
        learned: Learned,
        round: u32,
        next: &mut Next,
    ) -> Option<Result<Value>> {
        let again = round < self.patience(&learned);
        let effect = commands.unit(unit.index).effect;
        match learned {
            Learned::Misplaced(value) if again && matches!(self.nodes, Nodes::Cluster(_)) => {
                unit.said = Some(value);
                next.stale = true;
            }
            Learned::Answer(value) | Learned::Misplaced(value) => return Some(Ok(value)),
            Learned::TimedOut => return Some(Err(failure::late(unanswered(effect)))),
            Learned::Refused(refusal, _) if again => {
                if let Err(error) = self.redirect(&mut unit, &refusal) {
                    return Some(Err(error));
                }
                next.stale |= !matches!(refusal, Refusal::Ask(_));
                next.wait |= matches!(refusal, Refusal::Wait | Refusal::ReadOnly);
            }
            Learned::Unreached(error) if again && self.may_move(&error) => {
                unit.place_anew();
                next.stale = true;
                next.wait = true;
            }
            Learned::Lost(error)
                if !unit.was_lost
                    && error.code() != Code::PayloadTooLarge
                    && commands.can_be_read_again(unit.index) =>
            {
                unit.was_lost = true;
                unit.place_anew();
                next.stale = true;
            }
            Learned::Crowded(_) if again && commands.can_be_read_again(unit.index) => {}
            Learned::Refused(_, error)
            | Learned::Unreached(error)
            | Learned::Lost(error)
            | Learned::NoTransaction(error)
            | Learned::Crowded(error) => return Some(Err(error)),
        }
        next.waiting.push(unit);
        None
    }

    /// How many rounds a unit may take, after what it learned.
    fn patience(&self, learned: &Learned) -> u32 {
        match learned {
            // A new connection is authenticated again, or it is not: once is enough to know. The
            // same goes for a replica, unless someone else can be made the primary.
            Learned::Refused(Refusal::Stale, _) => 1,
            Learned::Refused(Refusal::ReadOnly, _) if self.is_alone() => 1,
            _ => MAX_REDIRECTS,
        }
    }

    /// Prepares a refused unit for its next round.
    pub(super) fn redirect(&self, unit: &mut Waiting, refusal: &Refusal) -> Result<()> {
        unit.redirected = matches!(refusal, Refusal::Moved(_) | Refusal::Ask(_));
        unit.asking = matches!(refusal, Refusal::Ask(_));
        match (refusal, &self.nodes) {
            (Refusal::Moved(to) | Refusal::Ask(to), Nodes::Cluster(cluster)) => {
                unit.node = cluster.named(to, &unit.node)?;
            }
            (Refusal::Moved(_) | Refusal::Ask(_), Nodes::One(_)) => {
                return Err(Error::validation(
                    "the server is part of a cluster; turn the cluster option on",
                ));
            }
            (Refusal::ReadOnly | Refusal::Stale, _) => unit.node.retire(),
            (Refusal::Wait, _) => {}
        }
        Ok(())
    }

    /// Whether a node that can't be reached may be replaced by another in a moment.
    pub(super) fn may_move(&self, error: &Error) -> bool {
        let failed = matches!(error.code(), Code::DbConnectionFailed | Code::DbTimeout);
        failed && !self.is_alone()
    }

    fn is_alone(&self) -> bool {
        matches!(self.nodes, Nodes::One(_)) && !self.has_sentinels()
    }

    /// Reads the cluster's map again and places the units that have a key by it, but for those that a
    /// node sent elsewhere just now.
    pub(super) async fn look_again(
        &self,
        commands: &Commands,
        waiting: &mut [Waiting],
        deadline: Deadline,
    ) {
        let Nodes::Cluster(cluster) = &self.nodes else { return };
        if Box::pin(cluster.refresh(deadline)).await.is_err() {
            return;
        }
        let map = cluster.map();
        for unit in waiting.iter_mut().filter(|unit| !unit.redirected) {
            if let Some(key) = commands.key(unit.index)
                && let Ok(owner) = map.owner(slot::of(key))
            {
                if !Arc::ptr_eq(&unit.node, owner) {
                    unit.said = None;
                }
                unit.node = owner.clone();
            }
        }
    }
}

/// The results of a pipeline that has so many units.
pub(crate) fn exactly<const N: usize>(results: Vec<Result<Value>>) -> [Result<Value>; N] {
    let mut results = results.into_iter();
    std::array::from_fn(|_| results.next().unwrap_or_else(|| Err(unanswered_unit())))
}

fn unanswered_unit() -> Error {
    Error::internal("a Redis command was left without an answer")
}

/// Whether a command was proven not to have run because no server was reached, or none was ready.
pub(crate) fn may_run_later(error: &Error) -> bool {
    error.known_outcome() == Outcome::NotApplied
        && matches!(error.code(), Code::DbConnectionFailed | Code::PoolExhausted)
}

/// How long to wait for a server that can't be reached: at most about half a second.
pub(crate) fn pause(round: u32) -> Duration {
    backoff(round.min(MAX_REDIRECTS))
}

/// How long to wait before the next round.
pub(super) fn backoff(round: u32) -> Duration {
    (FIRST_BACKOFF * 2_u32.saturating_pow(round)).mul_f64(rand::rng().random_range(0.5..1.5))
}
