//! Running a pipeline: on one node or over a cluster, again where that is safe, never twice.
//!
//! A unit is sent again in two cases only. The server refused it, which proves that it was not
//! run: then at most [`MAX_REDIRECTS`] times. Or its connection was lost before its answer and it
//! only reads: then once. A write whose answer was lost fails with outcome `unknown`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rand::Rng;
use redis::Value;

use super::commands::{Commands, Effect, Unit};
use super::connection::Lost;
use super::failure::{self, Refusal};
use super::node::Node;
use super::{Client, Nodes};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// How often a refused unit is sent again.
pub(super) const MAX_REDIRECTS: u32 = 5;

const FIRST_BACKOFF: Duration = Duration::from_millis(20);

/// A unit that has no answer yet.
struct Waiting {
    index: usize,
    node: Arc<Node>,
    /// The node is asked for a slot that is still on its way to it.
    asking: bool,
    /// A connection was lost while it was awaited.
    was_lost: bool,
}

/// What a group of units learned on their node.
enum Learned {
    Answer(Value),
    Refused(Refusal, Error),
    /// Nothing was sent: no connection could be had.
    Unreached(Error),
    /// Sent, and the connection was lost.
    Lost(Error),
    /// Sent, and the deadline passed.
    TimedOut,
}

impl Client {
    /// Runs a pipeline and returns one result per unit. A server's refusal that sending again
    /// can't help is an `Ok(Value::ServerError)`.
    ///
    /// Without `on`, each unit goes to the node that has its key.
    pub(super) async fn run(
        &self,
        commands: &Commands,
        on: Option<&Arc<Node>>,
        deadline: Deadline,
    ) -> Vec<Result<Value>> {
        let mut results: Vec<Option<Result<Value>>> = Vec::new();
        results.resize_with(commands.len(), || None);
        let mut waiting = self.place(commands, on, &mut results);
        let mut round = 0;
        while !waiting.is_empty() {
            let mut wait = false;
            let mut stale = false;
            let groups = by_node(std::mem::take(&mut waiting));
            let learned = match groups.as_slice() {
                // Most pipelines have one group: no join, no boxing.
                [group] => vec![ask(commands, group, deadline).await],
                groups => join_all(groups.iter().map(|g| ask(commands, g, deadline))).await,
            };
            for (group, learned) in groups.into_iter().zip(learned) {
                for (mut unit, learned) in group.into_iter().zip(learned) {
                    let index = unit.index;
                    let effect = commands.unit(index).effect;
                    let again = round < self.patience(&learned);
                    results[index] = match learned {
                        Learned::Answer(value) => Some(Ok(value)),
                        Learned::Refused(refusal, _) if again => {
                            stale |= !matches!(refusal, Refusal::Ask(_));
                            wait |= matches!(refusal, Refusal::Wait | Refusal::ReadOnly);
                            match self.redirect(&mut unit, &refusal) {
                                Ok(()) => {
                                    waiting.push(unit);
                                    None
                                }
                                Err(error) => Some(Err(error)),
                            }
                        }
                        Learned::Refused(_, error) => Some(Err(error)),
                        Learned::Unreached(error) if again && self.may_move(&error) => {
                            stale = true;
                            wait = true;
                            unit.asking = false;
                            waiting.push(unit);
                            None
                        }
                        Learned::Unreached(error) => Some(Err(error)),
                        Learned::Lost(error) => {
                            let retry = effect == Effect::Read
                                && !unit.was_lost
                                && error.code() != Code::PayloadTooLarge;
                            if retry {
                                stale = true;
                                unit.was_lost = true;
                                waiting.push(unit);
                                None
                            } else {
                                Some(Err(error))
                            }
                        }
                        Learned::TimedOut => Some(Err(timed_out(effect))),
                    };
                }
            }
            if waiting.is_empty() {
                break;
            }
            if wait {
                let _ = deadline.run(tokio::time::sleep(backoff(round))).await;
            }
            if stale {
                self.look_again(commands, on, &mut waiting, deadline).await;
            }
            round += 1;
        }
        let missing = || Err(Error::internal("a Redis command was left without an answer"));
        results.into_iter().map(|result| result.unwrap_or_else(missing)).collect()
    }

    /// Runs a pipeline whose parts have no use without each other: any failure fails it all.
    pub(super) async fn run_all(
        &self,
        commands: &Commands,
        deadline: Deadline,
    ) -> Result<Vec<Value>> {
        self.run(commands, None, deadline).await.into_iter().collect()
    }

    /// Runs one command; its refusal is an error.
    pub(super) async fn run_one(&self, commands: &Commands, deadline: Deadline) -> Result<Value> {
        let mut results = self.run(commands, None, deadline).await;
        results.pop().unwrap_or(Ok(Value::Nil)).and_then(failure::check)
    }

