//! A place in a result.

use mongodb::bson::{Bson, Document, RawDocument, doc};

use super::key::Key;
use super::order::Order;
use super::{bounds, expression};
use crate::backend::mongodb::types::{ARRAY, DOCUMENT, STRING, SYMBOL};
use crate::ejson::raw::{Field, fields};
use crate::error::Result;

/// A place in a result: everything up to a document and that document are before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// What that document sorts by, with all items of its arrays.
    pub(super) key: Key,
    /// How many documents are before it.
    pub before: u64,
}

impl Position {
    /// After this document; `None` where no condition could say that: its key is too large, or the
    /// one that comes next can't be told from it.
    pub(super) fn after(
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
    pub(super) fn condition(&self, order: &Order) -> Document {
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
