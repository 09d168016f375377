//! Slots that move from one node of a cluster to another.

use crate::support::Admin;
use crate::topology::Node;

/// Keys that move together; their names fit into a short answer.
const BATCH: usize = 8;

/// A slot's way from one node to another.
#[derive(Debug, Clone)]
pub(super) struct Move {
    pub(super) slot: u16,
    pub(super) from: String,
    pub(super) to: String,
}

impl Move {
    pub(super) fn reversed(&self) -> Self {
        Self { slot: self.slot, from: self.to.clone(), to: self.from.clone() }
    }

    pub(super) async fn begin(&self, all: &[Node]) {
        let id =
            |address: &str| all.iter().find(|node| node.address == address).unwrap().id.clone();
        let (slot, from, to) = (self.slot.to_string(), id(&self.from), id(&self.to));
        for (at, state, other) in [(&self.to, "IMPORTING", &from), (&self.from, "MIGRATING", &to)] {
            Admin::connect(at).await.done(&["CLUSTER", "SETSLOT", &slot, state, other]).await;
        }
    }

    /// Moves all keys, or some.
    pub(super) async fn keys(&self, most: Option<usize>) {
        let mut from = Admin::connect(&self.from).await;
        let (host, port) = self.to.split_once(':').unwrap();
        let slot = self.slot.to_string();
        let mut moved = 0;
        while most.is_none_or(|most| moved < most) {
            let count = most.map_or(BATCH, |most| BATCH.min(most - moved));
            let keys = from.all(&["CLUSTER", "GETKEYSINSLOT", &slot, &count.to_string()]).await;
            let keys: Vec<&str> = keys.lines().skip(2).step_by(2).collect();
            if keys.is_empty() {
                return;
            }
            let mut migrate = vec!["MIGRATE", host, port, "\"\"", "0", "20000", "KEYS"];
            migrate.extend(&keys);
            let answer = from.ask(&migrate).await;
            // They may have been deleted meanwhile.
            assert!(answer == "+OK" || answer == "+NOKEY", "{answer}");
            moved += keys.len();
        }
    }

    /// Moves what is left, and says whose the slot is.
    pub(super) async fn finish(&self, all: &[Node]) {
        self.keys(None).await;
        let to = &all.iter().find(|node| node.address == self.to).unwrap().id;
        let slot = self.slot.to_string();
        let set = ["CLUSTER", "SETSLOT", &slot, "NODE", to];
        // First at the node that gets it, so that it is never without an owner.
        for address in [&self.to, &self.from] {
            Admin::connect(address).await.done(&set).await;
        }
        let others = all.iter().filter(|node| node.of.is_none()).map(|node| &node.address);
        for address in others.filter(|address| **address != self.to && **address != self.from) {
            // They hear of it in any case, this is sooner. One that is no primary takes no order.
            Admin::connect(address).await.ask(&set).await;
        }
    }

    /// Takes everything back to where it was.
    pub(super) async fn undo(&self, all: &[Node]) {
        self.finish(all).await;
        let back = self.reversed();
        back.begin(all).await;
        back.finish(all).await;
    }
}

pub(super) async fn move_all(moves: Vec<Move>, all: Vec<Node>) {
    for slot in moves {
        slot.begin(&all).await;
        slot.finish(&all).await;
    }
}

pub(super) fn owns(node: &Node, slot: u16) -> bool {
    node.slots.iter().any(|(first, last)| (*first..=*last).contains(&slot))
}
