//! Imports into collections with unique indexes: every line is inserted, replaced, passed over or
//! refused, and told as what it was.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mongodb::bson::{Document, doc};
use serde_json::{Value, json};

use super::api::{Api, api};
use super::fake::{Answer, Fake, cursor};
use super::transfer::{done, import};

/// What a server says of a document whose key is there.
fn taken(index: i32, name: &str, keys: Option<Document>) -> Document {
    let message =
        format!("E11000 duplicate key error collection: a.b index: {name} dup key: {{ }}");
    let mut entry = doc! { "index": index, "code": 11000, "errmsg": message };
    if let Some(keys) = keys {
        entry.insert("keyPattern", keys);
    }
    entry
}

fn refusing(entries: Vec<Document>) -> Answer {
    Answer::With(doc! { "ok": 1.0, "n": 0, "writeErrors": entries })
}

/// Problems that are counted.
pub(super) fn told_in(counts: &Value) -> u64 {
    counts["failed"].as_u64().unwrap() + counts["unknown"].as_u64().unwrap()
}

pub(super) fn refused(records: &[Value]) -> Vec<&Value> {
    records.iter().map(|record| &record["problem"]).filter(|refused| refused.is_object()).collect()
}

/// What is imported into a server whose collection has `stored`, and refuses one document by `entry`.
async fn skipped_by(entry: Document, stored: Vec<Document>) -> (Vec<Value>, usize) {
    let fake = Fake::standalone(move |name, _| match name {
        "insert" => refusing(vec![entry.clone()]),
        "find" => cursor(0, stored.clone()),
        "listCollections" => cursor(0, vec![]),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "duplicates");
    let records = import(&api, "on_conflict=skip", b"{\"_id\":1,\"email\":\"a\"}\n").await;
    (records, fake.asked("find").len())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_document_whose_id_is_there_is_passed_over() {
    let there = vec![doc! { "_id": 1 }];
    for (name, keys, stored, skips) in [
        // The keys say it.
        ("_id_", Some(doc! { "_id": 1 }), vec![], true),
        ("renamed", Some(doc! { "_id": 1 }), vec![], true),
        // Another index, by itself and beside the `_id`.
        ("email_1", Some(doc! { "email": 1 }), vec![], false),
        ("email_1", Some(doc! { "email": 1 }), there.clone(), true),
        ("_id_", Some(doc! { "_id": 1, "a": 1 }), vec![], false),
        ("$**_1", Some(doc! { "$**": 1 }), vec![], false),
        // A server that does not tell the keys.
        ("_id_", None, there.clone(), true),
        ("_id_", None, vec![], false),
        ("email_1", None, vec![], false),
        ("email_1", None, there.clone(), true),
    ] {
        let (records, _) = skipped_by(taken(0, name, keys), stored).await;
        let refused = refused(&records);
        let counts = done(&records);
        assert_eq!(counts["skipped"], i32::from(skips), "{name}: {records:?}");
        assert_eq!(counts["failed"], i32::from(!skips), "{name}: {records:?}");
        if !skips {
            assert_eq!(refused[0]["code"], "CONFLICT");
            assert_eq!(refused[0]["details"]["index_name"], name);
            assert_eq!(refused[0]["outcome"], "not_applied");
        }
    }
}

/// An import of one line without an `_id` whose first answer is lost, and of which the server then says
/// that `index` has its key; `stored` makes what is there of what was sent.
async fn lost_then_taken(
    index: &'static str,
    stored: impl Fn(Document) -> Option<Document> + Send + Sync + 'static,
) -> Vec<Value> {
    let inserts = Arc::new(AtomicUsize::new(0));
    let sent = Arc::new(parking_lot::Mutex::new(None));
    let fake = Fake::standalone(move |name, command| match name {
        "insert" => {
            let documents = command.get_array("documents").unwrap();
            *sent.lock() = documents[0].as_document().cloned();
            match inserts.fetch_add(1, Ordering::Relaxed) {
                0 => Answer::Close,
                _ => refusing(vec![taken(0, index, None)]),
            }
        }
        "find" => cursor(0, sent.lock().clone().and_then(&stored).into_iter().collect()),
        "listCollections" => cursor(0, vec![]),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "duplicates");
    import(&api, "", b"{\"email\":\"a\",\"10\":1,\"2\":2}\n").await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_lost_answer_a_document_counts_as_inserted_only_if_it_is_there_as_it_was_sent() {
    let records = lost_then_taken("_id_", Some).await;
    assert_eq!(done(&records)["inserted"], 1, "{records:?}");

    let changed = |mut document: Document| {
        document.insert("more", 1);
        Some(document)
    };
    for records in [
        lost_then_taken("_id_", changed).await,
        lost_then_taken("_id_", |_| None).await,
        lost_then_taken("email_1", |_| None).await,
    ] {
        assert_eq!(done(&records)["inserted"], 0, "{records:?}");
        let refused = refused(&records);
        assert_eq!(refused[0]["code"], "CONFLICT");
        assert_eq!(refused[0]["outcome"], "unknown", "{records:?}");
    }
}

/// A server with a time series.
async fn time_series(answer: impl Fn() -> Answer + Send + Sync + 'static) -> Fake {
    Fake::standalone(move |name, _| match name {
        "insert" => answer(),
        "listCollections" => {
            let options = doc! { "timeseries": { "timeField": "t" } };
            cursor(0, vec![doc! { "name": "series", "type": "timeseries", "options": options }])
        }
        _ => Answer::Done,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_into_a_time_series_a_second_time() {
    let fake = time_series(|| Answer::Close).await;
    let api = Api::of(&fake.url(), "series");
    let records = import(&api, "", b"{\"t\":1}\n{\"t\":2}\n").await;
    assert_eq!(fake.asked("insert").len(), 1);
    let refused = refused(&records);
    assert!(refused.len() == 2 && refused.iter().all(|r| r["outcome"] == "unknown"), "{records:?}");
    let error = &records.last().unwrap()["error"];
    assert_eq!(error["outcome"], "unknown");
    // What is in doubt was told, and is not sent again by an import that goes on.
    let resume = error["details"]["counts"]["resume"].as_str().unwrap();
    assert!(resume.ends_with("-3"), "{resume}");

    for policy in ["skip", "replace"] {
        let records = import(&api, &format!("on_conflict={policy}"), b"{\"t\":1}\n").await;
        assert_eq!(records[0]["error"]["code"], "VALIDATION_ERROR", "{records:?}");
    }
    assert_eq!(fake.asked("insert").len(), 1);
}

/// Lines without and with an `_id`: with `on_conflict=replace` they go in two commands.
const MIXED: &[u8] = b"{\"a\":1}\n{\"_id\":7,\"a\":1}\n{\"a\":2}\n{\"_id\":8}\n";

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_a_command_that_failed_after_another_was_answered_are_told_too() {
    for (how, outcome) in [("refused", "not_applied"), ("lost", "unknown")] {
        let fake = Fake::standalone(move |name, _| match name {
            "insert" => refusing(vec![taken(1, "a_1", Some(doc! { "a": 1 }))]),
            "update" if how == "lost" => Answer::Close,
            "update" => Answer::With(doc! { "ok": 0.0, "code": 13, "errmsg": "not allowed" }),
            "listCollections" => cursor(0, vec![]),
            _ => Answer::Done,
        })
        .await;
        let api = Api::of(&fake.url(), "mixed");
        let records = import(&api, "on_conflict=replace", MIXED).await;
        let told: Vec<_> = refused(&records)
            .iter()
            .map(|r| (r["number"].as_u64().unwrap(), r["outcome"].clone()))
            .collect();
        let expected = [(3, json!("not_applied")), (2, json!(outcome)), (4, json!(outcome))];
        assert_eq!(told, expected, "{how}: {records:?}");
        let counts = &records.last().unwrap()["error"]["details"]["counts"];
        assert_eq!((&counts["inserted"], told_in(counts)), (&json!(1), 3), "{how}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_and_not_replicated_is_told_once() {
    let fake = Fake::standalone(|name, _| match name {
        "insert" => Answer::With(doc! { "ok": 1.0, "n": 2 }),
        "update" => Answer::With(doc! {
            "ok": 1.0, "n": 2, "nModified": 2,
            "writeConcernError": { "code": 64, "errmsg": "waiting for replication timed out" },
        }),
        "listCollections" => cursor(0, vec![]),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "mixed");
    let records = import(&api, "on_conflict=replace", MIXED).await;
    assert!(refused(&records).is_empty(), "{records:?}");
    let error = &records.last().unwrap()["error"];
    let counts = &error["details"]["counts"];
    assert_eq!((&counts["inserted"], &counts["replaced"]), (&json!(2), &json!(2)), "{records:?}");
    assert_eq!(error["outcome"], "unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_wrote_and_then_failed_does_not_say_that_nothing_was_applied() {
    let Some(api) = api("duplicates_outcome").await else { return };
    let records = import(&api, "stop_on_error=true", b"{\"_id\":1}\n{\"_id\":1}\n").await;
    let error = &records.last().unwrap()["error"];
    assert_eq!(error["details"]["counts"]["inserted"], 1, "{records:?}");
    assert_eq!(error["outcome"], "applied");
}
