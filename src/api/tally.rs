//! How often each operation ran in this process, how it ended, and how long it took.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::operation::Operation;
use crate::error::{Code, Error};
use crate::operations;

/// Upper bounds of the durations that are counted apart, in milliseconds.
pub const BOUNDS_MS: [u64; 8] = [1, 5, 25, 100, 500, 2500, 10_000, 60_000];

/// The operations of one name.
#[derive(Debug, Default)]
pub struct Tally {
    done: AtomicU64,
    failed: [AtomicU64; Code::ALL.len()],
    within: [AtomicU64; BOUNDS_MS.len()],
    micros: AtomicU64,
}

static TALLIES: LazyLock<HashMap<&'static str, Tally>> =
    LazyLock::new(|| operations::all().map(|o| (o.name, Tally::default())).collect());

/// Counts one that has ended.
pub(super) fn count(operation: &Operation, took: Duration, error: Option<&Error>) {
    let Some(tally) = TALLIES.get(operation.name) else { return };
    let add = |counter: &AtomicU64, n| _ = counter.fetch_add(n, Ordering::Relaxed);
    match error {
        None => add(&tally.done, 1),
        Some(error) => {
            for (code, failed) in Code::ALL.iter().zip(&tally.failed) {
                if *code == error.code() {
                    add(failed, 1);
                }
            }
        }
    }
    add(&tally.micros, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    let first = BOUNDS_MS.iter().position(|bound| took <= Duration::from_millis(*bound));
    if let Some(within) = first.and_then(|at| tally.within.get(at)) {
        add(within, 1);
    }
}

/// Those that ran at all, in the order of the operations table.
pub fn all() -> impl Iterator<Item = (&'static str, &'static Tally)> {
    operations::all()
        .filter_map(|o| Some((o.name, TALLIES.get(o.name)?)))
        .filter(|(_, tally)| tally.ended() > 0)
}

impl Tally {
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
