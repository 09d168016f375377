//! Collections that are walked through page by page.

use mongodb::bson::{Bson, Document, bson, doc};
use proptest::prelude::*;
use studio_multidb::backend::mongodb::{Client, Namespace, Order, Query, Reading};

use super::{page, run};
use crate::generated::scalars;
use crate::support::{at_most, collection, connect, insert, target};

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
