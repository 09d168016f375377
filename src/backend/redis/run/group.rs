//! Units that go to one node together, and what becomes of them there.

use std::sync::Arc;

use redis::Value;

use super::transaction::{self, Executed};
use crate::backend::redis::servers::{Lease, Node};
use crate::backend::redis::wire::connection::Lost;
use crate::backend::redis::wire::failure::{self, Refusal};
use crate::backend::redis::wire::{Commands, Effect, MULTI, Unit, reply};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::outcome::Outcome;

/// A unit that has no answer yet.
pub(super) struct Waiting {
    pub(super) index: usize,
    pub(crate) node: Arc<Node>,
    /// Another node named this one; it knows better than the map does.
    pub(super) redirected: bool,
    /// The node is asked for a slot that is still on its way to it.
    pub(super) asking: bool,
    /// A connection was lost while it was awaited.
    pub(super) was_lost: bool,
    /// What its script answered, if that stands unless the keys are on another node in truth.
    pub(super) said: Option<Value>,
}

impl Waiting {
    pub(crate) fn new(index: usize, node: Arc<Node>) -> Self {
        Self { index, node, redirected: false, asking: false, was_lost: false, said: None }
    }

    /// Forgets what a node said of its place.
    pub(super) fn place_anew(&mut self) {
        (self.redirected, self.asking) = (false, false);
    }
}

/// What a unit learned on its node.
pub(super) enum Learned {
    Answer(Value),
    /// The server refused it: it was not run, and may be run later or elsewhere.
    Refused(Refusal, Error),
    /// A script's answer says that its keys are on another node, which may be the script's own idea.
    Misplaced(Value),
    /// Nothing was sent: no connection could be had.
    Unreached(Error),
    /// Sent, and the connection was lost.
    Lost(Error),
    /// Sent, and the connection was closed because the replies became too many to hold; without
    /// those that came, its own may not be.
    Crowded(Error),
    /// A transaction that was not begun, or not run as one.
    NoTransaction(Error),
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

/// What came back from a node.
pub(super) struct Exchanged {
    replies: Vec<Value>,
    ended: Ended,
    /// The first unit that was not sent, because no transaction was begun.
    unsent: Option<usize>,
}

enum Ended {
    Complete,
    Unreached(Error),
    Lost(Lost),
    TimedOut,
    /// `MULTI` was answered with this.
    NotBegun(Value),
}

/// How much of a request may be sent before it is known that the server begins a transaction.
struct Opening {
    /// Units before the transaction.
    units: usize,
    /// Up to `MULTI`, that included.
    bytes: usize,
    replies: usize,
}

impl Opening {
    /// Where a `MULTI` is refused, what follows it runs by itself: a key would be deleted, and what
    /// was to take its place refused. So the first is seen before more is sent; those behind it are
    /// not waited for one by one, as whoever may begin one transaction may begin the next.
    fn of(commands: &Commands, units: impl Iterator<Item = (usize, bool)>) -> Option<Self> {
        let (mut bytes, mut replies) = (0, 0);
        for (before, (index, asking)) in units.enumerate() {
            let unit = commands.unit(index);
            if asking {
                bytes += ASKING.len();
                replies += 1;
            }
            if unit.is_transaction() {
                let (bytes, replies) = (bytes + MULTI.len(), replies + 1);
                return Some(Self { units: before, bytes, replies });
            }
            bytes += commands.encoded(index).len();
            replies += unit.replies;
        }
        None
    }
}

/// Sends encoded commands to a node. Never fails: how it ended is in the answer.
async fn exchange(
    node: &Node,
    request: &[u8],
    expected: usize,
    of: &Commands,
    opening: Option<Opening>,
    deadline: Deadline,
) -> Exchanged {
    let mut replies = Vec::with_capacity(expected);
    let mut unsent = None;
    let ended = match node.lease(deadline).await {
        Err(error) => Ended::Unreached(error),
        Ok(mut lease) => {
            if of.keep_attributes {
                lease.connection.keep_attributes();
            }
            let mut rest = request;
            let mut ended = Ended::Complete;
            if let Some(opening) = opening {
                let (first, behind) = request.split_at(opening.bytes);
                ended = send(&mut lease, first, opening.replies, &mut replies, deadline).await;
                ended = ended.or_not_begun(&mut replies);
                if !matches!(ended, Ended::Complete) {
                    unsent = Some(opening.units);
                }
                rest = behind;
            }
            if unsent.is_none() {
                let left = expected - replies.len();
                ended = send(&mut lease, rest, left, &mut replies, deadline).await;
            }
            let is_over = |reply| is_stale(reply) || leaves_open(reply);
            if !matches!(ended, Ended::Complete) || (!of.is_script && replies.iter().any(is_over)) {
                lease.close();
            }
            ended
        }
    };
    Exchanged { replies, ended, unsent }
}

async fn send(
    lease: &mut Lease,
    request: &[u8],
    expected: usize,
    replies: &mut Vec<Value>,
    deadline: Deadline,
) -> Ended {
    match deadline.run(lease.connection.exchange(request, expected, replies)).await {
        Some(Ok(())) => Ended::Complete,
        Some(Err(lost)) => Ended::Lost(lost),
        None => Ended::TimedOut,
    }
}

/// Sends a whole pipeline to one node.
pub(super) async fn exchange_all(
    commands: &Commands,
    node: &Node,
    deadline: Deadline,
) -> Exchanged {
    let opening = Opening::of(commands, (0..commands.len()).map(|index| (index, false)));
    exchange(node, commands.all(), commands.replies(), commands, opening, deadline).await
}

/// Sends one group to its node and says what each unit learned.
pub(super) async fn ask(
    commands: &Commands,
    group: &[Waiting],
    deadline: Deadline,
) -> Vec<Learned> {
    let Some(first) = group.first() else { return Vec::new() };
    let expected = group.iter().map(|unit| replies_of(commands.unit(unit.index), unit)).sum();
    let units = || group.iter().map(|unit| (unit.index, unit.asking));
    let (request, opening) = (gather(commands, units()), Opening::of(commands, units()));
    let exchanged = exchange(&first.node, &request, expected, commands, opening, deadline).await;
    exchanged.learned(commands, group)
}

impl Exchanged {
    /// The answers, if there is nothing to be done about any of them.
    pub(crate) fn plain(self, commands: &Commands) -> Result<Vec<Value>, Self> {
        let plain = matches!(self.ended, Ended::Complete)
            && self.replies.len() == commands.len()
            && !self.replies.iter().any(|reply| matches!(reply, Value::ServerError(_)));
        if plain { Ok(self.replies) } else { Err(self) }
    }

