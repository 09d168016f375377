//! Redis and Valkey: standalone, Sentinel and Cluster.
//!
//! A [`Client`] sends pipelines of [`Commands`](commands::Commands). `execute` decides what is sent
//! where, and what is sent again; a `group` is what goes to one node together; `cluster` knows which node serves which key; a `node` keeps the
//! connections to one server; `dial` opens them; a `connection` exchanges requests for replies. On
//! top of that stand the things a management tool does: `scan`, `read`, `write`, `info`, `batch`.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{ConnectOptions, Gauge};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::fanout::Outbox;
use crate::target::{RedisTarget, RedisTopology};

mod allowance;
pub mod batch;
mod cluster;
mod collection;
pub mod commands;
mod conditional;
mod connection;
mod cursor;
mod dial;
mod execute;
mod failure;
mod glob;
mod group;
pub mod info;
mod metadata;
mod node;
mod probe;
pub mod pubsub;
pub mod read;
mod reply;
mod resp;
pub mod scan;
mod slot;
mod stream;
mod value;
pub mod write;

use cluster::Cluster;
use collection::Feature;
use dial::Dialer;
use node::Node;
pub use probe::probe;
use pubsub::Hub;

/// A live client of one target.
#[derive(Debug)]
pub struct Client {
    topology: RedisTopology,
    nodes: Nodes,
    hub: Arc<Hub>,
    /// `HPTTL`: fields of hashes that expire.
    hash_field_ttl: Feature,
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
        let (dialing, idle) = (Arc::new(Semaphore::new(2)), options.idle_timeout);
        let nodes = if target.topology == RedisTopology::Cluster {
            let (dialer, dialing) = (Arc::clone(&dialer), Arc::clone(&dialing));
            let cluster = Cluster::connect(dialer, dialing, limit, idle, deadline).await?;
            Nodes::Cluster(Arc::new(cluster))
        } else {
            let node = Node::new(&dialer, None, &dialing, limit, idle)?;
            // The first connection is made now, so that a bad target fails here.
            drop(node.lease(deadline).await?);
            Nodes::One(Arc::new(node))
        };
        let cluster = match &nodes {
            Nodes::One(_) => None,
            Nodes::Cluster(cluster) => Some(Arc::clone(cluster)),
        };
        Ok(Self {
            topology: target.topology.clone(),
            nodes,
            hub: Hub::new(dialer, cluster, dialing),
            hash_field_ttl: Feature::default(),
        })
    }

    /// Closes every connection. Requests that still run end by themselves, and then theirs are
    /// closed too.
    #[allow(clippy::unused_async)] // Other backends' clients wait here.
    pub async fn close(&self) {
        self.hub.close();
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
        let links = u32::try_from(self.hub.open_links()).unwrap_or(u32::MAX);
        Gauge { open: gauge.open + links, in_use: gauge.in_use + links, ..gauge }
    }

    /// One who subscribes to channels, and reads from `outbox`.
    pub fn subscriber(&self, outbox: Outbox) -> pubsub::Subscriber {
        self.hub.subscriber(outbox)
    }

    fn has_sentinels(&self) -> bool {
        matches!(self.topology, RedisTopology::Sentinel { .. })
    }
}
