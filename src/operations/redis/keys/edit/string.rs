//! Edits of strings.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::super::input::{Bytes, Integer, Score};
use crate::backend::redis::values::edit::{Edit, EditResult, Seen, digits};
use crate::error::{Error, Result};
use crate::operations::guard::given;

/// The longest string that Redis has, in bytes.
const MAX_STRING: u64 = 512 << 20;

/// Changes of a string, which may also be a number or a bitmap.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum StringEdit {
    /// Replaces the value. Result: nothing.
    Set {
        /// The new value.
        value: Bytes,
        /// Only if this is the value still.
        #[serde(default, deserialize_with = "given")]
        if_unchanged: Option<Bytes>,
    },
    /// Adds to the end. Result: `length`, in bytes.
    Append {
        /// What to add.
        value: Bytes,
    },
    /// Overwrites bytes. Result: `length`, in bytes.
    SetRange {
        /// The first byte that is overwritten; a gap behind the end is filled with zeros.
        offset: u64,
        /// What to write.
        value: Bytes,
        /// Only if these bytes are there still, from `offset` on.
        #[serde(default, deserialize_with = "given")]
        if_unchanged: Option<Bytes>,
    },
    /// Adds to an integer. Result: `value`.
    Increment {
        /// What to add; may be negative.
        by: Integer,
    },
    /// Adds to a number that may have a fraction. Result: `value`.
    IncrementFloat {
        /// What to add; may be negative.
        by: Score,
    },
    /// Sets one bit. Result: `previous`.
    SetBit {
        /// Its position; the first bit is the highest of the first byte.
        offset: u32,
        /// 0 or 1.
        bit: u8,
    },
}

impl StringEdit {
    pub(super) fn edit(self) -> Result<Edit> {
        let string = Edit::of("string");
        Ok(match self {
            // Not alone: it would replace a value of another type too.
            Self::Set { value, if_unchanged } => string
                .step("SET", vec![value.0, b"XX".to_vec(), b"KEEPTTL".to_vec()])
                .unless_changed(if_unchanged.map(|seen| Seen::Whole(seen.0))),
            Self::Append { value } => {
                string.step("APPEND", vec![value.0]).counting(EditResult::Length)
            }
            Self::SetRange { offset, .. } if offset >= MAX_STRING => {
                return Err(Error::validation("`offset` is beyond the longest string, 512 MiB"));
            }
            Self::SetRange { offset, value, if_unchanged } => {
                let near = Seen::Near(offset.saturating_add(value.0.len() as u64));
                let seen = if_unchanged.filter(|seen| !seen.0.is_empty());
                string
                    .step("SETRANGE", vec![digits(offset), value.0])
                    .counting(EditResult::Length)
                    .unless_changed([near])
                    .unless_changed(seen.map(|seen| Seen::Range(offset, seen.0)))
            }
            Self::Increment { by } => {
                string.step("INCRBY", vec![digits(by.0)]).telling(EditResult::increased)
            }
            Self::IncrementFloat { by } => {
                string.step("INCRBYFLOAT", vec![by.0.into()]).telling(EditResult::increased)
            }
            Self::SetBit { bit: 2.., .. } => return Err(Error::validation("`bit` is 0 or 1")),
            Self::SetBit { offset, bit } => string
                .step("SETBIT", vec![digits(offset), digits(bit)])
                .counting(EditResult::Previous)
                .unless_changed([Seen::Near(u64::from(offset) / 8 + 1)]),
        })
    }
}
