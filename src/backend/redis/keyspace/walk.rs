//! A walk through the keyspace: `SCAN` of one primary after the other, call by call.

use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use super::cursor::{self, Cursor};
use super::filter::Filter;
use crate::backend::redis::Client;
use crate::backend::redis::client::Nodes;
use crate::backend::redis::run::exactly;
use crate::backend::redis::servers::{Holding, Node, SlotSet, Which, push_process, run_id};
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};

/// The most work that one `SCAN` call may be asked for; it blocks the server while it runs.
pub(super) const MAX_WORK: u64 = 5_000;

/// How much of the keyspace one answer may look at.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Keys that are examined before the answer is given as it is.
    pub examined: u64,
    /// How long that may take.
    pub time: Duration,
}

/// Where a walk stands.
///
/// A key that is there all the time is given at least once, unless the cluster changed meanwhile
/// (`may_be_incomplete`); any key may be given more than once. Where another process answers
/// than before, after a failover or a restart, the server is walked from its beginning again.
pub(super) struct Walk<'a> {
    pub(super) client: &'a Client,
    pattern: Option<&'a [u8]>,
    type_name: Option<&'a str>,
    /// Where it stands; the node's id is that of a primary.
    at: Cursor,
    /// Whether the user may know which process a server is.
    knows_process: bool,
    /// How often a server was walked from its beginning again.
    pub(super) restarts: u32,
    /// Keys moved between nodes, so that some may have been missed.
    pub(super) may_be_incomplete: bool,
    /// Every node was walked through.
    pub(super) is_over: bool,
    /// Keys examined on the nodes that are done, and on this one.
    before: u64,
    here: u64,
    /// How many keys this node has, where `here` is an estimate that must not exceed it.
    size_here: Option<u64>,
}

impl<'a> Walk<'a> {
    /// Goes on where `cursor` says: `"0"` is the beginning.
    pub(super) fn begin(client: &'a Client, filter: &'a Filter, cursor: &str) -> Result<Self> {
        let beginning = || Cursor { fingerprint: client.fingerprint(), ..Cursor::default() };
        let at = Cursor::decode(cursor)?.unwrap_or_else(beginning);
        if matches!(client.nodes, Nodes::One(_)) && !at.node.is_empty() {
            return Err(cursor::invalid());
        }
        Ok(Self {
            client,
            pattern: filter.pattern(),
            type_name: filter.type_name.as_deref(),
            at,
            knows_process: true,
            restarts: 0,
            may_be_incomplete: false,
            is_over: false,
            before: 0,
            here: 0,
            size_here: None,
        })
    }

    /// The keys of one call that is asked to look at `work` keys, and the node that they are on.
    pub(super) async fn step(
        &mut self,
        work: u64,
        deadline: Deadline,
    ) -> Result<(Option<Arc<Node>>, Vec<Vec<u8>>)> {
        self.look_around(deadline).await;
        let Some(node) = self.node() else { return Ok((None, Vec::new())) };
        let filters = self.pattern.is_some() || self.type_name.is_some();
        let mut commands = Commands::with_capacity(3);
        // After a lost connection, what is left of the pipeline is asked of whoever is there now. A
        // cursor is only given to a process that tells its id afterwards; a first one is only kept
        // as that of a process which told its id before.
        let begins = self.at.position == 0;
        if self.knows_process && begins {
            push_process(&mut commands);
        }
        push_scan(&mut commands, self.at.position, self.pattern, work, self.type_name);
        if self.knows_process && !begins {
            push_process(&mut commands);
        }
        // The server does not say how many keys it looked at; with filters, neither do the keys
        // that it gives. `COUNT` says it, but for the end of a small keyspace.
        if filters && self.size_here.is_none() {
            commands.push(Effect::Read, 0, &[b"DBSIZE"]);
        }
        let mut results = self.client.run(&commands, Some(&node), deadline).await.into_iter();
        let mut next = || results.next().unwrap_or(Ok(Value::Nil));
        let (process, scanned) = match (self.knows_process, begins) {
            (true, true) => (Some(next()), next()),
            (true, false) => {
                let scanned = next();
                (Some(next()), scanned)
            }
            (false, _) => (None, next()),
        };
        let size = results.next();
        let answered = process.transpose().and_then(|process| {
            let scanned = scanned.and_then(failure::check).and_then(page)?;
            Ok((process.as_ref().and_then(run_id), scanned))
        });
        let (run_id, (next, keys)) = match answered {
            Ok(answered) => answered,
            Err(error) if self.was_replaced(&error, deadline).await => {
                return Ok((None, Vec::new()));
            }
            Err(error) => return Err(error),
        };
        self.knows_process = run_id.is_some();
        if !begins && run_id != self.at.run_id {
            let node = std::mem::take(&mut self.at.node);
            self.enter(&node);
            self.restarts += 1;
            return Ok((None, Vec::new()));
        }
        if let Some(Ok(size)) = size {
            self.size_here = reply::count(&size);
        }
        self.here += if filters { work } else { keys.len() as u64 };
        (self.at.run_id, self.at.position) = (run_id, next);
        if next == 0 {
            self.leave(&node, deadline).await;
        }
        Ok((Some(node), keys))
    }

    /// How many keys the server looked at.
    pub(super) fn examined(&self) -> u64 {
        self.before + self.here.min(self.size_here.unwrap_or(u64::MAX))
    }

    /// Where to go on.
    pub(super) fn cursor(&self) -> String {
        if self.is_over { cursor::END.to_owned() } else { self.at.encode() }
    }

