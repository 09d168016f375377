//! The sessions of one client: at most so many, opened when needed, kept while they are used.
//!
//! A permit stands for a session from before it is opened until after it is closed, so that the
//! maximum holds with everything pending: being opened, cancelled or reset. Permits are handed out
//! first come, first served.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::connect::Connector;
use super::connection::Connection;
use super::lease::{Hold, Lease};
use crate::backend::{ConnectOptions, Gauge};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};

/// A restarted server must not be met by all sessions at once.
const OPENED_AT_ONCE: usize = 2;
/// A session that was idle for longer is tried with a round trip before it is used.
const TRUSTED_IDLE: Duration = Duration::from_millis(500);
/// How long that round trip may take.
const VALIDATION: Duration = Duration::from_secs(2);
/// How long the pool stays smaller after the server had no more connections to give.
const SHRUNK: Duration = Duration::from_secs(30);
/// Requests that may wait, for each session that could serve them.
const WAITING_PER_SESSION: u32 = 50;

/// The sessions of one client.
#[derive(Debug)]
pub(in crate::backend::postgres) struct Pool {
    pub connector: Connector,
    permits: Arc<Semaphore>,
    opening: Semaphore,
    idle: Mutex<Vec<Idle>>,
    /// Permits taken out of use because the server refused a connection for want of slots.
    withheld: Mutex<Vec<(Instant, OwnedSemaphorePermit)>>,
    pub in_use: AtomicU32,
    waiting: AtomicU32,
    max: u32,
    idle_timeout: Duration,
    /// A session turned out to go through a pooler.
    behind_pooler: AtomicBool,
    /// Cancelled when the client is closed.
    pub closed: CancellationToken,
    /// Where cancelling and resetting go on after a request is gone.
    pub runtime: tokio::runtime::Handle,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    pub(in crate::backend::postgres) fn new(
        connector: Connector,
        options: &ConnectOptions,
    ) -> Arc<Self> {
        let wanted = connector.target.pool_size.unwrap_or(u32::MAX);
        let max = options.max_connections.min(wanted).max(1);
        let pool = Arc::new(Self {
            connector,
            permits: Arc::new(Semaphore::new(max as usize)),
            opening: Semaphore::new(OPENED_AT_ONCE),
            idle: Mutex::default(),
            withheld: Mutex::default(),
            in_use: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
            max,
            idle_timeout: options.idle_timeout,
            behind_pooler: AtomicBool::new(false),
            closed: CancellationToken::new(),
            runtime: tokio::runtime::Handle::current(),
        });
        let period = (options.idle_timeout / 2).clamp(Duration::from_secs(1), SHRUNK);
        tokio::spawn(sweep(Arc::downgrade(&pool), pool.closed.clone(), period));
        pool
    }

