//! Which documents a filter names, rather than describes.

use std::collections::HashSet;

use mongodb::bson::{Bson, Document};

/// The `_id`s that a filter lists, if it is a list of them: what else it asks for can only spare some.
pub(super) fn named_ids(filter: &Document) -> Option<Vec<Bson>> {
    let id = filter.get("_id")?;
    match id {
        Bson::Document(condition) if has_operators(condition) => match condition.get("$in") {
            Some(Bson::Array(ids)) => ids.iter().all(is_value).then(|| ids.clone()),
            _ => condition.get("$eq").filter(|id| is_value(id)).map(|id| vec![id.clone()]),
        },
        id => is_value(id).then(|| vec![id.clone()]),
    }
}

/// Whether each of these filters names its document by values of fields, and no two are the same.
/// As many writes to one document that all ask for the same take one document after the other.
pub(super) fn name_one_each<'f>(filters: impl IntoIterator<Item = &'f Document>) -> bool {
    let mut seen = HashSet::new();
    filters.into_iter().all(|filter| by_values(filter).is_some_and(|values| seen.insert(values)))
}

/// A filter as the values that it asks for, if it asks for nothing else.
fn by_values(filter: &Document) -> Option<Vec<String>> {
    let value = |(name, value): (&String, &Bson)| {
        (!name.starts_with('$') && is_value(value)).then(|| format!("{name}:{value}"))
    };
    let mut values = filter.iter().map(value).collect::<Option<Vec<String>>>()?;
    values.sort_unstable();
    (!values.is_empty()).then_some(values)
}

/// Whether this is a value to be found as it is. A regular expression stands for those that it fits,
/// null for all that have none, and an array for its items.
fn is_value(value: &Bson) -> bool {
    match value {
        Bson::RegularExpression(_) | Bson::Null | Bson::Undefined | Bson::Array(_) => false,
        Bson::Document(document) => !has_operators(document),
        _ => true,
    }
}

fn has_operators(condition: &Document) -> bool {
    condition.keys().any(|name| name.starts_with('$'))
}

/// Whether a filter asks for nothing: it has no conditions, or only such that hold of every document.
pub(super) fn is_empty(filter: &Document) -> bool {
    filter.iter().all(|(name, value)| match (name.as_str(), value) {
        ("$comment" | "$alwaysTrue", _) => true,
        ("$and", Bson::Array(parts)) => parts.iter().all(is_empty_part),
        ("$or", Bson::Array(parts)) => parts.iter().any(is_empty_part),
        ("$expr", Bson::Boolean(always)) => *always,
        ("_id", Bson::Document(condition)) => {
            condition.len() == 1 && condition.get_bool("$exists").is_ok_and(|exists| exists)
        }
        _ => false,
    })
}

fn is_empty_part(part: &Bson) -> bool {
    part.as_document().is_some_and(is_empty)
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{Regex, doc};

    use super::*;

    #[test]
    fn a_filter_that_asks_for_nothing_is_empty_however_it_is_dressed() {
        let nothing = [
            doc! {},
            doc! { "$and": [{}, { "$comment": "x" }] },
            doc! { "$or": [{ "a": 1 }, {}] },
            doc! { "_id": { "$exists": true } },
            doc! { "$expr": true },
        ];
        assert!(nothing.iter().all(is_empty));
        let something = [
            doc! { "a": 1 },
            doc! { "$and": [{}, { "a": 1 }] },
            doc! { "$or": [{ "a": 1 }] },
            doc! { "_id": { "$exists": false } },
            doc! { "$expr": { "$eq": ["$a", 1] } },
        ];
        assert!(!something.iter().any(is_empty));
    }

    fn expression() -> Bson {
        let (pattern, options) = ("".try_into().unwrap(), "".try_into().unwrap());
        Bson::RegularExpression(Regex { pattern, options })
    }

    #[test]
    fn only_a_list_of_ids_names_its_documents() {
        for (listed, ids) in [
            (doc! { "_id": 1 }, vec![Bson::from(1)]),
            (doc! { "_id": "x", "a": 1 }, vec!["x".into()]),
            (doc! { "_id": { "$in": [1, 2] }, "$or": [{}] }, vec![1.into(), 2.into()]),
            (doc! { "_id": { "$in": [] } }, vec![]),
            (doc! { "_id": { "$eq": { "a": 1 } } }, vec![doc! { "a": 1 }.into()]),
            (doc! { "_id": { "a": 1 } }, vec![doc! { "a": 1 }.into()]),
        ] {
            assert_eq!(named_ids(&listed), Some(ids), "{listed}");
        }
        for open in [
            doc! {},
            doc! { "a": 1 },
            doc! { "_id": { "$ne": 1 } },
            doc! { "_id": { "$gte": Bson::MinKey } },
            doc! { "_id": { "$nin": [2] } },
            doc! { "_id": { "$in": [1, expression()] } },
            doc! { "_id": { "$in": [Bson::Null] } },
            doc! { "_id": Bson::Null },
            doc! { "_id": { "$eq": Bson::Null } },
            doc! { "_id": expression() },
            doc! { "$or": [{ "_id": 1 }] },
        ] {
            assert_eq!(named_ids(&open), None, "{open}");
        }
    }

    #[test]
    fn filters_that_ask_for_different_values_name_a_document_each() {
        let (a, b) = (doc! { "sku": "a" }, doc! { "sku": "b", "n": { "m": 1 } });
        assert!(name_one_each([&a, &b]));
        assert!(!name_one_each([&a, &a]));
        let turned = (doc! { "a": 1, "b": 2 }, doc! { "b": 2, "a": 1 });
        assert!(!name_one_each([&turned.0, &turned.1]));
        for open in [
            doc! {},
            doc! { "sku": { "$gt": "" } },
            doc! { "sku": Bson::Null },
            doc! { "sku": expression() },
            doc! { "$or": [{ "sku": "a" }] },
        ] {
            assert!(!name_one_each([&open]), "{open}");
        }
    }
}
