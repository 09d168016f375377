//! A sort order in which no two documents of a collection are at the same place.

use mongodb::bson::{Bson, Document};

use crate::error::{Error, Result};

/// Paths and directions, `_id` among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    paths: Vec<(String, Direction)>,
}

/// Which way a field is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

impl Order {
    /// The order of a sort document. Where that has no `_id`, this comes last, in the direction of the
    /// field before it, so that an index on both serves both ways.
    pub fn new(sort: Option<&Document>) -> Result<Self> {
        let mut paths = Vec::new();
        for (path, direction) in sort.into_iter().flatten() {
            paths.push((path.clone(), direction_of(path, direction)?));
        }
        if !paths.iter().any(|(path, _)| path == "_id") {
            let direction = paths.last().map_or(Direction::Up, |(_, direction)| *direction);
            paths.push(("_id".to_owned(), direction));
        }
        Ok(Self { paths })
    }

    /// The sort document.
    pub fn sort(&self) -> Document {
        let number = |direction: Direction| if direction == Direction::Up { 1 } else { -1 };
        self.paths.iter().map(|(path, d)| (path.clone(), Bson::Int32(number(*d)))).collect()
    }

    /// How many fields it has.
    #[allow(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    pub(super) fn paths(&self) -> impl ExactSizeIterator<Item = (&str, Direction)> {
        self.paths.iter().map(|(path, direction)| (path.as_str(), *direction))
    }
}

fn direction_of(path: &str, direction: &Bson) -> Result<Direction> {
    let not_here = |why: &str| {
        Err(Error::validation(format!(
            "`cursor` can't be used with this sort order: {why}; use `skip`"
        )))
    };
    if path == "$natural" {
        return not_here("`$natural` is not a field");
    }
    // Where a document has an array, such a name means an item of it.
    if path.split('.').any(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())) {
        return not_here(&format!("`{path}` may be an item of an array"));
    }
    let number = match direction {
        Bson::Int32(number) => f64::from(*number),
        Bson::Int64(1) => 1.0,
        Bson::Int64(-1) => -1.0,
        Bson::Double(number) => *number,
        Bson::Document(_) => return not_here(&format!("`{path}` is computed")),
        _ => 0.0,
    };
    if (number.abs() - 1.0).abs() > f64::EPSILON {
        return Err(Error::validation(format!("the sort direction of `{path}` must be 1 or -1")));
    }
    Ok(if number > 0.0 { Direction::Up } else { Direction::Down })
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    fn sorted(sort: &Document) -> Result<Document> {
        Order::new(Some(sort)).map(|order| order.sort())
    }

    #[test]
    fn ids_break_ties() {
        assert_eq!(Order::new(None).unwrap().sort(), doc! { "_id": 1 });
        assert_eq!(sorted(&doc! { "a": -1 }).unwrap(), doc! { "a": -1, "_id": -1 });
        assert_eq!(
            sorted(&doc! { "a": 1.0, "b": -1_i64 }).unwrap(),
            doc! { "a": 1, "b": -1, "_id": -1 }
        );
        assert_eq!(sorted(&doc! { "_id": -1, "a": 1 }).unwrap(), doc! { "_id": -1, "a": 1 });
    }

    #[test]
    fn orders_without_a_key_are_refused() {
        for sort in [
            doc! { "$natural": 1 },
            doc! { "score": { "$meta": "textScore" } },
            doc! { "a.0": 1 },
            doc! { "a": 2 },
            doc! { "a": "asc" },
        ] {
            assert!(sorted(&sort).is_err(), "{sort}");
        }
    }
}