    /// A session that is ready, as soon as there is one.
    pub(in crate::backend::postgres) async fn acquire(
        self: &Arc<Self>,
        deadline: Deadline,
    ) -> Result<Lease> {
        let mut hold = self.hold(deadline).await?;
        loop {
            while let Some(Idle { connection, since }) = self.pop() {
                let mut lease = Lease::new(connection, hold);
                if usable(lease.connection(), since, deadline).await {
                    return Ok(lease);
                }
                hold = lease.discard();
            }
            let turn = deadline.run(self.opening.acquire()).await;
            let turn = turn.ok_or_else(|| self.exhausted("opening one took too long"))?;
            // One may have been given back while we waited for our turn.
            if !self.idle.lock().is_empty() {
                continue;
            }
            let opened = self.connector.connect(deadline).await;
            drop(turn);
            match opened {
                Ok(connection) => return Ok(Lease::new(connection, hold)),
                // Others of ours hold sessions: make do with those for a while.
                Err(error)
                    if error.code() == Code::PoolExhausted
                        && self.in_use.load(Ordering::Relaxed) > 1 =>
                {
                    self.withheld.lock().push((Instant::now() + SHRUNK, hold.permit));
                    drop(hold.in_use);
                    hold = self.hold(deadline).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// A session that is opened now, in the place of one that others may be as stale as.
    pub(in crate::backend::postgres) async fn replace(
        self: &Arc<Self>,
        lease: Lease,
        deadline: Deadline,
    ) -> Result<Lease> {
        let hold = lease.discard();
        let turn = deadline.run(self.opening.acquire()).await;
        let _turn = turn.ok_or_else(|| self.exhausted("opening one took too long"))?;
        Ok(Lease::new(self.connector.connect(deadline).await?, hold))
    }

    /// The right to a session.
    async fn hold(self: &Arc<Self>, deadline: Deadline) -> Result<Hold> {
        let closed = || Error::new(Code::DbConnectionFailed, "the connection was closed");
        if self.closed.is_cancelled() {
            return Err(closed());
        }
        if let Ok(permit) = self.permits.clone().try_acquire_owned() {
            return Ok(Hold::new(permit, self.clone()));
        }
        let waiting = Waiting::new(&self.waiting);
        if waiting.count() > self.max.saturating_mul(WAITING_PER_SESSION) {
            return Err(self.exhausted("too many requests wait for one"));
        }
        match deadline.run(self.permits.clone().acquire_owned()).await {
            Some(Ok(permit)) => Ok(Hold::new(permit, self.clone())),
            Some(Err(_)) => Err(closed()),
            None => Err(self.exhausted("none became free in time")),
        }
    }

    /// All sessions go through a pooler, though the server did not look like it.
    pub(in crate::backend::postgres) fn found_pooler(&self) {
        self.behind_pooler.store(true, Ordering::Relaxed);
    }

    pub(in crate::backend::postgres) fn is_behind_pooler(&self) -> bool {
        self.behind_pooler.load(Ordering::Relaxed)
    }

    fn exhausted(&self, why: &str) -> Error {
        let max = self.max;
        Error::new(
            Code::PoolExhausted,
            format!(
                "all connections to the server are in use (at most {max}) and {why}; try again \
                 later or raise MAX_POSTGRES_CONNECTIONS"
            ),
        )
    }

    fn pop(&self) -> Option<Idle> {
        self.idle.lock().pop()
    }

    /// Takes a session back, unless it has had its time.
    pub(super) fn put_back(&self, mut connection: Connection) {
        let now = Instant::now();
        if self.closed.is_cancelled() || connection.expires <= now {
            return;
        }
        connection.settle();
        self.idle.lock().push(Idle { connection, since: now });
    }

    /// Closes all sessions that are idle; the next request opens a new one.
    pub(in crate::backend::postgres) fn clear(&self) {
        let idle = std::mem::take(&mut *self.idle.lock());
        drop(idle);
    }

    /// Closes everything; requests that still run notice.
    pub(in crate::backend::postgres) fn close(&self) {
        self.closed.cancel();
        self.permits.close();
        self.clear();
        self.withheld.lock().clear();
    }

    pub(in crate::backend::postgres) fn gauge(&self) -> Gauge {
        let in_use = self.in_use.load(Ordering::Relaxed);
        let idle = u32::try_from(self.idle.lock().len()).unwrap_or(u32::MAX);
        Gauge { open: in_use + idle, in_use, waiting: self.waiting.load(Ordering::Relaxed) }
    }

    fn sweep(&self) {
        let now = Instant::now();
        let mut closing = Vec::new();
        let mut idle = self.idle.lock();
        let mut index = 0;
        while index < idle.len() {
            let entry = &idle[index];
            if entry.connection.expires <= now || now - entry.since >= self.idle_timeout {
                closing.push(idle.remove(index));
            } else {
                index += 1;
            }
        }
        drop(idle);
        drop(closing);
        self.withheld.lock().retain(|(until, _)| *until > now);
    }
}

/// Whether a session that was idle can still be used.
async fn usable(connection: &mut Connection, since: Instant, deadline: Deadline) -> bool {
    let now = Instant::now();
    if connection.expires <= now {
        return false;
    }
    if now - since < TRUSTED_IDLE && connection.is_quiet() {
        return true;
    }
    let patience = deadline.or_after(VALIDATION);
    matches!(patience.run(connection.ping()).await, Some(Ok(())))
}

/// Closes what was idle for too long, until the pool is gone.
async fn sweep(pool: Weak<Pool>, closed: CancellationToken, period: Duration) {
    loop {
        tokio::select! {
            () = closed.cancelled() => return,
            () = tokio::time::sleep(period) => {}
        }
        let Some(pool) = pool.upgrade() else { return };
        pool.sweep();
    }
}

/// Counts one waiting request for as long as it lives.
struct Waiting<'a>(&'a AtomicU32);

impl<'a> Waiting<'a> {
    fn new(counter: &'a AtomicU32) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter)
    }

    fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
