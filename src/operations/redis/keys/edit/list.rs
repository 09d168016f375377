//! Edits of lists.
//!
//! An index says where an element was. Lists move under the reader, so that an edit by index also
//! says what was there, and changes nothing if something else is.

use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::super::super::input::Bytes;
use super::elements::{bytes, some};
use crate::backend::redis::values::edit::{Alone, Edit, EditResult, Seen, digits};
use crate::error::Result;

/// Changes of a list. Indexes count from 0; negative ones from the end, −1 being the last.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ListEdit {
    /// Replaces the element at an index. Result: nothing.
    Set {
        /// Where.
        index: i64,
        /// The new element.
        value: Bytes,
        /// Only if this is there still: lists move.
        if_unchanged: Bytes,
    },
    /// Inserts beside the first element that equals `pivot`. Result: `length`.
    Insert {
        /// Before or after it.
        side: ElementSide,
        /// The element that is there.
        pivot: Bytes,
        /// The new one.
        value: Bytes,
    },
    /// Inserts beside the element at an index. Result: `length`.
    InsertAt {
        /// Where.
        index: i64,
        /// Before or after it.
        side: ElementSide,
        /// The new element.
        value: Bytes,
        /// Only if this is at the index still.
        if_unchanged: Bytes,
    },
    /// Adds elements at one end, one after the other: at the left, the last comes to be the first.
    /// Result: `length`.
    Push {
        /// Left is the head, right the tail.
        side: ListEnd,
        /// The new elements.
        values: Vec<Bytes>,
    },
    /// Removes elements that equal a value. Result: `removed`.
    Remove {
        /// The value.
        value: Bytes,
        /// The first so many, from the tail if negative; 0 is all.
        count: i64,
    },
    /// Removes the element at an index. Result: `removed`.
    RemoveAt {
        /// Where.
        index: i64,
        /// Only if this is there still.
        if_unchanged: Bytes,
    },
    /// Keeps what is between two indexes, both included. Result: `length`.
    Trim {
        /// The first that is kept.
        start: i64,
        /// The last that is kept.
        stop: i64,
    },
}

/// A side of an element.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ElementSide {
    Before,
    After,
}

/// An end of a list.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ListEnd {
    Left,
    Right,
}

impl ElementSide {
    fn word(self) -> Vec<u8> {
        match self {
            Self::Before => b"BEFORE".to_vec(),
            Self::After => b"AFTER".to_vec(),
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Before => Self::After,
            Self::After => Self::Before,
        }
    }
}

impl ListEdit {
    pub(super) fn edit(self) -> Result<Edit> {
        let list = Edit::of("list");
        // Redis inserts beside values, and removes them, and knows no indexes there: for a moment that
        // nobody sees, the element gets a value that no other has.
        let mark = || Uuid::new_v4().as_bytes().to_vec();
        Ok(match self {
            Self::Set { index, value, if_unchanged } => list
                .step("LSET", vec![digits(index), value.0])
                .unless_changed([Seen::Element(index, if_unchanged.0)]),
            Self::Insert { side, pivot, value } => list
                .step("LINSERT", vec![side.word(), pivot.0, value.0])
                .counting(EditResult::Length)
                .alone(Alone::NeedsKey),
            Self::InsertAt { index, side, value, if_unchanged: Bytes(seen) } => {
                let mark = mark();
                // Put back beside the mark, the element is between it and the new one.
                list.step("LSET", vec![digits(index), mark.clone()])
                    .step("LINSERT", vec![side.word(), mark.clone(), value.0])
                    .step("LINSERT", vec![side.other().word(), mark.clone(), seen.clone()])
                    .step("LREM", vec![digits(1), mark])
                    .step("LLEN", vec![])
                    .counting(EditResult::Length)
                    .unless_changed([Seen::Element(index, seen)])
            }
            Self::Push { side, values } => {
                let name = match side {
                    ListEnd::Left => "LPUSHX",
                    ListEnd::Right => "RPUSHX",
                };
                list.step(name, some(values, "values", bytes)?)
                    .counting(EditResult::Length)
                    .alone(Alone::NeedsKey)
            }
            Self::Remove { value, count } => list
                .step("LREM", vec![digits(count), value.0])
                .counting(EditResult::Removed)
                .alone(Alone::NeedsElements),
            Self::RemoveAt { index, if_unchanged } => {
                let mark = mark();
                list.step("LSET", vec![digits(index), mark.clone()])
                    .step("LREM", vec![digits(1), mark])
                    .counting(EditResult::Removed)
                    .unless_changed([Seen::Element(index, if_unchanged.0)])
            }
            Self::Trim { start, stop } => list
                .step("LTRIM", vec![digits(start), digits(stop)])
                .step("LLEN", vec![])
                .counting(EditResult::Length),
        })
    }
}
