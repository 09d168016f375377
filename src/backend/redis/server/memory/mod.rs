//! What takes the memory: a sample of the keyspace, measured key by key and extrapolated.
//!
//! `SCAN` goes through a hash table in its order, so that the first part of a walk is as good as a
//! random one. In a cluster the primaries are sampled in turn, each in proportion to its size. What
//! was not examined is estimated, and every answer says how much that is.

mod report;
mod tally;

use std::sync::Arc;

use redis::Value;

pub use self::report::MemoryReport;
use self::tally::{Measured, Tally};
use super::info;
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::keyspace::scan::EndedBy;
use crate::backend::redis::keyspace::walk::{self, push_scan};
use crate::backend::redis::keyspace::{Budget, Filter};
use crate::backend::redis::run::exactly;
use crate::backend::redis::servers::{Node, NodeName, Which};
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Result};

/// Keys of one step, where the server does not filter them.
const STEP: u64 = 500;

/// Keys that the server looks at in one step, where it filters them.
const FILTERED_STEP: u64 = 2000;

/// What is measured, and how it is grouped.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Which keys.
    pub filter: Filter,
    /// What ends a part of a prefix; not empty.
    pub separator: Vec<u8>,
    /// How many parts a prefix has at most.
    pub depth: u32,
    /// Prefixes that are told apart, the largest first.
    pub limit: usize,
    /// The largest keys, and the most used, that are named.
    pub top: usize,
    /// Elements of a collection that are measured; 0 is all.
    pub samples: u32,
}

/// A measurement under way.
#[derive(Debug)]
pub struct Analysis<'a> {
    client: &'a Client,
    sample: &'a Sample,
    budget: Budget,
    until: Deadline,
    nodes: Vec<Progress>,
    tally: Tally<'a>,
    used_memory: Option<i64>,
    hot: Hot,
    /// Whether the user may ask for types and sizes.
    knows_types: bool,
    knows_sizes: bool,
    /// What the cluster looked like at the beginning.
    fingerprint: u32,
    may_be_incomplete: bool,
    ended_by: Option<EndedBy>,
    warnings: Warnings,
}

/// How far one server was walked through.
#[derive(Debug)]
struct Progress {
    name: Option<NodeName>,
    node: Arc<Node>,
    position: u64,
    examined: u64,
    /// Its keys, where the user may know.
    total: Option<u64>,
    is_over: bool,
}

/// Whether the server counts how often keys are used.
#[derive(Debug)]
struct Hot {
    policy: Option<String>,
    /// Why not.
    reason: Option<String>,
}

impl Client {
    /// Prepares a measurement.
    pub async fn measure<'a>(
        &'a self,
        sample: &'a Sample,
        budget: Budget,
        deadline: Deadline,
    ) -> Result<Analysis<'a>> {
        let members = self.members(Which::Primaries);
        let mut ask = Commands::with_capacity(2);
        ask.push(Effect::Read, 0, &[b"DBSIZE"]);
        ask.push(Effect::Read, 0, &[b"INFO", b"memory"]);
        let answers = self.ask_each(&members, &ask, deadline).await;
        let mut analysis = Analysis {
            client: self,
            sample,
            budget,
            until: Deadline::after(budget.time),
            nodes: Vec::with_capacity(members.len()),
            tally: Tally::new(sample),
            used_memory: None,
            hot: Hot { policy: None, reason: None },
            knows_types: true,
            knows_sizes: true,
            fingerprint: self.fingerprint(),
            may_be_incomplete: false,
            ended_by: None,
            warnings: Warnings::default(),
        };
        let mut failed = None;
        for (member, results) in members.into_iter().zip(answers) {
            let [size, memory] = exactly(results).map(|result| result.and_then(failure::check));
            let size = analysis.warnings.unless_denied("total", size);
            let memory = analysis.warnings.unless_denied("used_memory", memory);
            match (size, memory) {
                (Ok(size), Ok(memory)) => {
                    analysis.learn_memory(memory.as_ref());
                    analysis.nodes.push(Progress {
                        name: member.name,
                        node: member.node,
                        position: 0,
                        examined: 0,
                        total: size.as_ref().and_then(reply::count),
                        is_over: false,
                    });
                }
                (Err(error), _) | (_, Err(error)) => {
                    analysis.may_be_incomplete = true;
                    analysis.warnings.add("nodes", error.clone());
                    failed.get_or_insert(error);
                }
            }
        }
        match failed {
            Some(error) if analysis.nodes.is_empty() => Err(error),
            _ => Ok(analysis),
        }
    }
}

