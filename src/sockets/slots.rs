//! Who may have a socket, and who waits for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{SemaphorePermit, TryAcquireError};

use super::{Dial, Pool, WITHHELD};
use crate::deadline::Deadline;
use crate::error::Result;

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
    pub(super) fn free_slot(self: &Arc<Self>) -> Result<Option<Slot<D>>> {
        match self.slots.try_acquire() {
            Ok(permit) => Ok(Some(Slot::new(permit, self))),
            Err(TryAcquireError::NoPermits) => Ok(None),
            Err(TryAcquireError::Closed) => Err(self.was_closed()),
        }
    }

    pub(super) async fn wait_for_slot(self: &Arc<Self>, deadline: Deadline) -> Result<Slot<D>> {
        let Some(_waiting) = Waiting::enter(&self.waiting, self.limits.waiting) else {
            return Err(self.exhausted("too many requests wait for one"));
        };
        match deadline.run(self.slots.acquire()).await {
            Some(Ok(permit)) => Ok(Slot::new(permit, self)),
            Some(Err(_)) => Err(self.was_closed()),
            None => Err(self.exhausted("none became free in time")),
        }
    }

    /// Takes a slot out of use for a while.
    pub(super) fn withhold(&self, slot: Slot<D>) {
        self.withheld.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let Slot(pool) = &slot;
            let _ = tokio::time::timeout(WITHHELD, pool.closed.cancelled()).await;
            pool.withheld.fetch_sub(1, Ordering::Relaxed);
        });
    }

    pub(super) fn in_use(&self) -> u32 {
        let free = u32::try_from(self.slots.available_permits()).unwrap_or(u32::MAX);
        let withheld = self.withheld.load(Ordering::Relaxed);
        self.limits.most.saturating_sub(free).saturating_sub(withheld)
    }
}

/// A place in the queue, left when the wait ends in any way.
struct Waiting<'p>(&'p AtomicU32);

impl<'p> Waiting<'p> {
    fn enter(waiting: &'p AtomicU32, limit: u32) -> Option<Self> {
        let entered = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
            (now < limit).then_some(now + 1)
        });
        entered.is_ok().then(|| Self(waiting))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
