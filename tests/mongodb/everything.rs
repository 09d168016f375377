//! Writes that would reach every document must be confirmed, however their filters are spelt.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::api::{Api, api};

async fn bulk(api: &Api, body: Value) -> (u16, Value) {
    api.send("POST", "/documents/bulk", body).await
}

async fn count(api: &Api) -> u64 {
    let (_, answer) =
        api.send("POST", "/count", json!({ "filter": { "_id": { "$ne": -1 } } })).await;
    answer["data"]["value"].as_u64().unwrap_or_else(|| panic!("{answer}"))
}

fn refused(status: u16, answer: &Value, matched: u64) {
    let error = &answer["error"];
    assert_eq!((status, &error["code"]), (403, &json!("OPERATION_NOT_ALLOWED")), "{answer}");
    assert_eq!(
        (&error["details"]["matched"], &error["outcome"]),
        (&json!(matched), &json!("not_applied"))
    );
    assert!(error["message"].as_str().unwrap().contains("confirm: true"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_matches_every_document_is_confirmed_whatever_it_says() {
    let Some(api) = api("everything").await else { return };
    let missing = json!({ "deleteMany": { "filter": { "a": 1 } } });
    assert_eq!(bulk(&api, missing).await.0, 200, "an empty collection has nothing to lose");
    api.insert(&[
        json!({ "_id": 1, "a": 1 }),
        json!({ "_id": 2, "a": 1 }),
        json!({ "_id": 3, "a": 1 }),
    ])
    .await;
    for filter in [
        json!({}),
        json!({ "a": 1 }),
        json!({ "a": { "$gt": 0 } }),
        json!({ "b": null }),
        json!({ "$comment": "all" }),
        json!({ "$or": [{ "a": 7 }, {}] }),
        json!({ "$or": [{ "_id": 1 }, { "_id": { "$ne": 1 } }] }),
        json!({ "$nor": [{ "_id": null }] }),
        json!({ "_id": { "$exists": true } }),
        json!({ "_id": { "$ne": "nobody" } }),
        json!({ "_id": { "$nin": [] } }),
        json!({ "_id": { "$not": { "$gt": 3 } } }),
        json!({ "$and": [{ "a": 1 }, { "_id": { "$gte": 1 } }] }),
        json!({ "$expr": { "$eq": [1, 1] } }),
    ] {
        for write in [
            json!({ "deleteMany": { "filter": filter } }),
            json!({ "updateMany": { "filter": filter, "update": { "$set": { "c": 2 } } } }),
            json!({ "bulkWrite": [
                { "insertOne": { "document": { "_id": 9 } } },
                { "deleteMany": { "filter": filter } },
            ], "ordered": false }),
        ] {
            let (status, answer) = bulk(&api, write).await;
            refused(status, &answer, 3);
        }
        assert_eq!(count(&api).await, 3, "{filter}");
    }
    // One by one they spare something, and together nothing.
    let halves = json!({ "bulkWrite": [
        { "deleteMany": { "filter": { "_id": { "$lte": 1 } } } },
        { "deleteMany": { "filter": { "_id": { "$gt": 1 } } } },
    ] });
    let (status, answer) = bulk(&api, halves.clone()).await;
    refused(status, &answer, 3);
    for spared in [
        json!({ "deleteMany": { "filter": { "a": 2 } } }),
        json!({ "updateMany": { "filter": { "_id": { "$gt": 1 } }, "update": { "$set": { "c": 1 } } } }),
        json!({ "updateMany": { "filter": { "_id": { "$in": [1, 2, 3] } }, "update": { "$set": { "c": 1 } } } }),
    ] {
        let (status, answer) = bulk(&api, spared).await;
        assert_eq!(status, 200, "{answer}");
    }
    let mut confirmed = halves;
    confirmed["confirm"] = json!(true);
    let (status, answer) = bulk(&api, confirmed).await;
    assert_eq!((status, &answer["data"]["deleted_count"]), (200, &json!(3)), "{answer}");
}

/// Random documents and filters: what is refused is what matches all that there are.
#[tokio::test(flavor = "multi_thread")]
async fn what_passes_spares_a_document_or_finds_none() {
    let Some(api) = api("everything_random").await else { return };
    let condition = || {
        prop_oneof![
            (0..3).prop_map(|n| json!({ "n": n })),
            (0..3).prop_map(|n| json!({ "n": { "$gte": n } })),
            (0..3).prop_map(|n| json!({ "n": { "$ne": n } })),
            (0..3).prop_map(|n| json!({ "$nor": [{ "n": n }] })),
            Just(json!({ "m": { "$exists": true } })),
        ]
    };
    let filter = prop_oneof![
        condition(),
        (condition(), condition()).prop_map(|(a, b)| json!({ "$or": [a, b] })),
        (condition(), condition()).prop_map(|(a, b)| json!({ "$and": [a, b] })),
    ];
    let numbers = proptest::collection::vec((0..3, any::<bool>()), 0..4);
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..60 {
        let (numbers, filter) = (&numbers, &filter).new_tree(&mut runner).unwrap().current();
        let clear = json!({ "deleteMany": { "filter": {} }, "confirm": true });
        assert_eq!(bulk(&api, clear).await.0, 200);
        let documents: Vec<Value> = numbers
            .iter()
            .map(|(n, has_m)| if *has_m { json!({ "n": n, "m": 1 }) } else { json!({ "n": n }) })
            .collect();
        if !documents.is_empty() {
            api.insert(&documents).await;
        }
        let write = json!({ "updateMany": { "filter": filter, "update": { "$set": { "z": 1 } } } });
        let mut dry = write.clone();
        dry["dry_run"] = json!(true);
        let (_, dry) = bulk(&api, dry).await;
        let matched = dry["data"]["writes"][0]["matched"]["value"].as_u64().unwrap();
        let (status, answer) = bulk(&api, write).await;
        let all = documents.len() as u64;
        let expected = if matched == all && all > 0 { 403 } else { 200 };
        assert_eq!(status, expected, "{documents:?} {filter} {matched}: {answer}");
    }
}

/// Writes to one document that take one after the other, and ids beside what spares only them.
#[tokio::test(flavor = "multi_thread")]
async fn writes_that_together_reach_everything_are_confirmed_however_they_are_put() {
    let Some(api) = api("everything_together").await else { return };
    let documents: Vec<Value> = (1..=4).map(|n| json!({ "_id": n, "sku": n, "a": 1 })).collect();
    api.insert(&documents).await;
    let one = |filter: Value| json!({ "deleteOne": { "filter": filter } });
    let many = |filter: Value| json!({ "deleteMany": { "filter": filter } });
    let update = |filter: Value| json!({ "updateOne": { "filter": filter, "update": { "$inc": { "v": 1 } } } });
    let id = |n: u8| json!({ "_id": n });
    for writes in [
        vec![one(json!({})); 4],
        vec![one(json!({ "a": 1 })); 4],
        vec![one(json!({ "a": { "$gte": 0 } })); 7],
        vec![
            one(json!({ "b": null })),
            one(json!({ "b": null, "c": null })),
            one(id(1)),
            one(id(2)),
        ],
        vec![one(id(1)), many(json!({ "_id": { "$ne": 1 } }))],
        vec![many(json!({ "_id": { "$in": [1, 2] } })), many(json!({ "sku": { "$gt": 2 } }))],
        vec![many(json!({ "sku": { "$lt": 4 } })), one(json!({ "a": 1 }))],
        vec![
            many(json!({ "sku": { "$lt": 3 } })),
            one(json!({ "sku": 3 })),
            update(json!({ "sku": 4 })),
        ],
        vec![update(json!({})); 4],
        vec![
            json!({ "replaceOne": { "filter": { "a": { "$gt": 0 } }, "replacement": {} } }),
            many(json!({ "sku": { "$gt": 1 } })),
        ],
    ] {
        let (status, answer) = bulk(&api, json!({ "bulkWrite": writes })).await;
        refused(status, &answer, 4);
        assert_eq!(count(&api).await, 4);
    }
    for writes in [
        // Each says which document it means.
        (1..=4).map(|n| update(id(n))).collect(),
        (1..=4).map(|n| update(json!({ "sku": n }))).collect(),
        // One is left.
        vec![update(json!({})); 3],
        vec![update(json!({ "sku": { "$lt": 4 } })); 9],
        vec![update(id(1)), update(json!({ "sku": { "$gt": 2 } }))],
        vec![json!({ "updateMany": {
            "filter": { "sku": { "$lt": 4 } }, "update": { "$set": { "z": 1 } },
        } })],
    ] {
        let (status, answer) = bulk(&api, json!({ "bulkWrite": writes })).await;
        assert_eq!(status, 200, "{answer}");
    }
}

/// Whatever is put together: what passes leaves a document, or named each that it took.
#[tokio::test(flavor = "multi_thread")]
async fn no_bulk_write_empties_a_collection_that_was_not_named_or_confirmed() {
    let Some(api) = api("everything_bulk").await else { return };
    let filter = || {
        prop_oneof![
            Just(json!({})),
            (0..4).prop_map(|n| json!({ "_id": n })),
            (0..4).prop_map(|n| json!({ "_id": { "$ne": n } })),
            proptest::collection::vec(0..4, 0..4).prop_map(|ids| json!({ "_id": { "$in": ids } })),
            (0..3).prop_map(|n| json!({ "n": n })),
            (0..3).prop_map(|n| json!({ "n": { "$gte": n } })),
            Just(json!({ "m": null })),
        ]
    };
    let write = (filter(), any::<bool>());
    let cases = (proptest::collection::vec(0..3, 1..5), proptest::collection::vec(write, 1..6));
    let mut runner = TestRunner::new(Config::default());
    let (mut passed, mut refused) = (0, 0);
    for _ in 0..150 {
        let (numbers, writes) = cases.new_tree(&mut runner).unwrap().current();
        let clear = json!({ "deleteMany": { "filter": {} }, "confirm": true });
        assert_eq!(bulk(&api, clear).await.0, 200);
        let documents: Vec<Value> =
            numbers.iter().enumerate().map(|(id, n)| json!({ "_id": id, "n": n })).collect();
        api.insert(&documents).await;
        let named = writes.iter().all(|(filter, many)| {
            let by_id = filter["_id"].is_u64() || filter["_id"]["$in"].is_array();
            by_id || (!many && filter["n"].is_u64())
        });
        let list: Vec<Value> = writes
            .iter()
            .map(|(filter, many)| {
                let name = if *many { "deleteMany" } else { "deleteOne" };
                json!({ name: { "filter": filter } })
            })
            .collect();
        let (status, answer) = bulk(&api, json!({ "bulkWrite": list })).await;
        if status == 200 {
            passed += 1;
            assert!(count(&api).await > 0 || named, "{documents:?} {list:?} {answer}");
        } else {
            refused += 1;
            assert_eq!(status, 403, "{answer}");
            assert_eq!(count(&api).await, documents.len() as u64);
        }
    }
    assert!(passed > 20 && refused > 20, "{passed} passed, {refused} were refused");
}
