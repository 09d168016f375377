//! One target's client: connected once, shared by all, counted while in use.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::watch;
use uuid::Uuid;

use crate::backend::{Client, Gauge};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::sockets::Circuit;
use crate::target::DatabaseType;

/// How long callers fail fast after the first failed attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// `{project_id}:{type}:{connection_id}`, and the version of the target behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PoolKey {
    /// The project.
    pub project_id: Uuid,
    /// The kind of backend.
    pub database_type: DatabaseType,
    /// The connection.
    pub connection_id: Uuid,
    /// Changed credentials or addresses make another client.
    pub version: i64,
}

impl PoolKey {
    /// Whether both name the same connection, of whichever version.
    pub(super) fn same_connection(&self, other: &Self) -> bool {
        Self { version: self.version, ..*other } == *self
    }
}

impl fmt::Display for PoolKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.project_id, self.database_type.as_str(), self.connection_id)
    }
}

type Attempt = watch::Receiver<Option<Result<Arc<Client>>>>;
/// Makes the client, more than once where need be; boxed so that the pool needs to know nothing of
/// secrets and targets.
pub type Connect = Box<dyn Fn() -> BoxFuture<'static, Result<Client>> + Send + Sync>;

#[derive(Debug)]
enum State {
    Empty,
    Connecting(Attempt),
    Ready(Arc<Client>),
    /// Replaced by another version, evicted or shut down; nobody may connect it again.
    Retired,
}

/// One target's client.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: PoolKey,
    pub(super) opened: Instant,
    in_use: AtomicU32,
    // A std-style lock: held for a few instructions, never across an await.
    state: Mutex<State>,
    circuit: Arc<Circuit>,
    last_used: Mutex<Instant>,
}

