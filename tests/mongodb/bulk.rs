//! Many writes in one request.

use serde_json::{Value, json};

use super::api::{Api, api};

async fn bulk(api: &Api, body: Value) -> (u16, Value) {
    api.send("POST", "/documents/bulk", body).await
}

async fn all(api: &Api) -> Value {
    let query = "sort=%7B%22_id%22%3A1%7D&limit=1000";
    let (_, answer) = api.get(&format!("/documents?{query}")).await;
    answer["data"]["documents"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_of_all_kinds_are_made_in_their_order() {
    let Some(api) = api("bulk_mixed").await else { return };
    let (status, answer) = bulk(
        &api,
        json!({ "bulkWrite": [
            { "insertOne": { "document": { "_id": 1, "n": 1 } } },
            { "insertOne": { "document": { "_id": 2, "n": 1, "tags": [1, 5] } } },
            { "insertOne": { "document": { "_id": 3, "n": 1 } } },
            { "updateOne": { "filter": { "_id": 1 }, "update": { "$inc": { "n": 1 } } } },
            { "updateMany": { "filter": { "n": 1 }, "update": [{ "$set": { "m": "$n" } }] } },
            { "updateOne": {
                "filter": { "_id": 2 },
                "update": { "$set": { "tags.$[high]": 9 } },
                "arrayFilters": [{ "high": { "$gt": 3 } }],
            } },
            { "replaceOne": { "filter": { "_id": 4 }, "replacement": { "r": 1 }, "upsert": true } },
            { "deleteOne": { "filter": { "_id": 3 } } },
        ] }),
    )
    .await;
    assert_eq!(status, 200, "{answer}");
    let told = json!({
        "inserted_count": 3,
        "matched_count": 4,
        "modified_count": 4,
        "deleted_count": 1,
        "inserted": [
            { "index": 0, "_id": { "$numberInt": "1" } },
            { "index": 1, "_id": { "$numberInt": "2" } },
            { "index": 2, "_id": { "$numberInt": "3" } },
        ],
        "upserted": [{ "index": 6, "_id": { "$numberInt": "4" } }],
    });
    assert_eq!(answer["data"], told);
    let stored = json!([{ "_id": 1, "n": 2 }, { "_id": 2, "n": 1, "tags": [1, 9], "m": 1 }, { "_id": 4, "r": 1 }]);
    assert_eq!(all(&api).await, stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_says_which_writes_failed_and_what_was_written() {
    let Some(api) = api("bulk_failing").await else { return };
    let writes = json!([
        { "insertOne": { "document": { "_id": 1 } } },
        { "insertOne": { "document": { "_id": 1 } } },
        { "updateOne": { "filter": { "_id": 1 }, "update": { "$set": { "a": 1 } } } },
        { "insertOne": { "document": { "_id": 2 } } },
        { "updateOne": { "filter": { "_id": 2 }, "update": { "$set": { "_id": 7 } } } },
    ]);
    let (status, answer) = bulk(&api, json!({ "bulkWrite": writes })).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("CONFLICT")), "{answer}");
    assert_eq!(answer["error"]["outcome"], "applied");
    let details = &answer["error"]["details"];
    assert_eq!(details["write_errors"].as_array().unwrap().len(), 1);
    assert_eq!(details["write_errors"][0]["index"], 1);
    assert_eq!(details["write_errors"][0]["code"], 11000);
    assert_eq!((&details["inserted_count"], &details["modified_count"]), (&json!(1), &json!(0)));
    assert_eq!(all(&api).await, json!([{ "_id": 1 }]));

    let (status, answer) = bulk(&api, json!({ "bulkWrite": writes, "ordered": false })).await;
    assert_eq!(status, 409, "{answer}");
    let details = &answer["error"]["details"];
    let indexes: Vec<&Value> =
        details["write_errors"].as_array().unwrap().iter().map(|e| &e["index"]).collect();
    assert_eq!(indexes, [0, 1, 4]);
    assert_eq!(details["inserted_indexes"], json!([3]));
    assert_eq!(details["modified_count"], 1);
    assert_eq!(all(&api).await, json!([{ "_id": 1, "a": 1 }, { "_id": 2 }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_to_everything_must_be_confirmed() {
    let Some(api) = api("bulk_everything").await else { return };
    api.insert(&[json!({ "_id": 1, "a": 1 }), json!({ "_id": 2 }), json!({ "_id": 3 })]).await;
    for filter in [json!({}), json!({ "$and": [{}] }), json!({ "_id": { "$exists": true } })] {
        for write in [
            json!({ "deleteMany": { "filter": filter } }),
            json!({ "updateMany": { "filter": filter, "update": { "$set": { "a": 2 } } } }),
            json!({ "bulkWrite": [
                { "insertOne": { "document": { "_id": 9 } } },
                { "deleteMany": { "filter": filter } },
            ] }),
        ] {
            let (status, answer) = bulk(&api, write).await;
            assert_eq!(
                (status, &answer["error"]["code"]),
                (403, &json!("OPERATION_NOT_ALLOWED")),
                "{answer}"
            );
        }
    }
    assert_eq!(all(&api).await.as_array().unwrap().len(), 3);

    let preview = json!({ "deleteMany": { "filter": {} }, "dry_run": true, "sample": 2 });
    let (status, answer) = bulk(&api, preview).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["data"]["writes"][0]["matched"]["value"], 3);
    assert_eq!(answer["data"]["writes"][0]["sample"].as_array().unwrap().len(), 2);
    assert_eq!(all(&api).await.as_array().unwrap().len(), 3);

    let change = json!({ "filter": { "a": 1 }, "update": { "$set": { "a": 2 } } });
    let (_, answer) = bulk(&api, json!({ "updateMany": change })).await;
    assert_eq!(answer["data"]["modified_count"], 1);
    let (status, answer) =
        bulk(&api, json!({ "deleteMany": { "filter": {} }, "confirm": true })).await;
    assert_eq!((status, &answer["data"]["deleted_count"]), (200, &json!(3)), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_writes_go_in_several_commands() {
    let Some(api) = api("bulk_thousands").await else { return };
    let writes: Vec<Value> =
        (0..2500).map(|id| json!({ "insertOne": { "document": { "_id": id } } })).collect();
    let (status, answer) = bulk(&api, json!({ "bulkWrite": writes })).await;
    assert_eq!((status, &answer["data"]["inserted_count"]), (200, &json!(2500)));
    // The second command meets a document that is there.
    let writes: Vec<Value> = (0..2500)
        .map(|n| json!({ "insertOne": { "document": { "_id": if n == 1700 { 3 } else { 5000 + n } } } }))
        .collect();
    let (status, answer) = bulk(&api, json!({ "bulkWrite": writes })).await;
    let details = &answer["error"]["details"];
    assert_eq!((status, &details["write_errors"][0]["index"]), (409, &json!(1700)));
    assert_eq!(details["inserted_count"], 1700);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gate_refuses_is_refused_in_bulk_too() {
    let Some(api) = api("bulk_gate").await else { return };
    api.insert(&[json!({ "_id": 1 })]).await;
    for write in [
        json!({ "deleteMany": { "filter": { "$where": "1" } } }),
        json!({ "updateMany": { "filter": { "a": 1 }, "update": [{ "$out": "x" }] } }),
        json!({ "bulkWrite": [{ "updateOne": {
            "filter": {},
            "update": { "$set": { "a": 1 } },
            "arrayFilters": [{ "x": { "$where": "1" } }],
        } }] }),
    ] {
        let (status, answer) = bulk(&api, write).await;
        assert_eq!((status, &answer["error"]["code"]), (403, &json!("OPERATION_NOT_ALLOWED")));
    }
    for wrong in [
        json!({}),
        json!({ "bulkWrite": [] }),
        json!({ "bulkWrite": [{ "dropDatabase": {} }] }),
        json!({ "updateMany": { "filter": {}, "update": { "a": 1 } }, "confirm": true }),
        json!({ "deleteMany": { "filter": {} }, "updateMany": { "filter": {}, "update": {} } }),
        json!({ "deleteMany": { "fliter": {} } }),
    ] {
        let (status, answer) = bulk(&api, wrong).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("VALIDATION_ERROR")));
    }
}
