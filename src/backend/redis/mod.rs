//! Redis and Valkey: standalone, Sentinel and Cluster.
//!
//! A [`Client`] sends pipelines of [`Commands`](commands::Commands). `execute` decides what is sent
//! where, and what is sent again; a `group` is what goes to one node together; `cluster` knows which
//! node serves which key; a `node` keeps the connections to one server; `dial` opens them; a
//! `connection` exchanges requests for replies. On top of that stand the things a management tool
//! does: `scan`, `read`, `write`, `info`, `batch`.

use std::sync::Arc;

use super::{ConnectOptions, Gauge};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::fanout::Outbox;
use crate::target::{RedisTarget, RedisTopology};

mod allowance;
pub mod assembly;
pub mod batch;
pub mod bulk;
mod cluster;
mod collection;
pub mod commands;
mod connection;
pub mod console;
pub mod consumers;
pub mod course;
mod cursor;
mod dial;
pub mod download;
pub mod dump;
pub mod edit;
mod execute;
mod failure;
mod fence;
pub mod gate;
mod glob;
mod group;
mod identity;
pub mod info;
pub mod kind;
pub mod lifetime;
pub mod members;
pub mod memory;
mod metadata;
mod node;
pub mod pieces;
mod probe;
pub mod pubsub;
pub mod put;
mod range;
pub mod reach;
pub mod read;
mod redact;
mod relocate;
mod reply;
mod resp;
mod scalar;
pub mod scan;
mod script;
mod sentinel;
pub mod server;
mod slot;
mod slots;
mod stream;
pub mod stream_state;
mod string;
pub mod survey;
pub mod sweep;
mod sweep_cursor;
mod temporary;
mod transaction;
pub mod tree;
mod value;
mod walk;
mod watch;
pub mod whole;
mod window;
pub mod write;

use cluster::Cluster;
use collection::Feature;
use dial::Dialer;
use node::Node;
pub use probe::probe;
use pubsub::Hubs;
use sentinel::Watch;

/// A live client of one target.
#[derive(Debug)]
pub struct Client {
    topology: RedisTopology,
    /// Word of another primary.
    watch: Option<Watch>,
    nodes: Nodes,
    /// The database that its connections select.
    db: i64,
    hubs: Arc<Hubs>,
    /// `HPTTL`: fields of hashes that expire.
    hash_field_ttl: Feature,
    /// `XSETID … ENTRIESADDED`: counters of streams.
    stream_counters: Feature,
    /// `PEXPIRETIME`: when a key expires, not how long it has left.
    expire_time: Feature,
    /// `UNLINK`: deleting without holding the server up.
    unlink: Feature,
}

#[derive(Debug)]
enum Nodes {
    /// A server, or the primary behind sentinels.
    One(Arc<Node>),
    Cluster(Arc<Cluster>),
}

impl Client {
    /// Connects and authenticates; returns once the server answered.
    pub async fn connect(
        target: &RedisTarget,
        options: &ConnectOptions,
        deadline: Deadline,
    ) -> Result<Self> {
        let dialer = Arc::new(Dialer::new(target, options)?);
        let limit = options.max_connections.min(target.pool_size.unwrap_or(u32::MAX));
        let idle = options.idle_timeout;
        let (nodes, hubs, watch);
        if target.topology == RedisTopology::Cluster {
            let seeds = Arc::clone(&dialer);
            let cluster = Arc::new(Cluster::connect(seeds, limit, idle, deadline).await?);
            hubs = Hubs::new(dialer, Some(Arc::clone(&cluster)), limit);
            (nodes, watch) = (Nodes::Cluster(cluster), None);
        } else {
            let node = Arc::new(Node::new(&dialer, None, limit, idle)?);
            // The first connection is made now, so that a bad target fails here. A server that is busy
            // with a script is a good one.
            match node.lease(deadline).await {
                Err(error) if !failure::is_busy(&error) => return Err(error),
                _ => {}
            }
            hubs = Hubs::new(Arc::clone(&dialer), None, limit);
            watch = match &target.topology {
                RedisTopology::Sentinel { master } => {
                    Some(Watch::start(&dialer, &node, &hubs, master))
                }
                _ => None,
            };
            nodes = Nodes::One(node);
        }
        Ok(Self {
            topology: target.topology.clone(),
            watch,
            nodes,
            db: target.db,
            hubs,
            hash_field_ttl: Feature::default(),
            stream_counters: Feature::default(),
            expire_time: Feature::default(),
            unlink: Feature::default(),
        })
    }

    /// Closes every connection. Requests that still run end by themselves, and then theirs are
    /// closed too.
    #[allow(clippy::unused_async)] // Other backends' clients wait here.
    pub async fn close(&self) {
        self.hubs.close();
        if let Some(watch) = &self.watch {
            watch.stop();
        }
        match &self.nodes {
            Nodes::One(node) => node.close(),
            Nodes::Cluster(cluster) => cluster.close(),
        }
    }

    /// What it holds at this moment.
    pub fn gauge(&self) -> Gauge {
        let gauge = match &self.nodes {
            Nodes::One(node) => node.gauge(),
            Nodes::Cluster(cluster) => cluster.gauge(),
        };
        let links = u32::try_from(self.hubs.open_links()).unwrap_or(u32::MAX);
        Gauge { open: gauge.open + links, in_use: gauge.in_use + links, ..gauge }
    }

    /// One who subscribes to channels for a user, and reads from `outbox`.
    pub fn subscriber(&self, user: Option<&str>, outbox: Outbox) -> pubsub::Subscriber {
        self.hubs.subscriber(user, outbox)
    }

    fn has_sentinels(&self) -> bool {
        matches!(self.topology, RedisTopology::Sentinel { .. })
    }
}