impl Entry {
    pub(super) fn new(key: PoolKey) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            key,
            opened: now,
            in_use: AtomicU32::new(0),
            state: Mutex::new(State::Empty),
            circuit: Arc::new(Circuit::new(FIRST_PAUSE)),
            last_used: Mutex::new(now),
        })
    }

    /// The client, connecting it if need be. All callers share one attempt and its result; a
    /// caller that goes away does not end it for the others.
    pub(super) async fn client(
        self: &Arc<Self>,
        connect: impl FnOnce() -> Connect,
        deadline: Deadline,
    ) -> Result<Arc<Client>> {
        let mut attempt = {
            let mut state = self.state.lock();
            match &*state {
                State::Ready(client) => return Ok(Arc::clone(client)),
                State::Connecting(attempt) => attempt.clone(),
                State::Retired => return Err(retired()),
                State::Empty => {
                    if let Err(refused) = self.circuit.admit() {
                        self.keep_trying(connect());
                        return Err(refused);
                    }
                    let attempt = self.begin(connect());
                    *state = State::Connecting(attempt.clone());
                    attempt
                }
            }
        };
        let finished = deadline.run(attempt.wait_for(Option::is_some)).await;
        match finished {
            None => Err(Error::timeout("connecting took too long", Outcome::NotApplied)),
            Some(Err(_)) => Err(Error::internal("the connection attempt was abandoned")),
            Some(Ok(result)) => {
                result.clone().unwrap_or_else(|| Err(Error::internal("the attempt has no result")))
            }
        }
    }

    fn keep_trying(self: &Arc<Self>, connect: Connect) {
        let entry = Arc::downgrade(self);
        self.circuit.keep_trying(move || {
            let (entry, connecting) = (Weak::clone(&entry), connect());
            Box::pin(async move {
                let client = Arc::new(connecting.await?);
                // From here on nothing waits, so the client is kept or closed.
                let unwanted = match entry.upgrade() {
                    Some(entry) => entry.keep(client),
                    None => Some(client),
                };
                if let Some(client) = unwanted {
                    tokio::spawn(async move { client.close().await });
                }
                Ok(())
            })
        });
    }

    fn begin(self: &Arc<Self>, connect: Connect) -> Attempt {
        let (publish, attempt) = watch::channel(None);
        let entry = Arc::clone(self);
        tokio::spawn(async move {
            let result = connect().await.map(Arc::new);
            let late = entry.finish(&result);
            let _ = publish.send(Some(result));
            if let Some(client) = late {
                client.close().await;
            }
        });
        attempt
    }

    /// Notes the attempt's result; returns a client that nobody wants any more.
    fn finish(&self, result: &Result<Arc<Client>>) -> Option<Arc<Client>> {
        match result {
            Ok(client) => {
                self.circuit.succeeded();
                self.keep(Arc::clone(client))
            }
            Err(error) => {
                self.circuit.attempt_failed(error);
                let mut state = self.state.lock();
                if !matches!(*state, State::Retired) {
                    *state = State::Empty;
                }
                None
            }
        }
    }

    /// Has requests use the client; returns it where nobody wants it any more.
    fn keep(&self, client: Arc<Client>) -> Option<Arc<Client>> {
        let mut state = self.state.lock();
        match *state {
            State::Empty | State::Connecting(_) => {
                *state = State::Ready(client);
                None
            }
            State::Ready(_) | State::Retired => Some(client),
        }
    }

    /// Learns from how a request ended; returns a client that is to be closed, if the failure
    /// says that it is of no more use.
    pub(super) fn observe(&self, began: Instant, failure: Option<&Error>) -> Option<Arc<Client>> {
        let Some(error) = failure else {
            self.circuit.succeeded();
            return None;
        };
        let mut state = self.state.lock();
        // Without a client, the caller was refused by the circuit or shared a failed attempt, which
        // was counted once already. Counted again, callers that keep asking would keep it open.
        let State::Ready(client) = &*state else { return None };
        let client = self.circuit.request_failed(began, error).then(|| Arc::clone(client))?;
        *state = State::Empty;
        Some(client)
    }

    /// Takes the client away for good.
    pub(super) fn retire(&self) -> Option<Arc<Client>> {
        self.circuit.stop_trying();
        match std::mem::replace(&mut *self.state.lock(), State::Retired) {
            State::Ready(client) => Some(client),
            _ => None,
        }
    }

    pub(super) fn in_use(&self) -> u32 {
        self.in_use.load(Ordering::Acquire)
    }

    /// How long it has been idle; `None` while it is in use.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        (self.in_use() == 0).then(|| self.last_used.lock().elapsed())
    }

    /// `ready`, `connecting` or `empty`.
    pub(super) fn state_name(&self) -> &'static str {
        match &*self.state.lock() {
            State::Ready(_) => "ready",
            State::Connecting(_) => "connecting",
            State::Empty | State::Retired => "empty",
        }
    }

    pub(super) fn gauge(&self) -> Gauge {
        match &*self.state.lock() {
            State::Ready(client) => client.gauge(),
            _ => Gauge::default(),
        }
    }

    /// Whether callers are refused, and the last cause.
    pub(super) fn circuit(&self) -> (bool, Option<String>) {
        let cause = self.circuit.cause().map(|e| e.message().to_owned());
        (self.circuit.is_open(), cause)
    }

    /// Counts a use; it ends when the guard is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> InUse {
        self.in_use.fetch_add(1, Ordering::AcqRel);
        InUse(Arc::clone(self))
    }
}

fn retired() -> Error {
    let message = "the connection was changed or closed meanwhile; try again";
    Error::new(Code::DbConnectionFailed, message)
}

/// Counts one use of an entry while it lives.
#[derive(Debug)]
pub(super) struct InUse(pub(super) Arc<Entry>);

impl Drop for InUse {
    fn drop(&mut self) {
        *self.0.last_used.lock() = Instant::now();
        self.0.in_use.fetch_sub(1, Ordering::AcqRel);
    }
}
