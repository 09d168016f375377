//! Keys on their way, and what became of them.

use std::mem;

use crate::backend::redis::transfer::describe::Description;
use crate::backend::redis::transfer::store::lacks_transactions;
use crate::error::{Code, Error, Result};

/// How often a key is read because it changed meanwhile.
const MAX_TRIES: u32 = 3;

/// By how much a time may differ that was reckoned from what is left of it.
const INEXACT_MS: u64 = 1_000;

/// Keys that were found together.
#[derive(Default)]
pub(crate) struct Batch {
    left: Vec<Key>,
    pub(crate) settled: Settled,
}

/// A key that is to be copied.
pub(super) struct Key {
    pub(super) name: Vec<u8>,
    pub(super) is: Description,
    tries: u32,
}

/// What became of some keys.
#[derive(Default)]
pub(crate) struct Settled {
    /// Whether each was copied.
    pub(crate) keys: Vec<(Vec<u8>, Result<bool>)>,
    /// Why there is no going on.
    pub(crate) over: Option<Error>,
}

impl Key {
    pub(super) fn new(name: Vec<u8>, is: Description) -> Self {
        Self { name, is, tries: 1 }
    }

    /// When it expires, in milliseconds since 1970.
    pub(super) fn expires_at(&self) -> Option<i64> {
        self.is.expires_at.as_ref().ok().copied().flatten()
    }

    /// Whether it is of the type and expires at the time that it did.
    fn is_still(&self, now: &Description, exactly: bool) -> bool {
        let same_time = match (self.expires_at(), now.expires_at.as_ref().ok().copied().flatten()) {
            (Some(before), Some(now)) if !exactly => before.abs_diff(now) <= INEXACT_MS,
            (before, now) => before == now,
        };
        same_time && self.is.type_name == now.type_name
    }
}

impl Batch {
    /// Whether nothing is left to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    pub(super) fn add(&mut self, key: Key) {
        self.left.push(key);
    }

    pub(super) fn take(&mut self) -> Vec<Key> {
        mem::take(&mut self.left)
    }

    /// Keys that go the same way, together at most so many bytes unless it is only one.
    pub(super) fn next<W: PartialEq>(
        &mut self,
        bytes: u64,
        way_of: impl Fn(&Key) -> W,
    ) -> (Option<W>, Vec<Key>) {
        let Some(way) = self.left.first().map(&way_of) else { return (None, Vec::new()) };
        let (mut sum, mut first) = (0_u64, true);
        let fits = |key: &mut Key| {
            if way_of(key) != way {
                return false;
            }
            sum = sum.saturating_add(key.is.size.unwrap_or(bytes));
            mem::take(&mut first) || sum <= bytes
        };
        let keys = self.left.extract_if(.., fits).collect();
        (Some(way), keys)
    }

    /// Gives a key back whose value was read, if it is still what it was: else its time might not be
    /// that of the value.
    pub(super) fn confirm(
        &mut self,
        key: Key,
        now: Result<Option<Description>>,
        exactly: bool,
    ) -> Option<Key> {
        match &now {
            Ok(Some(now)) if key.is_still(now, exactly) => Some(key),
            _ => {
                self.again(key, now);
                None
            }
        }
    }

    /// Takes a key back that became another while it was read.
    pub(super) fn again(&mut self, mut key: Key, now: Result<Option<Description>>) {
        match now {
            Ok(None) => self.settled.add(key.name, Ok(false)),
            Err(error) => self.settled.add(key.name, Err(error)),
            Ok(Some(_)) if key.tries >= MAX_TRIES => {
                let error = Error::new(Code::Conflict, "the key changed each time it was read");
                self.settled.add(key.name, Err(error));
            }
            Ok(Some(now)) => {
                key.is = Description { size: key.is.size, ..now };
                key.tries += 1;
                self.left.push(key);
            }
        }
    }
}

impl Settled {
    /// Notes whether a key was copied.
    pub(super) fn add(&mut self, name: Vec<u8>, result: Result<bool>) {
        self.keys.push((name, result));
    }

    /// Notes a key that was not written: without transactions no other would be.
    pub(super) fn unwritten(&mut self, name: Vec<u8>, error: Error) {
        if lacks_transactions(&error) {
            self.end(name, error);
        } else {
            self.add(name, Err(error));
        }
    }

    /// Notes a key after which there is no going on.
    pub(super) fn end(&mut self, name: Vec<u8>, error: Error) {
        self.add(name, Err(error.clone()));
        self.over = Some(error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(type_name: &str, expires_at: Option<i64>, size: Option<u64>) -> Description {
        Description { type_name: type_name.to_owned(), expires_at: Ok(expires_at), size }
    }

    fn key(name: &str, size: u64) -> Key {
        Key::new(name.as_bytes().to_vec(), described("string", None, Some(size)))
    }

    fn names(keys: &[Key]) -> Vec<&str> {
        keys.iter().map(|key| std::str::from_utf8(&key.name).unwrap()).collect()
    }

    #[test]
    fn what_goes_together_keeps_to_its_size_and_its_way() {
        let mut batch = Batch::default();
        for (name, size) in [("a", 60), ("odd", 30), ("b", 40), ("c", 1), ("large", 500)] {
            batch.add(key(name, size));
        }
        let way = |key: &Key| key.name == b"odd";
        let mut taken = Vec::new();
        while let (Some(_), keys) = batch.next(100, way) {
            taken.push(names(&keys).join(" "));
        }
        assert_eq!(taken, ["a b", "odd", "c", "large"]);
        assert!(batch.is_empty());
    }

    #[test]
    fn a_key_that_became_another_is_read_again_and_not_for_ever() {
        let mut batch = Batch::default();
        batch.add(Key::new(b"k".to_vec(), described("string", Some(10), Some(1))));
        let mut changes = 0;
        while let Some(key) = batch.take().pop() {
            changes += 1;
            let now = Ok(Some(described("string", Some(10 + changes), None)));
            assert!(batch.confirm(key, now, true).is_none());
        }
        assert_eq!(changes, i64::from(MAX_TRIES));
        let (_, result) = batch.settled.keys.pop().unwrap();
        assert_eq!(result.unwrap_err().code(), Code::Conflict);
    }

    #[test]
    fn a_time_that_was_reckoned_may_be_a_little_off() {
        let mut batch = Batch::default();
        let mut still = |before: Option<i64>, now: Option<i64>, exactly: bool| {
            let key = Key::new(b"k".to_vec(), described("set", before, Some(1)));
            let now = Ok(Some(described("set", now, None)));
            batch.confirm(key, now, exactly).is_some()
        };
        assert!(still(Some(5_000), Some(5_004), false));
        assert!(!still(Some(5_000), Some(5_004), true));
        assert!(!still(Some(5_000), Some(9_000), false));
        assert!(!still(None, Some(5_000), false) && still(None, None, true));
    }

    #[test]
    fn what_has_gone_meanwhile_is_not_copied() {
        let mut batch = Batch::default();
        assert!(batch.confirm(key("k", 1), Ok(None), true).is_none());
        assert!(batch.is_empty() && matches!(batch.settled.keys.as_slice(), [(_, Ok(false))]));
    }
}
