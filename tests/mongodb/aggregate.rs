//! Pipelines: how they are run, and that a stream of their result ends when its reader leaves.

use serde_json::{Value, json};
use studio_multidb::api::http::handle;
use studio_multidb::request::reply::Body;

use super::api::{Api, api};
use crate::fixtures::{accepting, eventually, stream};

fn numbered(count: u32) -> Vec<Value> {
    (0..count).map(|i| json!({ "_id": i, "k": i % 3, "text": "x".repeat(200) })).collect()
}

/// The documents of a streamed answer, or how it was cut off.
async fn streamed(api: &Api, body: Value) -> (u16, Result<Vec<Value>, String>) {
    let request = accepting("application/x-ndjson", api.request("POST", "/aggregate", &body));
    let response = handle(&api.service, request).await;
    let mut feed = match response.body {
        Body::Stream(feed) => feed,
        Body::Whole(body) => return (response.status, Err(String::from_utf8(body).unwrap())),
    };
    let mut text = Vec::new();
    while let Some(chunk) = feed.next().await {
        match chunk {
            Ok(chunk) => text.extend(chunk),
            Err(error) => return (response.status, Err(error.to_string())),
        }
    }
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    (response.status, Ok(lines.map(|line| serde_json::from_slice(line).unwrap()).collect()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_of_any_size_is_streamed_document_by_document() {
    let Some(api) = api("aggregate_stream").await else { return };
    api.insert(&numbered(3000)).await;
    let pipeline = json!([{ "$sort": { "_id": 1 } }, { "$project": { "k": 1 } }]);
    let (status, documents) = streamed(&api, json!({ "pipeline": pipeline })).await;
    let documents = documents.unwrap();
    assert_eq!((status, documents.len()), (200, 3000));
    assert_eq!(documents[2999], json!({ "_id": 2999, "k": 2 }));

    let body = json!({ "pipeline": pipeline, "limit": 5, "ejson": "canonical" });
    let documents = streamed(&api, body).await.1.unwrap();
    assert_eq!(documents.len(), 5);
    assert_eq!(documents[1]["_id"], json!({ "$numberInt": "1" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_pipeline_is_told_before_its_stream_begins() {
    let Some(api) = api("aggregate_wrong").await else { return };
    api.insert(&numbered(1)).await;
    let (status, answer) = streamed(&api, json!({ "pipeline": [{ "$match": 1 }] })).await;
    assert_eq!(status, 400, "{answer:?}");
    assert!(answer.unwrap_err().contains("DB_QUERY_ERROR"));
    let (status, _) = streamed(&api, json!({ "pipeline": [{ "$surprise": {} }] })).await;
    assert_eq!(status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_a_stream_gives_its_connection_back() {
    let Some(api) = api("aggregate_leave").await else { return };
    api.insert(&numbered(5000)).await;
    let request = api.request("POST", "/aggregate", &json!({ "pipeline": [] }));
    let request = accepting("application/x-ndjson", request);
    let mut feed = stream(handle(&api.service, request).await);
    assert!(feed.next().await.unwrap().unwrap().len() >= 64 * 1024);
    drop(feed);
    eventually("the end of the stream's work", async || {
        api.service.pools.status().iter().all(|pool| pool.leases == 0)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn options_reach_the_server_and_unknown_ones_are_refused() {
    let Some(api) = api("aggregate_options").await else { return };
    api.insert(&[json!({ "_id": 1, "n": 1 }), json!({ "_id": 2, "n": 5 })]).await;
    let pipeline = json!([{ "$match": { "$expr": { "$gt": ["$n", "$$least"] } } }]);
    let options = json!({
        "let": { "least": 3 },
        "allowDiskUse": true,
        "maxTimeMS": 5000,
        "hint": "_id_",
        "readPreference": "primaryPreferred",
        "readConcern": "local",
    });
    let body = json!({ "pipeline": pipeline, "options": options });
    let answer = api.ok("POST", "/aggregate", body).await;
    assert_eq!(answer["data"], json!([{ "_id": 2, "n": 5 }]));

    for options in [
        json!({ "maxTimeMs": 5000 }),
        json!({ "collation": { "locale": "de", "strenght": 1 } }),
        json!({ "readPreference": "fastest" }),
        json!({ "readConcern": "certain" }),
        json!({ "let": { "a": { "$function": { "body": "", "args": [], "lang": "js" } } } }),
    ] {
        let body = json!({ "pipeline": [], "options": options });
        let (status, answer) = api.send("POST", "/aggregate", body).await;
        assert!(matches!(status, 400 | 403), "{options} was answered with {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_asked_what_needs_no_collection() {
    let Some(api) = api("aggregate_database").await else { return };
    let path = "/databases/studio_multidb_test/aggregate";
    let body = json!({ "pipeline": [{ "$documents": [{ "a": 1 }, { "a": 2 }] }] });
    let (status, answer) = api.at("POST", path, body.clone()).await;
    assert_eq!((status, &answer["data"]), (200, &json!([{ "a": 1 }, { "a": 2 }])), "{answer}");
    // What is for a collection is not for a database, and the other way round.
    assert_eq!(api.send("POST", "/aggregate", body).await.0, 403);
    let body = json!({ "pipeline": [{ "$match": {} }] });
    assert_eq!(api.at("POST", path, body).await.0, 403);
    let body = json!({ "pipeline": [{ "$currentOp": {} }] });
    let (status, answer) = api.at("POST", "/databases/admin/aggregate", body).await;
    assert_eq!(status, 200, "{answer}");
}
