//! What each stage of a pipeline does, shown on a sample.

use serde_json::{Value, json};

use super::api::{Api, api};

async fn preview(api: &Api, body: Value) -> Value {
    let answer = api.ok("POST", "/aggregate/preview", body).await;
    answer["data"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_stage_shows_its_documents_and_how_many_there_are() {
    let Some(api) = api("preview_stages").await else { return };
    api.insert(&(0..500).map(|i| json!({ "_id": i, "k": i % 5 })).collect::<Vec<_>>()).await;
    let pipeline = json!([
        { "$match": { "k": { "$lt": 3 } } },
        { "$set": { "double": { "$multiply": ["$_id", 2] } } },
        { "$group": { "_id": "$k", "n": { "$sum": 1 } } },
        { "$sort": { "_id": 1 } },
    ]);
    let body = json!({ "pipeline": pipeline, "sample": 100, "limit": 4 });
    let shown = preview(&api, body).await;
    let sample = json!({ "size": 100, "after": 1, "documents": 100, "whole": false });
    assert_eq!(shown["sample"], sample);
    let stages = shown["stages"].as_array().unwrap();
    let names: Vec<&Value> = stages.iter().map(|stage| &stage["stage"]).collect();
    assert_eq!(names, ["$match", "$set", "$group", "$sort"]);
    assert_eq!(stages[0]["documents"].as_array().unwrap().len(), 4);
    assert_eq!((&stages[0]["count"], &stages[0]["has_more"]), (&json!(100), &json!(true)));
    assert_eq!(stages[1]["documents"][1]["double"], 2);
    assert_eq!(stages[3]["count"], 3);
    assert!(stages.iter().all(|stage| stage["error"].is_null() && stage["ms"].is_number()));
    assert!(stages[1]["misleading"].is_null());
    assert!(stages[2]["misleading"].is_string() && stages[3]["misleading"].is_string());

    // A sample that holds everything misleads about nothing.
    let shown = preview(&api, json!({ "pipeline": pipeline })).await;
    assert_eq!(shown["sample"]["whole"], true);
    let stages = shown["stages"].as_array().unwrap();
    assert!(stages.iter().all(|stage| stage["misleading"].is_null()));
    assert_eq!(stages[2]["count"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_at_its_stage() {
    let Some(api) = api("preview_failure").await else { return };
    api.insert(&[json!({ "_id": 1, "n": 0 })]).await;
    let pipeline = json!([
        { "$set": { "a": 1 } },
        { "$set": { "b": { "$divide": [1, "$n"] } } },
        { "$set": { "c": 1 } },
    ]);
    let shown = preview(&api, json!({ "pipeline": pipeline })).await;
    let stages = shown["stages"].as_array().unwrap();
    assert_eq!(stages[0]["documents"], json!([{ "_id": 1, "n": 0, "a": 1 }]));
    assert_eq!(stages[1]["error"]["code"], "DB_QUERY_ERROR");
    assert_eq!(stages[2]["skipped"], "a stage before it failed");

    let pipeline = json!([{ "$set": { "a": 1 } }, { "$surprise": {} }]);
    let (status, answer) =
        api.send("POST", "/aggregate/preview", json!({ "pipeline": pipeline })).await;
    assert_eq!((status, &answer["error"]["details"]["stage"]), (403, &json!(1)), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_that_writes_is_left_out() {
    let Some(api) = api("preview_writes").await else { return };
    api.insert(&[json!({ "_id": 1 })]).await;
    let pipeline = json!([{ "$match": {} }, { "$out": "preview_written" }]);
    let shown = preview(&api, json!({ "pipeline": pipeline })).await;
    assert_eq!(shown["stages"][1]["skipped"], "it writes");
    let written = "/databases/studio_multidb_test/collections/preview_written/count";
    let (_, answer) = api.at("POST", written, json!({})).await;
    assert_eq!(answer["data"]["value"], 0);
    assert_eq!(preview(&api, json!({ "pipeline": [] })).await["stages"], json!([]));
    for body in [json!({ "pipeline": [], "sample": 0 }), json!({ "pipeline": [], "limit": 101 })] {
        assert_eq!(api.send("POST", "/aggregate/preview", body).await.0, 400);
    }
}
