//! The connections to one node.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, Timeouts};
use parking_lot::Mutex;
use redis::{ServerErrorKind, Value};
use tokio::sync::Semaphore;

use super::dial::Dialer;
use crate::backend::Gauge;
use crate::backend::redis::wire::commands::{Commands, Effect};
use crate::backend::redis::wire::connection::{Connection, Lost};
use crate::backend::redis::wire::failure;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::shares::{self, Share, Shares};
use crate::sockets::{Circuit, dialling};
use crate::target::Endpoint;

/// A connection that was idle for longer is tried before it is trusted: a firewall or a crash may
/// have left it half open.
const VALIDATE_AFTER: Duration = Duration::from_millis(500);

/// How long that trial may take before the connection counts as dead.
const VALIDATION_TIMEOUT: Duration = Duration::from_secs(1);

/// Connections are replaced at this age, give or take a tenth.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// How long attempts are held back after the first that failed.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Requests that may wait for a connection of one node.
const MAX_WAITING: usize = 1024;

/// Connections to one node that are being made at once.
const DIALING: usize = 2;

/// How long a pool stays small after the server refused it a connection.
const SHRUNK_FOR: Duration = Duration::from_secs(10);

const SWEEP_EVERY: Duration = Duration::from_secs(15);

/// One server and the connections to it.
#[derive(Debug)]
pub(crate) struct Node {
    /// Where it is; `None` where the dialer decides.
    pub(crate) endpoint: Option<Endpoint>,
    pool: managed::Pool<Manager>,
    max_connections: usize,
    idle_timeout: Duration,
    /// What each user holds.
    shares: Shares<()>,
    swept: Mutex<Instant>,
    /// Until when it keeps to the connections that it has, because the server takes no more.
    shrunk: Mutex<Option<Instant>>,
}

#[derive(Debug)]
struct Manager {
    dialer: Arc<Dialer>,
    endpoint: Option<Endpoint>,
    circuit: Arc<Circuit>,
    /// Raised when all connections are to be given up.
    generation: AtomicU64,
    /// Who waits for a connection to be made takes one of these: at most two are being made at once.
    /// Each node has its own, as one that swallows every packet holds them until attempts time out.
    dialing: Semaphore,
}

