//! The cursors that the API gives out for the next page.

use serde_json::{Value, json};

use crate::api::{Api, api};
use crate::fixtures::encoded;

async fn find(api: &Api, query: &str) -> (u16, Value) {
    api.get(&format!("/documents?{query}")).await
}

/// The order in which a walk is sorted.
fn with_id(sort: &Value) -> Value {
    let mut sort = sort.as_object().unwrap().clone();
    let last = sort.values().next_back().cloned().unwrap_or(json!(1));
    sort.insert("_id".to_owned(), last);
    Value::Object(sort)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_leads_from_page_to_page() {
    let Some(api) = api("walks_http").await else { return };
    let documents: Vec<Value> =
        (0..25).map(|id| json!({ "_id": id, "n": id % 3, "text": "x" })).collect();
    api.insert(&documents).await;
    let asked = format!(
        "limit=10&sort={}&filter={}&projection={}",
        encoded(&json!({ "n": -1 })),
        encoded(&json!({ "_id": { "$gte": 2 } })),
        encoded(&json!({ "_id": 1 })),
    );
    let mut cursor = String::new();
    let mut seen: Vec<i64> = Vec::new();
    for page in 1..=3 {
        let (status, answer) = find(&api, &format!("{asked}&cursor={cursor}")).await;
        assert_eq!(status, 200, "{answer}");
        let data = &answer["data"];
        assert_eq!((&data["page"], &data["total"]), (&json!(page), &json!(23)));
        for document in data["documents"].as_array().unwrap() {
            assert_eq!(document.as_object().unwrap().len(), 1, "only what was asked for");
            seen.push(document["_id"].as_i64().unwrap());
        }
        assert_eq!(data["has_more"], json!(page < 3));
        cursor = data["next_cursor"].as_str().unwrap_or_default().to_owned();
        assert_eq!(cursor.is_empty(), page == 3);
        // What is inserted before the position is on no later page.
        let id = 100 + page;
        api.insert(&[json!({ "_id": id, "n": 9 })]).await;
        api.send("DELETE", &format!("/documents/{id}?id_type=int"), Value::Null).await;
    }
    let mut expected: Vec<i64> = (2..25).collect();
    expected.sort_by_key(|id| (-(id % 3), -id));
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_query_is_refused() {
    let Some(api) = api("walks_refused").await else { return };
    let documents: Vec<Value> = (0..5).map(|id| json!({ "_id": id, "n": id })).collect();
    api.insert(&documents).await;
    let (_, answer) = find(&api, "limit=2&cursor=").await;
    let cursor = answer["data"]["next_cursor"].as_str().unwrap();
    let sort = encoded(&json!({ "n": 1 }));
    for query in [
        format!("cursor={cursor}&sort={sort}"),
        format!("cursor={cursor}&filter={}", encoded(&json!({ "n": 1 }))),
        format!("cursor={cursor}&collation={}", encoded(&json!({ "locale": "de" }))),
        format!("cursor={cursor}&skip=1"),
        "cursor=nonsense".to_owned(),
        format!("cursor=&sort={}", encoded(&json!({ "$natural": 1 }))),
        format!("cursor=&sort={}", encoded(&json!({ "n.0": 1 }))),
    ] {
        let (status, answer) = find(&api, &query).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!("VALIDATION_ERROR")),
            "{query}: {answer}"
        );
    }
    let (status, answer) = find(&api, &format!("cursor={cursor}&limit=1&count=false")).await;
    assert_eq!((status, &answer["data"]["documents"][0]["_id"]), (200, &json!(2)));
    let (_, answer) = find(&api, "limit=2").await;
    assert_eq!(answer["data"]["next_cursor"], Value::Null, "none was asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn projections_show_what_they_show_without_a_cursor() {
    let Some(api) = api("walks_projected").await else { return };
    let documents: Vec<Value> = (0..6)
        .map(|id| {
            json!({
                "_id": id,
                "a": { "b": id % 2, "c": id, "d": [{ "e": 1, "f": 2 }] },
                "t": [1, 2, 3],
                "s": "text",
            })
        })
        .collect();
    api.insert(&documents).await;
    let sorts =
        [json!({ "a.b": 1 }), json!({ "s": -1, "a.c": 1 }), json!({ "a.d.e": 1 }), json!({})];
    for (projection, told) in [
        (json!({ "s": 1 }), true),
        (json!({ "a.c": 1, "_id": 0 }), true),
        (json!({ "a.d.f": 1 }), true),
        (json!({ "a": 0 }), true),
        (json!({ "_id": 0 }), true),
        (json!({ "_id": 1 }), true),
        (json!({ "a.b": 0, "a.d.e": 0, "_id": false }), true),
        (json!({ "s": 1, "t": { "$slice": 1 } }), true),
        (json!({ "t": { "$slice": 1 } }), false),
    ] {
        for sort in &sorts {
            let plain = format!(
                "limit=4&count=false&projection={}&sort={}",
                encoded(&projection),
                encoded(&with_id(sort)),
            );
            let walked = format!(
                "limit=4&count=false&projection={}&sort={}&cursor=",
                encoded(&projection),
                encoded(sort),
            );
            let ((_, plain), (status, walked)) =
                (find(&api, &plain).await, find(&api, &walked).await);
            assert_eq!(status, 200, "{walked}");
            assert_eq!(
                plain["data"]["documents"], walked["data"]["documents"],
                "{projection} sorted by {sort}"
            );
            assert_eq!(walked["data"]["next_cursor"].is_string(), told, "{projection} by {sort}");
        }
    }
}
