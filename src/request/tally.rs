//! How often each operation ran in this process, how it ended, and how long it took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::error::{Code, Error};

/// Upper bounds of the durations that are counted apart, in milliseconds.
pub const BOUNDS_MS: [u64; 8] = [1, 5, 25, 100, 500, 2500, 10_000, 60_000];

/// The operations of one name.
#[derive(Debug)]
pub struct Tally {
    done: AtomicU64,
    failed: [AtomicU64; Code::ALL.len()],
    within: [AtomicU64; BOUNDS_MS.len()],
    micros: AtomicU64,
}

impl Tally {
    /// Nothing ran yet.
    pub(crate) const fn new() -> Self {
        Self {
            done: AtomicU64::new(0),
            failed: [const { AtomicU64::new(0) }; Code::ALL.len()],
            within: [const { AtomicU64::new(0) }; BOUNDS_MS.len()],
            micros: AtomicU64::new(0),
        }
    }

    /// Counts one that has ended.
    pub(super) fn count(&self, took: Duration, error: Option<&Error>) {
        let add = |counter: &AtomicU64, n| _ = counter.fetch_add(n, Ordering::Relaxed);
        match error {
            None => add(&self.done, 1),
            Some(error) => {
                for (code, failed) in Code::ALL.iter().zip(&self.failed) {
                    if *code == error.code() {
                        add(failed, 1);
                    }
                }
            }
        }
        add(&self.micros, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        let first = BOUNDS_MS.iter().position(|bound| took <= Duration::from_millis(*bound));
        if let Some(within) = first.and_then(|at| self.within.get(at)) {
            add(within, 1);
        }
    }

    /// How they ended: `ok` or an error code, and how many; what never was is left out.
    pub fn outcomes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let failed = Code::ALL.iter().zip(&self.failed).map(|(code, n)| (code.as_str(), n));
        std::iter::once(("ok", &self.done))
            .chain(failed)
            .map(|(code, n)| (code, n.load(Ordering::Relaxed)))
            .filter(|(_, n)| *n > 0)
    }

    /// How many ended.
    pub fn ended(&self) -> u64 {
        self.outcomes().map(|(_, n)| n).sum()
    }

    /// How many took no longer than each bound of [`BOUNDS_MS`].
    pub fn within(&self) -> impl Iterator<Item = (u64, u64)> {
        let mut sum = 0;
        BOUNDS_MS.iter().zip(&self.within).map(move |(bound, n)| {
            sum += n.load(Ordering::Relaxed);
            (*bound, sum)
        })
    }

    /// How long all of them took.
    pub fn took(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::Relaxed))
    }
}
