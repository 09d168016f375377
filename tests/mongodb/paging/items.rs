//! What comes after a position where the order's fields are inside of arrays.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use mongodb::bson::{Bson, Document, doc};
use proptest::prelude::*;
use serde_json::{Value, json};
use studio_multidb::backend::mongodb::{Order, Query};

use super::{page, run};
use crate::support::{at_most, collection, connect, insert, target};

/// The sort keys of a document, all of whose values are numbers, as MongoDB's documentation and its
/// indexes have them.
fn keys(document: &Document, paths: &[&[&str]]) -> Vec<Vec<Option<i32>>> {
    fn of_value(value: Option<&Bson>, paths: &[&[&str]]) -> Vec<Vec<Option<i32>>> {
        match value {
            Some(Bson::Array(items)) if items.is_empty() => {
                // Below every number and `null`.
                let key = |path: &&[&str]| path.is_empty().then_some(i32::MIN);
                vec![paths.iter().map(key).collect()]
            }
            Some(Bson::Array(items)) => {
                items.iter().flat_map(|item| of_item(Some(item), paths)).collect()
            }
            value => of_item(value, paths),
        }
    }
    fn of_item(item: Option<&Bson>, paths: &[&[&str]]) -> Vec<Vec<Option<i32>>> {
        let mut found: Vec<Vec<Option<i32>>> = vec![vec![None; paths.len()]];
        let mut names: Vec<&str> = paths.iter().filter_map(|path| path.first()).copied().collect();
        names.dedup();
        for (at, path) in paths.iter().enumerate() {
            if path.is_empty() {
                found[0][at] = item.and_then(Bson::as_i32);
            }
        }
        for name in names {
            let through: Vec<usize> =
                (0..paths.len()).filter(|&at| paths[at].first() == Some(&name)).collect();
            let rest: Vec<&[&str]> = through.iter().map(|&at| &paths[at][1..]).collect();
            let value = item.and_then(Bson::as_document).and_then(|document| document.get(name));
            let below = of_value(value, &rest);
            found = found
                .iter()
                .flat_map(|key| {
                    below.iter().map(|more| {
                        let mut key = key.clone();
                        through.iter().zip(more).for_each(|(&at, value)| key[at] = *value);
                        key
                    })
                })
                .collect();
        }
        found
    }
    of_item(Some(&Bson::Document(document.clone())), paths)
}

fn compare(one: &[Option<i32>], other: &[Option<i32>], sort: &Document) -> Ordering {
    // An empty array comes before `null`, and that before numbers.
    let rank = |value: Option<i32>| match value {
        Some(i32::MIN) => (0, 0),
        None => (1, 0),
        Some(number) => (2, number),
    };
    let fields = one.iter().zip(other).zip(sort.values());
    let mut compared = fields.map(|((one, other), direction)| {
        let order = rank(*one).cmp(&rank(*other));
        if direction.as_i32() == Some(1) { order } else { order.reverse() }
    });
    compared.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Documents in which several fields of the order are inside of one array, some of whose items lack
/// them. `SecantusDB` sorts those by each field alone, and MongoDB by whole items; so it is compared
/// here which documents come after a position, which does not depend on the server's sort.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_after_a_position_is_told_by_whole_items_of_arrays() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let number = || prop::option::of(0_i32..3);
    let item = (number(), number()).prop_map(|(x, y)| {
        let mut item = Document::new();
        item.extend(x.map(|x| ("x".to_owned(), x.into())));
        item.extend(y.map(|y| ("y".to_owned(), y.into())));
        Bson::Document(item)
    });
    let items = prop::collection::vec(prop_oneof![6 => item, 1 => Just(Bson::Int32(1))], 0..4);
    let document = (items, number()).prop_map(|(items, z)| doc! { "i": items, "z": z });
    let handle = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let direction = || prop::sample::select(vec![1, -1]);
        let strategy = (prop::collection::vec(document, 12), direction(), direction());
        run(12, &strategy, |(documents, x, y)| {
            let sort = doc! { "i.x": x, "z": 1, "i.y": y, "_id": 1 };
            let paths: [&[&str]; 4] = [&["i", "x"], &["z"], &["i", "y"], &["_id"]];
            let mut documents = documents;
            for (id, document) in (0_i32..).zip(&mut documents) {
                document.insert("_id", id);
            }
            let key = |document: &Document| {
                let keys = keys(document, &paths).into_iter();
                keys.min_by(|one, other| compare(one, other, &sort)).unwrap()
            };
            let order = Order::new(Some(&sort)).unwrap();
            handle.block_on(async {
                let namespace = collection(&client, "walks_items").await;
                insert(&client, &namespace, &documents).await.unwrap();
                for id in 0..11 {
                    let two = doc! { "_id": { "$in": [id, id + 1] } };
                    let query = Query { filter: two, ..Query::default() };
                    let (ids, position) = page(&client, &namespace, query, &order, None).await;
                    let last = usize::from(ids[0] != json!({ "$numberInt": id.to_string() }));
                    let last = key(&documents[usize::try_from(id).unwrap() + last]);
                    let all = Query { cap: at_most(100), ..Query::default() };
                    let (after, _) =
                        page(&client, &namespace, all, &order, Some(&position.unwrap())).await;
                    let after: BTreeSet<String> = after.iter().map(Value::to_string).collect();
                    let expected = documents.iter().filter(|document| {
                        compare(&key(document), &last, &sort) == Ordering::Greater
                    });
                    let expected: BTreeSet<String> = expected
                        .map(|d| json!({ "$numberInt": d.get_i32("_id").unwrap().to_string() }))
                        .map(|id| id.to_string())
                        .collect();
                    assert_eq!(after, expected, "{sort} after {last:?} of {documents:?}");
                }
            });
        });
    });
    client.close().await;
}