    /// The node that has the key; for a command without one, any.
    pub(super) fn node_of(&self, key: Option<&[u8]>) -> Result<Arc<Node>> {
        match (&self.nodes, key) {
            (Nodes::One(node), _) => Ok(node.clone()),
            (Nodes::Cluster(cluster), None) => cluster.any(),
            (Nodes::Cluster(cluster), Some(key)) => {
                cluster.map().owner(super::slot::of(key)).cloned()
            }
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
                    waiting.push(Waiting { index, node, asking: false, was_lost: false });
                }
                Err(error) => *result = Some(Err(error)),
            }
        }
        waiting
    }

    /// Prepares a refused unit for its next round.
    fn redirect(&self, unit: &mut Waiting, refusal: &Refusal) -> Result<()> {
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

    fn is_alone(&self) -> bool {
        matches!(self.nodes, Nodes::One(_)) && !self.has_sentinels()
    }

    /// Whether a node that can't be reached may be replaced by another in a moment.
    fn may_move(&self, error: &Error) -> bool {
        let failed = matches!(error.code(), Code::DbConnectionFailed | Code::DbTimeout);
        failed && !self.is_alone()
    }

    /// Reads the cluster's map again and places the units by it, but for those that a node sent
    /// elsewhere just now.
    async fn look_again(
        &self,
        commands: &Commands,
        on: Option<&Arc<Node>>,
        waiting: &mut [Waiting],
        deadline: Deadline,
    ) {
        let Nodes::Cluster(cluster) = &self.nodes else { return };
        if Box::pin(cluster.refresh(deadline)).await.is_err() || on.is_some() {
            return;
        }
        let map = cluster.map();
        for unit in waiting.iter_mut().filter(|unit| !unit.asking) {
            if let Some(key) = commands.key(unit.index)
                && let Ok(owner) = map.owner(super::slot::of(key))
            {
                unit.node = owner.clone();
            }
        }
    }
}

/// Sends one group to its node. Never fails: what is known of each unit is in the answer.
async fn ask(commands: &Commands, group: &[Waiting], deadline: Deadline) -> Vec<Learned> {
    let Some(first) = group.first() else { return Vec::new() };
    let mut lease = match first.node.lease(deadline).await {
        Ok(lease) => lease,
        Err(error) => {
            return group.iter().map(|_| Learned::Unreached(error.clone())).collect();
        }
    };
    let gathered;
    let request = if group.len() == commands.len() && !group.iter().any(|unit| unit.asking) {
        commands.all()
    } else {
        gathered = gather(commands, group);
        &gathered
    };
    let expected = group.iter().map(|unit| replies_of(commands.unit(unit.index), unit)).sum();
    let mut replies = Vec::with_capacity(expected);
    let ended = deadline.run(lease.exchange(request, expected, &mut replies)).await;
    let mut replies = replies.into_iter();
    let mut first_unanswered = true;
    let learned: Vec<Learned> = group
        .iter()
        .map(|waiting| {
            let unit = commands.unit(waiting.index);
            let count = replies_of(unit, waiting);
            if replies.len() < count {
                replies.by_ref().for_each(drop);
                let first = std::mem::take(&mut first_unanswered);
                return match &ended {
                    Some(Err(lost)) => {
                        Learned::Lost(lost_one(lost, first).outcome(unanswered(unit.effect)))
                    }
                    _ => Learned::TimedOut,
                };
            }
            let own: Vec<Value> = if count == 1 {
                return learn(replies.next().unwrap_or(Value::Nil));
            } else {
                replies.by_ref().take(count).skip(usize::from(waiting.asking)).collect()
            };
            learn_transaction(own)
        })
        .collect();
    if learned.iter().any(|l| matches!(l, Learned::Refused(Refusal::Stale, _))) {
        lease.retire();
    }
    learned
}

/// Replies come in order: a reply that is too large is that of the first unit without one. The
/// others merely lost their connection with it.
fn lost_one(lost: &Lost, first: bool) -> Error {
    match lost {
        Lost::TooLarge(_) if !first => Error::new(
            Code::DbConnectionFailed,
            "the connection was closed because the reply to another command was too large",
        ),
        lost => failure::lost(lost, Outcome::NotApplied),
    }
}

fn replies_of(unit: &Unit, waiting: &Waiting) -> usize {
    unit.replies + usize::from(waiting.asking)
}

/// `ASKING` holds for one command, or for one transaction.
fn gather(commands: &Commands, group: &[Waiting]) -> Vec<u8> {
    let mut request = Vec::new();
    for unit in group {
        if unit.asking {
            request.extend_from_slice(b"*1\r\n$6\r\nASKING\r\n");
        }
        request.extend_from_slice(commands.encoded(unit.index));
    }
    request
}

fn learn(value: Value) -> Learned {
    if let Value::ServerError(error) = &value
        && let Some(refusal) = Refusal::of(error)
    {
        return Learned::Refused(refusal, failure::refused(error));
    }
    Learned::Answer(value)
}

/// A transaction's answer is that of `EXEC`, unless a command was refused when it was queued:
/// then nothing was run, and the reason is with that command.
fn learn_transaction(mut replies: Vec<Value>) -> Learned {
    let exec = replies.pop().unwrap_or(Value::Nil);
    if !matches!(exec, Value::ServerError(_)) {
        return Learned::Answer(exec);
    }
    let refused = replies.into_iter().find(|reply| matches!(reply, Value::ServerError(_)));
    learn(refused.unwrap_or(exec))
}

fn by_node(waiting: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    let mut groups: Vec<Vec<Waiting>> = Vec::with_capacity(1);
    for unit in waiting {
        match groups.iter_mut().find(|group| Arc::ptr_eq(&group[0].node, &unit.node)) {
            Some(group) => group.push(unit),
            None => groups.push(vec![unit]),
        }
    }
    groups
}

/// What is known of a unit that was sent and not answered.
fn unanswered(effect: Effect) -> Outcome {
    match effect {
        Effect::Read => Outcome::NotApplied,
        Effect::Write => Outcome::Unknown,
    }
}

fn timed_out(effect: Effect) -> Error {
    Error::timeout("Redis did not answer in time", unanswered(effect))
}

pub(super) fn backoff(round: u32) -> Duration {
    (FIRST_BACKOFF * 2_u32.saturating_pow(round)).mul_f64(rand::rng().random_range(0.5..1.5))
}
