//! Which of many keys are meant.

use std::collections::HashSet;

use super::input::Bytes;
use super::keys::type_name;
use crate::backend::redis::keyspace::Filter;
use crate::backend::redis::keyspace::selection::Selection;
use crate::error::{Error, Result};

/// Keys that one request may name.
const MAX_KEYS: usize = 100_000;

/// Keys by name, or by what they have in common.
#[derive(Debug)]
pub(super) enum KeySet {
    Keys(Vec<Vec<u8>>),
    Filter(Filter),
}

impl KeySet {
    /// A list excludes a pattern or a type. Names that it has twice are taken once.
    pub(super) fn new(
        keys: Option<Vec<Bytes>>,
        pattern: Option<Bytes>,
        of_type: Option<String>,
    ) -> Result<Self> {
        let of_type = of_type.map(type_name).transpose()?;
        let Some(keys) = keys else {
            let pattern = pattern.map(|pattern| pattern.0);
            return Ok(Self::Filter(Filter { pattern, type_name: of_type }));
        };
        if pattern.is_some() || of_type.is_some() {
            return Err(Error::validation("give `keys`, or `pattern` and `type`, not both"));
        }
        if keys.len() > MAX_KEYS {
            return Err(Error::too_large(format!("a request names at most {MAX_KEYS} keys")));
        }
        let mut named = HashSet::with_capacity(keys.len());
        let mut once: Vec<Vec<u8>> = keys.into_iter().map(|key| key.0).collect();
        once.retain(|key| named.insert(key.clone()));
        Ok(Self::Keys(once))
    }

    /// The way through them.
    pub(super) fn selection(self) -> Selection {
        match self {
            Self::Keys(keys) => Selection::of_keys(keys),
            Self::Filter(filter) => Selection::of(filter),
        }
    }
}
