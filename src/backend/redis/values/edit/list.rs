//! Elements of lists.
//!
//! An index says where an element was. Lists move under the reader, so that an edit by index also
//! says what was there, and changes nothing if something else is.

use uuid::Uuid;

use super::seen::Seen;
use super::{Alone, Edit, EditResult, digits};
use crate::backend::redis::wire::reply;

/// Which end, or which side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The head of the list; before an element.
    Left,
    /// The tail of the list; behind an element.
    Right,
}

impl Side {
    fn word(self) -> Vec<u8> {
        match self {
            Self::Left => b"BEFORE".to_vec(),
            Self::Right => b"AFTER".to_vec(),
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// Replaces the element at an index.
#[must_use]
pub fn set(index: i64, value: Vec<u8>, seen: Vec<u8>) -> Edit {
    let seen = Seen::Element(index, seen);
    Edit::of("list").step("LSET", vec![digits(index), value]).unless_changed([seen])
}

/// Inserts beside the first element that equals `pivot`.
#[must_use]
pub fn insert(side: Side, pivot: Vec<u8>, value: Vec<u8>) -> Edit {
    Edit::of("list")
        .step("LINSERT", vec![side.word(), pivot, value])
        .telling(|reply| reply::integer(reply).map(EditResult::Length))
        .alone(Alone::NeedsKey)
}

/// Inserts beside the element at an index, though others may equal it.
#[must_use]
pub fn insert_at(index: i64, side: Side, value: Vec<u8>, seen: Vec<u8>) -> Edit {
    // Redis inserts beside values only: for a moment that nobody sees, the element gets a value that
    // no other has. Put back beside that, it is between it and the new one.
    let mark = mark();
    Edit::of("list")
        .step("LSET", vec![digits(index), mark.clone()])
        .step("LINSERT", vec![side.word(), mark.clone(), value])
        .step("LINSERT", vec![side.other().word(), mark.clone(), seen.clone()])
        .step("LREM", vec![digits(1), mark])
        .step("LLEN", vec![])
        .telling(|reply| reply::integer(reply).map(EditResult::Length))
        .unless_changed([Seen::Element(index, seen)])
}

/// Adds elements at one end, one after the other: at the left, the last comes to be the first.
#[must_use]
pub fn push(side: Side, values: Vec<Vec<u8>>) -> Edit {
    let name = match side {
        Side::Left => "LPUSHX",
        Side::Right => "RPUSHX",
    };
    Edit::of("list")
        .step(name, values)
        .telling(|reply| reply::integer(reply).map(EditResult::Length))
        .alone(Alone::NeedsKey)
}

/// Removes elements that equal `value`: the first `count`, from the tail if it is negative; all
/// with 0.
#[must_use]
pub fn remove(value: Vec<u8>, count: i64) -> Edit {
    Edit::of("list")
        .step("LREM", vec![digits(count), value])
        .telling(|reply| reply::integer(reply).map(EditResult::Removed))
        .alone(Alone::NeedsElements)
}

/// Removes the element at an index.
#[must_use]
pub fn remove_at(index: i64, seen: Vec<u8>) -> Edit {
    // Redis removes by value only.
    let mark = mark();
    Edit::of("list")
        .step("LSET", vec![digits(index), mark.clone()])
        .step("LREM", vec![digits(1), mark])
        .telling(|reply| reply::integer(reply).map(EditResult::Removed))
        .unless_changed([Seen::Element(index, seen)])
}

/// Keeps the elements between two indexes, both included, and removes the others.
#[must_use]
pub fn trim(start: i64, stop: i64) -> Edit {
    Edit::of("list")
        .step("LTRIM", vec![digits(start), digits(stop)])
        .step("LLEN", vec![])
        .telling(|reply| reply::integer(reply).map(EditResult::Length))
}

fn mark() -> Vec<u8> {
    Uuid::new_v4().as_bytes().to_vec()
}
