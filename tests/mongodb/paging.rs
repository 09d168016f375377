//! Pages that begin where another one ended visit every document once, in the server's order.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use mongodb::bson::{Bson, Document, bson, doc};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use studio_multidb::backend::mongodb::{Client, Namespace, Order, Position, Query, Reading};
use studio_multidb::ejson::Mode;
use studio_multidb::json::Writer;

use super::api::{Api, api, encoded};
use super::generated::scalars;
use super::support::{at_most, collection, connect, insert, soon, target};

/// The ids of one page, and the position after it.
async fn page(
    client: &Client,
    namespace: &Namespace,
    query: Query,
    order: &Order,
    from: Option<&Position>,
) -> (Vec<Value>, Option<Position>) {
    let mut writer = Writer::new();
    let call = client.call(soon(), "page");
    let page = call.find_page(namespace, query, order, from, Mode::Canonical, &mut writer);
    let (_, position) = page.await.unwrap();
    let text = String::from_utf8(writer.into_bytes()).unwrap();
    let documents: Vec<Value> = serde_json::from_str(&format!("[{text}]")).unwrap();
    (documents.into_iter().map(|document| document["_id"].clone()).collect(), position)
}

/// All ids in the server's order, and the same in pages of each size.
async fn check_walks(
    client: &Client,
    namespace: &Namespace,
    query: &Query,
    order: &Order,
    sizes: &[u32],
) {
    let whole = Query { cap: at_most(1000), ..query.clone() };
    let (expected, _) = page(client, namespace, whole, order, None).await;
    for &size in sizes {
        let mut seen = Vec::new();
        let mut from = None;
        loop {
            let query = Query { cap: at_most(size), ..query.clone() };
            let (ids, position) = page(client, namespace, query, order, from.as_ref()).await;
            let (before, start) = (seen.last().cloned(), seen.len());
            seen.extend(ids);
            assert_eq!(
                seen[start..],
                expected[start.min(expected.len())..seen.len().min(expected.len())],
                "sorted by {} in pages of {size}, after {before:?}",
                order.sort()
            );
            match position {
                Some(position) => from = Some(position),
                None => break,
            }
        }
        assert_eq!(seen, expected, "sorted by {} in pages of {size}", order.sort());
    }
}

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    for _ in 0..cases {
        let tree = strategy.new_tree(&mut runner).unwrap();
        test(proptest::strategy::ValueTree::current(&tree));
    }
}

/// A value of any kind. Not 0 or 1: `SecantusDB` takes them for `false` and `true` inside of arrays.
fn scalar() -> impl Strategy<Value = Bson> {
    scalars().prop_map(|value| match value {
        Bson::Int32(0 | 1) => Bson::Int32(2),
        Bson::Int64(0 | 1) => Bson::Int64(2),
        Bson::Double(0.0 | 1.0) => Bson::Double(2.0),
        other => other,
    })
}

/// A value of any kind that a field may have, or none.
fn field() -> impl Strategy<Value = Option<Bson>> {
    let array = || prop::collection::vec(scalar(), 0..4).prop_map(Bson::Array);
    let inner = || scalar().prop_map(|value| bson!({ "e": value }));
    let items = prop::collection::vec(prop_oneof![array(), inner()], 1..3);
    prop_oneof![
        5 => scalar().prop_map(Some),
        1 => Just(None),
        2 => array().prop_map(Some),
        1 => inner().prop_map(Some),
        1 => items.prop_map(|items| Some(Bson::Array(items))),
    ]
}

/// What is below `d`: a document, or several, all of which have an `e`.
fn nested() -> impl Strategy<Value = Option<Bson>> {
    let values = prop_oneof![
        3 => scalar(),
        1 => prop::collection::vec(scalar(), 0..3).prop_map(Bson::Array),
    ];
    let inner = values.prop_map(|value| bson!({ "e": value })).boxed();
    prop_oneof![
        3 => inner.clone().prop_map(Some),
        1 => Just(None),
        1 => Just(Some(Bson::Int32(3))),
        2 => prop::collection::vec(inner, 1..3).prop_map(|items| Some(Bson::Array(items))),
    ]
}

fn collections() -> impl Strategy<Value = Vec<Document>> {
    let document = (field(), field(), nested()).prop_map(|(a, b, d)| {
        let fields = [("a", a), ("b", b), ("d", d)];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    });
    // Some values come often, so that there are ties.
    let often = prop::sample::select(vec![
        doc! {},
        doc! { "a": null },
        doc! { "a": [] },
        doc! { "a": 2, "b": "a" },
        doc! { "a": 2.0, "b": "A", "d": { "e": 2 } },
        doc! { "a": [2, 5], "d": [{ "e": 2 }] },
    ]);
    prop::collection::vec(prop_oneof![3 => document, 1 => often], 12..40)
}

