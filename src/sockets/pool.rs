//! The sockets to one endpoint.
//!
//! A slot stands for a socket in use, from before it is opened until after it is given back or closed.
//! One is opened only where none is idle, so that the maximum holds with everything pending. Slots are
//! handed out first come, first served.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};
use tokio_util::sync::CancellationToken;

use super::{Condition, Dial, Gauge, Lease, Limits, dialling};
use super::{LIFETIME, OPENED_AT_ONCE, SWEPT, TRIAL, TRUSTED_IDLE, WITHHELD};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// The sockets to one endpoint.
pub struct Pool<D: Dial> {
    /// Opens them.
    pub dialer: Arc<D>,
    limits: Limits,
    slots: Semaphore,
    /// Slots out of use, because the server had no more sockets to give.
    withheld: AtomicU32,
    waiting: AtomicU32,
    /// Who opens a socket has one of these.
    turns: Semaphore,
    /// In the order in which they were given back: the last is lent first, so that others become idle
    /// and are closed.
    pub(super) idle: Mutex<Vec<Open<D::Socket>>>,
    /// Raised when all sockets are given up.
    generation: AtomicU64,
    sweeping: Once,
    /// Cancelled when it is closed.
    pub closed: CancellationToken,
}

/// A socket, and what the pool knows of it.
pub(super) struct Open<S> {
    pub(super) socket: S,
    generation: u64,
    pub(super) expires: Instant,
    pub(super) idle_since: Instant,
}

/// The right to one socket.
pub(super) struct Slot<D: Dial>(Arc<Pool<D>>);

impl<D: Dial> Slot<D> {
    fn new(permit: SemaphorePermit<'_>, pool: &Arc<Pool<D>>) -> Self {
        permit.forget();
        Self(Arc::clone(pool))
    }

    pub(super) fn pool(&self) -> &Arc<Pool<D>> {
        &self.0
    }
}

