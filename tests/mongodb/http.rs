//! The operations as HTTP requests, from the path to the bytes of the answer.

use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

use super::api::api;
use crate::fixtures::encoded;

#[tokio::test(flavor = "multi_thread")]
async fn a_document_goes_in_and_out() {
    let Some(api) = api("http_documents").await else { return };
    let (status, answer) =
        api.send("POST", "/documents", json!({ "document": { "name": "Ada" } })).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer["data"]["inserted_count"], 1);
    let id = answer["data"]["inserted_ids"][0].as_str().unwrap();
    assert_eq!(answer["data"]["ids"][0]["$oid"], id);

    let path = format!("/documents/{id}");
    let (status, answer) = api.get(&path).await;
    assert_eq!((status, &answer["data"]["name"]), (200, &json!("Ada")));

    let update = json!({ "update": { "$set": { "age": 36 } } });
    let answer = api.ok("PUT", &format!("{path}?ejson=canonical"), update).await;
    assert_eq!(answer["data"]["matched_count"], 1);
    assert_eq!(answer["data"]["document"]["age"]["$numberInt"], "36");

    let loaded = answer["data"]["document"].clone();
    let replacement = json!({ "name": "Grace", "age": { "$numberLong": "85" } });
    let replace = json!({ "replacement": replacement, "if_unchanged": loaded });
    api.ok("PUT", &path, replace.clone()).await;
    let (status, answer) = api.send("PUT", &path, replace).await;
    assert_eq!(status, 409, "{answer}");
    assert_eq!(answer["error"]["details"]["current"]["age"]["$numberLong"], "85");
    assert_eq!(answer["error"]["outcome"], "not_applied");

    let (status, answer) = api.send("DELETE", &path, Value::Null).await;
    assert_eq!((status, answer), (200, json!({ "data": { "deleted_count": 1 } })));
    assert_eq!(api.send("DELETE", &path, Value::Null).await.0, 404);
    assert_eq!(api.get(&path).await, (200, json!({ "data": null })));
    let update = json!({ "update": { "$set": { "a": 1 } } });
    assert_eq!(api.send("PUT", &path, update).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_where_it_is() {
    let Some(api) = api("http_pages").await else { return };
    let documents: Vec<Value> = (0..25).map(|i| json!({ "_id": i, "even": i % 2 == 0 })).collect();
    let (status, answer) = api.send("POST", "/documents", json!({ "documents": documents })).await;
    assert_eq!(status, 201, "{answer}");

    let (_, answer) = api.get("/documents").await;
    let page = &answer["data"];
    assert_eq!(page["documents"].as_array().unwrap().len(), 20);
    assert_eq!((&page["page"], &page["page_size"]), (&json!(1), &json!(20)));
    assert_eq!((&page["has_more"], &page["truncated"]), (&json!(true), &json!(false)));
    assert_eq!((&page["total"], &page["count"]["kind"]), (&json!(25), &json!("estimate")));

    let query = format!(
        "filter={}&sort={}&projection={}&limit=5&skip=10",
        encoded(&json!({ "even": true })),
        encoded(&json!({ "_id": -1 })),
        encoded(&json!({ "even": 0 })),
    );
    let (_, answer) = api.get(&format!("/documents?{query}")).await;
    let page = &answer["data"];
    assert_eq!(page["documents"], json!([{ "_id": 4 }, { "_id": 2 }, { "_id": 0 }]));
    assert_eq!((&page["page"], &page["has_more"]), (&json!(3), &json!(false)));
    assert_eq!(page["count"], json!({ "value": 13, "kind": "exact" }));

    for query in
        ["limit=0", "limit=1001", "skip=-1", "filter=%7B", "filter=%5B%5D", "fliter=%7B%7D"]
    {
        let (status, answer) = api.get(&format!("/documents?{query}")).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!("VALIDATION_ERROR")),
            "{query}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_survives_being_loaded_and_saved() {
    let Some(api) = api("http_types").await else { return };
    let document = json!({
        "_id": { "$binary": { "base64": "AAECAwQFBgcICQoLDA0ODw==", "subType": "03" } },
        "__proto__": { "a": { "$numberInt": "1" } },
        "long": { "$numberLong": "9007199254740993" },
        "double": { "$numberDouble": "1.0" },
        "zero": { "$numberDouble": "-0.0" },
        "nan": { "$numberDouble": "NaN" },
        "decimal": { "$numberDecimal": "1.200" },
        "early": { "$date": { "$numberLong": "-1" } },
        "code": { "$code": "x", "$scope": { "y": { "$numberInt": "1" } } },
        "regex": { "$regularExpression": { "pattern": "^a", "options": "im" } },
        "stamp": { "$timestamp": { "t": 1, "i": 2 } },
        "min": { "$minKey": 1 },
        "max": { "$maxKey": 1 },
        "ref": { "$ref": "c", "$id": { "$oid": "0123456789abcdef01234567" } },
        "a.b": null,
    });
    let (status, answer) = api.send("POST", "/documents", json!({ "document": document })).await;
    assert_eq!(status, 201, "{answer}");
    let id = document["_id"].to_string();
    let segment = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(id);
    let path = format!("/documents/{segment}?encoding=base64url&ejson=canonical");
    let (status, text) = api.text("GET", &path, "").await;
    assert_eq!(status, 200);
    assert_eq!(text, json!({ "data": document }).to_string());
    let save = json!({ "replacement": document });
    let answer = api.ok("PUT", &path, save).await;
    assert_eq!(answer["data"]["document"], document);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gate_refuses_is_not_sent() {
    let Some(api) = api("http_gate").await else { return };
    let filter = format!("filter={}", encoded(&json!({ "$or": [{ "$where": "1" }] })));
    let (status, answer) = api.get(&format!("/documents?{filter}")).await;
    assert_eq!((status, &answer["error"]["code"]), (403, &json!("OPERATION_NOT_ALLOWED")));
    let body = json!({ "pipeline": [{ "$out": "elsewhere" }] });
    let (status, answer) = api.send("POST", "/aggregate", body).await;
    assert_eq!(status, 403);
    assert!(answer["message"].as_str().unwrap().contains("confirm"), "{answer}");
    let system = "/databases/studio_multidb_test/collections/system.js/documents";
    let body = json!({ "document": { "_id": 1 } });
    assert_eq!(api.at("POST", system, body).await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_answers_with_a_list() {
    let Some(api) = api("http_aggregate").await else { return };
    let documents: Vec<Value> = (0..1200).map(|i| json!({ "_id": i, "k": i % 3 })).collect();
    api.send("POST", "/documents", json!({ "documents": documents })).await;
    let group = json!([
        { "$group": { "_id": "$k", "n": { "$sum": 1 } } },
        { "$sort": { "_id": 1 } },
    ]);
    let options = json!({ "allowDiskUse": true, "maxTimeMS": 5000 });
    let body = json!({ "pipeline": group, "options": options });
    let answer = api.ok("POST", "/aggregate", body).await;
    let expected = json!([{ "_id": 0, "n": 400 }, { "_id": 1, "n": 400 }, { "_id": 2, "n": 400 }]);
    assert_eq!(answer["data"], expected);

    let (status, answer) = api.send("POST", "/aggregate", json!({ "pipeline": [] })).await;
    assert_eq!((status, &answer["error"]["code"]), (413, &json!("PAYLOAD_TOO_LARGE")));
    let body = json!({ "pipeline": [], "limit": 3 });
    let (status, answer) = api.send("POST", "/aggregate", body).await;
    assert_eq!((status, answer["data"].as_array().unwrap().len()), (200, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_has_the_documented_shapes() {
    let Some(api) = api("http_catalog").await else { return };
    api.send("POST", "/documents", json!({ "document": { "a": 1 } })).await;
    let (status, answer) = api.at("GET", "/databases", Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    let databases = answer["data"].as_array().unwrap();
    let ours = databases.iter().find(|d| d["name"] == "studio_multidb_test").unwrap();
    assert!(ours["size_on_disk"].is_number() && ours["collections"].as_u64().unwrap() > 0);

    let path = "/databases/studio_multidb_test/collections";
    // Sizes have a budget, and a server that runs other tests as well may not keep it at once.
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let (status, answer) = api.at("GET", path, Value::Null).await;
        assert_eq!(status, 200, "{answer}");
        let collections = answer["data"].as_array().unwrap();
        let ours = collections.iter().find(|c| c["name"] == "http_catalog").unwrap();
        assert_eq!(ours["type"], "collection");
        if ours["info"]["count"] == 1 {
            break;
        }
        assert!(ours["info"]["count"].is_null() && Instant::now() < deadline, "{answer}");
    }
    let query = "databaseName=studio_multidb_test";
    assert_eq!(api.at("GET", &format!("/collections?{query}"), Value::Null).await.0, 200);

    let (status, answer) = api.at("GET", "/databases/studio_multidb_test/stats", Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["data"]["objects"].as_u64().unwrap() > 0);
    let (_, answer) = api.at("GET", &format!("/stats?{query}"), Value::Null).await;
    assert_eq!(answer["data"]["db"], "studio_multidb_test");
    let query = "databaseName=studio_multidb_test&collection=http_catalog&limit=1";
    let (_, answer) = api.at("GET", &format!("/documents?{query}"), Value::Null).await;
    assert_eq!(answer["data"]["total"], 1);
}
