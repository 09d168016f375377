//! The sockets to one endpoint.
//!
//! A slot stands for a socket in use, from before it is opened until after it is given back or closed.
//! One is opened only where none is idle, so that the maximum holds with everything pending. Slots are
//! handed out first come, first served.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Once};

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::idle::Open;
use super::slots::Slot;
use super::{Condition, Dial, Gauge, Lease, Limits, OPENED_AT_ONCE, TRIAL};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// The sockets to one endpoint.
pub struct Pool<D: Dial> {
    /// Opens them.
    pub dialer: Arc<D>,
    pub(super) limits: Limits,
    pub(super) slots: Semaphore,
    /// Slots out of use, because the server had no more sockets to give.
    pub(super) withheld: AtomicU32,
    pub(super) waiting: AtomicU32,
    /// Who opens a socket has one of these.
    pub(super) turns: Semaphore,
    /// In the order in which they were given back: the last is lent first, so that others become idle
    /// and are closed.
    pub(super) idle: Mutex<Vec<Open<D::Socket>>>,
    /// Raised when all sockets are given up.
    pub(super) generation: AtomicU64,
    pub(super) sweeping: Once,
    /// Cancelled when it is closed.
    pub closed: CancellationToken,
}

impl<D: Dial> Pool<D> {
    /// An empty pool.
    pub fn new(dialer: D, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            dialer: Arc::new(dialer),
            limits,
            slots: Semaphore::new(limits.most as usize),
            withheld: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
            turns: Semaphore::new(OPENED_AT_ONCE),
            idle: Mutex::default(),
            generation: AtomicU64::new(0),
            sweeping: Once::new(),
            closed: CancellationToken::new(),
        })
    }

    /// A socket that is ready. Fails with `not_applied`: nothing was sent. Dropping the future leaves
    /// nothing behind.
    pub async fn lease(self: &Arc<Self>, deadline: Deadline) -> Result<Lease<D>> {
        if deadline.passed() {
            let message = "the deadline passed before anything was sent";
            return Err(Error::timeout(message, Outcome::NotApplied));
        }
        // Boxed: what takes long is rare and its state large, and every request's future would hold it.
        let slot = match self.free_slot()? {
            Some(slot) => slot,
            None => Box::pin(self.wait_for_slot(deadline)).await?,
        };
        match self.pop_idle() {
            Some((open, Condition::Trusted)) => Ok(Lease::new(slot, open)),
            doubtful => Box::pin(self.try_or_open(slot, doubtful, deadline)).await,
        }
    }

    async fn try_or_open(
        self: &Arc<Self>,
        mut slot: Slot<D>,
        mut found: Option<(Open<D::Socket>, Condition)>,
        deadline: Deadline,
    ) -> Result<Lease<D>> {
        loop {
            while let Some((mut open, condition)) = found {
                let trial = deadline.or_after(TRIAL);
                if condition == Condition::Trusted
                    || trial.run(self.dialer.is_alive(&mut open.socket)).await == Some(true)
                {
                    return Ok(Lease::new(slot, open));
                }
                drop(open);
                found = self.pop_idle();
            }
            found = match self.find_or_open(deadline).await {
                Ok(found) => Some(found),
                // Others of ours have sockets: make do with those for a while.
                Err(error) if error.code() == Code::PoolExhausted && self.in_use() > 1 => {
                    self.withhold(slot);
                    slot = self.wait_for_slot(deadline).await?;
                    self.pop_idle()
                }
                Err(error) => return Err(error),
            };
        }
    }

    /// Closes those that are idle, and the others as they are given back. Nobody gets one any more.
    pub fn close(&self) {
        self.slots.close();
        self.closed.cancel();
        self.clear();
        if let Some(circuit) = self.dialer.circuit() {
            circuit.stop_trying();
        }
    }

    /// Does work unless the pool is closed before it ends.
    pub async fn unless_closed<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.closed.cancelled() => Err(self.was_closed()),
            done = work => Ok(done),
        }
    }

    /// What it holds at this moment.
    pub fn gauge(&self) -> Gauge {
        let in_use = self.in_use();
        let idle = u32::try_from(self.idle.lock().len()).unwrap_or(u32::MAX);
        Gauge { open: in_use + idle, in_use, waiting: self.waiting.load(Ordering::Relaxed) }
    }

    pub(super) fn exhausted(&self, why: &str) -> Error {
        let (peer, most) = (self.dialer.peer(), self.limits.most);
        let more = D::SETTING.map(|name| format!(" or raise {name}")).unwrap_or_default();
        let message = format!(
            "all connections to {peer} are in use (at most {most}) and {why}; try again later{more}"
        );
        Error::new(Code::PoolExhausted, message)
    }

    pub(super) fn was_closed(&self) -> Error {
        let message = format!("the connections to {} were closed", self.dialer.peer());
        Error::new(Code::DbConnectionFailed, message)
    }

    pub(super) fn took_too_long(&self) -> Error {
        let message = format!("connecting to {} took too long", self.dialer.peer());
        Error::timeout(message, Outcome::NotApplied)
    }
}

impl<D: Dial> fmt::Debug for Pool<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.dialer.peer();
        f.debug_struct("Pool")
            .field("peer", &peer)
            .field("gauge", &self.gauge())
            .finish_non_exhaustive()
    }
}
