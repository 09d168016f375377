//! What was read from the platform database, and for how long it may be believed.
//!
//! A value is believed for a while, then read again. Three things make this more than a map with a
//! time limit:
//!
//! - a change is told at once (`LISTEN`), and a value that was being read while the change came in
//!   must not be kept as if it were newer than the change;
//! - when the platform database is down, an old value is better than none, and it is marked old;
//! - fifty requests that miss together read once.
//!
//! Failures are never kept.

use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::future::Cache;
use moka::ops::compute::{CompResult, Op};

use super::failure::is_outage;
use crate::error::{Error, Result};
use crate::outcome::Outcome;

/// Values by key.
pub(crate) struct Shelf<K, V> {
    entries: Cache<K, Entry<V>>,
    believed_for: Duration,
    kept_for: Duration,
    /// Counts what was forgotten, so that a read that overlaps a change is noticed.
    changes: AtomicU64,
    /// Entries of an earlier age are read again before they are believed.
    age: AtomicU64,
}

impl<K, V> fmt::Debug for Shelf<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf").field("believed_for", &self.believed_for).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone)]
struct Entry<V> {
    value: V,
    /// When the read began: what happened later is not in it.
    read_at: Instant,
    age: u64,
    /// It could not be read again; until then it is not even tried.
    excused_until: Option<Instant>,
}

/// How long a value that is there may be kept from its reader by trying to read it again.
const PATIENCE: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 2000 });
/// How long an old value serves at once, after it could not be read again.
const EXCUSED_FOR: Duration = Duration::from_secs(5);

/// A value, and whether it is one that could not be read again.
#[derive(Debug, Clone)]
pub(crate) struct Held<V> {
    pub(crate) value: V,
    /// The platform database is down; this is what it said last.
    pub(crate) stale: bool,
}

impl<K, V> Shelf<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// At most `capacity` values, each believed for `believed_for`, and kept for `kept_for` to be
    /// used while the platform database is down.
    pub(crate) fn new(capacity: u64, believed_for: Duration, kept_for: Duration) -> Self {
        Self {
            entries: Cache::builder().max_capacity(capacity).time_to_live(kept_for).build(),
            believed_for,
            kept_for,
            changes: AtomicU64::new(0),
            age: AtomicU64::new(0),
        }
    }

    /// The value, from memory or read anew. With `fresh`, whatever was read before this call is
    /// passed over, and a failure is not papered over with it.
    pub(crate) async fn get(
        &self,
        key: &K,
        fresh: bool,
        read: impl Future<Output = Result<V>>,
    ) -> Result<Held<V>> {
        self.get_since(key, fresh.then(Instant::now), read).await
    }

    /// As [`Shelf::get`]; with `since`, only what was read later is good.
    pub(crate) async fn get_since(
        &self,
        key: &K,
        since: Option<Instant>,
        read: impl Future<Output = Result<V>>,
    ) -> Result<Held<V>> {
        let fresh = since.is_some();
        let stale = |entry: &Entry<V>| self.stale(entry, since);
        if let Some(entry) = self.entries.get(key).await
            && let Some(stale) = stale(&entry)
        {
            return Ok(Held { value: entry.value, stale });
        }
        // Boxed, so that the many futures that wait for a hit stay small.
        Box::pin(self.miss(key, fresh, stale, read)).await
    }

    /// Whether an entry is only excused; `None` if it is good for nothing. With `after`, only what was
    /// read later is good.
    fn stale(&self, entry: &Entry<V>, after: Option<Instant>) -> Option<bool> {
        if entry.age != self.age.load(Ordering::Acquire) {
            return None;
        }
        let believed = match after {
            Some(asked_at) => entry.read_at >= asked_at,
            None => entry.read_at.elapsed() < self.believed_for,
        };
        let excused =
            after.is_none() && entry.excused_until.is_some_and(|until| Instant::now() < until);
        (believed || excused).then_some(!believed)
    }

    /// Only one caller per key reads at a time; the next ones find what it put.
    async fn miss(
        &self,
        key: &K,
        fresh: bool,
        stale: impl Fn(&Entry<V>) -> Option<bool>,
        read: impl Future<Output = Result<V>>,
    ) -> Result<Held<V>> {
        let mut failure = None;
        let mut excused = false;
        let changes = self.changes.load(Ordering::Acquire);
        let outcome = self
            .entries
            .entry_by_ref(key)
            .and_compute_with(async |entry| {
                let old = entry.map(moka::Entry::into_value);
                if let Some(stale) = old.as_ref().and_then(&stale) {
                    excused = stale;
                    return Op::Nop;
                }
                let (age, read_at) = (self.age.load(Ordering::Acquire), Instant::now());
                let read = match &old {
                    Some(_) if !fresh => {
                        tokio::time::timeout(PATIENCE, read).await.unwrap_or_else(|_| Err(slow()))
                    }
                    _ => read.await,
                };
                match (read, old) {
                    (Ok(value), _) => Op::Put(Entry { value, read_at, age, excused_until: None }),
                    (Err(error), Some(old))
                        if is_outage(&error) && old.read_at.elapsed() < self.kept_for =>
                    {
                        failure = Some(error);
                        let excused_until = Some(Instant::now() + EXCUSED_FOR);
                        Op::Put(Entry { age, excused_until, ..old })
                    }
                    (Err(error), _) => {
                        failure = Some(error);
                        Op::Remove
                    }
                }
            })
            .await;
        if self.changes.load(Ordering::Acquire) != changes {
            // Something changed while this was read; it answers this call, and no later one.
            self.entries.invalidate(key).await;
        }
        let entry = match outcome {
            CompResult::Unchanged(entry)
            | CompResult::Inserted(entry)
            | CompResult::ReplacedWith(entry) => Some(entry),
            CompResult::Removed(_) | CompResult::StillNone(_) => None,
        };
        match (entry, failure) {
            (Some(_), Some(error)) if fresh => Err(error),
            (Some(entry), failure) => {
                Ok(Held { value: entry.into_value().value, stale: excused || failure.is_some() })
            }
            (None, Some(error)) => Err(error),
            (None, None) => Err(Error::internal("a read of the platform database had no result")),
        }
    }

    /// Drops one value because it changed.
    pub(crate) async fn forget(&self, key: &K) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.entries.invalidate(key).await;
    }

    /// Drops the values that `changed` picks.
    pub(crate) async fn forget_where(&self, changed: impl Fn(&V) -> bool) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        let keys: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, entry)| changed(&entry.value))
            .map(|(key, _)| key)
            .collect();
        for key in keys {
            self.entries.invalidate(&*key).await;
        }
    }

    /// Drops every value because any may have changed.
    pub(crate) fn forget_all(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.entries.invalidate_all();
    }

    /// Believes no value until it was read again: notices of changes may have been missed. Unlike
    /// after [`Shelf::forget_all`], the values still serve while the platform database is down.
    pub(crate) fn doubt_all(&self) {
        self.age.fetch_add(1, Ordering::AcqRel);
    }
}

fn slow() -> Error {
    Error::timeout("the platform database is slow; try again", Outcome::NotApplied)
}

#[cfg(test)]
mod tests;
