//! Closing clients: idle ones, replaced ones, and all of them at shutdown.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::entry::Entry;
use super::{PoolKey, Pools};
use crate::backend::Client;
use crate::deadline::Deadline;

/// How often a draining client is looked at again.
const DRAIN_POLL: Duration = Duration::from_millis(20);
/// A replaced client is closed under whoever still holds it after this long.
const DRAIN_LIMIT: Duration = Duration::from_secs(60);

impl Pools {
    /// Runs the sweeper while there are clients. It ends with the last of them, and the next
    /// client starts it again, so that an idle process has no timer.
    pub(super) fn start_sweeping(self: &Arc<Self>) {
        if self.sweeping.swap(true, Ordering::AcqRel) {
            return;
        }
        let pools = Arc::downgrade(self);
        let interval = self.limits.sweep_interval;
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(interval).await;
                let Some(pools) = Weak::upgrade(&pools) else { return };
                if pools.sweep() == 0 {
                    return;
                }
            }
        });
    }

    /// Closes what has been idle for too long; returns how many clients are left.
    fn sweep(&self) -> usize {
        let mut entries = self.entries.lock();
        let limit = self.limits.idle_timeout;
        let is_idle = |entry: &Entry| entry.idle_for().is_some_and(|idle| idle >= limit);
        for (_, entry) in entries.extract_if(|_, entry| is_idle(entry)) {
            Self::drain(entry);
        }
        // Under the lock, so that a client inserted right after starts the next sweeper.
        self.sweeping.store(!entries.is_empty(), Ordering::Release);
        entries.len()
    }

    /// Closes an entry that is no longer in the map once nobody holds it.
    pub(super) fn drain(entry: Arc<Entry>) {
        let Some(client) = entry.retire() else { return };
        tokio::spawn(async move {
            let deadline = Deadline::after(DRAIN_LIMIT);
            until_unused(&[entry], deadline).await;
            client.close().await;
        });
    }

    /// Closes the clients of one type, after their running requests.
    pub async fn close_type(&self, database_type: &str) {
        let is_one = |key: &PoolKey| key.database_type.as_str() == database_type;
        let closing = self.entries.lock().extract_if(|key, _| is_one(key)).collect();
        close_all(closing, Deadline::after(DRAIN_LIMIT)).await;
    }

    /// Stops intake, lets work finish until the deadline, then closes every client.
    pub async fn shutdown(&self, deadline: Deadline) {
        self.closed.store(true, Ordering::Release);
        let closing = self.entries.lock().drain().collect();
        close_all(closing, deadline).await;
    }
}

async fn close_all(closing: Vec<(PoolKey, Arc<Entry>)>, deadline: Deadline) {
    let entries: Vec<Arc<Entry>> = closing.into_iter().map(|(_, entry)| entry).collect();
    until_unused(&entries, deadline).await;
    let clients: Vec<_> = entries.iter().filter_map(|entry| entry.retire()).collect();
    futures_util::future::join_all(clients.iter().map(|client| client.close())).await;
}

/// Waits, not for ever, until no lease holds a client that is not lent any more.
pub(super) async fn until_released(client: &Arc<Client>) {
    let deadline = Deadline::after(DRAIN_LIMIT);
    while Arc::strong_count(client) > 1 && !deadline.passed() {
        tokio::time::sleep(DRAIN_POLL).await;
    }
}

async fn until_unused(entries: &[Arc<Entry>], deadline: Deadline) {
    while entries.iter().any(|entry| entry.in_use() > 0) && !deadline.passed() {
        tokio::time::sleep(DRAIN_POLL).await;
    }
}