fn orders() -> impl Strategy<Value = Document> {
    let paths = prop::sample::subsequence(vec!["a", "b", "d.e", "_id"], 0..4).prop_shuffle();
    let directions = prop::collection::vec(prop::sample::select(vec![1, -1]), 4);
    (paths, directions).prop_map(|(paths, directions)| {
        let fields = paths.into_iter().zip(directions);
        fields.map(|(path, direction)| (path.to_owned(), Bson::Int32(direction))).collect()
    })
}

/// A server can't sort by two fields that are arrays at once.
fn parallel(documents: &[Document], sort: &Document) -> bool {
    let array = |document: &Document, name: &str| {
        let value = document.get(name);
        let inner = |value: &Bson| value.as_document().is_some_and(|d| d.get_array("e").is_ok());
        value.is_some_and(|value| value.as_array().is_some() || name == "d" && inner(value))
    };
    let names: Vec<&str> = sort.keys().map(|path| path.split('.').next().unwrap()).collect();
    documents.iter().any(|document| names.iter().filter(|name| array(document, name)).count() > 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_document_comes_once_and_in_order_whatever_it_is_sorted_by() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let handle = tokio::runtime::Handle::current();
    let walked = std::cell::Cell::new(0);
    tokio::task::block_in_place(|| {
        let sizes = prop::collection::vec(1_u32..12, 2);
        run(60, &(collections(), orders(), sizes), |(documents, sort, sizes)| {
            if parallel(&documents, &sort) {
                return;
            }
            walked.set(walked.get() + 1);
            handle.block_on(async {
                let namespace = collection(&client, "walks").await;
                let ids = scattered_ids();
                let with_ids: Vec<Document> = documents
                    .iter()
                    .zip(ids)
                    .map(|(document, id)| {
                        let mut whole = doc! { "_id": id };
                        whole.extend(document.clone());
                        whole
                    })
                    .collect();
                insert(&client, &namespace, &with_ids).await.unwrap();
                let order = Order::new(Some(&sort)).unwrap();
                let every: Vec<u32> = (1..=13).collect();
                let sizes = if walked.get() <= 4 { &every } else { &sizes };
                check_walks(&client, &namespace, &Query::default(), &order, sizes).await;
            });
        });
    });
    assert!(walked.get() > 25, "{}", walked.get());
    client.close().await;
}

/// Ids of several types, in no order.
fn scattered_ids() -> impl Iterator<Item = Bson> {
    (0_i32..).map(|n| match n % 5 {
        0 => Bson::Int32((n * 7919) % 1000),
        1 => Bson::String(format!("id-{}", (n * 7919) % 1000)),
        2 => mongodb::bson::oid::ObjectId::from_bytes([u8::try_from(n * 37 % 256).unwrap(); 12])
            .into(),
        3 => bson!({ "n": n }),
        _ => Bson::Double(f64::from((n * 31) % 1000) + 0.5),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_the_rules_of_a_collation() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "walks_collated").await;
    // Text that is in the same order by all these rules: `SecantusDB` does not compare by them in
    // expressions, as MongoDB does.
    let words = ["", "a", "ab", "b", "ba", "e", "z"];
    let documents: Vec<Document> = (0_i32..)
        .zip(words.iter().cycle().take(45))
        .map(|(id, word)| match id % 9 {
            7 => doc! { "_id": id },
            8 => doc! { "_id": id, "w": id },
            _ => doc! { "_id": id, "w": *word },
        })
        .collect();
    insert(&client, &namespace, &documents).await.unwrap();
    for rules in [
        doc! { "locale": "en", "strength": 1 },
        doc! { "locale": "en", "strength": 2 },
        doc! { "locale": "simple" },
    ] {
        let mut reading = Reading::default();
        reading.collate(&rules).unwrap();
        for sort in [doc! { "w": 1 }, doc! { "w": -1 }, doc! { "w": 1, "_id": -1 }] {
            let order = Order::new(Some(&sort)).unwrap();
            let query = Query { reading: reading.clone(), ..Query::default() };
            check_walks(&client, &namespace, &query, &order, &[1, 4, 7]).await;
        }
    }
    client.close().await;
}

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

async fn find(api: &Api, query: &str) -> (u16, Value) {
    api.send("GET", "/documents", query, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_leads_from_page_to_page() {
    let Some(api) = api("walks_http").await else { return };
    let documents: Vec<Value> =
        (0..25).map(|id| json!({ "_id": id, "n": id % 3, "text": "x" })).collect();
    api.insert(&documents).await;
    let asked = format!(
        "limit=10&sort={}&filter={}&projection={}",
        encoded(&json!({ "n": -1 })),
        encoded(&json!({ "_id": { "$gte": 2 } })),
        encoded(&json!({ "_id": 1 })),
    );
    let mut cursor = String::new();
    let mut seen: Vec<i64> = Vec::new();
    for page in 1..=3 {
        let (status, answer) = find(&api, &format!("{asked}&cursor={cursor}")).await;
        assert_eq!(status, 200, "{answer}");
        let data = &answer["data"];
        assert_eq!((&data["page"], &data["total"]), (&json!(page), &json!(23)));
        for document in data["documents"].as_array().unwrap() {
            assert_eq!(document.as_object().unwrap().len(), 1, "only what was asked for");
            seen.push(document["_id"].as_i64().unwrap());
        }
        assert_eq!(data["has_more"], json!(page < 3));
        cursor = data["next_cursor"].as_str().unwrap_or_default().to_owned();
        assert_eq!(cursor.is_empty(), page == 3);
        // What is inserted before the position is on no later page.
        let id = 100 + page;
        api.insert(&[json!({ "_id": id, "n": 9 })]).await;
        api.send("DELETE", &format!("/documents/{id}"), "id_type=int", None).await;
    }
    let mut expected: Vec<i64> = (2..25).collect();
    expected.sort_by_key(|id| (-(id % 3), -id));
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_query_is_refused() {
    let Some(api) = api("walks_refused").await else { return };
    let documents: Vec<Value> = (0..5).map(|id| json!({ "_id": id, "n": id })).collect();
    api.insert(&documents).await;
    let (_, answer) = find(&api, "limit=2&cursor=").await;
    let cursor = answer["data"]["next_cursor"].as_str().unwrap();
    let sort = encoded(&json!({ "n": 1 }));
    for query in [
        format!("cursor={cursor}&sort={sort}"),
        format!("cursor={cursor}&filter={}", encoded(&json!({ "n": 1 }))),
        format!("cursor={cursor}&collation={}", encoded(&json!({ "locale": "de" }))),
        format!("cursor={cursor}&skip=1"),
        "cursor=nonsense".to_owned(),
        format!("cursor=&sort={}", encoded(&json!({ "$natural": 1 }))),
        format!("cursor=&sort={}", encoded(&json!({ "n.0": 1 }))),
    ] {
        let (status, answer) = find(&api, &query).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!("VALIDATION_ERROR")),
            "{query}: {answer}"
        );
    }
    let (status, answer) = find(&api, &format!("cursor={cursor}&limit=1&count=false")).await;
    assert_eq!((status, &answer["data"]["documents"][0]["_id"]), (200, &json!(2)));
    let (_, answer) = find(&api, "limit=2").await;
    assert_eq!(answer["data"]["next_cursor"], Value::Null, "none was asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn projections_show_what_they_show_without_a_cursor() {
    let Some(api) = api("walks_projected").await else { return };
    let documents: Vec<Value> = (0..6)
        .map(|id| {
            json!({
                "_id": id,
                "a": { "b": id % 2, "c": id, "d": [{ "e": 1, "f": 2 }] },
                "t": [1, 2, 3],
                "s": "text",
            })
        })
        .collect();
    api.insert(&documents).await;
    let sorts =
        [json!({ "a.b": 1 }), json!({ "s": -1, "a.c": 1 }), json!({ "a.d.e": 1 }), json!({})];
    for (projection, told) in [
        (json!({ "s": 1 }), true),
        (json!({ "a.c": 1, "_id": 0 }), true),
        (json!({ "a.d.f": 1 }), true),
        (json!({ "a": 0 }), true),
        (json!({ "_id": 0 }), true),
        (json!({ "_id": 1 }), true),
        (json!({ "a.b": 0, "a.d.e": 0, "_id": false }), true),
        (json!({ "s": 1, "t": { "$slice": 1 } }), true),
        (json!({ "t": { "$slice": 1 } }), false),
    ] {
        for sort in &sorts {
            let plain = format!(
                "limit=4&count=false&projection={}&sort={}",
                encoded(&projection),
                encoded(&with_id(sort)),
            );
            let walked = format!(
                "limit=4&count=false&projection={}&sort={}&cursor=",
                encoded(&projection),
                encoded(sort),
            );
            let ((_, plain), (status, walked)) =
                (find(&api, &plain).await, find(&api, &walked).await);
            assert_eq!(status, 200, "{walked}");
            assert_eq!(
                plain["data"]["documents"], walked["data"]["documents"],
                "{projection} sorted by {sort}"
            );
            assert_eq!(walked["data"]["next_cursor"].is_string(), told, "{projection} by {sort}");
        }
    }
}

/// The order in which a walk is sorted.
fn with_id(sort: &Value) -> Value {
    let mut sort = sort.as_object().unwrap().clone();
    let last = sort.values().next_back().cloned().unwrap_or(json!(1));
    sort.insert("_id".to_owned(), last);
    Value::Object(sort)
}