impl Node {
    pub(crate) fn new(
        dialer: &Arc<Dialer>,
        endpoint: Option<Endpoint>,
        max_connections: u32,
        idle_timeout: Duration,
    ) -> Result<Self> {
        let manager = Manager {
            dialer: dialer.clone(),
            endpoint: endpoint.clone(),
            circuit: Arc::new(Circuit::new(FIRST_PAUSE)),
            generation: AtomicU64::new(0),
            dialing: Semaphore::new(DIALING),
        };
        let max_connections = max_connections.max(1) as usize;
        let pool = managed::Pool::builder(manager)
            .max_size(max_connections)
            // The most recently used first: the others become idle and are closed.
            .queue_mode(QueueMode::Lifo)
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|e| Error::internal(format!("the pool could not be made: {e}")))?;
        let swept = Mutex::new(Instant::now());
        let shrunk = Mutex::default();
        let shares = Shares::default();
        Ok(Self { endpoint, pool, max_connections, idle_timeout, shares, swept, shrunk })
    }

    /// A connection for a moment, of the share of whoever this task works for. Fails with
    /// `not_applied`: nothing was sent.
    pub(crate) async fn lease(&self, deadline: Deadline) -> Result<Lease> {
        let mut share = None;
        if let Some(user) = shares::user() {
            let slots = u32::try_from(self.max_connections).unwrap_or(u32::MAX);
            share = Some(self.shares.take((), user, slots, deadline).await?);
        }
        let mut lease = self.lease_for_all(deadline).await?;
        lease.share = share;
        Ok(lease)
    }

    async fn lease_for_all(&self, deadline: Deadline) -> Result<Lease> {
        match self.try_lease(deadline).await {
            // The server has enough clients: wait for one of the connections that there are.
            Err(error) if error.code() == Code::PoolExhausted && self.shrink() => {
                self.try_lease(deadline).await
            }
            leased => leased,
        }
    }

    async fn try_lease(&self, deadline: Deadline) -> Result<Lease> {
        if deadline.passed() {
            let message = "the deadline passed before anything was sent";
            return Err(Error::timeout(message, Outcome::NotApplied));
        }
        self.sweep();
        if self.pool.status().waiting >= MAX_WAITING {
            return Err(exhausted("too many requests are waiting for a Redis connection"));
        }
        let timeouts = Timeouts { wait: Some(deadline.remaining()), create: None, recycle: None };
        match deadline.run(self.pool.timeout_get(&timeouts)).await {
            Some(Ok(object)) => Ok(Lease { connection: Some(object), share: None }),
            Some(Err(PoolError::Backend(error))) => Err(error),
            Some(Err(PoolError::Timeout(_))) => {
                Err(exhausted("all Redis connections stayed in use until the deadline"))
            }
            Some(Err(PoolError::Closed)) => {
                Err(Error::new(Code::DbConnectionFailed, "the Redis client was closed"))
            }
            Some(Err(error)) => Err(Error::internal(format!("the pool failed: {error:?}"))),
            None => Err(Error::timeout("connecting to Redis took too long", Outcome::NotApplied)),
        }
    }

    /// A connection of its own, past the pool, to a server that may be busy with a script.
    pub(crate) async fn reach_busy(&self, deadline: Deadline) -> Result<Connection> {
        let dialing = Box::pin(self.pool.manager().dialer.dial_busy(self.endpoint.as_ref()));
        deadline.run(dialing).await.unwrap_or_else(|| {
            Err(Error::timeout("connecting to Redis took too long", Outcome::NotApplied))
        })
    }

    /// Closes idle connections; those in use are closed when they come back. New requests then
    /// reach whatever server is there now.
    pub(crate) fn retire(&self) {
        self.pool.manager().generation.fetch_add(1, Ordering::AcqRel);
        self.pool.retain(|_, _| false);
    }

    pub(crate) fn close(&self) {
        self.pool.manager().circuit.stop_trying();
        self.pool.close();
    }

    pub(crate) fn gauge(&self) -> Gauge {
        let status = self.pool.status();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Gauge {
            open: count(status.size),
            in_use: count(status.size.saturating_sub(status.available)),
            waiting: count(status.waiting),
        }
    }

    /// Keeps to the connections that there are, for a while; `false` if that changes nothing.
    fn shrink(&self) -> bool {
        let mut shrunk = self.shrunk.lock();
        let size = self.pool.status().size;
        if size == 0 || shrunk.is_some() {
            return false;
        }
        *shrunk = Some(Instant::now() + SHRUNK_FOR);
        self.pool.resize(size);
        true
    }

    fn sweep(&self) {
        self.shrunk.lock().take_if(|until| {
            let over = Instant::now() >= *until;
            if over {
                self.pool.resize(self.max_connections);
            }
            over
        });
        let mut swept = self.swept.lock();
        if swept.elapsed() > SWEEP_EVERY {
            *swept = Instant::now();
            self.pool.retain(|connection, _| connection.idle() < self.idle_timeout);
        }
    }
}

fn exhausted(message: &str) -> Error {
    Error::new(Code::PoolExhausted, message)
}

impl Manager {
    /// Waits for a short pause of the circuit; refuses in a longer one, during which the node is
    /// tried in the background.
    async fn admit(&self) -> Result<()> {
        let admitted = self.circuit.pass().await;
        if admitted.is_err() {
            let (dialer, endpoint) = (Arc::clone(&self.dialer), self.endpoint.clone());
            self.circuit.keep_trying(move || {
                let (dialer, endpoint) = (Arc::clone(&dialer), endpoint.clone());
                Box::pin(async move { dialer.dial(endpoint.as_ref()).await.map(drop) })
            });
        }
        admitted
    }

    /// A failed attempt as it is told. The only node that a client has, or the primary, is its
    /// endpoint; a node of a cluster is not, and keeps callers away by its own circuit.
    fn told(&self, error: Error) -> Error {
        if self.endpoint.is_some() || failure::is_busy(&error) {
            return error;
        }
        dialling::failed(error, true)
    }

