//! Keys on their way, and what became of them.

use std::mem;

use crate::backend::redis::survey::Surveyed;
use crate::error::{Code, Error, Result};

/// How often a key is read because it changed meanwhile.
const MAX_TRIES: u32 = 3;

/// By how much a time may differ that was reckoned from what is left of it.
const INEXACT_MS: u64 = 1_000;

/// Keys that were found together.
#[derive(Default)]
pub(in super::super) struct Batch(Vec<Key>);

/// A key that is to be copied.
pub(super) struct Key {
    pub(super) name: Vec<u8>,
    pub(super) is: Surveyed,
    /// To be dumped.
    pub(super) is_too_large: bool,
    tries: u32,
}

/// What became of some keys.
#[derive(Default)]
pub(in super::super) struct Settled {
    /// Whether each was copied.
    pub(in super::super) keys: Vec<(Vec<u8>, Result<bool>)>,
    /// Why there is no going on.
    pub(in super::super) over: Option<Error>,
}

impl Key {
    pub(super) fn new(name: Vec<u8>, is: Surveyed) -> Self {
        Self { name, is, is_too_large: false, tries: 1 }
    }

    /// When it expires, in milliseconds since 1970.
    pub(super) fn expires_at(&self) -> Option<i64> {
        self.is.expires_at.as_ref().ok().copied().flatten()
    }

    /// Whether it is of the type and expires at the time that it did.
    fn is_still(&self, now: &Surveyed, exactly: bool) -> bool {
        let same_time = match (self.expires_at(), now.expires_at.as_ref().ok().copied().flatten()) {
            (Some(before), Some(now)) if !exactly => before.abs_diff(now) <= INEXACT_MS,
            (before, now) => before == now,
        };
        same_time && self.is.type_name == now.type_name
    }
}

impl Batch {
    /// Whether nothing is left to do.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, key: Key) {
        self.0.push(key);
    }

    pub(super) fn take(&mut self) -> Vec<Key> {
        mem::take(&mut self.0)
    }

    /// Keys that go the same way, together at most so many bytes unless it is only one.
    pub(super) fn next<W: PartialEq>(
        &mut self,
        bytes: u64,
        way_of: impl Fn(&Key) -> W,
    ) -> (Option<W>, Vec<Key>) {
        let Some(way) = self.0.first().map(&way_of) else { return (None, Vec::new()) };
        let (mut sum, mut first) = (0_u64, true);
        let fits = |key: &mut Key| {
            if way_of(key) != way {
                return false;
            }
            sum = sum.saturating_add(key.is.size.unwrap_or(bytes));
            mem::take(&mut first) || sum <= bytes
        };
        let keys = self.0.extract_if(.., fits).collect();
        (Some(way), keys)
    }

    /// Gives a key back whose value was read, if it is still what it was: else its time might not be
    /// that of the value.
    pub(super) fn confirm(
        &mut self,
        key: Key,
        now: Result<Option<Surveyed>>,
        exactly: bool,
        settled: &mut Settled,
    ) -> Option<Key> {
        match &now {
            Ok(Some(now)) if key.is_still(now, exactly) => Some(key),
            _ => {
                self.again(key, now, settled);
                None
            }
        }
    }

    /// Takes a key back that became another while it was read.
    pub(super) fn again(
        &mut self,
        mut key: Key,
        now: Result<Option<Surveyed>>,
        settled: &mut Settled,
    ) {
        match now {
            Ok(None) => settled.add(key.name, Ok(false)),
            Err(error) => settled.add(key.name, Err(error)),
            Ok(Some(_)) if key.tries >= MAX_TRIES => {
                let error = Error::new(Code::Conflict, "the key changed each time it was read");
                settled.add(key.name, Err(error));
            }
            Ok(Some(now)) => {
                key.is = Surveyed { size: key.is.size, ..now };
                key.tries += 1;
                self.0.push(key);
            }
        }
    }
}

impl Settled {
    /// Notes whether a key was copied.
    pub(super) fn add(&mut self, name: Vec<u8>, result: Result<bool>) {
        self.keys.push((name, result));
    }

    /// Notes a key after which there is no going on.
    pub(super) fn end(&mut self, name: Vec<u8>, error: Error) {
        self.add(name, Err(error.clone()));
        self.over = Some(error);
    }
}
