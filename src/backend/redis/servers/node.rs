//! The connections to one node.

use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use super::dial::{Dialer, Peer};
use crate::backend::Gauge;
use crate::backend::redis::wire::connection::Connection;
use crate::backend::redis::wire::{Commands, Effect, failure};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::shares::{self, Share, Shares};
use crate::sockets::{self, Circuit, Condition, Dial, FIRST_PAUSE, Limits, Pool};
use crate::target::Endpoint;

/// Requests that may wait for a connection of one node: more than elsewhere, as each has it only for a
/// moment.
const MAX_WAITING: u32 = 1024;

/// One server and the connections to it.
#[derive(Debug)]
pub(crate) struct Node {
    /// Where it is; `None` where the dialer decides.
    pub(crate) endpoint: Option<Endpoint>,
    pool: Arc<Pool<NodeDialer>>,
    max_connections: u32,
    /// What each user holds.
    shares: Shares<()>,
}

/// Opens connections to one node.
#[derive(Debug)]
pub(crate) struct NodeDialer {
    dialer: Arc<Dialer>,
    endpoint: Option<Endpoint>,
    circuit: Arc<Circuit>,
}

impl Node {
    pub(crate) fn new(
        dialer: &Arc<Dialer>,
        endpoint: Option<Endpoint>,
        max_connections: u32,
        idle_timeout: Duration,
    ) -> Self {
        let dialer = NodeDialer {
            dialer: Arc::clone(dialer),
            endpoint: endpoint.clone(),
            circuit: Arc::new(Circuit::new(FIRST_PAUSE)),
        };
        let limits = Limits { waiting: MAX_WAITING, ..Limits::of(max_connections, idle_timeout) };
        let pool = Pool::new(dialer, limits);
        Self { endpoint, pool, max_connections: limits.most, shares: Shares::default() }
    }

    /// A connection for a moment, of the share of whoever this task works for. Fails with
    /// `not_applied`: nothing was sent.
    pub(crate) async fn lease(&self, deadline: Deadline) -> Result<Lease> {
        let share = match shares::user() {
            Some(user) => Some(self.shares.take((), user, self.max_connections, deadline).await?),
            None => None,
        };
        let connection = self.pool.lease(deadline).await?;
        Ok(Lease { connection, _share: share })
    }

    /// A connection of its own, past the pool, to a server that may be busy with a script.
    pub(crate) async fn reach_busy(&self, deadline: Deadline) -> Result<Connection> {
        let (dialer, endpoint) = (&self.pool.dialer.dialer, self.endpoint.as_ref());
        Box::pin(dialer.dial_as(endpoint, Some(Peer::Busy), deadline)).await
    }

    /// Closes idle connections; those in use are closed when they come back. New requests then
    /// reach whatever server is there now.
    pub(crate) fn retire(&self) {
        self.pool.retire();
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    pub(crate) fn gauge(&self) -> Gauge {
        self.pool.gauge()
    }
}

impl Dial for NodeDialer {
    type Socket = Connection;
    const SETTING: Option<&'static str> = Some("MAX_REDIS_CONNECTIONS");

    fn peer(&self) -> String {
        "Redis".to_owned()
    }

    fn connect_timeout(&self) -> Duration {
        self.dialer.connect_timeout
    }

    async fn dial(&self, deadline: Deadline) -> Result<Connection> {
        self.dialer.dial_as(self.endpoint.as_ref(), None, deadline).await
    }

    fn is_settled(&self, connection: &Connection) -> bool {
        !connection.is_dirty()
    }

    fn condition(&self, connection: &mut Connection) -> Condition {
        if connection.is_disturbed() { Condition::Gone } else { Condition::Trusted }
    }

    async fn is_alive(&self, connection: &mut Connection) -> bool {
        let ping = Commands::one(Effect::Read, 0, &[b"PING"]);
        let mut replies = Vec::with_capacity(1);
        if connection.exchange(ping.all(), 1, &mut replies).await.is_err() {
            return false;
        }
        match &replies[0] {
            // Alive, though it may not PING, or can't answer it now.
            Value::ServerError(error) => {
                matches!(error.code(), "BUSY" | "NOPERM" | "LOADING" | "MASTERDOWN")
            }
            _ => true,
        }
    }

    fn circuit(&self) -> Option<&Arc<Circuit>> {
        Some(&self.circuit)
    }

    /// The only node that a client has, or the primary, is its endpoint; a node of a cluster is not,
    /// and keeps callers away by its own circuit.
    fn is_of_endpoint(&self, error: &Error) -> bool {
        self.endpoint.is_none() && !failure::is_busy(error)
    }
}

/// A connection that is in use. It goes back to its pool when this is dropped, unless a request
/// on it was abandoned or it is no longer wanted: then it is closed.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) connection: sockets::Lease<NodeDialer>,
    /// Given back after it.
    _share: Option<Share<()>>,
}

impl Lease {
    /// Closes the connection: its session is not to be used again.
    pub(crate) fn close(self) {
        self.connection.close();
    }
}
