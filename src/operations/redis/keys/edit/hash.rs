//! Edits of hashes.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::super::input::{Bytes, Integer, Score, each_once};
use super::super::lifetime::expiry;
use super::elements::{bytes, named, pair, seen, some};
use crate::backend::redis::values::edit::{Edit, hash};
use crate::error::{Error, Result};

/// Changes of a hash.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum HashEdit {
    /// Sets fields; one that has a time to live keeps it. Result: `added`, how many are new.
    Set {
        /// `[[field, value], …]`, each field once.
        fields: Vec<(Bytes, Bytes)>,
        /// Only if these have these values still: `[[field, value], …]`, `null` for one that must
        /// not exist.
        #[serde(default)]
        if_unchanged: Vec<(Bytes, Option<Bytes>)>,
    },
    /// Deletes fields. Result: `removed`.
    Delete {
        /// Their names.
        fields: Vec<Bytes>,
        /// Only if these have these values still.
        #[serde(default)]
        if_unchanged: Vec<(Bytes, Option<Bytes>)>,
    },
    /// Adds to the integer in a field; in a new one, to 0. Result: `value`.
    Increment {
        /// Its name.
        field: Bytes,
        /// What to add; may be negative.
        by: Integer,
    },
    /// Adds to the number in a field, which may have a fraction. Result: `value`.
    IncrementFloat {
        /// Its name.
        field: Bytes,
        /// What to add; may be negative.
        by: Score,
    },
    /// Sets or removes the time that fields have left: one of `ttl`, `ttl_ms`, `at` and `at_ms`.
    /// Result: `fields`, as `{ changed, missing }`. Redis 7.4, Valkey 9 and later.
    Expire {
        /// Their names.
        fields: Vec<Bytes>,
        /// Seconds to live; −1 is as long as the key.
        ttl: Option<i64>,
        /// Milliseconds to live; −1 is as long as the key.
        ttl_ms: Option<i64>,
        /// When they end, in seconds since 1970.
        at: Option<u64>,
        /// When they end, in milliseconds since 1970.
        at_ms: Option<u64>,
    },
}

impl HashEdit {
    pub(super) fn edit(self) -> Result<Edit> {
        Ok(match self {
            Self::Set { fields, if_unchanged } => {
                hash::set(named(fields, "fields", pair)?, seen(if_unchanged, as_seen)?)
            }
            Self::Delete { fields, if_unchanged } => {
                hash::delete(some(fields, "fields", bytes)?, seen(if_unchanged, as_seen)?)
            }
            Self::Increment { field, by } => hash::increment(field.0, by.0),
            Self::IncrementFloat { field, by } => hash::increment_float(field.0, by.0),
            Self::Expire { fields, ttl, ttl_ms, at, at_ms } => {
                let expiry = expiry(ttl, ttl_ms, at, at_ms)?.ok_or_else(|| {
                    Error::validation("give `ttl`, `ttl_ms`, `at` or `at_ms` for the fields")
                })?;
                let fields = some(fields, "fields", bytes)?;
                // The server would count one that stands there twice as two.
                each_once("fields", fields.iter().map(Vec::as_slice)).map_err(Error::validation)?;
                hash::expire(&fields, expiry)
            }
        })
    }
}

fn as_seen((name, value): (Bytes, Option<Bytes>)) -> (Vec<u8>, Option<Vec<u8>>) {
    (name.0, value.map(bytes))
}
