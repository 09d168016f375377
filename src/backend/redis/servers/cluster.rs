//! Redis Cluster: which node serves which slot.
//!
//! The map comes from `CLUSTER SLOTS` of any node that answers, and is read again when a node says
//! that it moved. Addresses that servers name are dialled like any other: through the egress guard.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use redis::Value;

use super::dial::Dialer;
use super::node::Node;
use super::slot;
use super::slot_set::SlotSet;
use crate::backend::Gauge;
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::shares;
use crate::target::Endpoint;

/// A map younger than this is not read again: one `MOVED` per key must not mean one per request.
const FRESH: Duration = Duration::from_millis(100);

const NOBODY: u16 = u16::MAX;

/// The nodes of a cluster.
#[derive(Debug)]
pub(crate) struct Cluster {
    dialer: Arc<Dialer>,
    max_connections: u32,
    idle_timeout: Duration,
    map: RwLock<Arc<SlotMap>>,
    /// Every node that has a pool: those of the map, seeds, and targets of redirects.
    known: Mutex<HashMap<Endpoint, Arc<Node>>>,
    refreshed: tokio::sync::Mutex<Instant>,
}

/// A view of the cluster at one moment.
#[derive(Debug, Default)]
pub(crate) struct SlotMap {
    /// The primaries, ordered by their node id.
    pub(crate) primaries: Vec<Primary>,
    /// The replicas that the cluster thinks well of.
    pub(super) replicas: Vec<Replica>,
    owners: Vec<u16>,
    /// Changes whenever a slot or a primary does.
    pub(crate) fingerprint: u32,
}

/// A node that serves slots.
#[derive(Debug, Clone)]
pub(crate) struct Primary {
    /// Its node id: 40 hexadecimal digits.
    pub(crate) id: String,
    pub(crate) node: Arc<Node>,
}

/// A node that follows a primary.
#[derive(Debug, Clone)]
pub(super) struct Replica {
    /// Its node id.
    pub(crate) id: String,
    /// The node id of its primary.
    pub(crate) of: String,
    pub(crate) node: Arc<Node>,
}

/// One line of `CLUSTER SLOTS`.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    first: u16,
    last: u16,
    primary: Address,
    replicas: Vec<Address>,
}

/// A node as `CLUSTER SLOTS` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address {
    endpoint: Endpoint,
    id: String,
}

impl SlotMap {
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        let primaries = self.primaries.iter().map(|primary| &primary.node);
        primaries.chain(self.replicas.iter().map(|replica| &replica.node))
    }

    /// The node that serves the slot.
    pub(crate) fn owner(&self, slot: u16) -> Result<&Arc<Node>> {
        let index = self.owners.get(usize::from(slot)).copied().unwrap_or(NOBODY);
        self.primaries.get(usize::from(index)).map(|p| &p.node).ok_or_else(|| {
            Error::new(
                Code::DbConnectionFailed,
                format!("no node of the cluster serves slot {slot}; the cluster is incomplete"),
            )
        })
    }

    /// The slots that a primary serves, by its place in the list.
    pub(crate) fn slots_of(&self, primary: usize) -> SlotSet {
        let mut slots = SlotSet::none();
        let owned = (0..slot::SLOTS).zip(&self.owners);
        let owned = owned.filter(|&(_, &owner)| usize::from(owner) == primary);
        owned.for_each(|(slot, _)| slots.insert(slot));
        slots
    }
}

impl Cluster {
    /// Reads the map from the first seed that answers.
    pub(crate) async fn connect(
        dialer: Arc<Dialer>,
        max_connections: u32,
        idle_timeout: Duration,
        deadline: Deadline,
    ) -> Result<Self> {
        let cluster = Self {
            dialer,
            max_connections,
            idle_timeout,
            map: RwLock::default(),
            known: Mutex::default(),
            refreshed: tokio::sync::Mutex::new(Instant::now()),
        };
        cluster.read_map(deadline).await?;
        Ok(cluster)
    }

    /// The current view.
    pub(crate) fn map(&self) -> Arc<SlotMap> {
        self.map.read().clone()
    }