impl Analysis<'_> {
    fn learn_memory(&mut self, reply: Option<&Value>) {
        let Some((used, policy)) = reply.and_then(info::memory) else { return };
        if let Some(used) = used {
            self.used_memory = Some(self.used_memory.unwrap_or(0).saturating_add(used));
        }
        if let Some(policy) = policy {
            if !policy.contains("lfu") {
                self.hot.reason = Some(format!(
                    "servers count how often keys are used only under a maxmemory-policy of the \
                     kind LFU, such as allkeys-lfu; here it is {policy}"
                ));
            }
            self.hot.policy = Some(policy);
        }
    }

    /// Measures some more keys.
    pub async fn step(&mut self, deadline: Deadline) -> Result<()> {
        let Some(at) = self.next_node() else {
            self.ended_by = Some(EndedBy::Keyspace);
            return Ok(());
        };
        match self.measure_some(at, deadline).await {
            Ok(()) => {}
            // A node that is gone takes its keys with it, not what was learned of the others.
            Err(error)
                if self.nodes.len() > 1
                    && matches!(error.code(), Code::DbConnectionFailed | Code::DbTimeout) =>
            {
                self.nodes[at].is_over = true;
                self.may_be_incomplete = true;
                self.warnings.add("nodes", error);
            }
            Err(error) => return Err(error),
        }
        // Keys that moved between nodes may have been missed, or counted twice.
        self.may_be_incomplete |= self.client.fingerprint() != self.fingerprint;
        let examined = self.examined();
        self.ended_by = if self.next_node().is_none() {
            Some(EndedBy::Keyspace)
        } else if examined >= self.budget.examined {
            Some(EndedBy::Examined)
        } else if self.until.passed() {
            Some(EndedBy::Time)
        } else {
            None
        };
        Ok(())
    }

    /// Whether there is no more to measure, or no budget left.
    pub fn has_ended(&self) -> bool {
        self.ended_by.is_some()
    }

    /// The node of which the smallest part was examined.
    fn next_node(&self) -> Option<usize> {
        let part = |node: &Progress| node.examined * 1_000_000 / node.total.unwrap_or(1).max(1);
        let nodes = self.nodes.iter().enumerate().filter(|(_, node)| !node.is_over);
        nodes.min_by_key(|(_, node)| part(node)).map(|(at, _)| at)
    }

    fn examined(&self) -> u64 {
        self.nodes.iter().map(|node| node.examined.min(node.total.unwrap_or(u64::MAX))).sum()
    }

    async fn measure_some(&mut self, at: usize, deadline: Deadline) -> Result<()> {
        let Filter { pattern, type_name } = &self.sample.filter;
        let filters = pattern.is_some() || type_name.is_some();
        let work = if filters { FILTERED_STEP } else { STEP };
        let left = self.budget.examined.saturating_sub(self.examined());
        let work = work.min(left.max(10));
        let (node, position) = (Arc::clone(&self.nodes[at].node), self.nodes[at].position);
        let mut scan = Commands::with_capacity(1);
        push_scan(&mut scan, position, pattern.as_deref(), work, type_name.as_deref());
        let [scanned] = exactly(self.client.run(&scan, Some(&node), deadline).await);
        let (next, mut keys) = walk::page(failure::check(scanned?)?)?;
        // A key may come twice.
        keys.sort_unstable();
        keys.dedup();
        self.describe(&keys, &node, deadline).await?;
        let progress = &mut self.nodes[at];
        progress.position = next;
        progress.is_over = next == 0;
        progress.examined += if filters { work } else { keys.len() as u64 };
        Ok(())
    }

    async fn describe(
        &mut self,
        keys: &[Vec<u8>],
        node: &Arc<Node>,
        deadline: Deadline,
    ) -> Result<()> {
        let samples = self.sample.samples.to_string();
        let (types, sizes, hot) = (self.knows_types, self.knows_sizes, self.hot.reason.is_none());
        let mut ask = Commands::with_capacity(keys.len() * 3);
        for key in keys {
            if types {
                ask.push(Effect::Read, 1, &[b"TYPE", key]);
            }
            if sizes {
                let usage: [&[u8]; 5] = [b"MEMORY", b"USAGE", key, b"SAMPLES", samples.as_bytes()];
                ask.push(Effect::Read, 2, &usage);
            }
            if hot {
                ask.push(Effect::Read, 2, &[b"OBJECT", b"FREQ", key]);
            }
        }
        if ask.is_empty() {
            return Ok(());
        }
        let mut replies = self.client.run(&ask, Some(node), deadline).await.into_iter();
        let mut next = |asked: bool| if asked { replies.next().transpose() } else { Ok(None) };
        for key in keys {
            let (type_name, bytes, frequency) = (next(types)?, next(sizes)?, next(hot)?);
            let type_name = type_name.map(|reply| self.type_name(&reply));
            if type_name.as_ref().is_some_and(|name| name.as_deref() == Some("none")) {
                continue;
            }
            let bytes = bytes.and_then(|reply| self.bytes(&reply));
            let frequency = frequency.and_then(|reply| self.frequency(&reply));
            let type_name = type_name.flatten();
            self.tally.add(key, Measured { type_name, bytes, frequency });
        }
        Ok(())
    }

    fn type_name(&mut self, reply: &Value) -> Option<String> {
        if let Value::ServerError(error) = reply {
            self.knows_types &= !failure::is_denied(reply);
            self.warnings.add("types", failure::refused(error));
        }
        reply::text(reply)
    }

    fn bytes(&mut self, reply: &Value) -> Option<u64> {
        if let Value::ServerError(error) = reply {
            self.knows_sizes &= !failure::is_denied(reply);
            self.warnings.add("bytes", failure::refused(error));
        }
        reply::count(reply)
    }

    fn frequency(&mut self, reply: &Value) -> Option<u64> {
        match reply {
            Value::ServerError(error) if failure::is_denied(reply) => {
                self.hot.reason = Some("the Redis user may not ask for OBJECT FREQ".to_owned());
                self.warnings.add("hot_keys", failure::refused(error));
            }
            Value::ServerError(error) => {
                // A key that vanished, or a policy under which nothing is counted.
                let said = error.details().unwrap_or_default();
                if said.contains("LFU") {
                    self.hot.reason = Some(said.to_owned());
                }
            }
            _ => {}
        }
        reply::count(reply)
    }
}
