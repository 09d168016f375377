//! Change streams take turns, or their waiting would use up the connections.
//!
//! A stream waits for its turn among its own user's streams first, and only then among all: nobody
//! stands behind more of another user's streams than that user may have under way.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// The turns of one client.
#[derive(Debug)]
pub(crate) struct Turns {
    all: Semaphore,
    most: usize,
    by_user: Mutex<HashMap<String, Weak<Own>>>,
}

/// What one user's streams share.
#[derive(Debug)]
pub(super) struct Own {
    listening: Arc<Semaphore>,
    /// One opens at a time: a server may look through hours of changes before it answers.
    opening: Arc<Semaphore>,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'t> {
    _all: Option<SemaphorePermit<'t>>,
    _own: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// Half of the connections are for streams.
    pub(crate) fn of(connections: u32) -> Self {
        let most = (connections as usize / 2).max(1);
        Self { all: Semaphore::new(most), most, by_user: Mutex::default() }
    }

    /// What the user's streams share. Callers without a user share nothing but the turns of all.
    pub(super) fn own(&self, user: Option<&str>) -> Option<Arc<Own>> {
        let user = user?;
        let mut by_user = self.by_user.lock();
        if let Some(own) = by_user.get(user).and_then(Weak::upgrade) {
            return Some(own);
        }
        by_user.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Own {
            listening: Arc::new(Semaphore::new(self.most.div_ceil(2))),
            opening: Arc::new(Semaphore::new(1)),
        });
        by_user.insert(user.to_owned(), Arc::downgrade(&own));
        Some(own)
    }

    /// Waits for a turn to listen.
    pub(super) async fn listen(&self, own: Option<&Own>) -> Turn<'_> {
        let own = match own {
            Some(own) => Arc::clone(&own.listening).acquire_owned().await.ok(),
            None => None,
        };
        Turn { _all: self.all.acquire().await.ok(), _own: own }
    }

    /// Waits until the user opens no other stream.
    pub(super) async fn open(own: Option<&Own>) -> Turn<'static> {
        let own = match own {
            Some(own) => Arc::clone(&own.opening).acquire_owned().await.ok(),
            None => None,
        };
        Turn { _all: None, _own: own }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn one_users_streams_leave_others_their_turns() {
        for (connections, most) in [(1, 1), (2, 1), (4, 1), (6, 2), (10, 3), (100, 25)] {
            let turns = Turns::of(connections);
            let (anna, ben) = (turns.own(Some("anna")), turns.own(Some("ben")));
            let mut hers: Vec<_> =
                (0..200).map(|_| Box::pin(turns.listen(anna.as_deref()))).collect();
            let mut held: Vec<_> =
                hers.iter_mut().filter_map(futures_util::FutureExt::now_or_never).collect();
            assert_eq!(held.len(), most, "of {connections}");
            // Whoever comes later is next, however many of hers have waited longer.
            let mut his = Box::pin(turns.listen(ben.as_deref()));
            let mut turn = his.as_mut().now_or_never();
            if turn.is_none() {
                drop(held.pop());
                turn = his.now_or_never();
            }
            assert!(turn.is_some(), "of {connections}");
        }
    }

    #[tokio::test]
    async fn who_has_no_streams_is_forgotten() {
        let turns = Turns::of(10);
        drop(turns.own(Some("anna")));
        let _ben = turns.own(Some("ben"));
        assert_eq!(turns.by_user.lock().len(), 1);
        assert!(turns.own(None).is_none());
        let nobodys: Vec<_> = (0..6).filter_map(|_| turns.listen(None).now_or_never()).collect();
        assert_eq!(nobodys.len(), 5);
    }
}