    /// Any primary.
    pub(crate) fn any(&self) -> Result<Arc<Node>> {
        let map = self.map();
        let first = map.primaries.first().map(|p| p.node.clone());
        first.ok_or_else(|| Error::new(Code::DbConnectionFailed, "the cluster has no primaries"))
    }

    /// The node at an address that another node named; an empty host means that node's own.
    pub(crate) fn named(&self, address: &str, by: &Node) -> Result<Arc<Node>> {
        let parsed = address.rsplit_once(':').and_then(|(host, port)| {
            let host = match host.trim_matches(['[', ']']) {
                "" | "?" => by.endpoint.as_ref()?.host.clone(),
                host => host.to_owned(),
            };
            Some(Endpoint { host, port: port.parse().ok()? })
        });
        let endpoint = parsed.ok_or_else(|| {
            Error::new(Code::DbConnectionFailed, "a cluster node redirected to no valid address")
        })?;
        Ok(self.node(&endpoint))
    }

    fn node(&self, endpoint: &Endpoint) -> Arc<Node> {
        let mut known = self.known.lock();
        if let Some(node) = known.get(endpoint) {
            return node.clone();
        }
        // The limit is for the client: its nodes share it.
        let primaries = u32::try_from(self.map.read().primaries.len()).unwrap_or(u32::MAX);
        let share = self.max_connections / primaries.max(3);
        let at = Some(endpoint.clone());
        let node = Arc::new(Node::new(&self.dialer, at, share, self.idle_timeout));
        known.insert(endpoint.clone(), node.clone());
        node
    }

    /// Reads the map again, once for all who ask at the same time.
    pub(crate) async fn refresh(&self, deadline: Deadline) -> Result<()> {
        let asked = Instant::now();
        let mut refreshed = self.refreshed.lock().await;
        if *refreshed > asked || refreshed.elapsed() < FRESH {
            return Ok(());
        }
        let read = self.read_map(deadline).await;
        *refreshed = Instant::now();
        read
    }

    async fn read_map(&self, deadline: Deadline) -> Result<()> {
        let mut candidates: Vec<Endpoint> =
            self.map().primaries.iter().filter_map(|p| p.node.endpoint.clone()).collect();
        for seed in &self.dialer.target.endpoints {
            if !candidates.contains(seed) {
                candidates.push(seed.clone());
            }
        }
        let mut last = None;
        for (i, endpoint) in candidates.iter().enumerate() {
            // One dead node must not use up the time for the others.
            let left = u32::try_from(candidates.len() - i).unwrap_or(u32::MAX);
            let share = deadline.or_after(deadline.remaining() / left);
            match self.ask(endpoint, share).await {
                Ok(ranges) => return self.install(ranges),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::validation("the Redis cluster has no hosts")))
    }

    async fn ask(&self, endpoint: &Endpoint, deadline: Deadline) -> Result<Vec<Range>> {
        // The map is everybody's, whoever misses it first.
        let mut lease = shares::on_behalf_of(None, self.node(endpoint).lease(deadline)).await?;
        let ask = Commands::one(Effect::Read, 0, &[b"CLUSTER", b"SLOTS"]);
        let mut replies = lease.connection.ask(ask.all(), 1, Outcome::NotApplied, deadline).await?;
        let slots = failure::check(replies.remove(0)).map_err(|error| {
            if error.message().contains("cluster support disabled") {
                return Error::validation(
                    "the server is not part of a cluster; turn the cluster option off",
                );
            }
            error
        })?;
        let ranges =
            parse(slots, &endpoint.host).ok_or_else(|| failure::unexpected("CLUSTER SLOTS"))?;
        if ranges.is_empty() {
            return Err(Error::new(Code::DbConnectionFailed, "the cluster serves no slots"));
        }
        Ok(ranges)
    }

