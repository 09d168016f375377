//! What becomes of what was sent when the server fails or is late, or the reader leaves.

use std::sync::atomic::{AtomicUsize, Ordering};

use mongodb::bson::doc;
use serde_json::{Value, json};

use super::api::Api;
use super::fake::{Answer, Fake, cursor};

#[tokio::test(flavor = "multi_thread")]
async fn values_too_large_for_one_answer_are_found_in_another_way() {
    let fake = Fake::standalone(|name, _| match name {
        "distinct" => Answer::With(doc! {
            "ok": 0.0, "code": 17217, "codeName": "Location17217", "errmsg": "distinct too big, 16mb cap",
        }),
        "aggregate" => cursor(0, vec![doc! { "_id": 1 }, doc! { "_id": "x" }, doc! { "_id": null }]),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    let body = json!({ "key": "a.b", "filter": { "k": 1 }, "limit": 2 });
    let answer = api.ok("POST", "/distinct", body).await;
    let expected = json!({ "values": [1, "x"], "truncated": true, "found_by": "aggregation" });
    assert_eq!(answer["data"], expected);
    let [command] = fake.asked("aggregate").try_into().unwrap();
    let stages = command.get_array("pipeline").unwrap();
    assert_eq!(stages[0].as_document().unwrap(), &doc! { "$match": { "k": 1 } });
    assert_eq!(stages.last().unwrap().as_document().unwrap(), &doc! { "$limit": 3_i64 });
}

/// A server whose cursors have a second batch that never comes.
async fn stuck() -> Fake {
    Fake::standalone(|name, command| match name {
        "aggregate" if command.get_str("aggregate").is_ok() => {
            cursor(7, (0..500).map(|i| doc! { "_id": i, "text": "x".repeat(400) }).collect())
        }
        // Somebody looks for the operation.
        "aggregate" => cursor(0, vec![doc! { "opid": 42 }]),
        "getMore" => Answer::Never,
        _ => Answer::Done,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_told_when_the_reader_of_a_stream_leaves() {
    let fake = stuck().await;
    let api = Api::of(&fake.url(), "c");
    let mut records = api.records("POST", "/aggregate", &json!({ "pipeline": [] })).await;
    records.next().await.unwrap();
    let more = fake.expect("getMore").await;
    assert_eq!(more.get_i64("getMore").unwrap(), 7);
    drop(records);
    let kill = fake.expect("killOp").await;
    assert_eq!(kill.get_i32("op").unwrap(), 42);
    // It was found by what marks the request's operations.
    let search = fake.asked("aggregate").pop().unwrap();
    let stages = search.get_array("pipeline").unwrap();
    let matched = stages[1].as_document().unwrap().get_document("$match").unwrap();
    assert_eq!(matched.get("command.comment"), more.get("comment"));
    fake.expect("killCursors").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_tells_what_was_seen_until_its_time_was_up() {
    let fake = stuck().await;
    let api = Api::of(&fake.url(), "c");
    let body = json!({ "options": { "maxTimeMS": 300 } });
    let answer = api.ok("POST", "/schema", body).await;
    assert_eq!(answer["data"]["ended_by"], "time");
    assert_eq!(answer["data"]["documents"], 500);
    fake.expect("killOp").await;
    let [command] =
        fake.asked("aggregate").into_iter().take(1).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(
        command.get_array("pipeline").unwrap()[0].as_document().unwrap(),
        &doc! {
            "$sample": { "size": 1000_i64 },
        }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_whose_answer_is_lost_is_sent_again_only_if_it_reads() {
    let fake = Fake::standalone(|name, _| match name {
        "aggregate" => Answer::Close,
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    let run = async |pipeline: Value| {
        let body = json!({ "pipeline": pipeline, "confirm": true });
        api.send("POST", "/aggregate", body).await
    };
    for write in [json!({ "$out": "d" }), json!({ "$merge": { "into": "d" } })] {
        let before = fake.asked("aggregate").len();
        let (status, answer) = run(json!([{ "$match": {} }, write])).await;
        assert_eq!((status, &answer["error"]["outcome"]), (503, &json!("unknown")), "{answer}");
        assert_eq!(fake.asked("aggregate").len(), before + 1);
    }
    let before = fake.asked("aggregate").len();
    let (_, answer) = run(json!([{ "$match": {} }])).await;
    assert_eq!(answer["error"]["outcome"], "not_applied");
    assert_eq!(fake.asked("aggregate").len(), before + 2);
}

/// Whether the first time did anything is not known, and the second does not say.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_was_sent_again_and_then_refused_is_unknown() {
    for (refusal, outcome) in
        [(10107, "unknown"), (13, "unknown"), (11000, "unknown"), (121, "not_applied")]
    {
        let hello = doc! { "isWritablePrimary": true, "msg": "isdbgrid" };
        let times = AtomicUsize::new(0);
        let fake = Fake::start(hello, move |name, _| match name {
            "findAndModify" if times.fetch_add(1, Ordering::SeqCst) == 0 => Answer::Close,
            "findAndModify" => Answer::With(doc! { "ok": 0.0, "code": refusal, "errmsg": "no" }),
            _ => Answer::Done,
        })
        .await;
        let api = Api::of(&fake.url(), "c");
        let body = json!({ "update": { "$inc": { "n": 1 } } });
        let (_, answer) = api.send("PUT", "/documents/1?id_type=int", body).await;
        assert_eq!(answer["error"]["outcome"], outcome, "{refusal}: {answer}");
        assert_eq!(fake.asked("findAndModify").len(), 2);
    }
}

/// Servers that do not know an insert which they have seen say that its key is there.
#[tokio::test(flavor = "multi_thread")]
async fn an_insert_that_was_sent_again_may_be_the_one_whose_key_is_there() {
    for (lost, outcome) in [(true, "unknown"), (false, "not_applied")] {
        let hello = doc! { "isWritablePrimary": true, "msg": "isdbgrid" };
        let times = AtomicUsize::new(0);
        let fake = Fake::start(hello, move |name, _| match name {
            "insert" if times.fetch_add(1, Ordering::SeqCst) == 0 && lost => Answer::Close,
            "insert" => Answer::With(doc! { "ok": 1.0, "n": 0, "writeErrors": [
                { "index": 0, "code": 11000, "errmsg": "E11000 duplicate key error" },
            ] }),
            _ => Answer::Done,
        })
        .await;
        let api = Api::of(&fake.url(), "c");
        let body = json!({ "document": { "_id": 1 } });
        let (status, answer) = api.send("POST", "/documents", body).await;
        assert_eq!((status, &answer["error"]["outcome"]), (409, &json!(outcome)), "{answer}");
    }
}

/// `$merge` has written what came before the document that it failed at; `$out` puts all in place
/// at the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_fails_may_have_written_some() {
    let fake = Fake::standalone(|name, _| match name {
        "aggregate" => Answer::With(doc! { "ok": 0.0, "code": 11000, "errmsg": "E11000" }),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    for (stage, outcome) in [
        (json!({ "$merge": { "into": "d", "whenMatched": "fail" } }), "unknown"),
        (json!({ "$out": "d" }), "not_applied"),
    ] {
        let body = json!({ "pipeline": [stage], "confirm": true });
        let (_, answer) = api.send("POST", "/aggregate", body).await;
        assert_eq!(answer["error"]["outcome"], outcome, "{answer}");
    }
}

/// The documents are there, and how many there are is told if it is known in time.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_does_not_wait_for_the_number_of_all_documents() {
    let fake = Fake::standalone(|name, _| match name {
        "find" => cursor(0, (0..3).map(|id| doc! { "_id": id }).collect()),
        "aggregate" | "count" => Answer::Never,
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    for query in ["limit=2&filter=%7B%22a%22%3A1%7D", "limit=2"] {
        let answer = api.ok("GET", &format!("/documents?{query}"), Value::Null).await;
        let page = &answer["data"];
        assert_eq!(page["documents"], json!([{ "_id": 0 }, { "_id": 1 }]), "{query}");
        assert_eq!(page["count"], json!({ "value": null, "kind": "timeout" }), "{query}");
        assert_eq!((&page["total"], &page["has_more"]), (&Value::Null, &json!(true)), "{query}");
    }
    let body = json!({ "filter": { "a": 1 }, "options": { "maxTimeMS": 200 } });
    let (status, answer) = api.send("POST", "/count", body).await;
    assert_eq!((status, &answer["data"]), (200, &json!({ "value": null, "kind": "timeout" })));
    // Nobody asks where it is not wanted.
    let before = fake.asked("count").len();
    let (_, answer) = api.get("/documents?limit=2&count=false").await;
    assert_eq!((&answer["data"]["count"], fake.asked("count").len()), (&Value::Null, before));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_cannot_be_tried_in_time_are_neither_kept_nor_broken() {
    let fake = Fake::standalone(|name, _| match name {
        "find" => Answer::Never,
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    let body = json!({ "validator": { "a": 1 }, "max_time_ms": 200 });
    let (status, answer) = api.send("POST", "/validate", body).await;
    assert_eq!((status, &answer["data"]["valid"]), (200, &Value::Null), "{answer}");
    assert_eq!(answer["data"]["violating"], json!({ "value": null, "kind": "timeout" }));
    let [command] = fake.asked("find").try_into().unwrap();
    assert_eq!(command.get_document("filter").unwrap(), &doc! { "$nor": [{ "a": 1 }] });
}
