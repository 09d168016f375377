//! Which part of a value is wanted.

use crate::backend::redis::keyspace::cursor;
use crate::error::{Code, Error, Result};

/// Elements of a page of a collection, unless asked otherwise.
const DEFAULT_COUNT: u64 = 100;

/// Most elements of a page of a collection.
const MAX_COUNT: u64 = 1000;

/// Which part of a value is wanted. What makes no sense for the type of the value is refused.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// Where to go on: what the last page gave.
    pub cursor: Option<String>,
    /// The first byte of a string, or bit of a bitmap, or index of a list or sorted set.
    pub offset: Option<u64>,
    /// Bytes of a string, bits of a bitmap, else elements.
    pub count: Option<u64>,
    /// From the end: lists, sorted sets, streams.
    pub reverse: bool,
    /// The lowest score of a sorted set, `(` before it for "greater than"; or id of a stream.
    pub min: Option<String>,
    /// The highest score of a sorted set, `(` before it for "less than"; or id of a stream.
    pub max: Option<String>,
    /// Glob pattern of the fields of a hash, or of members.
    pub pattern: Option<Vec<u8>>,
    /// A string as bits.
    pub bits: bool,
}

impl Window {
    /// Refuses everything but what is taken, besides `cursor` and `count`.
    pub(super) fn takes(&self, type_name: &str, taken: &[&str]) -> Result<()> {
        let given = [
            ("offset", self.offset.is_some()),
            ("reverse", self.reverse),
            ("min", self.min.is_some()),
            ("max", self.max.is_some()),
            ("pattern", self.pattern.is_some()),
            ("view", self.bits),
        ];
        match given.into_iter().find(|(name, given)| *given && !taken.contains(name)) {
            Some((name, _)) => {
                let message = format!("`{name}` makes no sense for this value, a {type_name}");
                Err(Error::validation(message))
            }
            None => Ok(()),
        }
    }

    /// The first byte or index wanted.
    pub(super) fn start(&self) -> Result<u64> {
        match (&self.cursor, self.offset) {
            (Some(_), Some(_)) => Err(Error::validation("give `cursor` or `offset`, not both")),
            (Some(cursor), None) => cursor::position(cursor),
            (None, offset) => Ok(offset.unwrap_or(0)),
        }
    }

    /// How many elements are wanted.
    pub(super) fn elements(&self) -> Result<u64> {
        let count = self.count.unwrap_or(DEFAULT_COUNT);
        if count > MAX_COUNT {
            return Err(Error::new(
                Code::PayloadTooLarge,
                format!("a page has at most {MAX_COUNT} elements; use `cursor` for the others"),
            ));
        }
        Ok(count.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_for_a_type_is_refused() {
        let window = Window { reverse: true, ..Window::default() };
        assert!(window.takes("list", &["offset", "reverse"]).is_ok());
        let error = window.takes("set", &["pattern"]).unwrap_err();
        assert!(error.message().contains("`reverse`"), "{error}");
        let both = Window { cursor: Some("5".to_owned()), offset: Some(5), ..Window::default() };
        assert!(both.start().is_err());
    }
}
