//! How servers change: slots that move, replicas that become primaries.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use studio_multidb::backend::redis::Client;
use studio_multidb::backend::redis::info::Depth;
use tokio::sync::{Mutex, MutexGuard, RwLockWriteGuard};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::support::{Admin, PATIENCE, SLOTS, eventually, prefix, server, soon, target};
use crate::topology::{Node, nodes, settle};

/// Which server is the primary behind the sentinels.
static PRIMARY: Mutex<()> = Mutex::const_new(());

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
    _alone: Alone,
}

enum Alone {
    Cluster { _guard: RwLockWriteGuard<'static, ()> },
    Sentinel { _guard: MutexGuard<'static, ()> },
}

impl Scene {
    /// `None` where there are no such servers.
    pub(super) async fn of(shift: Shift) -> Option<Self> {
        let (url, alone) = match shift {
            Shift::Slots | Shift::Cluster => {
                (server("TEST_REDIS_CLUSTER_URL")?, Alone::Cluster { _guard: SLOTS.write().await })
            }
            Shift::Sentinel => (
                server("TEST_REDIS_SENTINEL_URL")?,
                Alone::Sentinel { _guard: PRIMARY.lock().await },
            ),
        };
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
        self.url.trim_start_matches("redis+cluster://")
    }
}

const TAGS: usize = 12;

/// Keys that move together; their names fit into a short answer.
const BATCH: usize = 8;

/// A change that is under way.
pub(super) struct Shifting {
    task: JoinHandle<()>,
    ended: bool,
    back: Back,
}

enum Back {
    Slots(Vec<Move>),
    /// Addresses of who was the primary, and of who knows the new one.
    Replica {
        old: String,
        sentinel: String,
    },
    None,
}

impl Shifting {
    /// Waits until nothing more changes.
    pub(super) async fn over(&mut self) {
        self.settled().await;
        if let Back::Replica { old, sentinel } = &self.back {
            // As the sentinels do, though they take their time.
            let now = named(sentinel).await;
            let (host, port) = now.split_once(':').unwrap();
            let answer = Admin::connect(old).await.ask(&["REPLICAOF", host, port]).await;
            assert!(answer.starts_with("+OK"), "{answer}");
            is_followed(old).await;
        }
    }

    /// Waits until the client has what it was told; an old primary behind sentinels may still think
    /// that it is one.
    pub(super) async fn followed_by(&mut self, client: &Client) {
        self.settled().await;
        let Back::Replica { sentinel, .. } = &self.back else { return };
        let now = named(sentinel).await;
        eventually("the client following", async || {
            let info = client.info(Depth::Usual, soon()).await.map(serde_json::to_value);
            let port = info.map(|info| info.unwrap()["raw"]["server"]["tcp_port"].clone());
            port.is_ok_and(|port| now.ends_with(port.as_str().unwrap()))
        })
        .await;
    }

    async fn settled(&mut self) {
        if !self.ended {
            (&mut self.task).await.unwrap();
            self.ended = true;
        }
    }

    pub(super) fn is_under_way(&self) -> bool {
        !self.task.is_finished()
    }
}

/// A slot's way from one node to another.
#[derive(Debug, Clone)]
pub(super) struct Move {
    slot: u16,
    from: String,
    to: String,
}

impl Move {
    fn reversed(&self) -> Self {
        Self { slot: self.slot, from: self.to.clone(), to: self.from.clone() }
    }

    async fn begin(&self, all: &[Node]) {
        let id =
            |address: &str| all.iter().find(|node| node.address == address).unwrap().id.clone();
        let (slot, from, to) = (self.slot.to_string(), id(&self.from), id(&self.to));
        for (at, state, other) in [(&self.to, "IMPORTING", &from), (&self.from, "MIGRATING", &to)] {
            Admin::connect(at).await.done(&["CLUSTER", "SETSLOT", &slot, state, other]).await;
        }
    }

    /// Moves all keys, or some.
    async fn keys(&self, most: Option<usize>) {
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
            let mut migrate = vec!["MIGRATE", host, port, "\"\"", "0", "5000", "KEYS"];
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
        // First at the node that gets it, so that it is never without an owner.
        let others = all.iter().filter(|node| node.of.is_none()).map(|node| &node.address);
        let others = others.filter(|address| **address != self.to && **address != self.from);
        for address in [&self.to, &self.from].into_iter().chain(others) {
            Admin::connect(address).await.done(&["CLUSTER", "SETSLOT", &slot, "NODE", to]).await;
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

async fn move_all(moves: Vec<Move>, all: Vec<Node>) {
    for slot in moves {
        slot.begin(&all).await;
        slot.finish(&all).await;
    }
}

pub(super) fn owns(node: &Node, slot: u16) -> bool {
    node.slots.iter().any(|(first, last)| (*first..=*last).contains(&slot))
}

/// A replica takes over once it has everything that its primary has.
async fn take_over(replica: &str) {
    let until = Instant::now() + PATIENCE * 2;
    loop {
        let answer = Admin::connect(replica).await.ask(&["CLUSTER", "FAILOVER"]).await;
        // An attempt lasts five seconds at most.
        let attempt = Instant::now() + Duration::from_secs(5);
        while answer == "+OK" && Instant::now() < attempt {
            let own = nodes(replica).await.into_iter().find(|node| node.address == replica);
            if own.is_some_and(|node| node.of.is_none() && !node.slots.is_empty()) {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        assert!(Instant::now() < until, "no failover: {answer}");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn replication(address: &str) -> String {
    Admin::connect(address).await.text(&["INFO", "replication"]).await
}

/// Waits until the server is a replica that has everything.
async fn is_followed(address: &str) {
    eventually("the replica following", async || {
        let told = replication(address).await;
        told.contains("role:slave") && told.contains("master_link_status:up")
    })
    .await;
}

fn sentinel(url: &str) -> String {
    let endpoint = &target(url).endpoints[0];
    format!("{}:{}", endpoint.host, endpoint.port)
}

/// The primary that a sentinel names.
pub(super) async fn named(sentinel: &str) -> String {
    let ask = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"];
    let answer = Admin::connect(sentinel).await.all(&ask).await;
    let words: Vec<&str> = answer.lines().collect();
    format!("{}:{}", words[2], words[4])
}

async fn switch(sentinel: String, old: String) {
    let until = Instant::now() + PATIENCE * 2;
    loop {
        let answer =
            Admin::connect(&sentinel).await.ask(&["SENTINEL", "FAILOVER", "mymaster"]).await;
        if answer == "+OK" {
            break;
        }
        // It has not heard of the replica for a while.
        assert!(Instant::now() < until, "{answer}");
        sleep(Duration::from_millis(100)).await;
    }
    while named(&sentinel).await == old {
        assert!(Instant::now() < until, "no failover");
        sleep(Duration::from_millis(20)).await;
    }
}