    async fn dial(&self) -> Result<Connection> {
        self.admit().await?;
        let _permit = self.dialing.acquire().await;
        // Others may have failed while this one waited for its turn.
        self.admit().await?;
        let generation = self.generation.load(Ordering::Acquire);
        // Boxed: dialling is rare and its state large, and every request's future would hold it.
        let dialed = Box::pin(self.dialer.dial(self.endpoint.as_ref())).await;
        match dialed {
            Ok(mut connection) => {
                self.circuit.succeeded();
                connection.generation = generation;
                Ok(connection)
            }
            Err(error) => {
                self.circuit.attempt_failed(&error);
                Err(error)
            }
        }
    }
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = Error;

    async fn create(&self) -> Result<Connection> {
        self.dial().await.map_err(|error| self.told(error))
    }

    async fn recycle(
        &self,
        connection: &mut Connection,
        _metrics: &Metrics,
    ) -> Result<(), RecycleError<Error>> {
        let given_up = connection.generation != self.generation.load(Ordering::Acquire);
        if given_up
            || connection.is_dirty()
            || connection.is_old(MAX_LIFETIME)
            || connection.is_disturbed()
        {
            return Err(RecycleError::message("retired"));
        }
        if connection.idle() < VALIDATE_AFTER {
            return Ok(());
        }
        let validated = tokio::time::timeout(VALIDATION_TIMEOUT, is_alive(connection)).await;
        if validated == Ok(true) { Ok(()) } else { Err(RecycleError::message("half open")) }
    }
}

async fn is_alive(connection: &mut Connection) -> bool {
    let ping = Commands::one(Effect::Read, 0, &[b"PING"]);
    let mut replies = Vec::with_capacity(1);
    if connection.exchange(ping.all(), 1, &mut replies).await.is_err() {
        return false;
    }
    match &replies[0] {
        // Alive, though it may not PING, or can't answer it now.
        Value::ServerError(error) => {
            error.code() == "BUSY"
                || matches!(
                    error.kind(),
                    Some(
                        ServerErrorKind::NoPerm
                            | ServerErrorKind::BusyLoading
                            | ServerErrorKind::MasterDown
                    )
                )
        }
        _ => true,
    }
}

/// A connection that is in use. It goes back to its pool when this is dropped, unless a request
/// on it was abandoned or it is no longer wanted: then it is closed.
#[derive(Debug)]
pub(crate) struct Lease {
    connection: Option<Object<Manager>>,
    /// Given back after it.
    share: Option<Share<()>>,
}

impl Lease {
    /// See [`Connection::keep_attributes`].
    pub(crate) fn keep_attributes(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.keep_attributes();
        }
    }

    /// Sends encoded commands; see [`Connection::exchange`].
    pub(crate) async fn exchange(
        &mut self,
        request: &[u8],
        expected: usize,
        replies: &mut Vec<Value>,
    ) -> Result<(), Lost> {
        match &mut self.connection {
            Some(connection) => connection.exchange(request, expected, replies).await,
            None => Err(Lost::Io(std::io::ErrorKind::NotConnected.into())),
        }
    }

    /// Sends encoded commands and returns their `expected` replies. `outcome` is what is known when
    /// they do not come.
    pub(crate) async fn ask(
        &mut self,
        request: &[u8],
        expected: usize,
        outcome: Outcome,
        deadline: Deadline,
    ) -> Result<Vec<Value>> {
        let mut replies = Vec::with_capacity(expected);
        match deadline.run(self.exchange(request, expected, &mut replies)).await {
            Some(Ok(())) => Ok(replies),
            Some(Err(broken)) => Err(failure::lost(&broken, outcome)),
            None => Err(Error::timeout("Redis did not answer in time", outcome)),
        }
    }

    /// Closes the connection: its session is not to be used again.
    pub(crate) fn retire(&mut self) {
        self.connection.take().map(Object::take);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.connection.as_ref().is_some_and(|connection| connection.is_dirty()) {
            self.retire();
        }
    }
}
