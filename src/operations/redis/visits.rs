//! Which keys were met, so that each is counted once.
//!
//! `SCAN` may name a key twice while its server's table grows or shrinks, and what was moved, restarted or
//! failed over is walked again. Of each key a hash is kept, up to a number that fits into some megabytes;
//! with more keys than that, what is named twice may be counted twice, and the counts say so.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, Hash, Hasher, RandomState};

/// Keys that are remembered: as many as fit into 2^20 places.
const MOST: usize = (1 << 20) / 8 * 7;

/// The bits of a mark that tell the fate.
const FATE: u128 = 0b11;

/// By the bits that a mark keeps of each, which are its number.
const FATES: [Fate; 4] = [Fate::Skipped, Fate::Failed, Fate::Unknown, Fate::Done];

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// There was nothing to do.
    Skipped,
    Failed,
    /// It may or may not have been done.
    Unknown,
    Done,
}

/// The hash of a key with its fate in the last bits.
#[derive(Debug, Clone, Copy)]
struct Mark(u128);

impl PartialEq for Mark {
    fn eq(&self, other: &Self) -> bool {
        self.0 | FATE == other.0 | FATE
    }
}

impl Eq for Mark {}

impl Hash for Mark {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0 | FATE).hash(state);
    }
}

/// The keys of one piece of work.
#[derive(Debug)]
pub(super) struct Visits {
    met: HashSet<Mark>,
    most: usize,
    hashers: [RandomState; 2],
    /// Every key was remembered.
    pub(super) is_exact: bool,
}

impl Default for Visits {
    fn default() -> Self {
        let hashers = [RandomState::new(), RandomState::new()];
        Self { met: HashSet::new(), most: MOST, hashers, is_exact: true }
    }
}

impl Visits {
    /// Notes what became of a key: what it counted as before, if it was met before, and what it counts
    /// as now.
    pub(super) fn note(&mut self, key: &[u8], fate: Fate) -> (Option<Fate>, Fate) {
        let mark = self.mark(key);
        let before = self.met.get(&mark).copied().map(Mark::fate);
        let now = before.map_or(fate, |before| before.then(fate));
        if before.is_some() || self.met.len() < self.most {
            self.met.replace(mark.with(now));
        } else {
            self.is_exact = false;
        }
        (before, now)
    }

    /// Whether a key was met, and is done with.
    pub(super) fn is_done(&self, key: &[u8]) -> bool {
        self.met.get(&self.mark(key)).is_some_and(|mark| mark.fate() == Fate::Done)
    }

    fn mark(&self, key: &[u8]) -> Mark {
        let [first, second] =
            self.hashers.each_ref().map(|hasher| u128::from(hasher.hash_one(key)));
        Mark(first << 64 | second)
    }
}

impl Mark {
    fn with(self, fate: Fate) -> Self {
        Self(self.0 & !FATE | fate as u128)
    }

    fn fate(self) -> Fate {
        FATES[(self.0 & FATE) as usize]
    }
}

impl Fate {
    /// What became of a key that was met twice: what was done stays done, what may have been done is not
    /// known better because nothing is left to do.
    fn then(self, later: Self) -> Self {
        match (self, later) {
            (Self::Done, _) | (_, Self::Done) => Self::Done,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (_, later) => later,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        /// However often keys are met: counted by what `note` says, each counts once.
        #[test]
        fn each_key_counts_once(met in proptest::collection::vec((0_u8..8, 0_usize..4), 0..60)) {
            let mut visits = Visits::default();
            let (mut counts, mut expected) = (HashMap::new(), HashMap::new());
            for (key, fate) in met {
                let fate = FATES[fate];
                let (before, now) = visits.note(&[key], fate);
                if let Some(before) = before {
                    *counts.entry(format!("{before:?}")).or_insert(0) -= 1;
                }
                *counts.entry(format!("{now:?}")).or_insert(0) += 1;
                let all = expected.entry(key).or_insert(fate);
                *all = if before.is_some() { all.then(fate) } else { fate };
                prop_assert_eq!(visits.is_done(&[key]), *all == Fate::Done);
            }
            prop_assert_eq!(counts.values().sum::<i32>(), i32::try_from(expected.len()).unwrap());
            prop_assert!(counts.values().all(|count| *count >= 0) && visits.is_exact);
        }
    }

    #[test]
    fn with_more_keys_than_are_remembered_the_counts_are_not_called_exact() {
        let mut visits = Visits { most: 2, ..Visits::default() };
        for key in [b"a", b"b", b"a"] {
            visits.note(key, Fate::Done);
        }
        assert!(visits.is_exact);
        visits.note(b"c", Fate::Done);
        assert!(!visits.is_exact && visits.is_done(b"a") && !visits.is_done(b"c"));
    }
}
