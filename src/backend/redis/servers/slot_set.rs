//! Sets of a cluster's slots.

use super::slot::SLOTS;

const WORDS: usize = SLOTS as usize / 64;

/// Some of the 16,384 slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SlotSet(Box<[u64; WORDS]>);

impl SlotSet {
    pub(crate) fn none() -> Self {
        Self(Box::new([0; WORDS]))
    }

    pub(crate) fn all() -> Self {
        Self(Box::new([u64::MAX; WORDS]))
    }

    pub(crate) fn insert(&mut self, slot: u16) {
        self.0[usize::from(slot / 64)] |= 1 << (slot % 64);
    }

    /// Removes what `other` has.
    pub(crate) fn remove(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(word, less)| *word &= !less);
    }

    pub(crate) fn contains(&self, slot: u16) -> bool {
        self.0[usize::from(slot / 64)] & (1 << (slot % 64)) != 0
    }

    /// Adds what `other` has.
    pub(crate) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(word, more)| *word |= more);
    }

    /// Keeps what `other` has too.
    pub(crate) fn keep(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(word, also)| *word &= also);
    }

    /// Whether it has a slot that `other` has not.
    pub(crate) fn exceeds(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0.iter()).any(|(word, known)| word & !known != 0)
    }

    /// `0-1fff+2001`: ranges in hexadecimal.
    pub(crate) fn spell(&self) -> String {
        let mut ranges = Vec::new();
        let mut slots = (0..SLOTS).filter(|&slot| self.contains(slot)).peekable();
        while let Some(first) = slots.next() {
            let mut last = first;
            while let Some(next) = slots.next_if_eq(&(last + 1)) {
                last = next;
            }
            ranges.push(if first == last {
                format!("{first:x}")
            } else {
                format!("{first:x}-{last:x}")
            });
        }
        ranges.join("+")
    }

    /// Reads what [`SlotSet::spell`] wrote.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut set = Self::none();
        for range in text.split('+').filter(|range| !range.is_empty()) {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let first = u16::from_str_radix(first, 16).ok()?;
            let last = u16::from_str_radix(last, 16).ok().filter(|&last| last < SLOTS)?;
            (first..=last).for_each(|slot| set.insert(slot));
        }
        Some(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_set_of_slots_is_refused() {
        for text in ["4000", "0-4000", "x", "1-", "-1", "ffffffff"] {
            assert_eq!(SlotSet::read(text), None, "{text}");
        }
        assert_eq!(SlotSet::all().spell(), "0-3fff");
        assert_eq!(SlotSet::read(""), Some(SlotSet::none()));
    }

    proptest! {
        #[test]
        fn any_set_reads_back_as_it_was(slots in proptest::collection::vec(0..SLOTS, 0..50)) {
            let mut set = SlotSet::none();
            for &slot in &slots {
                set.insert(slot);
            }
            prop_assert!(slots.iter().all(|&slot| set.contains(slot)));
            prop_assert_eq!(SlotSet::read(&set.spell()), Some(set));
        }
    }
}
