//! Sockets that nobody uses at this moment.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Condition, Dial, Pool, SWEPT, TRUSTED_IDLE};

/// A socket, and what the pool knows of it.
pub(super) struct Open<S> {
    pub(super) socket: S,
    pub(super) generation: u64,
    pub(super) expires: Instant,
    pub(super) idle_since: Instant,
    pub(super) reused: bool,
}

impl<D: Dial> Pool<D> {
    /// The idle socket that was used last and may still be of use, and whether it has to be tried.
    pub(super) fn pop_idle(&self) -> Option<(Open<D::Socket>, Condition)> {
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

    pub(super) fn give_back(&self, mut open: Open<D::Socket>) {
        open.idle_since = Instant::now();
        open.reused = true;
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

    pub(super) fn start_sweeping(self: &Arc<Self>) {
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
}
