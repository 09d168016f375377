//! Servers that a test has for itself, with keys on all of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::RwLockWriteGuard;
use tokio::time::sleep;

use super::shifting::{Back, Shifting};
use super::slots::{Move, move_all, owns};
use super::takeover::{is_followed, replication, switch, take_over};
use crate::fixtures::{eventually, given};
use crate::support::{Admin, PRIMARY, SLOTS, address, prefix};
use crate::topology::{Node, named, nodes, sentinel, settle};

const TAGS: usize = 12;

/// Which primary of the cluster loses its place next. A server that was elected can't be elected again
/// for twenty seconds, so nobody gets it back.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// What changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shift {
    /// Slots move from a primary of a cluster to another.
    Slots,
    /// A replica of a cluster takes the place of its primary.
    Cluster,
    /// Sentinels make the replica the primary.
    Sentinel,
}

/// Servers that a test has for itself.
pub(super) struct Scene {
    pub(super) url: String,
    pub(super) shift: Shift,
    /// Hash tags, spread over the primaries of a cluster.
    tags: Vec<String>,
    _alone: RwLockWriteGuard<'static, ()>,
}

impl Scene {
    /// `None` where there are no such servers.
    pub(super) async fn of(shift: Shift) -> Option<Self> {
        let (name, lock) = match shift {
            Shift::Slots | Shift::Cluster => ("TEST_REDIS_CLUSTER_URL", &SLOTS),
            Shift::Sentinel => ("TEST_REDIS_SENTINEL_URL", &PRIMARY),
        };
        let (url, alone) = (given(name)?, lock.write().await);
        let mut scene = Self { url, shift, tags: Vec::new(), _alone: alone };
        if shift != Shift::Sentinel {
            // Whoever was here before may have left a server that has not heard the news.
            settle(scene.address()).await;
        }
        scene.is_replicated().await;
        let prefix = prefix();
        for i in 0.. {
            let tag = format!("{prefix}{i}");
            if scene.is_needed(&tag).await {
                scene.tags.push(tag);
            }
            if scene.tags.len() == TAGS {
                return Some(scene);
            }
        }
        None
    }

    /// Whether the tag's node has few of the tags yet.
    async fn is_needed(&self, tag: &str) -> bool {
        if self.shift == Shift::Sentinel {
            return true;
        }
        let primaries = self.primaries().await;
        let owner = |slot: u16| primaries.iter().position(|node| owns(node, slot));
        let at = owner(self.slot(tag).await);
        let mut same = 0;
        for tag in &self.tags {
            same += usize::from(owner(self.slot(tag).await) == at);
        }
        same < TAGS / primaries.len()
    }

    pub(super) fn tags(&self) -> usize {
        self.tags.len()
    }

    /// A key of the test's own.
    pub(super) fn key(&self, kind: &str, i: usize) -> String {
        format!("{{{}}}{kind}:{i}", self.tags[i % self.tags.len()])
    }

    pub(super) fn keys(&self, kind: &str, count: usize) -> Vec<String> {
        (0..count).map(|i| self.key(kind, i)).collect()
    }

    /// What all keys of a kind match.
    pub(super) fn pattern(&self, kind: &str) -> String {
        let prefix = self.tags[0].split(':').next().unwrap();
        format!("{{{prefix}:*}}{kind}:*")
    }

    /// Waits until the replica behind sentinels has all that was written.
    pub(super) async fn is_replicated(&self) {
        if self.shift != Shift::Sentinel {
            return;
        }
        let primary = named(&sentinel(&self.url)).await;
        let offset = |told: String, name: &str| -> Option<u64> {
            let line = told.lines().find_map(|line| line.split_once(name)?.1.into())?.to_owned();
            line.split(',').next()?.trim().parse().ok()
        };
        eventually("the replica having everything", async || {
            let told = replication(&primary).await;
            let (own, heard) =
                (offset(told.clone(), "master_repl_offset:"), offset(told, ",offset="));
            own.is_some() && own == heard
        })
        .await;
    }

