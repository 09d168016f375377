//! Which documents are in a partial index.

use mongodb::bson::{Bson, Document};

use crate::backend::mongodb::gate;
use crate::error::{Error, Result};

/// Operators that servers take for a field in the filter of a partial index; `$in` and the last two since
/// 6.0. Beside fields they take `$and`, and `$or` since then.
const OPERATORS: [&str; 9] =
    ["$in", "$eq", "$gt", "$gte", "$lt", "$lte", "$type", "$geoWithin", "$geoIntersects"];

/// Checks `partialFilterExpression`.
pub(super) fn check(filter: &Document) -> Result<()> {
    gate::expression(filter)?;
    if filter.is_empty() {
        return Err(Error::validation(
            "`partialFilterExpression` is empty; leave it out for an index of all documents",
        ));
    }
    conditions(filter)
}

fn conditions(filter: &Document) -> Result<()> {
    for (name, value) in filter {
        match (name.as_str(), value) {
            ("$and" | "$or", Bson::Array(branches)) => {
                for branch in branches {
                    let branch = branch.as_document();
                    conditions(branch.ok_or_else(|| {
                        Error::validation(format!("`{name}` takes an array of documents"))
                    })?)?;
                }
            }
            (operator, _) if operator.starts_with('$') => {
                return Err(refused(operator, "beside fields"));
            }
            (field, Bson::RegularExpression(_)) => {
                return Err(refused("a regular expression", &format!("for the field `{field}`")));
            }
            (field, Bson::Document(value)) => comparison(field, value)?,
            _ => {}
        }
    }
    Ok(())
}

/// `{ "$gt": 5 }`; a document without operators is compared as a whole.
fn comparison(field: &str, value: &Document) -> Result<()> {
    if !value.keys().next().is_some_and(|name| name.starts_with('$')) {
        return Ok(());
    }
    for (operator, value) in value {
        let exists = operator == "$exists" && is_true(value);
        if !exists && !OPERATORS.contains(&operator.as_str()) {
            return Err(refused(operator, &format!("for the field `{field}`")));
        }
    }
    Ok(())
}

fn is_true(value: &Bson) -> bool {
    match value {
        Bson::Boolean(value) => *value,
        Bson::Int32(value) => *value != 0,
        Bson::Int64(value) => *value != 0,
        Bson::Double(value) => *value != 0.0,
        _ => false,
    }
}

fn refused(what: &str, place: &str) -> Error {
    Error::validation(format!(
        "`partialFilterExpression` can't have `{what}` {place}; servers take `$and` and `$or` of whole \
         filters, and for a field `$exists: true`, {}",
        OPERATORS.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mongodb::bson::doc;

    #[test]
    fn what_servers_take_passes() {
        for filter in [
            doc! { "a": 1 },
            doc! { "a": { "b": 1 } },
            doc! { "a": { "$exists": true } },
            doc! { "a.b": { "$gt": 5, "$lte": 9 } },
            doc! { "$and": [{ "a": { "$type": "string" } }, { "$or": [{ "b": 1 }, { "c": 2 }] }] },
            doc! { "a": { "$in": [1, 2] } },
        ] {
            check(&filter).unwrap();
        }
    }

    #[test]
    fn what_servers_refuse_is_refused_with_its_name() {
        for (filter, named) in [
            (doc! {}, "is empty"),
            (doc! { "a": { "$ne": 1 } }, "$ne"),
            (doc! { "a": { "$exists": false } }, "$exists"),
            (doc! { "a": { "$not": { "$gt": 1 } } }, "$not"),
            (doc! { "$nor": [{ "a": 1 }] }, "$nor"),
            (doc! { "$expr": { "$gt": ["$a", 1] } }, "$expr"),
            (doc! { "a": { "$regex": "x" } }, "$regex"),
            (doc! { "$and": [1] }, "array of documents"),
        ] {
            let error = check(&filter).unwrap_err();
            assert!(error.message().contains(named), "{filter}: {error}");
        }
    }
}
