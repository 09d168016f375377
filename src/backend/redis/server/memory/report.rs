//! What is known of the memory at some point of a measurement.

use serde::Serialize;

use super::tally::{Prefixes, Ranked, Scale, Share, TypeShare};
use super::{Analysis, Progress};
use crate::backend::Warnings;
use crate::backend::redis::keyspace::scan::EndedBy;
use crate::backend::redis::servers::members::NodeName;

impl Analysis<'_> {
    /// What is known by now.
    pub fn report(&self) -> impl Serialize {
        let examined = self.examined();
        let totals: Option<u64> = self.nodes.iter().map(|node| node.total).sum();
        let complete = self.ended_by == Some(EndedBy::Keyspace) && !self.may_be_incomplete;
        let scale =
            Scale { factor: factor(examined, totals, complete), has_sizes: self.knows_sizes };
        let has_hot = self.hot.reason.is_none();
        Report {
            examined,
            total: totals,
            all: self.tally.all(scale),
            used_memory: self.used_memory,
            types: self.tally.types(scale),
            prefixes: self.tally.prefixes(scale),
            biggest: self.tally.biggest(),
            hot_keys: HotKeys {
                available: has_hot,
                policy: self.hot.policy.clone(),
                reason: self.hot.reason.clone(),
                keys: if has_hot { self.tally.hottest() } else { Vec::new() },
            },
            nodes: self.nodes.iter().filter_map(Progress::told).collect(),
            done: self.has_ended(),
            complete,
            ended_by: self.ended_by.map(EndedBy::as_str),
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

#[derive(Serialize)]
struct Report {
    examined: u64,
    total: Option<u64>,
    all: Share,
    used_memory: Option<i64>,
    types: Vec<TypeShare>,
    #[serde(flatten)]
    prefixes: Prefixes,
    biggest: Vec<Ranked>,
    hot_keys: HotKeys,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nodes: Vec<NodeProgress>,
    done: bool,
    complete: bool,
    ended_by: Option<&'static str>,
    may_be_incomplete: bool,
    warnings: Warnings,
}

#[derive(Serialize)]
struct HotKeys {
    available: bool,
    policy: Option<String>,
    reason: Option<String>,
    keys: Vec<Ranked>,
}

#[derive(Serialize)]
struct NodeProgress {
    #[serde(flatten)]
    name: NodeName,
    examined: u64,
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
