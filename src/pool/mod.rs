//! Live clients, process-wide: one per connection and version, made on first use, closed when idle.
//!
//! The map and the counters live here; how many sockets a client holds is its own affair. A request
//! holds a [`Lease`]; dropping it, also by cancelling the request, returns everything.

mod entry;
mod sweep;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;

pub use self::entry::{Connect, PoolKey};
use self::entry::{Entry, InUse};
use crate::backend::{Client, Gauge};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};

/// How many clients are kept, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct PoolLimits {
    /// Clients per process.
    pub max_clients: usize,
    /// An unused client is closed after this long.
    pub idle_timeout: Duration,
    /// How often idle clients are looked for.
    pub sweep_interval: Duration,
}

/// All live clients.
#[derive(Debug)]
pub struct Pools {
    entries: Mutex<HashMap<PoolKey, Arc<Entry>>>,
    limits: PoolLimits,
    closed: AtomicBool,
    sweeping: AtomicBool,
}

/// One client, as `GET /multidb/pools` shows it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PoolStatus {
    /// `{project_id}:{type}:{connection_id}`.
    pub key: String,
    /// Whose members may see it.
    #[serde(skip)]
    pub project_id: uuid::Uuid,
    /// Id of the connection.
    #[schemars(with = "String")]
    pub connection_id: uuid::Uuid,
    /// Version of the connection it was made for.
    pub version: i64,
    /// `ready`, `connecting` or `empty`.
    pub state: &'static str,
    /// Requests that hold it.
    pub leases: u32,
    /// Its sockets.
    #[serde(flatten)]
    pub gauge: Gauge,
    /// Milliseconds since it was last used; `null` while it is in use.
    pub idle_ms: Option<u64>,
    /// Milliseconds since the entry was made.
    pub age_ms: u64,
    /// Whether callers are refused because the endpoint keeps failing.
    pub circuit_open: bool,
    /// The last failure, until the next success.
    pub last_error: Option<String>,
}

impl Pools {
    /// An empty set of clients.
    pub fn new(limits: PoolLimits) -> Arc<Self> {
        Arc::new(Self {
            entries: Mutex::default(),
            limits,
            closed: AtomicBool::new(false),
            sweeping: AtomicBool::new(false),
        })
    }

    /// The client of `key`, connecting it with `connect` if nobody has yet. An older version of
    /// the same connection is retired: it drains and closes.
    pub async fn lease(
        self: &Arc<Self>,
        key: PoolKey,
        connect: impl FnOnce() -> Connect,
        deadline: Deadline,
    ) -> Result<Lease> {
        let in_use = self.enter(key)?;
        let client = in_use.0.client(connect, deadline).await?;
        Ok(Lease { client, _in_use: in_use })
    }

    fn enter(self: &Arc<Self>, key: PoolKey) -> Result<InUse> {
        if self.closed.load(Ordering::Acquire) {
            let message = "the connection manager is shutting down";
            return Err(Error::new(Code::DbConnectionFailed, message));
        }
        let mut entries = self.entries.lock();
        if let Some(entry) = entries.get(&key) {
            return Ok(entry.enter());
        }
        for (_, older) in entries.extract_if(|k, _| k.same_connection(&key)) {
            Self::drain(older);
        }
        if entries.len() >= self.limits.max_clients {
            let evicted = least_recently_used(&entries).ok_or_else(|| {
                let max = self.limits.max_clients;
                Error::new(
                    Code::PoolExhausted,
                    format!(
                        "all {max} clients of this process are in use; \
                         try again, or raise MULTIDB_MAX_CLIENTS"
                    ),
                )
            })?;
            if let Some(evicted) = entries.remove(&evicted) {
                Self::drain(evicted);
            }
        }
        let entry = Entry::new(key);
        let in_use = entry.enter();
        entries.insert(key, entry);
        drop(entries);
        self.start_sweeping();
        Ok(in_use)
    }

    /// Tells the client's entry how a request on it ended, so that a dead endpoint fails fast and
    /// refused credentials are not tried again and again. `began` is when the request did.
    pub fn observe(&self, key: &PoolKey, began: Instant, failure: Option<&Error>) {
        let entry = self.entries.lock().get(key).cloned();
        if let Some(client) = entry.and_then(|entry| entry.observe(began, failure)) {
            tokio::spawn(async move {
                // Other requests run on it and may well succeed: each has its own connection.
                sweep::until_released(&client).await;
                client.close().await;
            });
        }
    }

    /// Drops a connection's client, of whichever version: it was edited or deleted.
    pub fn forget(&self, connection_id: uuid::Uuid) {
        let mut entries = self.entries.lock();
        for (_, entry) in entries.extract_if(|key, _| key.connection_id == connection_id) {
            Self::drain(entry);
        }
    }

    /// All clients at this moment, most recently opened first.
    pub fn status(&self) -> Vec<PoolStatus> {
        let mut entries: Vec<Arc<Entry>> = self.entries.lock().values().cloned().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.opened));
        entries
            .into_iter()
            .map(|entry| {
                let (circuit_open, last_error) = entry.circuit();
                PoolStatus {
                    key: entry.key.to_string(),
                    project_id: entry.key.project_id,
                    connection_id: entry.key.connection_id,
                    version: entry.key.version,
                    state: entry.state_name(),
                    leases: entry.in_use(),
                    gauge: entry.gauge(),
                    idle_ms: entry.idle_for().map(millis),
                    age_ms: millis(entry.opened.elapsed()),
                    circuit_open,
                    last_error,
                }
            })
            .collect()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn least_recently_used(entries: &HashMap<PoolKey, Arc<Entry>>) -> Option<PoolKey> {
    let idle = entries.values().filter_map(|e| e.idle_for().map(|idle| (idle, e.key)));
    idle.max_by_key(|(idle, _)| *idle).map(|(_, key)| key)
}

/// A client that is in use until this is dropped.
#[derive(Debug)]
pub struct Lease {
    client: Arc<Client>,
    _in_use: InUse,
}

impl Lease {
    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }
}