    /// What each unit learned.
    pub(crate) fn learned(self, commands: &Commands, group: &[Waiting]) -> Vec<Learned> {
        let mut replies = self.replies.into_iter();
        let mut learned = Vec::with_capacity(group.len());
        for waiting in group {
            let unit = commands.unit(waiting.index);
            let count = replies_of(unit, waiting);
            learned.push(if self.unsent.is_some_and(|unsent| learned.len() >= unsent) {
                self.ended.unsent()
            } else if replies.len() < count {
                // Replies come in order, so whatever is left belongs to this unit alone.
                replies.by_ref().for_each(drop);
                self.ended.unanswered(unit.effect, learned.is_empty())
            } else if commands.is_script {
                learn_of_script(replies.by_ref().take(count).last().unwrap_or(Value::Nil))
            } else if count == 1 {
                learn(replies.next().unwrap_or(Value::Nil))
            } else {
                let own = replies.by_ref().take(count).skip(usize::from(waiting.asking));
                let mut own: Vec<Value> = own.collect();
                if unit.replies == 1 {
                    learn(own.pop().unwrap_or(Value::Nil))
                } else {
                    learn_transaction(own)
                }
            });
        }
        learned
    }
}

impl Ended {
    /// What a unit without an answer learned.
    fn unanswered(&self, effect: Effect, is_first: bool) -> Learned {
        match self {
            Self::Unreached(error) => Learned::Unreached(error.clone()),
            Self::Lost(lost) => {
                // Replies come in order: one that is too large by itself is that of the first, which
                // therefore was run.
                let too_large = matches!(lost, Lost::TooLarge(_));
                let outcome = match effect {
                    Effect::Write if too_large && is_first => Outcome::Applied,
                    effect => unanswered(effect),
                };
                let error = failure::lost(lost, outcome);
                if too_large && !is_first { Learned::Crowded(error) } else { Learned::Lost(error) }
            }
            Self::TimedOut | Self::Complete | Self::NotBegun(_) => Learned::TimedOut,
        }
    }

