//! What the driver's connections do, learned from its events.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mongodb::event::EventHandler;
use mongodb::event::cmap::CmapEvent;
use mongodb::options::ServerAddress;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::timeout;

use super::hello::MongoTopology;

use crate::backend::Gauge;
use crate::error::{Code, Error, Result};

tokio::task_local! {
    /// What the running call was sent over.
    static SENT: Arc<Mutex<Sent>>;
}

/// The connections that a call was given. Before the first, nothing was sent.
#[derive(Debug, Default)]
struct Sent {
    times: u32,
    last: Option<ServerAddress>,
}

/// Requests that may wait, for each connection that may be open.
const WAITING_PER_CONNECTION: u32 = 100;

/// The driver looks at a server twice a second when it must.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Counts connections and calls.
#[derive(Debug)]
pub(crate) struct Meter {
    max_connections: u32,
    running: AtomicU32,
    /// One for each connection. Who waits for a connection at the driver fails with whoever loses
    /// one; who waits here does not.
    turns: Semaphore,
    /// Whether the driver gives out no connections to the only server until it has looked at it again,
    /// because one was lost.
    paused: watch::Sender<bool>,
    topology: MongoTopology,
    hasher: RandomState,
    /// By identity and not as numbers: a call that is dropped at the wrong moment gives back a
    /// connection that it was never seen to take.
    connections: Mutex<Connections>,
}

#[derive(Debug, Default)]
struct Connections {
    open: HashSet<u64>,
    in_use: HashSet<u64>,
}

impl Meter {
    pub(crate) fn new(max_connections: u32, topology: MongoTopology) -> Arc<Self> {
        Arc::new(Self {
            max_connections,
            running: AtomicU32::new(0),
            turns: Semaphore::new(max_connections.max(1) as usize),
            paused: watch::Sender::new(false),
            topology,
            hasher: RandomState::new(),
            connections: Mutex::default(),
        })
    }

    /// Connections that may be open.
    pub(crate) fn max_connections(&self) -> u32 {
        self.max_connections
    }

    /// What the driver reports to.
    pub(super) fn handler(self: &Arc<Self>) -> EventHandler<CmapEvent> {
        let meter = Arc::clone(self);
        EventHandler::callback(move |event| meter.note(&event))
    }

    fn note(&self, event: &CmapEvent) {
        match event {
            CmapEvent::ConnectionCreated(e) => {
                self.connections.lock().open.insert(self.id(&e.address, e.connection_id));
            }
            CmapEvent::ConnectionClosed(e) => {
                let id = self.id(&e.address, e.connection_id);
                let mut connections = self.connections.lock();
                connections.open.remove(&id);
                connections.in_use.remove(&id);
            }
            CmapEvent::ConnectionCheckedOut(e) => {
                self.connections.lock().in_use.insert(self.id(&e.address, e.connection_id));
                // The driver reports this from within the task that asked for the connection.
                let _ = SENT.try_with(|sent| {
                    let mut sent = sent.lock();
                    sent.times += 1;
                    sent.last = Some(e.address.clone());
                });
            }
            CmapEvent::ConnectionCheckedIn(e) => {
                self.connections.lock().in_use.remove(&self.id(&e.address, e.connection_id));
            }
            CmapEvent::PoolCleared(_) if self.topology == MongoTopology::Standalone => {
                self.paused.send_replace(true);
            }
            CmapEvent::PoolReady(_) => {
                self.paused.send_replace(false);
            }
            _ => {}
        }
    }

    fn id(&self, address: &ServerAddress, id: u32) -> u64 {
        self.hasher.hash_one((address, id))
    }

    /// Admits a call, unless too many wait already.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<RunningCall> {
        let most = self.max_connections.saturating_mul(WAITING_PER_CONNECTION);
        let running = RunningCall { meter: Arc::clone(self), sent: Arc::default() };
        if self.running.fetch_add(1, Ordering::Relaxed) >= most {
            return Err(self.exhausted());
        }
        Ok(running)
    }

    /// Waits until a connection can be free, in the order of arrival.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        let turn = self.turns.acquire().await.ok();
        let mut paused = self.paused.subscribe();
        // The driver knows best why a pause lasts longer.
        let _ = timeout(LONGEST_PAUSE, paused.wait_for(|paused| !paused)).await;
        turn
    }

    /// Whether every connection that may be open is in use.
    pub(crate) fn is_full(&self) -> bool {
        self.gauge().in_use >= self.max_connections
    }

    pub(crate) fn exhausted(&self) -> Error {
        Error::new(
            Code::PoolExhausted,
            format!(
                "all {} connections to this MongoDB are in use; try again, or raise \
                 MAX_MONGODB_CONNECTIONS",
                self.max_connections
            ),
        )
    }

    pub(crate) fn gauge(&self) -> Gauge {
        let connections = self.connections.lock();
        let count = |set: &HashSet<u64>| u32::try_from(set.len()).unwrap_or(u32::MAX);
        let (open, in_use) = (count(&connections.open), count(&connections.in_use));
        let waiting = self.running.load(Ordering::Relaxed).saturating_sub(in_use);
        Gauge { open, in_use, waiting }
    }
}

/// A call that has begun and not ended.
#[derive(Debug)]
pub(crate) struct RunningCall {
    meter: Arc<Meter>,
    sent: Arc<Mutex<Sent>>,
}

impl RunningCall {
    /// Runs the call's work, noting which connections it was given.
    pub(crate) async fn note<F: Future>(&self, work: F) -> F::Output {
        SENT.scope(Arc::clone(&self.sent), work).await
    }

    /// Whether anything may have been sent to a server.
    pub(crate) fn was_sent(&self) -> bool {
        self.sent.lock().times > 0
    }

    /// Whether what was sent may have been sent again.
    pub(crate) fn was_sent_again(&self) -> bool {
        self.sent.lock().times > 1
    }

    /// The server that something was sent to last.
    pub(crate) fn sent_to(&self) -> Option<ServerAddress> {
        self.sent.lock().last.clone()
    }
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        self.meter.running.fetch_sub(1, Ordering::Relaxed);
    }
}
