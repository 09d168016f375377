//! How many bodies arrive at the same time, and how much of them is kept meanwhile: by each user, and
//! in the whole process.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{Code, Error, Result};

/// Bodies that arrive at the same time.
const MOST: usize = 64;
/// Those of one user.
const MOST_OF_A_USER: usize = 8;
/// So much of each is kept without being counted: nobody is kept from lines of usual length.
const FREE: usize = 1 << 20;
/// The same of a body that is kept as a whole, of which there may be any number.
const FREE_OF_A_WHOLE: usize = 64 << 10;
/// Bytes that are kept of all bodies together: what is longer, until it was read.
const BYTES: usize = 256 << 20;
/// Those of one user: two bodies, or one record, of the longest kind.
const BYTES_OF_A_USER: usize = 128 << 20;

/// The bodies that are arriving.
#[derive(Debug, Default)]
pub struct Uploads(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    all: Sum,
    by_user: HashMap<String, Sum>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    bodies: usize,
    bytes: usize,
}

/// One body, until this is dropped.
#[derive(Debug)]
pub struct Seat {
    user: Option<String>,
    /// It counts as a body that arrives.
    counts: bool,
    /// What it may keep that does not count.
    free: usize,
    /// What it keeps that counts.
    bytes: usize,
    taken: Arc<Mutex<Taken>>,
}

impl Uploads {
    /// Lets a body in. Callers without a user are held to the limits of the process alone.
    pub fn enter(&self, user: Option<&str>) -> Result<Seat> {
        let mut taken = self.0.lock();
        if taken.all.bodies >= MOST {
            let message = format!("{MOST} bodies arrive in this process already; try again later");
            return Err(Error::new(Code::PoolExhausted, message));
        }
        if let Some(user) = user {
            let own = taken.by_user.entry(user.to_owned()).or_default();
            if own.bodies >= MOST_OF_A_USER {
                let message = format!(
                    "{MOST_OF_A_USER} bodies of yours arrive already; wait for one of them to end"
                );
                return Err(Error::new(Code::RateLimited, message));
            }
            own.bodies += 1;
        }
        taken.all.bodies += 1;
        drop(taken);
        Ok(self.seat(user, true, FREE))
    }

    /// The same for a body that is read before anything is done with it. Of these, only the bytes count.
    pub fn enter_whole(&self, user: Option<&str>) -> Seat {
        self.seat(user, false, FREE_OF_A_WHOLE)
    }

    fn seat(&self, user: Option<&str>, counts: bool, free: usize) -> Seat {
        let user = user.map(str::to_owned);
        Seat { user, counts, free, bytes: 0, taken: Arc::clone(&self.0) }
    }
}

impl Seat {
    /// Says how many bytes of the body are kept from now on. Refused where that is too much: then what
    /// was kept before still counts.
    pub fn keep(&mut self, bytes: usize) -> Result<()> {
        let wanted = bytes.saturating_sub(self.free);
        if wanted == self.bytes {
            return Ok(());
        }
        let mut taken = self.taken.lock();
        let others = taken.all.bytes - self.bytes;
        if wanted > self.bytes && others + wanted > BYTES {
            return Err(too_much("in this process"));
        }
        if let Some(user) = &self.user {
            let own = taken.by_user.entry(user.clone()).or_default();
            let others = own.bytes - self.bytes;
            if wanted > self.bytes && others + wanted > BYTES_OF_A_USER {
                return Err(too_much("of yours"));
            }
            own.bytes = others + wanted;
        }
        taken.all.bytes = others + wanted;
        self.bytes = wanted;
        Ok(())
    }
}

fn too_much(whose: &str) -> Error {
    let message = format!(
        "what is arriving {whose} is too long together; send shorter bodies or records, or one after the other"
    );
    Error::too_large(message)
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        taken.all.bodies -= usize::from(self.counts);
        taken.all.bytes -= self.bytes;
        let Some(user) = &self.user else { return };
        if let Some(own) = taken.by_user.get_mut(user) {
            own.bodies -= usize::from(self.counts);
            own.bytes -= self.bytes;
            if own.bodies == 0 && own.bytes == 0 {
                taken.by_user.remove(user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_sends_so_many_bodies_and_the_process_takes_so_many() {
        let uploads = Uploads::default();
        let code = |user| uploads.enter(user).unwrap_err().code();
        let own: Vec<_> =
            (0..MOST_OF_A_USER).map(|_| uploads.enter(Some("anna")).unwrap()).collect();
        assert_eq!(code(Some("anna")), Code::RateLimited);
        let others: Vec<_> = (MOST_OF_A_USER..MOST).map(|_| uploads.enter(None).unwrap()).collect();
        assert_eq!(code(Some("ben")), Code::PoolExhausted);
        drop(own);
        drop(uploads.enter(Some("anna")).unwrap());
        drop(others);
        let taken = uploads.0.lock();
        assert!(taken.by_user.is_empty() && taken.all.bodies == 0);
    }

    #[test]
    fn what_is_kept_is_bounded_and_given_back() {
        let uploads = Uploads::default();
        let mut anna: Vec<_> = (0..3).map(|_| uploads.enter(Some("anna")).unwrap()).collect();
        anna[0].keep(FREE + BYTES_OF_A_USER).unwrap();
        assert_eq!(anna[1].keep(FREE + 1).unwrap_err().code(), Code::PayloadTooLarge);
        // Records of usual length always pass.
        anna[1].keep(FREE).unwrap();
        let mut ben = uploads.enter(Some("ben")).unwrap();
        ben.keep(FREE + BYTES - BYTES_OF_A_USER).unwrap();
        let mut clara = uploads.enter(None).unwrap();
        assert!(clara.keep(FREE + 1).is_err());
        clara.keep(FREE).unwrap();
        anna[0].keep(0).unwrap();
        clara.keep(FREE + 1).unwrap();
        anna[1].keep(FREE + 5).unwrap();
        drop((anna, ben, clara));
        assert_eq!(uploads.0.lock().all.bytes, 0);
    }

    #[test]
    fn of_whole_bodies_the_bytes_count() {
        let uploads = Uploads::default();
        let mut small: Vec<_> = (0..200).map(|_| uploads.enter_whole(Some("anna"))).collect();
        for seat in &mut small {
            seat.keep(FREE_OF_A_WHOLE).unwrap();
        }
        small[0].keep(FREE_OF_A_WHOLE + BYTES_OF_A_USER).unwrap();
        assert!(small[1].keep(FREE_OF_A_WHOLE + 1).is_err());
        uploads.enter_whole(Some("ben")).keep(FREE_OF_A_WHOLE + 1).unwrap();
        drop(small);
        assert!(uploads.0.lock().by_user.is_empty());
    }
}
