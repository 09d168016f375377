//! What is told of what happens on a real server, and to a reader who is slow.

use std::time::Duration;

use mongodb::bson::doc;
use serde_json::{Value, json};

use super::{Reader, batch, event, reply, scripted, token, watchable};
use crate::fixtures::encoded;

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_as_they_are_made() {
    let Some(api) = watchable("watched").await else { return };
    let mut reader = Reader::of(&api, "fullDocument=updateLookup").await;
    assert_eq!(reader.next().await.unwrap()["type"], "progress");
    api.insert(&[json!({ "_id": 1, "n": { "$numberLong": "9007199254740993" } })]).await;
    let inserted = reader.next_of("change").await;
    assert_eq!(inserted["change"]["operationType"], "insert");
    let long = json!({ "$numberLong": "9007199254740993" });
    assert_eq!(inserted["change"]["fullDocument"]["n"], long);
    assert_eq!(inserted["change"]["_id"], inserted["resume_token"]);
    let update = json!({ "update": { "$set": { "n": 2 } } });
    api.ok("PUT", "/documents/1?id_type=int", update).await;
    let updated = reader.next_of("change").await;
    assert_eq!(updated["change"]["fullDocument"], json!({ "_id": 1, "n": 2 }));
    assert_eq!(api.send("DELETE", "/documents/1?id_type=int", Value::Null).await.0, 200);
    assert_eq!(reader.next_of("change").await["change"]["operationType"], "delete");
    drop(reader);

    // Whoever comes back with a token gets what followed it.
    let query = format!("ejson=canonical&resumeAfter={}", encoded(&inserted["resume_token"]));
    let mut reader = Reader::of(&api, &query).await;
    let first = reader.next_of("change").await;
    assert_eq!(first["change"]["documentKey"]["_id"], json!({ "$numberInt": "1" }));
    assert_eq!(first["resume_token"], updated["resume_token"]);
    assert_eq!(reader.next_of("change").await["change"]["operationType"], "delete");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_passes_the_pipeline_is_told() {
    let Some(mut api) = watchable("watched_database").await else { return };
    let collection = api.base.clone();
    api.base = "/databases/studio_multidb_test".to_owned();
    let pipeline = json!([
        { "$match": { "ns.coll": "watched_database", "fullDocument.even": true } },
        { "$project": { "documentKey": 1, "operationType": 1 } },
    ]);
    let query = format!("pipeline={}&batchSize=1", encoded(&pipeline));
    let mut reader = Reader::of(&api, &query).await;
    api.base = collection;
    let documents: Vec<Value> = (0..6).map(|i| json!({ "_id": i, "even": i % 2 == 0 })).collect();
    api.insert(&documents).await;
    for id in [0, 2, 4] {
        let change = reader.next_of("change").await["change"].clone();
        assert_eq!(change["documentKey"], json!({ "_id": id }));
        assert_eq!(change["fullDocument"], Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_collection_ends_its_stream() {
    let Some(api) = watchable("watched_dropped").await else { return };
    api.insert(&[json!({ "_id": 0 })]).await;
    let mut reader = Reader::of(&api, "").await;
    reader.next_of("progress").await;
    api.ok("DELETE", "?confirm=watched_dropped", Value::Null).await;
    assert_eq!(reader.next_of("change").await["change"]["operationType"], "drop");
    let last = reader.next_of("invalidate").await;
    assert!(reader.next().await.unwrap_err().is_none());
    // Its token leads on.
    api.insert(&[json!({ "_id": 1 })]).await;
    let query = format!("startAfter={}", encoded(&last["resume_token"]));
    let mut reader = Reader::of(&api, &query).await;
    assert_eq!(reader.next_of("change").await["change"]["operationType"], "insert");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_stream_tells_newer_tokens() {
    let (_fake, api) =
        scripted(|asked| Some(batch("getMore", 9, [], i32::try_from(asked).unwrap() + 2))).await;
    let mut reader = Reader::of(&api, "").await;
    let first = reader.next().await.unwrap();
    assert_eq!(first, json!({ "type": "progress", "resume_token": { "_data": "00000001" } }));
    let next = reader.next().await.unwrap();
    assert_eq!(next["type"], "progress");
    assert_ne!(next["resume_token"], first["resume_token"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_stops_the_cursor_and_misses_nothing() {
    const EVENTS: i32 = 4000;
    let text = "x".repeat(10_000);
    let (fake, api) = scripted(move |asked| {
        let at = i32::try_from(asked).unwrap() + 2;
        let mut event = event(at);
        event.insert("fullDocument", doc! { "text": &text });
        (at < EVENTS + 2).then(|| reply("getMore", 9, vec![event], Some(token(at))))
    })
    .await;
    let mut reader = Reader::of(&api, "").await;
    reader.next_of("progress").await;
    // The cursor stands still: it was not asked between two looks.
    let mut asked = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = fake.asked("getMore").len();
        if now > 0 && now == asked {
            break;
        }
        asked = now;
    }
    assert!(asked < 1000, "{asked} batches were read for nobody");
    for at in 2..EVENTS + 2 {
        let message = reader.next().await.unwrap();
        assert_eq!(message["change"]["documentKey"]["_id"], at, "{}", message["type"]);
    }
}
