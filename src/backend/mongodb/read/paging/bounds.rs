//! A query around what comes after a position, from which a server can tell where in an index to begin.
//!
//! It may match too much and never too little: the exact condition stands next to it. So each part of
//! it is true of a document if any item of an array makes it true, and a part that can't be said in
//! this way is left out.

use mongodb::bson::{Bson, Document, doc};

use super::key::Key;
use super::order::{Direction, Order};

/// The types of values in the order of servers, as `$type` knows them. `undefined` is not among them:
/// it comes before `null`, with empty arrays and `MinKey`.
const TYPES: [(&str, &[&str]); 11] = [
    ("number", &["int", "long", "double", "decimal"]),
    ("string", &["string", "symbol"]),
    ("object", &["object"]),
    ("array", &["array"]),
    ("binData", &["binData"]),
    ("objectId", &["objectId"]),
    ("bool", &["bool"]),
    ("date", &["date"]),
    ("timestamp", &["timestamp"]),
    ("regex", &["regex"]),
    ("other", &["dbPointer", "javascript", "javascriptWithScope", "maxKey"]),
];

/// The query: one alternative for each field of the order, in which the fields before it are equal.
/// `None` if it would match everything.
pub(super) fn around(order: &Order, key: &Key) -> Option<Document> {
    let [candidate] = key.0.as_slice() else { return None };
    let mut alternatives = Vec::new();
    let mut equal: Vec<Document> = Vec::new();
    for ((path, direction), written) in order.paths().zip(candidate) {
        let value = Value::read(written)?;
        for after in after(path, direction, value)? {
            let mut parts = equal.clone();
            parts.push(after);
            alternatives.push(doc! { "$and": parts });
        }
        // Without it, nothing narrows what is equal so far and comes later in the fields that follow.
        equal.push(equals(path, value)?);
    }
    Some(doc! { "$or": alternatives })
}

/// A value of a key, as far as queries can be made of it.
#[derive(Clone, Copy)]
enum Value<'v> {
    Null,
    Ordinary(&'v Bson, usize),
}

impl<'v> Value<'v> {
    /// `None` if queries treat it in another way than sorts.
    fn read(written: &'v Bson) -> Option<Self> {
        let [_, value] = written.as_array()?.as_slice() else { return None };
        let bracket = match value {
            Bson::Null => return Some(Self::Null),
            Bson::Double(number) if number.is_nan() => return None,
            Bson::Decimal128(number) if number.to_string() == "NaN" => return None,
            Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) => "number",
            Bson::String(_) => "string",
            Bson::Document(_) => "object",
            Bson::Binary(_) => "binData",
            Bson::ObjectId(_) => "objectId",
            Bson::Boolean(_) => "bool",
            Bson::DateTime(_) => "date",
            Bson::Timestamp(_) => "timestamp",
            _ => return None,
        };
        let place = TYPES.iter().position(|(name, _)| *name == bracket)?;
        Some(Self::Ordinary(value, place))
    }
}

fn equals(path: &str, value: Value<'_>) -> Option<Document> {
    match value {
        Value::Ordinary(value, _) => Some(doc! { path: { "$eq": value.clone() } }),
        // Queries and sorts differ in where an array on the way to the field has nothing.
        Value::Null if !path.contains('.') => Some(doc! { path: { "$eq": null } }),
        Value::Null => None,
    }
}

/// What comes after the value in the field alone, in alternatives.
fn after(path: &str, direction: Direction, value: Value<'_>) -> Option<Vec<Document>> {
    match (value, direction) {
        (Value::Null, Direction::Up) => Some(vec![doc! { path: { "$ne": null } }]),
        (Value::Null, Direction::Down) if path.contains('.') => None,
        (Value::Null, Direction::Down) => Some(vec![
            doc! { path: { "$in": [[], Bson::MinKey] } },
            doc! { path: { "$type": "undefined" } },
        ]),
        (Value::Ordinary(value, place), Direction::Up) => {
            let later: Vec<&str> =
                TYPES[place + 1..].iter().flat_map(|(_, types)| *types).copied().collect();
            Some(vec![doc! { path: { "$gt": value.clone() } }, doc! { path: { "$type": later } }])
        }
        // What is of another type, missing or an empty array is not greater.
        (Value::Ordinary(value, _), Direction::Down) => {
            Some(vec![doc! { path: { "$not": { "$gte": value.clone() } } }])
        }
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::RawDocumentBuf;

    use super::*;

    fn bounds(sort: &Document, last: &Document) -> Option<Document> {
        let order = Order::new(Some(sort)).unwrap();
        let last = RawDocumentBuf::try_from(last).unwrap();
        around(&order, &Key::of(&order, &last).unwrap().unwrap())
    }

    #[test]
    fn an_index_on_the_fields_can_be_entered_where_the_page_begins() {
        let found = bounds(&doc! { "a": -1, "b": -1 }, &doc! { "_id": 7, "a": 2, "b": "x" });
        let expected = doc! { "$or": [
            { "$and": [{ "a": { "$not": { "$gte": 2 } } }] },
            { "$and": [{ "a": { "$eq": 2 } }, { "b": { "$not": { "$gte": "x" } } }] },
            { "$and": [
                { "a": { "$eq": 2 } },
                { "b": { "$eq": "x" } },
                { "_id": { "$not": { "$gte": 7 } } },
            ] },
        ] };
        assert_eq!(found, Some(expected));
    }

    #[test]
    fn values_of_later_types_come_after() {
        let found = bounds(&doc! {}, &doc! { "_id": true }).unwrap();
        let later = ["date", "timestamp", "regex", "dbPointer", "javascript"];
        let later: Vec<&str> = later.into_iter().chain(["javascriptWithScope", "maxKey"]).collect();
        let expected = doc! { "$or": [
            { "$and": [{ "_id": { "$gt": true } }] },
            { "$and": [{ "_id": { "$type": later } }] },
        ] };
        assert_eq!(found, expected);
    }

    #[test]
    fn there_are_none_where_a_query_would_leave_something_out() {
        for (sort, last) in [
            (doc! { "a": 1 }, doc! { "_id": 1, "a": [1, 2] }),
            (doc! { "a": 1 }, doc! { "_id": 1, "a": [] }),
            (doc! { "a": 1 }, doc! { "_id": 1, "a": f64::NAN }),
            (doc! { "a.b": -1 }, doc! { "_id": 1 }),
            (doc! { "a": 1 }, doc! { "_id": 1, "a": Bson::MinKey }),
        ] {
            assert_eq!(bounds(&sort, &last), None, "{sort} after {last}");
        }
    }
}
