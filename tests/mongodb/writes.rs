//! What is told of inserts and upserts that meet what is there already.

use serde_json::{Value, json};

use super::api::{Api, api};

async fn stored(api: &Api) -> Value {
    let (_, answer) = api.get("/documents?sort=%7B%22_id%22%3A1%7D").await;
    answer["data"]["documents"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_document_that_is_refused_is_told_with_its_index() {
    let Some(api) = api("writes_insert").await else { return };
    let documents =
        json!([{ "_id": 1 }, { "_id": "b" }, { "_id": 1 }, { "_id": 3 }, { "_id": "b" }]);
    for (ordered, refused, inserted) in [
        (true, vec![2], json!(["{\"$numberInt\":\"1\"}", "b"])),
        (false, vec![2, 4], json!(["{\"$numberInt\":\"1\"}", "b", "{\"$numberInt\":\"3\"}"])),
    ] {
        let clear = json!({ "deleteMany": { "filter": {} }, "confirm": true });
        assert_eq!(api.send("POST", "/documents/bulk", clear).await.0, 200);
        let body = json!({ "documents": documents, "ordered": ordered });
        let (status, answer) = api.send("POST", "/documents", body).await;
        let error = &answer["error"];
        assert_eq!((status, &error["outcome"]), (409, &json!("applied")), "{answer}");
        let errors = error["details"]["write_errors"].as_array().unwrap();
        assert!(errors.iter().all(|error| error["code"] == 11000), "{answer}");
        let indexes: Vec<_> = errors.iter().map(|error| error["index"].as_u64().unwrap()).collect();
        assert_eq!(indexes, refused, "{answer}");
        assert_eq!(error["details"]["inserted_ids"], inserted);
        assert_eq!(
            stored(&api).await.as_array().unwrap().len(),
            inserted.as_array().unwrap().len()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_that_breaks_a_unique_index_is_a_conflict_and_makes_nothing() {
    let Some(api) = api("writes_upsert").await else { return };
    let documents = [json!({ "_id": 1, "email": "a@b" }), json!({ "_id": 2, "email": "c@d" })];
    api.insert(&documents).await;
    let unique = json!({ "key": { "email": 1 }, "options": { "unique": true } });
    assert_eq!(api.send("POST", "/indexes", unique).await.0, 201);
    let taken = json!({ "email": "a@b" });
    for (id, body) in [
        (3, json!({ "update": { "$set": taken }, "upsert": true })),
        (3, json!({ "replacement": taken, "upsert": true })),
        (2, json!({ "update": { "$set": taken }, "upsert": true })),
        (2, json!({ "update": [{ "$set": taken }] })),
        (2, json!({ "replacement": taken })),
    ] {
        let path = format!("/documents/{id}");
        let (status, answer) = api.send("PUT", &format!("{path}?id_type=int"), body.clone()).await;
        let error = &answer["error"];
        assert_eq!((status, &error["code"]), (409, &json!("CONFLICT")), "{body}: {answer}");
        assert_eq!(error["outcome"], "not_applied", "{body}");
        assert_eq!(error["details"]["server_code"], 11000, "{body}");
        assert_eq!(stored(&api).await, json!(documents), "{body}");
    }
    // One that makes its document says so, and one that finds it does not.
    for (made, n) in [(true, 1), (false, 2)] {
        let body = json!({ "update": { "$inc": { "n": 1 } }, "upsert": true });
        let answer = api.ok("PUT", "/documents/9?id_type=int", body).await;
        let id = if made { json!({ "$numberInt": "9" }) } else { Value::Null };
        let data = &answer["data"];
        assert_eq!((&data["upserted_id"], &data["matched_count"]), (&id, &json!(u8::from(!made))));
        assert_eq!(data["document"], json!({ "_id": 9, "n": n }));
    }
}