    /// A walk that begins now begins with what the cluster looks like now: what changed before has
    /// nothing to do with it.
    async fn look_around(&mut self, deadline: Deadline) {
        let Nodes::Cluster(cluster) = &self.client.nodes else { return };
        if self.at.node.is_empty() && Box::pin(cluster.refresh(deadline)).await.is_ok() {
            self.at.fingerprint = cluster.map().fingerprint;
        }
    }

    /// The node to scan. The one that was being scanned may be gone; then it is the one after it.
    fn node(&mut self) -> Option<Arc<Node>> {
        let cluster = match &self.client.nodes {
            _ if self.is_over => return None,
            Nodes::One(node) => return Some(Arc::clone(node)),
            Nodes::Cluster(cluster) => cluster,
        };
        let map = cluster.map();
        self.may_be_incomplete |= map.fingerprint != self.at.fingerprint;
        let Some(primary) = map.primaries.iter().find(|primary| primary.id >= self.at.node) else {
            self.is_over = true;
            return None;
        };
        if primary.id != self.at.node {
            self.enter(&primary.id);
        }
        Some(Arc::clone(&primary.node))
    }

    /// Begins at a node.
    fn enter(&mut self, id: &str) {
        self.before = self.examined();
        (self.here, self.size_here) = (0, None);
        let fingerprint = self.at.fingerprint;
        self.at = Cursor { fingerprint, node: id.to_owned(), ..Cursor::default() };
    }

    /// The end of a node.
    async fn leave(&mut self, node: &Arc<Node>, deadline: Deadline) {
        let Nodes::Cluster(cluster) = &self.client.nodes else {
            self.is_over = true;
            return;
        };
        // No node says by itself that a slot has left it, so it is looked up; and the one that says
        // it first is the one that has lost it.
        let refreshed = Box::pin(cluster.refresh(deadline)).await;
        let mut ask = Commands::with_capacity(1);
        Holding::push(&mut ask);
        let [held] = exactly(self.client.run(&ask, Some(node), deadline).await);
        let held = held.ok().as_ref().and_then(Holding::read);
        let map = cluster.map();
        let index = map.primaries.iter().position(|primary| primary.id == self.at.node);
        let is_still = index.zip(held).is_some_and(|(index, held)| {
            held.slots == map.slots_of(index) && held.leaving == SlotSet::none()
        });
        self.may_be_incomplete |=
            refreshed.is_err() || !is_still || map.fingerprint != self.at.fingerprint;
        match map.primaries.iter().find(|primary| primary.id > self.at.node) {
            Some(next) => self.enter(&next.id),
            None => self.is_over = true,
        }
    }

    /// Whether the node can't be reached because another took its place: then the walk goes on
    /// there, or behind it.
    async fn was_replaced(&self, error: &Error, deadline: Deadline) -> bool {
        let Nodes::Cluster(cluster) = &self.client.nodes else { return false };
        let unreached = matches!(error.code(), Code::DbConnectionFailed | Code::DbTimeout);
        unreached
            && Box::pin(cluster.refresh(deadline)).await.is_ok()
            && cluster.map().primaries.iter().all(|primary| primary.id != self.at.node)
    }
}

/// Adds one call of `SCAN`.
pub(crate) fn push_scan(
    commands: &mut Commands,
    position: u64,
    pattern: Option<&[u8]>,
    work: u64,
    type_name: Option<&str>,
) {
    let (mut cursor, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
    let mut args: Vec<&[u8]> = vec![b"SCAN", cursor.format(position).as_bytes()];
    if let Some(pattern) = pattern {
        args.extend([b"MATCH", pattern]);
    }
    args.extend([b"COUNT", count.format(work).as_bytes()]);
    if let Some(type_name) = type_name {
        args.extend([b"TYPE", type_name.as_bytes()]);
    }
    commands.push(Effect::Read, 0, &args);
}

impl Client {
    /// `DBSIZE`, summed over the primaries of a cluster.
    pub async fn size(&self, deadline: Deadline) -> Result<u64> {
        let ask = Commands::one(Effect::Read, 0, &[b"DBSIZE"]);
        let sizes = self.ask_each(&self.members(Which::Primaries), &ask, deadline).await;
        sizes.into_iter().flatten().try_fold(0, |sum, size| {
            let size = reply::count(&failure::check(size?)?);
            size.map(|size| sum + size).ok_or_else(|| failure::unexpected("DBSIZE"))
        })
    }
}

/// Takes a reply of `SCAN` apart; `HSCAN` and its kin answer alike.
pub(crate) fn scanned(value: Value) -> Option<(u64, Vec<Value>)> {
    let [position, elements] = <[Value; 2]>::try_from(reply::elements(value)?).ok()?;
    let position = std::str::from_utf8(reply::bytes(&position)?).ok()?.parse().ok()?;
    Some((position, reply::elements(elements)?))
}

/// The keys of a reply of `SCAN`, and where to go on.
pub(crate) fn page(value: Value) -> Result<(u64, Vec<Vec<u8>>)> {
    let unexpected = || -> Error { failure::unexpected("SCAN") };
    let (position, elements) = scanned(value).ok_or_else(unexpected)?;
    let keys = elements
        .into_iter()
        .map(|key| match key {
            Value::BulkString(key) => Ok(key),
            _ => Err(unexpected()),
        })
        .collect::<Result<_>>()?;
    Ok((position, keys))
}
