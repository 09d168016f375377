//! Edits of hashes.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::super::input::{Bytes, Integer, Score, each_once};
use super::super::lifetime::expiry;
use super::elements::{bytes, named, pair, seen, some};
use crate::backend::redis::keyspace::lifetime::Expiry;
use crate::backend::redis::values::edit::{Alone, Edit, EditResult, Seen, about_fields, digits};
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
        let hash = Edit::of("hash");
        Ok(match self {
            Self::Set { fields, if_unchanged } => {
                let fields = named(fields, "fields", pair)?;
                let names = fields.iter().map(|(name, _)| name.clone()).collect();
                let args = fields.into_iter().flat_map(|(name, value)| [name, value]).collect();
                hash.step("HSET", args)
                    .counting(EditResult::Added)
                    .lasting(names)
                    .unless_changed(fields_seen(if_unchanged)?)
            }
            Self::Delete { fields, if_unchanged } => hash
                .step("HDEL", some(fields, "fields", bytes)?)
                .counting(EditResult::Removed)
                .alone(Alone::NeedsElements)
                .unless_changed(fields_seen(if_unchanged)?),
            Self::Increment { field, by } => {
                hash.step("HINCRBY", vec![field.0, digits(by.0)]).telling(EditResult::increased)
            }
            Self::IncrementFloat { field, by } => {
                hash.step("HINCRBYFLOAT", vec![field.0, by.0.into()]).telling(EditResult::increased)
            }
            Self::Expire { fields, ttl, ttl_ms, at, at_ms } => {
                let expiry = expiry(ttl, ttl_ms, at, at_ms)?.ok_or_else(|| {
                    Error::validation("give `ttl`, `ttl_ms`, `at` or `at_ms` for the fields")
                })?;
                let fields = some(fields, "fields", bytes)?;
                // The server would count one that stands there twice as two.
                each_once("fields", fields.iter().map(Vec::as_slice)).map_err(Error::validation)?;
                let (name, end) = match expiry {
                    Expiry::Never => ("HPERSIST", None),
                    Expiry::In(ms) => ("HPEXPIRE", Some(digits(ms))),
                    Expiry::At(ms) => ("HPEXPIREAT", Some(digits(ms))),
                };
                hash.step(name, about_fields(end, &fields))
                    .telling(EditResult::field_codes)
                    .alone(Alone::NeedsElements)
            }
        })
    }
}

fn fields_seen(if_unchanged: Vec<(Bytes, Option<Bytes>)>) -> Result<impl Iterator<Item = Seen>> {
    let seen = seen(if_unchanged, |(name, value)| (name.0, value.map(bytes)))?;
    Ok(seen.into_iter().map(|(name, value)| Seen::Field(name, value)))
}