    /// Begins to change them.
    pub(super) async fn shift(&self) -> Shifting {
        match self.shift {
            Shift::Slots => {
                let all = nodes(self.address()).await;
                let primaries = self.primaries().await;
                let mut moves = Vec::new();
                let (from, to) = (&primaries[0], &primaries[1]);
                for tag in &self.tags {
                    let slot = self.slot(tag).await;
                    if owns(from, slot) {
                        let (from, to) = (from.address.clone(), to.address.clone());
                        moves.push(Move { slot, from, to });
                    }
                }
                let back = moves.iter().map(Move::reversed).collect();
                let task = tokio::spawn(move_all(moves, all));
                Shifting { task, ended: false, back: Back::Slots(back) }
            }
            Shift::Cluster => {
                let primaries = self.primaries().await;
                let next = NEXT.fetch_add(1, Ordering::Relaxed) % primaries.len();
                let replica = self.replica_of(&primaries[next].id).await;
                let back = Back::None;
                let task = tokio::spawn(async move { take_over(&replica.address).await });
                Shifting { task, ended: false, back }
            }
            Shift::Sentinel => {
                let sentinel = sentinel(&self.url);
                let old = named(&sentinel).await;
                let back = Back::Replica { old: old.clone(), sentinel: sentinel.clone() };
                Shifting { task: tokio::spawn(switch(sentinel, old)), ended: false, back }
            }
        }
    }

    /// Puts slots back, and waits until everybody knows who is who.
    pub(super) async fn end(&self, mut shifting: Shifting) {
        shifting.over().await;
        match shifting.back {
            Back::Slots(moves) => {
                // Two who gain slots before they have heard of each other may claim the same epoch, and
                // then some never learn whose a slot is.
                settle(self.address()).await;
                move_all(moves, nodes(self.address()).await).await;
            }
            Back::Replica { .. } | Back::None => {}
        }
        if self.shift != Shift::Sentinel {
            settle(self.address()).await;
            for node in nodes(self.address()).await.iter().filter(|node| node.of.is_some()) {
                is_followed(&node.address).await;
            }
            // A client that looked at the cluster a moment ago does not look again at once.
            sleep(Duration::from_millis(300)).await;
        }
    }

    /// Moves some keys of the tag's slot to another primary, and leaves the slot on its way.
    pub(super) async fn half_move(&self, tag: usize, to: &Node) -> Move {
        let slot = self.slot(&self.tags[tag]).await;
        let from = self.primaries().await.into_iter().find(|node| owns(node, slot)).unwrap();
        let half = Move { slot, from: from.address, to: to.address.clone() };
        half.begin(&nodes(self.address()).await).await;
        half.keys(Some(5)).await;
        half
    }

    /// The primaries, by their ids.
    pub(super) async fn primaries(&self) -> Vec<Node> {
        let mut all = nodes(self.address()).await;
        all.retain(|node| !node.slots.is_empty());
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// The index of a tag that this node has.
    pub(super) async fn tag_on(&self, node: &Node) -> usize {
        for (i, tag) in self.tags.iter().enumerate() {
            if owns(node, self.slot(tag).await) {
                return i;
            }
        }
        panic!("the node has none of the tags");
    }

    async fn replica_of(&self, primary: &str) -> Node {
        let mut found = None;
        eventually("the replica being known", async || {
            let all = nodes(self.address()).await;
            found = all.into_iter().find(|node| node.of.as_deref() == Some(primary));
            found.is_some()
        })
        .await;
        found.unwrap()
    }

    async fn slot(&self, tag: &str) -> u16 {
        let slot = Admin::connect(self.address()).await.ask(&["CLUSTER", "KEYSLOT", tag]).await;
        slot.trim_start_matches(':').parse().unwrap()
    }

    fn address(&self) -> &str {
        address(&self.url)
    }
}
