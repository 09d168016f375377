//! What is known of the memory at some point of a measurement.

use schemars::JsonSchema;
use serde::Serialize;

use super::tally::{Prefixes, Ranked, Scale, Share, TypeShare};
use super::{Analysis, Progress};
use crate::backend::Warnings;
use crate::backend::redis::keyspace::scan::EndedBy;
use crate::backend::redis::servers::NodeName;

impl Analysis<'_> {
    /// What is known by now.
    pub fn report(&self) -> MemoryReport {
        let examined = self.examined();
        let totals: Option<u64> = self.nodes.iter().map(|node| node.total).sum();
        let complete = self.ended_by == Some(EndedBy::Keyspace) && !self.may_be_incomplete;
        let scale =
            Scale { factor: factor(examined, totals, complete), has_sizes: self.knows_sizes };
        let has_hot = self.hot.reason.is_none();
        MemoryReport {
            examined,
            total: totals,
            all: self.tally.all.share(scale),
            used_memory: self.used_memory,
            types: self.tally.types(scale),
            prefixes: self.tally.prefixes(scale),
            biggest: self.tally.biggest.highest_first(),
            hot_keys: HotKeys {
                available: has_hot,
                policy: self.hot.policy.clone(),
                reason: self.hot.reason.clone(),
                keys: if has_hot { self.tally.hottest.highest_first() } else { Vec::new() },
            },
            nodes: self.nodes.iter().filter_map(Progress::told).collect(),
            done: self.has_ended(),
            complete,
            ended_by: self.ended_by,
            may_be_incomplete: self.may_be_incomplete,
            warnings: self.warnings.clone(),
        }
    }
}

impl Progress {
    fn told(&self) -> Option<NodeProgress> {
        let name = self.name.clone()?;
        let examined = self.examined.min(self.total.unwrap_or(u64::MAX));
        Some(NodeProgress { name, examined, total: self.total })
    }
}

/// How many keys stand behind one that was examined; `None` where that is not known.
#[allow(clippy::cast_precision_loss)]
fn factor(examined: u64, total: Option<u64>, complete: bool) -> Option<f64> {
    match total {
        _ if complete => Some(1.0),
        Some(total) if examined > 0 => Some((total as f64 / examined as f64).max(1.0)),
        _ => None,
    }
}

/// What takes the memory, as far as it is known by now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemoryReport {
    /// Keys that were looked at; an estimate while the server filters them.
    examined: u64,
    /// Keys of the database; `null` where the user may not know.
    total: Option<u64>,
    /// All keys that are meant.
    all: Share,
    /// Bytes that the server, or the cluster's primaries together, use for everything.
    used_memory: Option<i64>,
    /// The largest first.
    types: Vec<TypeShare>,
    #[serde(flatten)]
    prefixes: Prefixes,
    /// The largest keys that were seen.
    biggest: Vec<Ranked>,
    hot_keys: HotKeys,
    /// How far each primary of a cluster was walked through; not there without one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nodes: Vec<NodeProgress>,
    /// Whether this is the last of it.
    done: bool,
    /// Every key was examined: nothing is estimated.
    complete: bool,
    /// `null` until it has.
    ended_by: Option<EndedBy>,
    /// Slots moved, or a node was lost: keys may have been missed, or measured twice.
    may_be_incomplete: bool,
    warnings: Warnings,
}

/// The keys that are used most.
#[derive(Debug, Serialize, JsonSchema)]
struct HotKeys {
    /// Whether the server counts how often keys are used, and the user may know.
    available: bool,
    /// The server's `maxmemory-policy`; `null` where the user may not know.
    policy: Option<String>,
    /// Why there are none; else `null`.
    reason: Option<String>,
    /// The most used first.
    keys: Vec<Ranked>,
}

/// How far a node was walked through.
#[derive(Debug, Serialize, JsonSchema)]
struct NodeProgress {
    #[serde(flatten)]
    name: NodeName,
    examined: u64,
    /// Its keys; `null` where the user may not know.
    total: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_examined_is_estimated_from_what_was() {
        assert_eq!(factor(100, Some(1000), false), Some(10.0));
        assert_eq!(factor(1000, Some(900), false), Some(1.0));
        assert_eq!(factor(100, Some(1000), true), Some(1.0));
        assert_eq!(factor(0, Some(1000), false), None);
        assert_eq!(factor(100, None, false), None);
    }
}
