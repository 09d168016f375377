//! What is in a collection and how it is found.

use serde_json::{Value, json};

use super::api::api;

#[tokio::test(flavor = "multi_thread")]
async fn a_count_says_how_it_came_about() {
    let Some(api) = api("analysis_count").await else { return };
    api.insert(&(0..10).map(|i| json!({ "_id": i, "even": i % 2 == 0 })).collect::<Vec<_>>()).await;
    let count = async |body| api.send("POST", "/count", body).await;
    let data = async |body| count(body).await.1["data"].clone();
    assert_eq!(data(json!({})).await, json!({ "value": 10, "kind": "estimate" }));
    assert_eq!(data(json!({ "exact": true })).await, json!({ "value": 10, "kind": "exact" }));
    let even = json!({ "filter": { "even": true }, "options": { "hint": { "_id": 1 } } });
    assert_eq!(data(even).await, json!({ "value": 5, "kind": "exact" }));
    assert_eq!(count(json!({ "filter": { "$where": "1" } })).await.0, 403);
    assert_eq!(count(json!({ "query": {} })).await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_different_values_of_a_field_are_listed_up_to_the_limit() {
    let Some(api) = api("analysis_distinct").await else { return };
    api.insert(&[
        json!({ "_id": 1, "a": { "b": 1 } }),
        json!({ "_id": 2, "a": { "b": [1, 2] } }),
        json!({ "_id": 3, "a": { "b": { "$numberLong": "9007199254740993" } } }),
        json!({ "_id": 4 }),
    ])
    .await;
    let distinct = async |body| api.send("POST", "/distinct", body).await;
    let (status, answer) = distinct(json!({ "key": "a.b" })).await;
    assert_eq!(status, 200, "{answer}");
    let long = json!({ "$numberLong": "9007199254740993" });
    let data = &answer["data"];
    assert_eq!(data["values"].as_array().unwrap().len(), 3, "{answer}");
    assert!(data["values"].as_array().unwrap().contains(&long));
    assert_eq!((&data["truncated"], &data["found_by"]), (&json!(false), &json!("distinct")));

    let (_, answer) = distinct(json!({ "key": "a.b", "filter": { "_id": 2 }, "limit": 1 })).await;
    assert_eq!(answer["data"]["values"].as_array().unwrap().len(), 1);
    assert_eq!(answer["data"]["truncated"], true);
    for key in ["", "a..b", "$a", "a.$b"] {
        assert_eq!(distinct(json!({ "key": key })).await.0, 400, "{key:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_is_learned_from_a_sample() {
    let Some(api) = api("analysis_schema").await else { return };
    let documents: Vec<Value> = (0..600)
        .map(|i| {
            let mut document = json!({ "_id": i, "k": i % 3, "tags": ["a", i.to_string()] });
            if i % 2 == 0 {
                document["half"] = json!({ "deep": 1.5 });
            }
            document
        })
        .collect();
    api.insert(&documents).await;
    let schema = async |body| {
        let answer = api.ok("POST", "/schema", body).await;
        answer["data"].clone()
    };
    let whole = schema(json!({})).await;
    assert_eq!((&whole["method"], &whole["ended_by"]), (&json!("random"), &json!("end")));
    assert_eq!((&whole["documents"], &whole["cut"]), (&json!(600), &json!(false)));
    let field = |path: &str| {
        let fields = whole["fields"].as_array().unwrap();
        fields.iter().find(|field| field["path"] == path).unwrap().clone()
    };
    assert_eq!(field("half.deep")["presence"], 0.5);
    assert_eq!(field("half.deep")["presence_in_parent"], 1);
    assert_eq!(field("tags[]")["types"][0]["values"][0]["value"], "a");
    assert_eq!(field("k")["cardinality"], json!({ "value": 3, "kind": "exact" }));
    assert_eq!(field("_id")["cardinality"]["kind"], "estimate");

    let body = json!({ "size": 50, "method": "head", "filter": { "k": 1 }, "values": 0 });
    let part = schema(body).await;
    assert_eq!((&part["documents"], &part["ended_by"]), (&json!(50), &json!("size")));
    for body in [json!({ "size": 0 }), json!({ "paths": 0 }), json!({ "values": 51 })] {
        assert_eq!(api.send("POST", "/schema", body).await.0, 400);
    }
    let gate = json!({ "filter": { "$where": "1" } });
    assert_eq!(api.send("POST", "/schema", gate).await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_can_be_watched_while_it_is_learned() {
    let Some(api) = api("analysis_progress").await else { return };
    api.insert(&(0..400).map(|i| json!({ "_id": i })).collect::<Vec<_>>()).await;
    let records = api.records("POST", "/schema", &json!({ "method": "head" })).await.all().await;
    assert!(records[0]["progress"]["documents"].as_u64().unwrap() > 0);
    assert_eq!(records.last().unwrap()["schema"]["documents"], 400);
}
