//! Units that go to one node together, and what becomes of them there.

use std::sync::Arc;

use redis::Value;

use super::commands::{Commands, Effect, Unit};
use super::connection::Lost;
use super::failure::{self, Refusal};
use super::node::Node;
use crate::deadline::Deadline;
use crate::error::{Code, Error};
use crate::outcome::Outcome;

/// A unit that has no answer yet.
pub(super) struct Waiting {
    pub(super) index: usize,
    pub(super) node: Arc<Node>,
    /// Another node named this one; it knows better than the map does.
    pub(super) redirected: bool,
    /// The node is asked for a slot that is still on its way to it.
    pub(super) asking: bool,
    /// A connection was lost while it was awaited.
    pub(super) was_lost: bool,
}

impl Waiting {
    pub(super) fn new(index: usize, node: Arc<Node>) -> Self {
        Self { index, node, redirected: false, asking: false, was_lost: false }
    }
}

/// What a unit learned on its node.
pub(super) enum Learned {
    Answer(Value),
    /// The server refused it: it was not run, and may be run later or elsewhere.
    Refused(Refusal, Error),
    /// Nothing was sent: no connection could be had.
    Unreached(Error),
    /// Sent, and the connection was lost.
    Lost(Error),
    /// Sent, and the deadline passed.
    TimedOut,
}

/// Sorts units by their node, in order.
pub(super) fn by_node(waiting: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    let mut groups: Vec<Vec<Waiting>> = Vec::with_capacity(1);
    for unit in waiting {
        match groups.iter_mut().find(|group| Arc::ptr_eq(&group[0].node, &unit.node)) {
            Some(group) => group.push(unit),
            None => groups.push(vec![unit]),
        }
    }
    groups
}

/// Sends one group to its node. Never fails: what is known of each unit is in the answer.
pub(super) async fn ask(
    commands: &Commands,
    group: &[Waiting],
    deadline: Deadline,
) -> Vec<Learned> {
    let Some(first) = group.first() else { return Vec::new() };
    let mut lease = match first.node.lease(deadline).await {
        Ok(lease) => lease,
        Err(error) => return group.iter().map(|_| Learned::Unreached(error.clone())).collect(),
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
    let mut learned = Vec::with_capacity(group.len());
    for waiting in group {
        let unit = commands.unit(waiting.index);
        let count = replies_of(unit, waiting);
        learned.push(if replies.len() < count {
            // Replies come in order, so whatever is left belongs to this unit alone.
            replies.by_ref().for_each(drop);
            let first = std::mem::take(&mut first_unanswered);
            match &ended {
                Some(Err(lost)) => Learned::Lost(lost_unit(lost, unit.effect, first)),
                _ => Learned::TimedOut,
            }
        } else if count == 1 {
            learn(replies.next().unwrap_or(Value::Nil))
        } else {
            let own = replies.by_ref().take(count).skip(usize::from(waiting.asking));
            learn_transaction(own.collect())
        });
    }
    if learned.iter().any(|l| matches!(l, Learned::Refused(Refusal::Stale, _))) {
        lease.retire();
    }
    learned
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

/// A reply that is too large is that of the first unit without one. The others merely lost their
/// connection with it.
fn lost_unit(lost: &Lost, effect: Effect, first: bool) -> Error {
    match lost {
        Lost::TooLarge(_) if !first => Error::new(
            Code::DbConnectionFailed,
            "the connection was closed because the reply to another command was too large",
        )
        .outcome(unanswered(effect)),
        lost => failure::lost(lost, unanswered(effect)),
    }
}

/// What is known of a unit that was sent and not answered.
pub(super) fn unanswered(effect: Effect) -> Outcome {
    match effect {
        Effect::Read => Outcome::NotApplied,
        Effect::Write => Outcome::Unknown,
    }
}