    /// What a unit learned that waited for a transaction to begin.
    fn unsent(&self) -> Learned {
        match self {
            Self::Unreached(error) => Learned::Unreached(error.clone()),
            Self::Lost(lost) => Learned::Unreached(failure::lost(lost, Outcome::NotApplied)),
            Self::NotBegun(answer) => not_begun(answer),
            Self::TimedOut | Self::Complete => {
                Learned::NoTransaction(failure::late(Outcome::NotApplied))
            }
        }
    }

    /// Looks at the answer to `MULTI`, the last that came.
    fn or_not_begun(self, replies: &mut Vec<Value>) -> Self {
        let began = |reply: &Value| reply::text(reply).as_deref() == Some("OK");
        match self {
            Self::Complete if !replies.last().is_some_and(began) => {
                Self::NotBegun(replies.pop().unwrap_or(Value::Nil))
            }
            ended => ended,
        }
    }
}

/// What is known of a transaction whose `MULTI` was answered with this.
fn not_begun(answer: &Value) -> Learned {
    let Value::ServerError(error) = answer else {
        return Learned::NoTransaction(failure::unexpected("MULTI"));
    };
    let refused = failure::refused(error);
    match Refusal::of(error) {
        Some(refusal) => Learned::Refused(refusal, refused),
        None => Learned::NoTransaction(failure::not_begun(refused)),
    }
}

/// Whether a reply says that the session is no longer authenticated.
fn is_stale(reply: &Value) -> bool {
    matches!(reply, Value::ServerError(error) if Refusal::of(error) == Some(Refusal::Stale))
}

/// Whether a reply says that `EXEC` itself was refused and the transaction may still be open.
fn leaves_open(reply: &Value) -> bool {
    let Value::ServerError(error) = reply else { return false };
    let about_exec = |said: &str| said.to_ascii_lowercase().contains("exec");
    error.code() != "EXECABORT" && error.details().is_some_and(about_exec)
}

fn replies_of(unit: &Unit, waiting: &Waiting) -> usize {
    unit.replies + usize::from(waiting.asking)
}

const ASKING: &[u8] = b"*1\r\n$6\r\nASKING\r\n";

/// The bytes of some units. `ASKING` is before those that need it: it holds for one command, or for
/// one transaction.
pub(super) fn gather(commands: &Commands, units: impl Iterator<Item = (usize, bool)>) -> Vec<u8> {
    let mut request = Vec::new();
    for (index, asking) in units {
        if asking {
            request.extend_from_slice(ASKING);
        }
        request.extend_from_slice(commands.encoded(index));
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

/// A script can answer with any error, after it has written. So its errors prove nothing, but for the
/// one that says that it was sent to the wrong node: the cluster's map tells whether that is true.
fn learn_of_script(value: Value) -> Learned {
    if let Value::ServerError(error) = &value
        && matches!(Refusal::of(error), Some(Refusal::Moved(_)))
    {
        return Learned::Misplaced(value);
    }
    Learned::Answer(value)
}

/// A transaction's answer is that of `EXEC`, unless a command was refused when it was queued: then
/// nothing was run, and the reason is with that command.
fn learn_transaction(mut replies: Vec<Value>) -> Learned {
    let exec = replies.pop().unwrap_or(Value::Nil);
    let commands = replies.split_off(replies.len().min(1));
    let multi = replies.pop();
    match transaction::executed(commands, exec) {
        Executed::Whole(replies) => Learned::Answer(Value::Array(replies)),
        Executed::Overtaken => Learned::NoTransaction(transaction::discarded()),
        // Where `MULTI` was refused it says why.
        Executed::Refused(refusal) => match multi.filter(transaction::is_refusal) {
            Some(refused) => not_begun(&refused),
            None => learn(refusal),
        },
        Executed::Broken(error) => Learned::NoTransaction(error),
    }
}

/// What is known of a unit that was sent and not answered.
pub(crate) fn unanswered(effect: Effect) -> Outcome {
    match effect {
        Effect::Read => Outcome::NotApplied,
        Effect::Write => Outcome::Unknown,
    }
}
