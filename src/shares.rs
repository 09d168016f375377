//! Each user's share of a connection: at most half of its slots, so that nobody's slow statements take
//! all of them. A request has one of them, and more only for operations that it runs beside each
//! other. Requests beyond it wait for their own user's to end, and not for anybody else's. Of a single
//! slot there is no half: there, everybody waits for whoever holds it.
//!
//! Most backends hold a slot for as long as a request runs. Redis holds one for a moment, and again and
//! again: there each time counts, whether it is part of a request, of a stream, or of a copy to another
//! connection. Whose it is comes with the task ([`on_behalf_of`]).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};

/// Requests of one user that may wait, for each that may run.
const WAITING_PER_SLOT: usize = 16;

tokio::task_local! {
    static USER: Option<String>;
}

/// Does work of a user's, or of nobody's: what it takes for a moment is of that user's shares.
pub async fn on_behalf_of<F: Future>(user: Option<String>, work: F) -> F::Output {
    USER.scope(user, work).await
}

/// Whose work this task does.
pub fn user() -> Option<String> {
    USER.try_with(Clone::clone).ok().flatten()
}

/// Of what, and whose.
type Key<K> = (K, String);

type All<K> = Arc<Mutex<HashMap<Key<K>, Own>>>;

/// The shares that are in use, of connections or of whatever has slots.
#[derive(Debug)]
pub struct Shares<K: Eq + Hash>(All<K>);

impl<K: Eq + Hash> Default for Shares<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// What one user has of one connection.
#[derive(Debug)]
struct Own {
    slots: Arc<Semaphore>,
    /// Requests that run or wait.
    requests: usize,
}

/// A request that runs in its user's share until this is dropped.
#[derive(Debug)]
pub struct Share<K: Eq + Hash> {
    slots: OwnedSemaphorePermit,
    _place: Place<K>,
}

/// A request that counts for its user.
#[derive(Debug)]
struct Place<K: Eq + Hash> {
    key: Key<K>,
    shares: All<K>,
}

impl<K: Clone + Eq + Hash> Shares<K> {
    /// Waits until the user's other requests leave room. `slots` are all that there are.
    pub async fn take(
        &self,
        of: K,
        user: String,
        slots: u32,
        deadline: Deadline,
    ) -> Result<Share<K>> {
        let share = (slots.max(1) as usize).div_ceil(2);
        let (place, slots) = self.enter((of, user), share)?;
        match deadline.run(slots.acquire_owned()).await {
            Some(Ok(slots)) => Ok(Share { slots, _place: place }),
            _ => Err(exhausted(share)),
        }
    }

    fn enter(&self, key: Key<K>, share: usize) -> Result<(Place<K>, Arc<Semaphore>)> {
        let mut all = self.0.lock();
        let own = all
            .entry(key.clone())
            .or_insert_with(|| Own { slots: Arc::new(Semaphore::new(share)), requests: 0 });
        if own.requests >= share * (1 + WAITING_PER_SLOT) {
            return Err(exhausted(share));
        }
        own.requests += 1;
        let slots = Arc::clone(&own.slots);
        Ok((Place { key, shares: Arc::clone(&self.0) }, slots))
    }
}

impl<K: Eq + Hash> Share<K> {
    /// Takes what its user has left, up to `most` slots in all, and tells how many the request has. It
    /// never waits: requests of one user that wait for each other's slots would wait for ever.
    pub fn widen(&mut self, most: usize) -> usize {
        while self.slots.num_permits() < most {
            let Ok(more) = Arc::clone(self.slots.semaphore()).try_acquire_owned() else { break };
            self.slots.merge(more);
        }
        self.slots.num_permits()
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut all = self.shares.lock();
        if let Some(own) = all.get_mut(&self.key) {
            own.requests -= 1;
            if own.requests == 0 {
                all.remove(&self.key);
            }
        }
    }
}

fn exhausted(share: usize) -> Error {
    let message = format!(
        "you have {share} requests under way on this connection, which is the most that one user \
         may have; wait for one of them to end"
    );
    Error::new(Code::PoolExhausted, message)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(10))
    }

    const CONNECTION: (Uuid, i64) = (Uuid::nil(), 1);

    #[tokio::test]
    async fn a_user_has_half_of_the_slots_and_another_user_the_other_half() {
        for (slots, share) in [(0, 1), (1, 1), (2, 1), (3, 2), (10, 5)] {
            let shares = Shares::default();
            let mut held = Vec::new();
            for user in ["anna", "ben"] {
                for _ in 0..share {
                    let taken =
                        shares.take(CONNECTION, user.to_owned(), slots, soon()).now_or_never();
                    held.push(taken.expect("there is room").unwrap());
                }
                let more = shares.take(CONNECTION, user.to_owned(), slots, soon()).now_or_never();
                assert!(more.is_none(), "{user} of {slots}");
            }
            // Another connection is another matter.
            let other = (Uuid::max(), 1);
            assert!(shares.take(other, "anna".to_owned(), slots, soon()).now_or_never().is_some());
            drop(held);
            assert!(shares.0.lock().is_empty());
        }
    }

    #[tokio::test]
    async fn operations_beside_each_other_take_from_their_users_share() {
        let shares = Shares::default();
        let mut first = shares.take(CONNECTION, "anna".to_owned(), 10, soon()).await.unwrap();
        let mut second = shares.take(CONNECTION, "anna".to_owned(), 10, soon()).await.unwrap();
        assert_eq!((first.widen(3), first.widen(1), second.widen(4)), (3, 3, 2));
        assert!(shares.take(CONNECTION, "anna".to_owned(), 10, soon()).now_or_never().is_none());
        // Nothing is left for more, and nobody waits for it.
        assert_eq!((first.widen(4), second.widen(4)), (3, 2));
        drop(first);
        let mut third = shares.take(CONNECTION, "anna".to_owned(), 10, soon()).await.unwrap();
        assert_eq!((third.widen(2), second.widen(4)), (2, 3));
        drop((second, third));
        assert!(shares.0.lock().is_empty());
    }

    #[tokio::test]
    async fn who_waits_gets_what_is_let_go_and_who_gives_up_leaves_nothing() {
        let shares = Arc::new(Shares::default());
        let first = shares.take(CONNECTION, "anna".to_owned(), 1, soon()).await.unwrap();
        let waiting = tokio::spawn({
            let shares = Arc::clone(&shares);
            async move { shares.take(CONNECTION, "anna".to_owned(), 1, soon()).await }
        });
        let late = Deadline::after(Duration::ZERO);
        let error = shares.take(CONNECTION, "anna".to_owned(), 1, late).await.unwrap_err();
        assert_eq!(error.code(), Code::PoolExhausted);
        drop(first);
        drop(waiting.await.unwrap().unwrap());
        assert!(shares.0.lock().is_empty());
    }

    #[tokio::test]
    async fn so_many_wait_and_no_more() {
        let shares = Shares::default();
        let _first = shares.take(CONNECTION, "anna".to_owned(), 1, soon()).await.unwrap();
        let mut waiting: Vec<_> = (0..WAITING_PER_SLOT)
            .map(|_| Box::pin(shares.take(CONNECTION, "anna".to_owned(), 1, soon())))
            .collect();
        for one in &mut waiting {
            assert!(one.now_or_never().is_none());
        }
        let refused = shares.take(CONNECTION, "anna".to_owned(), 1, soon()).now_or_never().unwrap();
        assert_eq!(refused.unwrap_err().code(), Code::PoolExhausted);
        assert!(shares.take(CONNECTION, "ben".to_owned(), 1, soon()).now_or_never().is_some());
    }
}