impl<D: Dial> Drop for Slot<D> {
    fn drop(&mut self) {
        self.0.slots.add_permits(1);
    }
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
            Some((open, Condition::Trusted)) => Ok(Lease::new(slot, open, true)),
            doubtful => Box::pin(self.try_or_open(slot, doubtful, deadline)).await,
        }
    }

    fn free_slot(self: &Arc<Self>) -> Result<Option<Slot<D>>> {
        match self.slots.try_acquire() {
            Ok(permit) => Ok(Some(Slot::new(permit, self))),
            Err(TryAcquireError::NoPermits) => Ok(None),
            Err(TryAcquireError::Closed) => Err(self.was_closed()),
        }
    }

    async fn wait_for_slot(self: &Arc<Self>, deadline: Deadline) -> Result<Slot<D>> {
        let Some(_waiting) = Waiting::enter(&self.waiting, self.limits.waiting) else {
            return Err(self.exhausted("too many requests wait for one"));
        };
        match deadline.run(self.slots.acquire()).await {
            Some(Ok(permit)) => Ok(Slot::new(permit, self)),
            Some(Err(_)) => Err(self.was_closed()),
            None => Err(self.exhausted("none became free in time")),
        }
    }

    /// The idle socket that was used last and may still be of use, and whether it has to be tried.
    fn pop_idle(&self) -> Option<(Open<D::Socket>, Condition)> {
        loop {
            let mut open = self.idle.lock().pop()?;
            let now = Instant::now();
            if !self.may_stay(&open, now) {
                continue;
            }
            match self.dialer.condition(&mut open.socket) {
                Condition::Gone => {}
                Condition::Trusted if now - open.idle_since < TRUSTED_IDLE => {
                    return Some((open, Condition::Trusted));
                }
                _ => return Some((open, Condition::Doubtful)),
            }
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
                    return Ok(Lease::new(slot, open, true));
                }
                drop(open);
                found = self.pop_idle();
            }
            let turn = self.unless_closed(self.turn(deadline)).await??;
            // One may have been given back meanwhile.
            found = self.pop_idle();
            if found.is_some() {
                continue;
            }
            match self.unless_closed(self.dial(deadline)).await? {
                Ok(open) => return Ok(Lease::new(slot, open, false)),
                // Others of ours have sockets: make do with those for a while.
                Err(error) if error.code() == Code::PoolExhausted && self.in_use() > 1 => {
                    drop(turn);
                    self.withhold(slot);
                    slot = self.wait_for_slot(deadline).await?;
                    found = self.pop_idle();
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// A socket that is opened now, for one who has a slot.
    pub(super) async fn open(self: &Arc<Self>, deadline: Deadline) -> Result<Open<D::Socket>> {
        let opening = async {
            let _turn = self.turn(deadline).await?;
            self.dial(deadline).await
        };
        self.unless_closed(opening).await?
    }

    async fn turn(&self, deadline: Deadline) -> Result<SemaphorePermit<'_>> {
        self.admit(deadline).await?;
        match deadline.run(self.turns.acquire()).await {
            Some(turn) => turn.map_err(|_| self.was_closed()),
            None => Err(self.took_too_long()),
        }
    }

    /// Refuses while the endpoint is known to fail; it is tried in the background meanwhile.
    async fn admit(&self, deadline: Deadline) -> Result<()> {
        let Some(circuit) = self.dialer.circuit() else { return Ok(()) };
        let admitted = deadline.run(circuit.pass()).await;
        if let Some(Err(_)) = admitted {
            let dialer = Arc::clone(&self.dialer);
            circuit.keep_trying(move || {
                let dialer = Arc::clone(&dialer);
                let deadline = Deadline::after(dialer.connect_timeout());
                Box::pin(async move { dialer.dial(deadline).await.map(drop) })
            });
        }
        admitted.unwrap_or_else(|| Err(self.took_too_long()))
    }

    async fn dial(self: &Arc<Self>, deadline: Deadline) -> Result<Open<D::Socket>> {
        // Others may have failed while this one waited for its turn.
        self.admit(deadline).await?;
        let generation = self.generation.load(Ordering::Acquire);
        let longest = self.dialer.connect_timeout();
        let had_its_time = deadline.remaining() >= longest;
        let deadline = deadline.or_after(longest);
        let dialled = deadline.run(self.dialer.dial(deadline)).await;
        let circuit = self.dialer.circuit();
        match dialled.unwrap_or_else(|| Err(self.took_too_long())) {
            Ok(socket) => {
                if let Some(circuit) = circuit {
                    circuit.succeeded();
                }
                self.start_sweeping();
                let idle_since = Instant::now();
                let expires = idle_since + LIFETIME.mul_f64(rand::random_range(0.9..1.1));
                Ok(Open { socket, generation, expires, idle_since })
            }
            Err(error) => {
                if let Some(circuit) = circuit
                    && (had_its_time || error.code() != Code::DbTimeout)
                {
                    circuit.attempt_failed(&error);
                }
                let of_endpoint = self.dialer.is_of_endpoint(&error);
                Err(if of_endpoint { dialling::failed(error, had_its_time) } else { error })
            }
        }
    }

    fn withhold(&self, slot: Slot<D>) {
        self.withheld.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let Slot(pool) = &slot;
            let _ = tokio::time::timeout(WITHHELD, pool.closed.cancelled()).await;
            pool.withheld.fetch_sub(1, Ordering::Relaxed);
        });
    }

    pub(super) fn give_back(&self, mut open: Open<D::Socket>) {
        open.idle_since = Instant::now();
        if !self.dialer.is_settled(&open.socket) || !self.may_stay(&open, open.idle_since) {
            return;
        }
        let mut idle = self.idle.lock();
        // Seen under the lock, which whoever closes it takes afterwards.
        if !self.slots.is_closed() {
            idle.push(open);
        }
    }

    fn may_stay(&self, open: &Open<D::Socket>, now: Instant) -> bool {
        now < open.expires
            && now - open.idle_since < self.limits.idle
            && open.generation == self.generation.load(Ordering::Acquire)
    }

    /// Closes those that are idle.
    pub fn clear(&self) {
        let idle = std::mem::take(&mut *self.idle.lock());
        drop(idle);
    }

    /// Closes those that are idle, and those in use when they are given back. Requests that come now
    /// reach whatever server is there now.
    pub fn retire(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.clear();
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

    fn in_use(&self) -> u32 {
        let free = u32::try_from(self.slots.available_permits()).unwrap_or(u32::MAX);
        let withheld = self.withheld.load(Ordering::Relaxed);
        self.limits.most.saturating_sub(free).saturating_sub(withheld)
    }

    fn start_sweeping(self: &Arc<Self>) {
        self.sweeping.call_once(|| {
            let (pool, closed) = (Arc::downgrade(self), self.closed.clone());
            let period = (self.limits.idle / 2).clamp(Duration::from_secs(1), SWEPT);
            tokio::spawn(async move {
                while tokio::time::timeout(period, closed.cancelled()).await.is_err() {
                    let Some(pool) = pool.upgrade() else { return };
                    pool.sweep();
                }
            });
        });
    }

    pub(super) fn sweep(&self) {
        let now = Instant::now();
        let mut idle = self.idle.lock();
        let closing: Vec<_> = idle.extract_if(.., |open| !self.may_stay(open, now)).collect();
        drop(idle);
        drop(closing);
    }

    fn exhausted(&self, why: &str) -> Error {
        let (peer, most) = (self.dialer.peer(), self.limits.most);
        let more = D::SETTING.map(|name| format!(" or raise {name}")).unwrap_or_default();
        let message = format!(
            "all connections to {peer} are in use (at most {most}) and {why}; try again later{more}"
        );
        Error::new(Code::PoolExhausted, message)
    }

    fn was_closed(&self) -> Error {
        let message = format!("the connections to {} were closed", self.dialer.peer());
        Error::new(Code::DbConnectionFailed, message)
    }

    fn took_too_long(&self) -> Error {
        let message = format!("connecting to {} took too long", self.dialer.peer());
        Error::timeout(message, Outcome::NotApplied)
    }
}

impl<D: Dial> fmt::Debug for Pool<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.dialer.peer();
        f.debug_struct("Pool").field("peer", &peer).field("gauge", &self.gauge()).finish()
    }
}

/// A place in the queue, left when the wait ends in any way.
struct Waiting<'p>(&'p AtomicU32);

impl<'p> Waiting<'p> {
    fn enter(waiting: &'p AtomicU32, limit: u32) -> Option<Self> {
        let entered = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
            (now < limit).then_some(now + 1)
        });
        entered.is_ok().then_some(Self(waiting))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
