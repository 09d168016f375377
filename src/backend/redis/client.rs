//! A live client of one target: the servers that it reaches, and what is known of them.

use std::sync::Arc;

use crate::backend::redis::pubsub::{Hubs, Subscriber};
use crate::backend::redis::servers::{Cluster, Dialer, Feature, Node, PrimaryWatch};
use crate::backend::redis::wire::failure;
use crate::backend::{ConnectOptions, Gauge};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::fanout::Outbox;
use crate::target::{RedisTarget, RedisTopology};

/// A live client of one target.
#[derive(Debug)]
pub struct Client {
    topology: RedisTopology,
    /// Word of another primary.
    watch: Option<PrimaryWatch>,
    pub(super) nodes: Nodes,
    /// The database that its connections select.
    pub(super) db: i64,
    pub(super) hubs: Arc<Hubs>,
    /// `HPTTL`: fields of hashes that expire.
    pub(super) hash_field_ttl: Feature,
    /// `XSETID … ENTRIESADDED`: counters of streams.
    pub(super) stream_counters: Feature,
    /// `PEXPIRETIME`: when a key expires, not how long it has left.
    pub(super) expire_time: Feature,
    /// `UNLINK`: deleting without holding the server up.
    pub(super) unlink: Feature,
}

#[derive(Debug)]
pub(super) enum Nodes {
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
            let node = Arc::new(Node::new(&dialer, None, limit, idle));
            // The first connection is made now, so that a bad target fails here. A server that is busy
            // with a script is a good one.
            match node.lease(deadline).await {
                Err(error) if !failure::is_busy(&error) => return Err(error),
                _ => {}
            }
            hubs = Hubs::new(Arc::clone(&dialer), None, limit);
            watch = match &target.topology {
                RedisTopology::Sentinel { master } => {
                    Some(PrimaryWatch::start(&dialer, &node, &hubs, master))
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
    pub fn subscriber(&self, user: Option<&str>, outbox: Outbox) -> Subscriber {
        self.hubs.subscriber(user, outbox)
    }

    pub(super) fn has_sentinels(&self) -> bool {
        matches!(self.topology, RedisTopology::Sentinel { .. })
    }
}
