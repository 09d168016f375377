//! A sweep over all keys that fit a filter, batch by batch, which can be left and taken up again.
//!
//! `SCAN` finds every key that is there from its beginning to its end, on one node, and only as long
//! as that node's process lives: the order of keys is the process's own. So slots count as swept
//! once one process served them from the first call to the last. What was restarted, failed over or
//! moved meanwhile is swept again, without the slots that were swept before. A server that is no
//! cluster is swept as one that serves all slots.

mod advance;
mod cursor;

use std::sync::Arc;

use super::filter::Filter;
use crate::backend::redis::servers::{Node, SlotSet};

/// Work that one `SCAN` call is asked for at most; it blocks the server while it runs.
const MAX_WORK: u64 = 1_000;

/// How often what moved is swept again before the sweep ends as it is.
const MAX_PASSES: u32 = 5;

/// A sweep that is under way.
#[derive(Debug)]
pub struct Sweep {
    filter: Filter,
    /// Nothing more is to be found in these.
    swept: SlotSet,
    pass: u32,
    /// The node that was swept last in this pass; they are taken in the order of their ids.
    after: Option<String>,
    leg: Option<Leg>,
    /// Keys that one call of `SCAN` looks at.
    work: u64,
    may_be_incomplete: bool,
    /// The cluster was looked at since the sweep began, or was taken up again.
    looked: bool,
    ended: bool,
}

/// The sweep over one node.
#[derive(Debug, PartialEq, Eq)]
struct Leg {
    /// The node's id; empty where there is no cluster.
    id: String,
    /// The server's cursor; `None` once all was scanned.
    position: Option<u64>,
    /// The process that it began on, where the user may know.
    run_id: Option<String>,
    /// What the node served at its beginning.
    slots: SlotSet,
    /// The process was found to be the one that it began on.
    verified: bool,
    size: Option<u64>,
    examined: u64,
}

/// Keys that were found together.
#[derive(Debug)]
pub struct Found {
    /// Each once.
    pub keys: Vec<Vec<u8>>,
    /// Keys that the server looked at for them.
    pub examined: u64,
    /// `host:port` of the cluster's node.
    pub node: Option<String>,
}

impl Sweep {
    /// From the beginning.
    pub fn new(filter: Filter) -> Self {
        let swept = SlotSet::none();
        Self {
            filter,
            swept,
            pass: 0,
            after: None,
            leg: None,
            work: MAX_WORK,
            may_be_incomplete: false,
            looked: false,
            ended: false,
        }
    }

    /// Looks at about so many keys at once.
    pub(super) fn set_work(&mut self, keys: u64) {
        self.work = keys.clamp(1, MAX_WORK);
    }

    /// Whether something may have been missed, because the cluster never came to rest.
    pub fn may_be_incomplete(&self) -> bool {
        self.may_be_incomplete
    }

    /// Takes the next node that has something left. What moved behind a node that was swept before
    /// is left for another pass.
    fn set_out(&mut self, stations: &[Station]) {
        let left = |station: &&Station| station.slots.exceeds(&self.swept);
        let next = stations
            .iter()
            .filter(left)
            .find(|s| self.after.as_ref().is_none_or(|after| s.id > *after));
        if let Some(station) = next {
            self.leg = Some(Leg::new(&station.id, station.slots.clone()));
        } else if stations.iter().any(|station| left(&station)) {
            self.pass += 1;
            self.after = None;
            if self.pass == MAX_PASSES {
                self.may_be_incomplete = true;
                self.ended = true;
            }
        } else {
            self.ended = true;
        }
    }
}

impl Leg {
    fn new(id: &str, slots: SlotSet) -> Self {
        Self {
            id: id.to_owned(),
            position: Some(0),
            run_id: None,
            slots,
            verified: false,
            size: None,
            examined: 0,
        }
    }

    /// What was looked at in one call: `COUNT`, but for the end of a small keyspace.
    fn examine(&mut self, work: u64) -> u64 {
        let left = self.size.map_or(u64::MAX, |size| size.saturating_sub(self.examined));
        let examined = work.min(left);
        self.examined += examined;
        examined
    }
}

/// A node that may be swept, and the slots that it serves now.
pub(crate) struct Station {
    id: String,
    pub(super) node: Arc<Node>,
    slots: SlotSet,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station(id: &str, slots: &str) -> Station {
        use crate::backend::ConnectOptions;
        use crate::backend::redis::servers::Dialer;
        use crate::target::{DatabaseType, Rules, Target, TargetInput};
        use std::time::Duration;
        let input = TargetInput::from_connection_string("redis://127.0.0.1:1");
        let target = Target::parse(DatabaseType::Redis, &input, Rules { self_hosted: true });
        let Ok(Target::Redis(target)) = target else { panic!("no target") };
        let options = ConnectOptions {
            egress: Arc::default(),
            max_connections: 1,
            connect_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
        };
        let dialer = Arc::new(Dialer::new(&target, &options).unwrap());
        let node = Node::new(&dialer, None, 1, options.idle_timeout);
        Station { id: id.to_owned(), node: Arc::new(node), slots: SlotSet::read(slots).unwrap() }
    }

    /// Walks on, as if every leg had been swept in full, and served `served`.
    fn pass(sweep: &mut Sweep, stations: &[Station], served: &str) -> Option<String> {
        while sweep.leg.is_none() && !sweep.ended {
            sweep.set_out(stations);
        }
        let leg = sweep.leg.take()?;
        sweep.swept.add(&SlotSet::read(served).unwrap());
        sweep.after = Some(leg.id.clone());
        Some(leg.id)
    }

    #[test]
    fn nodes_are_walked_once_where_nothing_moves() {
        let mut sweep = Sweep::new(Filter::default());
        let stations = [station("a", "0-1fff"), station("b", "2000-3fff")];
        assert_eq!(pass(&mut sweep, &stations, "0-1fff").as_deref(), Some("a"));
        assert_eq!(pass(&mut sweep, &stations, "2000-3fff").as_deref(), Some("b"));
        assert_eq!(pass(&mut sweep, &stations, ""), None);
        assert!(!sweep.may_be_incomplete());
    }

    #[test]
    fn what_failed_over_to_an_earlier_node_is_walked_again() {
        let mut sweep = Sweep::new(Filter::default());
        let before = [station("b", "0-1fff"), station("c", "2000-3fff")];
        assert_eq!(pass(&mut sweep, &before, "0-1fff").as_deref(), Some("b"));
        // `c` fails over to `a` while it is swept.
        assert_eq!(pass(&mut sweep, &before, "").as_deref(), Some("c"));
        let after = [station("a", "2000-3fff"), station("b", "0-1fff")];
        assert_eq!(pass(&mut sweep, &after, "2000-3fff").as_deref(), Some("a"));
        assert_eq!(pass(&mut sweep, &after, ""), None);
        assert!(!sweep.may_be_incomplete());
    }

    #[test]
    fn a_cluster_that_never_comes_to_rest_ends_the_walk_honestly() {
        let mut sweep = Sweep::new(Filter::default());
        let stations = [station("a", "0-3fff")];
        let passes = std::iter::from_fn(|| pass(&mut sweep, &stations, "0-3ffe")).count();
        assert_eq!(passes, MAX_PASSES as usize);
        assert!(sweep.may_be_incomplete());
    }
}
