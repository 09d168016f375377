//! What is in a collection and how it is found.

use serde_json::json;

use super::api::api;

#[tokio::test(flavor = "multi_thread")]
async fn a_count_says_how_it_came_about() {
    let Some(api) = api("analysis_count").await else { return };
    api.insert(&(0..10).map(|i| json!({ "_id": i, "even": i % 2 == 0 })).collect::<Vec<_>>()).await;
    let count = async |body| api.send("POST", "/count", "", Some(body)).await;
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
    let distinct = async |body| api.send("POST", "/distinct", "", Some(body)).await;
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