    fn install(&self, mut ranges: Vec<Range>) -> Result<()> {
        ranges.sort_by(|a, b| (&a.primary.id, a.first).cmp(&(&b.primary.id, b.first)));
        let mut map = SlotMap {
            owners: vec![NOBODY; usize::from(slot::SLOTS)],
            fingerprint: FNV,
            ..SlotMap::default()
        };
        for Range { first, last, primary, replicas } in ranges {
            if map.primaries.last().is_none_or(|last| last.id != primary.id) {
                let node = self.node(&primary.endpoint);
                map.primaries.push(Primary { id: primary.id.clone(), node });
                for Address { endpoint, id } in replicas {
                    let node = self.node(&endpoint);
                    map.replicas.push(Replica { id, of: primary.id.clone(), node });
                }
            }
            let owner = u16::try_from(map.primaries.len() - 1).unwrap_or(NOBODY);
            let end = usize::from(last.min(slot::SLOTS - 1));
            let Some(slots) = map.owners.get_mut(usize::from(first)..=end) else {
                return Err(failure::unexpected("CLUSTER SLOTS"));
            };
            slots.fill(owner);
            for word in [primary.id.as_bytes(), &first.to_be_bytes(), &last.to_be_bytes()] {
                map.fingerprint = fnv(map.fingerprint, word);
            }
        }
        self.known.lock().retain(|_, node| {
            let mut nodes = map.nodes();
            let kept = nodes.any(|known| Arc::ptr_eq(known, node));
            if !kept {
                node.close();
            }
            kept
        });
        *self.map.write() = Arc::new(map);
        Ok(())
    }

    pub(crate) fn close(&self) {
        self.known.lock().values().for_each(|node| node.close());
    }

    pub(crate) fn gauge(&self) -> Gauge {
        self.known.lock().values().map(|node| node.gauge()).fold(Gauge::default(), |a, b| Gauge {
            open: a.open + b.open,
            in_use: a.in_use + b.in_use,
            waiting: a.waiting + b.waiting,
        })
    }
}

fn parse(slots: Value, asked: &str) -> Option<Vec<Range>> {
    reply::elements(slots)?
        .into_iter()
        .map(|line| {
            let line = reply::elements(line)?;
            let [first, last, primary, replicas @ ..] = line.as_slice() else { return None };
            Some(Range {
                first: u16::try_from(reply::integer(first)?).ok()?,
                last: u16::try_from(reply::integer(last)?).ok()?,
                primary: address(primary, asked)?,
                replicas: replicas.iter().filter_map(|replica| address(replica, asked)).collect(),
            })
        })
        .collect()
}

fn address(node: &Value, asked: &str) -> Option<Address> {
    let Value::Array(node) = node else { return None };
    let host = match node.first().and_then(reply::text).as_deref() {
        // The node does not know its own name; it is where we asked.
        None | Some("" | "?") => asked.to_owned(),
        Some(host) => host.to_owned(),
    };
    let port = u16::try_from(reply::integer(node.get(1)?)?).ok()?;
    Some(Address { endpoint: Endpoint { host, port }, id: reply::text(node.get(2)?)? })
}

pub(crate) const FNV: u32 = 0x811c_9dc5;

pub(crate) fn fnv(hash: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(hash, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<Range>> {
        let encoded = text.replace(' ', "\r\n") + "\r\n";
        parse(crate::backend::redis::wire::resp::decoded(encoded.as_bytes()), "seed")
    }

    #[test]
    fn a_node_without_a_name_is_where_it_was_asked() {
        let ranges = read("*1 *3 :0 :5460 *3 $0  :7000 $2 id").unwrap();
        let endpoint = Endpoint { host: "seed".into(), port: 7000 };
        let primary = Address { endpoint, id: "id".into() };
        assert_eq!(ranges, [Range { first: 0, last: 5460, primary, replicas: vec![] }]);
    }

    #[test]
    fn replicas_follow_their_primary() {
        let ranges = read("*1 *4 :0 :1 *3 $1 h :7000 $2 id *4 $1 h :7001 $2 r1 *0").unwrap();
        let ids: Vec<&str> = ranges[0].replicas.iter().map(|replica| replica.id.as_str()).collect();
        assert_eq!(ids, ["r1"]);
    }

    #[test]
    fn nonsense_is_not_a_map() {
        assert_eq!(read("*1 *3 :0 :99999 *3 $1 h :7000 $2 id"), None);
        assert_eq!(read("*1 *2 :0 :1"), None);
        assert_eq!(read(":1"), None);
    }
}
