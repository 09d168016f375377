//! What reaches every document must be meant.

use std::time::Duration;

use mongodb::bson::{self, Bson};

use super::input::Write;
use crate::backend::mongodb::{Call, Count, Namespace, Reading, Selection};
use crate::error::{Code, Error, Result};

/// How long looking for a document that is spared may take.
const BUDGET: Duration = Duration::from_secs(2);

/// Filters that are looked at together.
const TOGETHER: usize = 200;

/// Refuses writes to many documents that would, together, reach all that the collection has. What counts
/// is what there is, not how the filters are spelt.
pub(super) async fn check(call: &Call<'_>, namespace: &Namespace, writes: &[Write]) -> Result<()> {
    let many = || {
        let many = writes.iter().enumerate().filter_map(|(at, write)| Some((at, write.many()?)));
        many.filter(|(_, selection)| !names_its_documents(&selection.filter))
    };
    if let Some((index, _)) = many().find(|(_, selection)| is_empty(&selection.filter)) {
        return Err(refusal(call, namespace).await.detail("index", index));
    }
    let (collated, plain): (Vec<_>, Vec<_>) =
        many().partition(|(_, selection)| selection.reading.is_collated());
    let together = plain.chunks(TOGETHER).map(<[_]>::to_vec);
    let groups: Vec<_> = together.chain(collated.into_iter().map(|one| vec![one])).collect();
    // Each may spare something, and all of them together nothing.
    if let [_, second, ..] = groups.as_slice() {
        let index = second.first().map(|(index, _)| *index);
        return Err(refusal(call, namespace).await.detail("index", index));
    }
    for group in groups {
        let Some(&(index, _)) = group.first() else { continue };
        let selections: Vec<&Selection> = group.iter().map(|(_, selection)| *selection).collect();
        if reach_all(call, namespace, &selections).await? {
            return Err(refusal(call, namespace).await.detail("index", index));
        }
    }
    Ok(())
}

/// Whether there are documents, and none that is spared. What can't be found out in time counts as all.
async fn reach_all(
    call: &Call<'_>,
    namespace: &Namespace,
    selections: &[&Selection],
) -> Result<bool> {
    let Some(first) = selections.first() else { return Ok(false) };
    let filters = selections.iter().map(|selection| selection.filter.clone()).collect();
    let spares = call.within(BUDGET).has_others(namespace, filters, &first.reading).await;
    match spares {
        Ok(true) => Ok(false),
        Ok(false) => {
            let any = call.find_exactly(namespace, bson::Document::new(), None).await?;
            Ok(any.is_some())
        }
        // What asks for words or for what is near can't be turned round: it is counted.
        Err(error) if error.code() == Code::DbQueryError => {
            for selection in selections {
                if matches_all(call, namespace, selection).await {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        // Nor can one who may write and not read be told.
        Err(error) if matches!(error.code(), Code::DbTimeout | Code::PermissionDenied) => Ok(true),
        Err(error) => Err(error),
    }
}

async fn matches_all(call: &Call<'_>, namespace: &Namespace, selection: &Selection) -> bool {
    let (filter, reading) = (selection.filter.clone(), selection.reading.clone());
    let matched = call.count_within(namespace, filter, reading, BUDGET).await;
    match (matched.value, count(call, namespace).await.value) {
        (Some(0), _) => false,
        (Some(matched), Some(all)) => matched >= all,
        _ => true,
    }
}

async fn count(call: &Call<'_>, namespace: &Namespace) -> Count {
    call.count_within(namespace, bson::Document::new(), Reading::default(), BUDGET).await
}

async fn refusal(call: &Call<'_>, namespace: &Namespace) -> Error {
    let all = count(call, namespace).await.value;
    let how_many = all.map_or_else(String::new, |count| format!(", which has {count}"));
    let message = format!(
        "this would or may reach every document of {namespace}{how_many}; send `confirm: true` to do that, or \
         `dry_run: true` to see how many it is"
    );
    Error::new(Code::OperationNotAllowed, message).detail("confirm", true).detail("matched", all)
}

/// Whether a filter is a list of `_id`s.
fn names_its_documents(filter: &bson::Document) -> bool {
    match filter.get("_id") {
        None | Some(Bson::RegularExpression(_)) => false,
        Some(Bson::Document(condition)) => {
            let has_operators = condition.keys().any(|name| name.starts_with('$'));
            let listed = |ids: &Bson| {
                // A regular expression is not an `_id`, but stands for those that it fits.
                let is_id = |id: &Bson| !matches!(id, Bson::RegularExpression(_) | Bson::Null);
                ids.as_array().is_some_and(|ids| ids.iter().all(is_id))
            };
            !has_operators
                || condition.contains_key("$eq")
                || condition.get("$in").is_some_and(listed)
        }
        Some(_) => true,
    }
}

/// Whether a filter asks for nothing: it has no conditions, or only such that hold of every document.
fn is_empty(filter: &bson::Document) -> bool {
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
    use mongodb::bson::doc;

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

    #[test]
    fn only_a_list_of_ids_needs_no_look() {
        for listed in [
            doc! { "_id": 1 },
            doc! { "_id": Bson::Null, "a": 1 },
            doc! { "_id": { "$in": [1, 2] } },
            doc! { "_id": { "$eq": { "$gt": 1 } } },
            doc! { "_id": { "a": 1 } },
        ] {
            assert!(names_its_documents(&listed), "{listed}");
        }
        for open in [
            doc! { "a": 1 },
            doc! { "_id": { "$ne": 1 } },
            doc! { "_id": { "$gte": Bson::MinKey } },
            doc! { "_id": { "$in": [1], "$exists": true, "$nin": [2] }, "$or": [{}] },
            doc! { "$or": [{ "_id": 1 }] },
            doc! { "_id": { "$in": [1, Bson::RegularExpression(bson::Regex {
                pattern: "".try_into().unwrap(), options: "".try_into().unwrap(),
            })] }, "open": true },
            doc! { "_id": { "$in": [Bson::Null] }, "open": true },
            doc! { "_id": Bson::RegularExpression(bson::Regex {
                pattern: "".try_into().unwrap(), options: "".try_into().unwrap(),
            }) },
        ] {
            let has_in = !open.contains_key("open")
                && open.get_document("_id").is_ok_and(|id| id.contains_key("$in"));
            assert_eq!(names_its_documents(&open), has_in, "{open}");
        }
    }
}
