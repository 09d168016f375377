//! Edits of lists.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::super::input::Bytes;
use super::elements::{bytes, some};
use crate::backend::redis::values::edit::{Edit, list};
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

impl ListEdit {
    pub(super) fn edit(self) -> Result<Edit> {
        Ok(match self {
            Self::Set { index, value, if_unchanged } => list::set(index, value.0, if_unchanged.0),
            Self::Insert { side, pivot, value } => list::insert(side.into(), pivot.0, value.0),
            Self::InsertAt { index, side, value, if_unchanged } => {
                list::insert_at(index, side.into(), value.0, if_unchanged.0)
            }
            Self::Push { side, values } => list::push(side.into(), some(values, "values", bytes)?),
            Self::Remove { value, count } => list::remove(value.0, count),
            Self::RemoveAt { index, if_unchanged } => list::remove_at(index, if_unchanged.0),
            Self::Trim { start, stop } => list::trim(start, stop),
        })
    }
}

impl From<ElementSide> for list::Side {
    fn from(side: ElementSide) -> Self {
        match side {
            ElementSide::Before => Self::Left,
            ElementSide::After => Self::Right,
        }
    }
}

impl From<ListEnd> for list::Side {
    fn from(end: ListEnd) -> Self {
        match end {
            ListEnd::Left => Self::Left,
            ListEnd::Right => Self::Right,
        }
    }
}
