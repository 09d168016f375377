//! What may be watched and how, and what is sent to the server for it.

use mongodb::bson::{Timestamp, doc};
use serde_json::{Value, json};

use super::{Reader, failure, scripted, stages};
use crate::api::Api;
use crate::fake::{Answer, Fake};
use crate::fixtures::encoded;

#[tokio::test(flavor = "multi_thread")]
async fn a_standalone_server_is_told_before_anything_begins() {
    let fake = Fake::standalone(|name, _| match name {
        "aggregate" => failure(40573, &[]),
        _ => Answer::Done,
    })
    .await;
    let (status, answer) = Reader::answer(&Api::of(&fake.url(), "c"), "").await.err().unwrap();
    assert_eq!((status, &answer["error"]["code"]), (403, &json!("OPERATION_NOT_ALLOWED")));
    assert!(answer["error"]["message"].as_str().unwrap().contains("need a replica set"));
    assert_eq!(answer["error"]["details"]["server_code"], 40573);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused() {
    let (fake, mut api) = scripted(|_| None).await;
    let pipeline = |stages: Value| format!("pipeline={}", encoded(&stages));
    let token = encoded(&json!({ "_data": "00" }));
    for (query, status) in [
        (pipeline(json!([{ "$out": "stolen" }])), 403),
        (pipeline(json!([{ "$match": {} }, { "$merge": "stolen" }])), 403),
        (pipeline(json!([{ "$group": { "_id": null } }])), 403),
        (pipeline(json!([{ "$lookup": { "from": "other" } }])), 403),
        (pipeline(json!([{ "$changeStream": { "allChangesForCluster": true } }])), 403),
        (pipeline(json!([{ "$nonesuch": {} }])), 403),
        (pipeline(json!([{ "$match": { "$where": "1" } }])), 403),
        (pipeline(json!([{ "$match": {}, "$set": { "a": 1 } }])), 400),
        ("fullDocument=always".to_owned(), 400),
        ("batchSize=0".to_owned(), 400),
        ("batchSize=1001".to_owned(), 413),
        ("maxAwaitTimeMS=0".to_owned(), 400),
        (format!("resumeAfter={token}&startAfter={token}"), 400),
        ("startAtOperationTime=yesterday".to_owned(), 400),
        ("pipelin=%5B%5D".to_owned(), 400),
    ] {
        let refused = Reader::answer(&api, &query).await.err();
        assert_eq!(refused.map(|r| r.0), Some(status), "{query}");
    }
    for base in ["/databases/local", "/databases/admin", "/databases/a/collections/system.users"] {
        base.clone_into(&mut api.base);
        assert_eq!(Reader::answer(&api, "").await.err().unwrap().0, 400, "{base}");
    }
    assert!(fake.asked("aggregate").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_begins_at_a_time() {
    let (fake, api) = scripted(|_| None).await;
    for (time, expected) in [
        (
            json!({ "$timestamp": { "t": 5, "i": 6 } }).to_string(),
            Timestamp { time: 5, increment: 6 },
        ),
        ("2020-01-01T00:00:00.5Z".to_owned(), Timestamp { time: 1_577_836_800, increment: 0 }),
    ] {
        let query = format!(
            "startAtOperationTime={}",
            percent_encoding::utf8_percent_encode(&time, percent_encoding::NON_ALPHANUMERIC)
        );
        Reader::of(&api, &query).await;
        let asked = stages(&fake).pop().unwrap();
        assert_eq!(asked.get_timestamp("startAtOperationTime").unwrap(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_watched_as_a_whole() {
    let (fake, mut api) = scripted(|_| None).await;
    api.base = String::new();
    Reader::of(&api, "showExpandedEvents=true").await;
    let asked = &fake.asked("aggregate")[0];
    assert_eq!(asked.get_str("$db").unwrap(), "admin");
    let expected = doc! { "showExpandedEvents": true, "allChangesForCluster": true };
    assert_eq!(stages(&fake).pop().unwrap(), expected);
    let level = asked.get_document("readConcern").unwrap().get_str("level").unwrap();
    assert_eq!(level, "majority");
}
