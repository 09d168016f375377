//! The `_id`s of documents that come without one, and where an interrupted import goes on.

use std::time::{SystemTime, UNIX_EPOCH};

use mongodb::bson::oid::ObjectId;

use crate::error::{Error, Result};

/// The `_id`s that an import gives to documents without one: its time, its random part, and the number
/// of the record, so that they are the same whenever it goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids {
    time: u32,
    random: u32,
}

/// Where an import goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The first record that is not done.
    pub(super) from: u64,
    /// The first record that was never sent; those before it may have been, without an answer.
    pub(super) sent_before: u64,
}

impl Place {
    /// At the beginning of a file.
    pub(super) const START: Self = Self { from: 1, sent_before: 1 };
}

impl Ids {
    pub(super) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self { time: u32::try_from(now).unwrap_or(u32::MAX), random: rand::random() }
    }

    pub(super) fn of(self, number: u64) -> Result<ObjectId> {
        let number = u32::try_from(number).map_err(|_| {
            let message = "a file has at most 4,294,967,295 documents without an `_id`";
            Error::too_large(message)
        })?;
        let mut bytes = [0; 12];
        for (part, to) in [self.time, self.random, number].into_iter().zip(bytes.chunks_mut(4)) {
            to.copy_from_slice(&part.to_be_bytes());
        }
        Ok(ObjectId::from_bytes(bytes))
    }

    /// What an interrupted import is told, to go on at a place. One that is still running may have sent
    /// any record after it.
    pub(super) fn token(self, from: u64, sent_before: Option<u64>) -> String {
        let Self { time, random } = self;
        let sent_before = sent_before.map_or_else(String::new, |sent| format!("-{sent}"));
        format!("{time:08x}{random:08x}-{from}{sent_before}")
    }

    /// Reads a token.
    pub(super) fn resume(token: &str) -> Result<(Self, Place)> {
        let parts = || {
            let (ids, place) = token.split_once('-')?;
            let (time, random) = ids.split_at_checked(8).filter(|(_, random)| random.len() == 8)?;
            let hex = |digits| u32::from_str_radix(digits, 16).ok();
            let (from, sent_before) = match place.split_once('-') {
                Some((from, sent_before)) => (from, sent_before.parse().ok()?),
                None => (place, u64::MAX),
            };
            let place = Place { from: from.parse().ok()?, sent_before };
            Some((Self { time: hex(time)?, random: hex(random)? }, place))
        };
        parts().ok_or_else(|| Error::validation("`resume` is not what an import has told"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_that_goes_on_gives_the_same_ids() {
        let ids = Ids::new();
        let (again, place) = Ids::resume(&ids.token(42, Some(50))).unwrap();
        assert_eq!(place, Place { from: 42, sent_before: 50 });
        assert_eq!(ids.of(42).unwrap(), again.of(42).unwrap());
        assert_ne!(ids.of(42).unwrap(), ids.of(43).unwrap());
        let (_, place) = Ids::resume(&ids.token(42, None)).unwrap();
        assert_eq!(place, Place { from: 42, sent_before: u64::MAX });
        for token in [
            "",
            "-",
            "0123456789abcdef",
            "0123456789abcde-1",
            "0123456789abcdefg-1",
            "0123456789abcdef-1-",
            "0123456789abcdef-1-2-3",
            "é-1",
        ] {
            assert!(Ids::resume(token).is_err(), "{token}");
        }
    }
}
