//! How many subscriptions and other streams are open, of each user and of the process.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{Code, Error, Result};

/// Counts open subscriptions and streams.
#[derive(Debug)]
pub struct Seats {
    limit: usize,
    limit_per_user: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_user: HashMap<String, usize>,
}

/// One of them, until this is dropped.
#[derive(Debug)]
pub struct Seat {
    user: Option<String>,
    taken: Arc<Mutex<Taken>>,
}

impl Seats {
    /// So many in the process, and so many of each user.
    pub fn new(limit: usize, limit_per_user: usize) -> Self {
        Self { limit, limit_per_user, taken: Arc::default() }
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.taken.lock().all
    }

    /// Counts one more. Callers without a user are held to the limit of the process alone.
    pub fn take(&self, user: Option<&str>) -> Result<Seat> {
        let mut taken = self.taken.lock();
        if taken.all >= self.limit {
            let message = format!(
                "{} subscriptions and streams are open in this process; close some, or raise \
                 MULTIDB_MAX_SOCKETS",
                self.limit
            );
            return Err(Error::new(Code::PoolExhausted, message));
        }
        if let Some(user) = user {
            let own = taken.by_user.entry(user.to_owned()).or_default();
            if *own >= self.limit_per_user {
                let message =
                    format!("you have {own} subscriptions and streams open; close some first");
                return Err(Error::new(Code::RateLimited, message));
            }
            *own += 1;
        }
        taken.all += 1;
        Ok(Seat { user: user.map(str::to_owned), taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        taken.all -= 1;
        let Some(user) = &self.user else { return };
        if let Some(own) = taken.by_user.get_mut(user) {
            *own -= 1;
            if *own == 0 {
                taken.by_user.remove(user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_so_many_and_the_process_so_many() {
        let seats = Seats::new(3, 2);
        let code = |user: Option<&str>| seats.take(user).unwrap_err().code();
        let first = seats.take(Some("a")).unwrap();
        let second = seats.take(Some("a")).unwrap();
        assert_eq!(code(Some("a")), Code::RateLimited);
        let third = seats.take(Some("b")).unwrap();
        assert_eq!(code(None), Code::PoolExhausted);
        drop(first);
        assert_eq!(seats.open(), 2);
        drop(seats.take(Some("a")).unwrap());
        drop((second, third));
        assert!(seats.taken.lock().by_user.is_empty());
    }
}
