//! Pages that begin where another one ended, on any sort order.
//!
//! The position is the sort key of the last document, its `_id` included, and the next page is what
//! comes after it. Comparisons in a query can't say that: they match values of one type only, and any
//! item of an array, where a sort goes through all types in one order and takes one item of an array
//! (the least going up, the greatest going down) for the whole. So the condition is an expression that
//! computes the sort key of a document as the server does ([`expression`]) and compares it in that order, by
//! the rules of the query's collation. Expressions use no index; a query that is a little too wide
//! stands before it, to which the server can find the way in an index ([`bounds`]).
//!
//! There are no pages backwards: a reversed sort takes another item of an array, so it is not the same
//! order read from the end.

mod bounds;
mod expression;
mod key;
mod order;
mod page;
mod projection;
mod token;

use mongodb::bson::{Bson, Document, RawDocument, doc};

pub use self::order::Order;
pub use self::token::Identity;

use self::key::Key;
use super::types::{ARRAY, DOCUMENT, STRING, SYMBOL};
use crate::ejson::raw::{Field, fields};
use crate::error::Result;

/// A place in a result: everything up to a document and that document are before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// What that document sorts by, with all items of its arrays.
    key: Key,
    /// How many documents are before it.
    pub before: u64,
}

impl Position {
    /// After this document; `None` where no condition could say that: its key is too large, or the
    /// one that comes next can't be told from it.
    fn after(
        order: &Order,
        last: &RawDocument,
        next: &RawDocument,
        collated: bool,
        before: u64,
    ) -> Result<Option<Self>> {
        if indistinct(&fields(last.as_bytes())?, &fields(next.as_bytes())?, collated) {
            return Ok(None);
        }
        Ok(Key::of(order, last)?.map(|key| Self { key, before }))
    }

    /// Matches what comes after.
    fn condition(&self, order: &Order) -> Document {
        let exact = doc! { "$expr": expression::after(order, &self.key) };
        match bounds::around(order, &self.key) {
            Some(bounds) => doc! { "$and": [bounds, exact] },
            None => exact,
        }
    }
}

/// Whether two documents may have the same `_id`, which views and time series allow; or ids that are
/// the same by the rules of a language, which may find differently written text equal.
fn indistinct(one: &[Field<'_>], other: &[Field<'_>], collated: bool) -> bool {
    let id = |fields: &[Field<'_>]| fields.iter().position(|field| field.name == b"_id");
    let (Some(one), Some(other)) = (id(one).map(|i| one[i]), id(other).map(|i| other[i])) else {
        return true;
    };
    let textual = |id: Field<'_>| matches!(id.kind, STRING | SYMBOL | DOCUMENT | ARRAY);
    if collated && textual(one) && textual(other) {
        return true;
    }
    let number = |id: Field<'_>| id.bson().ok().as_ref().and_then(numeric);
    (one.kind, one.value) == (other.kind, other.value)
        || number(one).is_some_and(|one| Some(one) == number(other))
}

#[allow(clippy::cast_precision_loss, reason = "numbers that are close may be taken for equal")]
fn numeric(value: &Bson) -> Option<f64> {
    match value {
        Bson::Int32(number) => Some(f64::from(*number)),
        Bson::Int64(number) => Some(*number as f64),
        Bson::Double(number) => Some(*number),
        Bson::Decimal128(number) => number.to_string().parse().ok(),
        _ => None,
    }
}
