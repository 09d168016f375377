//! Databases and collections, through HTTP.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::api::{Api, api};

/// How a collection is listed. Sizes have a budget, which a server that runs other tests as well may
/// not keep at once.
async fn entry(api: &Api, db: &str, coll: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let path = format!("/databases/{db}/collections");
        let (status, answer) = api.at("GET", &path, Value::Null).await;
        assert_eq!(status, 200, "{answer}");
        let entries = answer["data"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["name"] == coll).cloned();
        let entry = entry.unwrap_or(Value::Null);
        let is_told = entry.is_null() || entry["kind"] == "view" || !entry["info"].is_null();
        if is_told || Instant::now() > deadline {
            return entry;
        }
    }
}

async fn create(api: &Api, name: &str, options: Value) -> (u16, Value) {
    let path = "/databases/studio_multidb_test/collections";
    api.at("POST", path, json!({ "name": name, "options": options })).await
}

/// Removes a collection if it is there.
async fn remove(api: &Api, name: &str) {
    let path = format!("/databases/studio_multidb_test/collections/{name}");
    let (status, answer) = api.at("DELETE", &format!("{path}?confirm={name}"), Value::Null).await;
    assert!(status == 200 || status == 404, "{name} was not removed: {answer}");
}

async fn patch(api: &Api, name: &str, body: Value) -> (u16, Value) {
    let path = format!("/databases/studio_multidb_test/collections/{name}");
    api.at("PATCH", &path, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_made_with_its_first_collection_and_dropped_by_its_exact_name() {
    let Some(api) = api("catalog_databases").await else { return };
    let (db, path) = ("studio_multidb_made", "/databases/studio_multidb_made");
    api.at("DELETE", &format!("{path}?confirm=studio_multidb_made"), Value::Null).await;

    let body =
        json!({ "name": db, "collection": "first", "options": { "capped": true, "size": 4096 } });
    let (status, answer) = api.at("POST", "/databases", body.clone()).await;
    assert_eq!((status, &answer["data"]["collection"]), (201, &json!("first")), "{answer}");
    assert_eq!(entry(&api, db, "first").await["kind"], "capped");
    let same = json!({ "name": "Studio_Multidb_Made", "collection": "x" });
    for body in [body, same] {
        let (status, answer) = api.at("POST", "/databases", body).await;
        assert_eq!((status, &answer["error"]["code"]), (409, &json!("CONFLICT")), "{answer}");
    }

    for query in ["", "confirm=", "confirm=Studio_multidb_made"] {
        let (status, answer) = api.at("DELETE", &format!("{path}?{query}"), Value::Null).await;
        assert_eq!(status, 403, "{answer}");
        assert_eq!(answer["error"]["outcome"], "not_applied");
    }
    let query = "confirm=studio_multidb_made";
    let (status, answer) = api.at("DELETE", &format!("{path}?{query}"), Value::Null).await;
    assert_eq!((status, answer), (200, json!({ "data": { "dropped": db } })));
    assert_eq!(api.at("DELETE", &format!("{path}?{query}"), Value::Null).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_that_servers_need_are_not_dropped() {
    let Some(api) = api("catalog_needed").await else { return };
    for db in ["admin", "config", "local"] {
        let query = format!("confirm={db}");
        let (status, answer) =
            api.at("DELETE", &format!("/databases/{db}?{query}"), Value::Null).await;
        assert_eq!((status, &answer["error"]["code"]), (403, &json!("OPERATION_NOT_ALLOWED")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_are_listed_page_by_page_with_or_without_sizes() {
    let Some(api) = api("catalog_pages").await else { return };
    api.insert(&[json!({ "a": 1 })]).await;
    let (_, answer) = api.at("GET", "/databases?info=false", Value::Null).await;
    let all = answer["data"].as_array().unwrap().clone();
    assert!(all.iter().all(|entry| entry["size_on_disk"].is_null()), "{all:?}");
    let mut paged = Vec::new();
    loop {
        let after = paged.last().map(|entry: &Value| entry["name"].as_str().unwrap().to_owned());
        let query = after.map_or("limit=1&info=false".into(), |after| {
            format!("limit=1&info=false&after={after}")
        });
        let (_, answer) = api.at("GET", &format!("/databases?{query}"), Value::Null).await;
        match answer["data"].as_array().unwrap().as_slice() {
            [] => break,
            [entry] => paged.push(entry.clone()),
            more => panic!("{more:?}"),
        }
    }
    // Other tests make and drop databases meanwhile.
    assert!(paged.iter().any(|entry| entry["name"] == "studio_multidb_test"), "{paged:?}");
    assert_eq!(api.at("GET", "/databases?limit=1001", Value::Null).await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_collection_is_made_and_told_apart() {
    let Some(api) = api("catalog_kinds").await else { return };
    let kinds = [
        ("made_plain", json!({}), "collection"),
        ("made_capped", json!({ "capped": true, "size": 4096, "max": 10 }), "capped"),
        (
            "made_series",
            json!({
                "timeseries": { "timeField": "t", "metaField": "m", "granularity": "minutes" },
                "expireAfterSeconds": 3600,
            }),
            "timeseries",
        ),
        (
            "made_clustered",
            json!({ "clusteredIndex": { "key": { "_id": 1 }, "unique": true, "name": "by_id" } }),
            "collection",
        ),
        ("made_collated", json!({ "collation": { "locale": "de", "strength": 1 } }), "collection"),
        (
            "made_images",
            json!({ "changeStreamPreAndPostImages": { "enabled": true } }),
            "collection",
        ),
        (
            "made_view",
            json!({ "viewOn": "catalog_kinds", "pipeline": [{ "$match": { "a": 1 } }] }),
            "view",
        ),
    ];
    for (name, options, kind) in kinds {
        remove(&api, name).await;
        let (status, answer) = create(&api, name, options.clone()).await;
        assert_eq!((status, &answer["data"]["name"]), (201, &json!(name)), "{answer}");
        let (status, _) = create(&api, name, options).await;
        assert_eq!(status, 409, "{name} is there already");
        let entry = entry(&api, "studio_multidb_test", name).await;
        assert_eq!(entry["kind"], kind, "{entry}");
        assert_eq!(entry["info"].is_null(), kind == "view", "{entry}");
        remove(&api, name).await;
        let path = format!("/databases/studio_multidb_test/collections/{name}");
        let (status, _) = api.at("DELETE", &format!("{path}?confirm={name}"), Value::Null).await;
        assert_eq!(status, 404, "{name} is gone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_do_not_fit_together_are_refused_before_they_are_sent() {
    let Some(api) = api("catalog_refused").await else { return };
    let series = json!({ "timeField": "t" });
    let refused = [
        json!({ "capped": true }),
        json!({ "capped": true, "size": 0 }),
        json!({ "size": 4096 }),
        json!({ "max": 3 }),
        json!({ "capped": true, "size": 4096, "timeseries": series }),
        json!({ "timeseries": series, "validator": {} }),
        json!({ "timeseries": { "timeField": "a.b" } }),
        json!({ "timeseries": { "timeField": "t", "metaField": "t" } }),
        json!({ "timeseries": { "timeField": "t", "bucketMaxSpanSeconds": 60 } }),
        json!({ "timeseries": { "timeField": "t", "granularity": "days" } }),
        json!({ "expireAfterSeconds": 1 }),
        json!({ "timeseries": series, "expireAfterSeconds": -1 }),
        json!({ "clusteredIndex": { "key": { "a": 1 }, "unique": true } }),
        json!({ "clusteredIndex": { "key": { "_id": 1 }, "unique": false } }),
        json!({ "pipeline": [] }),
        json!({ "viewOn": "a", "validator": { "a": 1 } }),
        json!({ "validationLevel": "loose" }),
        json!({ "validator": { "$near": [1, 2] } }),
        json!({ "collation": { "strength": 1 } }),
        json!({ "collation": { "locale": "de", "strenght": 1 } }),
        json!({ "cappped": true }),
    ];
    for options in refused {
        let (status, answer) = create(&api, "refused", options.clone()).await;
        let code = &answer["error"]["code"];
        assert_eq!((status, code), (400, &json!("VALIDATION_ERROR")), "{options}: {answer}");
    }
    let forbidden = [
        json!({ "validator": { "$expr": { "$function": { "body": "", "args": [], "lang": "js" } } } }),
        json!({ "validator": { "$or": [{ "$where": "true" }] } }),
        json!({ "viewOn": "a", "pipeline": [{ "$out": "b" }] }),
        json!({ "viewOn": "a", "pipeline": [{ "$lookup": { "from": "b", "pipeline": [{ "$merge": "c" }], "as": "d" } }] }),
        json!({ "viewOn": "a", "pipeline": [{ "$changeStream": {} }] }),
        json!({ "viewOn": "a", "pipeline": [{ "$documents": [] }] }),
        json!({ "viewOn": "a", "pipeline": [{ "$lookup": { "from": { "db": "b", "coll": "c" }, "as": "d" } }] }),
    ];
    for options in forbidden {
        let (status, answer) = create(&api, "refused", options.clone()).await;
        let code = &answer["error"]["code"];
        assert_eq!((status, code), (403, &json!("OPERATION_NOT_ALLOWED")), "{options}: {answer}");
    }
    for name in ["", "a$b", ".a", "system.js"] {
        assert!([400, 403].contains(&create(&api, name, json!({})).await.0), "{name:?}");
    }
    assert!(entry(&api, "studio_multidb_test", "refused").await.is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_is_renamed_in_its_database_and_replaces_another_only_when_told() {
    let Some(api) = api("catalog_rename").await else { return };
    api.insert(&[json!({ "_id": 1 })]).await;
    for name in ["renamed", "in_the_way"] {
        remove(&api, name).await;
    }
    create(&api, "in_the_way", json!({})).await;

    let (status, answer) = patch(&api, "catalog_rename", json!({ "rename": "in_the_way" })).await;
    assert_eq!((status, &answer["error"]["outcome"]), (409, &json!("not_applied")), "{answer}");
    let elsewhere = json!({ "rename": "renamed", "to_db": "another" });
    let (status, answer) = patch(&api, "catalog_rename", elsewhere).await;
    assert_eq!((status, &answer["error"]["code"]), (403, &json!("OPERATION_NOT_ALLOWED")));
    assert!(answer["message"].as_str().unwrap().contains("another database"), "{answer}");

    let (status, answer) = patch(&api, "catalog_rename", json!({ "rename": "renamed" })).await;
    assert_eq!((status, &answer["data"]["collection"]["name"]), (200, &json!("renamed")));
    let replace = json!({ "rename": "in_the_way", "drop_target": true });
    assert_eq!(patch(&api, "renamed", replace.clone()).await.0, 403, "not confirmed");
    let mut replace = replace;
    replace["confirm"] = json!("in_the_way");
    let (status, answer) = patch(&api, "renamed", replace).await;
    assert_eq!(status, 200, "{answer}");
    let documents = "/databases/studio_multidb_test/collections/in_the_way/documents";
    assert_eq!(
        api.at("GET", documents, Value::Null).await.1["data"]["documents"],
        json!([{ "_id": 1 }])
    );
    assert_eq!(patch(&api, "renamed", json!({ "rename": "again" })).await.0, 404);
    remove(&api, "in_the_way").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_is_tried_on_the_documents_that_are_there_before_it_is_set() {
    let Some(api) = api("catalog_validator").await else { return };
    api.insert(&[json!({ "_id": 1, "a": 1 }), json!({ "_id": 2 }), json!({ "_id": 3, "a": "x" })])
        .await;
    let schema = json!({ "$jsonSchema": {
        "required": ["a"], "properties": { "a": { "bsonType": "number" } },
    } });
    let body = json!({ "validator": schema, "limit": 1 });
    let answer = api.ok("POST", "/validate", body).await;
    assert_eq!(answer["data"]["valid"], false);
    assert_eq!(answer["data"]["violating"], json!({ "value": 2, "kind": "exact" }));
    assert_eq!(answer["data"]["documents"], json!([{ "_id": 2 }]));
    let every = json!({ "validator": {} });
    let (_, answer) = api.send("POST", "/validate", every).await;
    assert_eq!(
        (&answer["data"]["valid"], &answer["data"]["documents"]),
        (&json!(true), &json!([]))
    );
    let code = json!({ "validator": { "$where": "true" } });
    assert_eq!(api.send("POST", "/validate", code).await.0, 403);

    let options =
        json!({ "validator": schema, "validationLevel": "strict", "validationAction": "error" });
    let strict = json!({ "options": options, "if_valid": true });
    let (status, answer) = patch(&api, "catalog_validator", strict.clone()).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("CONFLICT")), "{answer}");
    assert_eq!(answer["error"]["details"]["document"], json!({ "_id": 2 }));
    let options = entry(&api, "studio_multidb_test", "catalog_validator").await["options"].clone();
    assert!(options.get("validator").is_none(), "{options}");

    for id in [2, 3] {
        api.send("DELETE", &format!("/documents/{id}?id_type=int"), Value::Null).await;
    }
    let (status, answer) = patch(&api, "catalog_validator", strict).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["data"]["collection"]["options"]["validationLevel"], "strict");
    let (status, answer) =
        api.send("POST", "/documents", json!({ "document": { "_id": 4 } })).await;
    assert_eq!(
        (status, &answer["error"]["details"]["write_errors"][0]["code"]),
        (400, &json!(121))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_must_be_one_thing_and_possible() {
    let Some(api) = api("catalog_changes").await else { return };
    let refused = [
        json!({}),
        json!({ "options": {} }),
        json!({ "options": { "timeseries": {} } }),
        json!({ "options": { "viewOn": "a" } }),
        json!({ "options": { "cappedSize": 0 } }),
        json!({ "options": { "expireAfterSeconds": "never" } }),
        json!({ "rename": "catalog_changes" }),
        json!({ "rename": "x", "options": { "validator": {} } }),
        json!({ "index": { "name": "*", "hidden": true } }),
        json!({ "index": { "name": "a_1" } }),
        json!({ "index": { "name": "a_1", "unique": false } }),
    ];
    for body in refused {
        let (status, answer) = patch(&api, "catalog_changes", body.clone()).await;
        assert_eq!(status, 400, "{body}: {answer}");
    }
    let hidden = json!({ "index": { "name": "_id_", "hidden": true } });
    assert_eq!(patch(&api, "catalog_changes", hidden).await.0, 403);
    let capped = json!({ "convert_to_capped": 4096 });
    assert_eq!(patch(&api, "catalog_changes", capped).await.0, 403, "not confirmed");
}
