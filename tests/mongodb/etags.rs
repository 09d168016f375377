//! A document is changed only if it is what the caller saw, whatever the caller's JSON parser made of it.

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, RawDocumentBuf, doc};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use studio_multidb::api::http::{Request, handle};

use super::api::{Api, api};
use super::fake::{Answer, Fake, cursor};
use super::generated::{edits, raw};
use super::support::{plain_client, target};
use crate::fixtures::{encoded, headers};

async fn get(api: &Api, id: &str, query: &str) -> Value {
    let query = format!("with_etag=true&{query}");
    let answer = api.ok("GET", &format!("/documents/{id}?{query}"), Value::Null).await;
    answer["data"].clone()
}

/// What JavaScript makes of an object: names that are integers first, in their order.
fn through_javascript(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(through_javascript).collect(),
        Value::Object(members) => {
            let index = |name: &str| name.parse::<u32>().ok().filter(|n| n.to_string() == name);
            let mut all: Vec<_> = members.iter().collect();
            all.sort_by_key(|(name, _)| index(name).map_or((1, 0), |n| (0, n)));
            all.into_iter().map(|(name, value)| (name.clone(), through_javascript(value))).collect()
        }
        other => other.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_etag_names_the_state_of_a_document_in_lists_and_by_itself() {
    let Some(api) = api("etags").await else { return };
    api.insert(&[json!({ "_id": "a", "b": 1, "10": 2 }), json!({ "_id": "b", "etag": "mine" })])
        .await;
    let alone = get(&api, "a", "").await;
    let etag = alone["etag"].as_str().unwrap();
    assert_eq!(alone["document"], json!({ "_id": "a", "b": 1, "10": 2 }));
    let request = api.request("GET", "/documents/a", &Value::Null);
    let response = handle(&api.service, request).await;
    let header = response.headers.iter().find(|(name, _)| *name == "etag").unwrap();
    assert_eq!(header.1, format!("\"{etag}\""));
    for query in ["", "cursor=", "as=text", "ejson=canonical"] {
        let (_, page) = api.get(&format!("/documents?{query}")).await;
        assert_eq!(page["data"]["etags"][0], etag, "{query}: {page}");
        assert_eq!(page["data"]["etags"].as_array().unwrap().len(), 2);
    }
    // A part of a document does not say in which state it is.
    let (_, page) = api.get("/documents?projection=%7B%22b%22:1%7D").await;
    assert_eq!(page["data"]["etags"], Value::Null);
    let none = get(&api, "none", "").await;
    assert_eq!((&none["document"], &none["etag"]), (&Value::Null, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_with_an_etag_is_made_in_that_state_and_in_no_other() {
    let Some(api) = api("if_match").await else { return };
    api.insert(&[json!({ "_id": "a", "b": 1, "10": 2 })]).await;
    let seen = get(&api, "a", "").await["etag"].clone();
    let put = |body: Value| api.send("PUT", "/documents/a", body);

    let quoted = format!("\"{}\"", seen.as_str().unwrap());
    let set = |b: i32, etag: &Value| json!({ "update": { "$set": { "b": b } }, "if_match": etag });
    let (status, answer) = put(set(2, &json!(quoted))).await;
    assert_eq!(status, 200, "{answer}");
    let after = answer["data"]["etag"].clone();
    assert_eq!(after, get(&api, "a", "").await["etag"]);

    let (status, answer) = put(set(3, &seen)).await;
    assert_eq!(status, 409, "{answer}");
    let details = &answer["error"]["details"];
    assert_eq!(details["etag"], after);
    assert_eq!(details["current"]["b"]["$numberInt"], "2");
    let mut as_text = set(3, &seen);
    as_text["as"] = json!("text");
    let (status, answer) = put(as_text).await;
    assert_eq!(status, 409);
    let text = answer["error"]["details"]["current"].as_str().unwrap();
    assert_eq!(text, r#"{"_id":"a","b":{"$numberInt":"2"},"10":{"$numberInt":"2"}}"#);

    // What was told of the conflict is enough to go on.
    let (status, _) = put(json!({ "replacement": text, "if_match": after })).await;
    assert_eq!(status, 200);
    let replacement = json!({ "replacement": { "b": 5 }, "if_match": after });
    assert_eq!(put(replacement).await.0, 200);

    // HTTP's own word for it.
    let change = json!({ "update": { "$set": { "b": 1 } } });
    let request = api.request("PUT", "/documents/a", &change);
    let headers = headers(&[("if-match", seen.as_str().unwrap())]);
    assert_eq!(handle(&api.service, Request { headers, ..request }).await.status, 409);

    for wrong in [
        json!({ "update": { "$set": { "b": 1 } }, "if_match": "*" }),
        json!({ "update": { "$set": { "b": 1 } }, "if_match": seen, "if_unchanged": {} }),
        json!({ "update": { "$set": { "b": 1 } }, "if_match": seen, "upsert": true }),
    ] {
        assert_eq!(put(wrong).await.0, 400);
    }
    let query = format!("if_match={}", seen.as_str().unwrap());
    assert_eq!(api.send("DELETE", &format!("/documents/a?{query}"), Value::Null).await.0, 409);
    let current = get(&api, "a", "").await["etag"].clone();
    let query = format!("if_match={}", current.as_str().unwrap());
    assert_eq!(api.send("DELETE", &format!("/documents/a?{query}"), Value::Null).await.0, 200);
    assert_eq!(api.send("DELETE", &format!("/documents/a?{query}"), Value::Null).await.0, 404);
    assert_eq!(put(set(1, &current)).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_etag_finds_the_document_however_the_collection_spells_its_id() {
    // A collection that compares text as in a language finds "A" when it is asked for "a".
    let fake = Fake::standalone(|name, _| match name {
        "find" => cursor(0, vec![doc! { "_id": "A", "n": 1 }]),
        "findAndModify" => Answer::With(doc! { "ok": 1.0, "value": { "_id": "A", "n": 2 } }),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "spelt");
    let seen = get(&api, "a", "").await["etag"].clone();
    let body = json!({ "update": { "$set": { "n": 2 } }, "if_match": seen });
    api.ok("PUT", "/documents/a", body).await;
    let query = format!("if_match={}", seen.as_str().unwrap());
    assert_eq!(api.send("DELETE", &format!("/documents/a?{query}"), Value::Null).await.0, 200);
    let asked = fake.asked("findAndModify");
    assert_eq!(asked.len(), 2);
    for command in asked {
        let id = command.get_document("query").unwrap().get_document("_id").unwrap();
        assert_eq!(id, &doc! { "$eq": "A" });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_given_twice_is_refused_with_its_path_in_every_body() {
    let Some(api) = api("twice").await else { return };
    let twice = r#"{"a":{"x":[{"k":1,"k":2}]}}"#;
    let text = serde_json::to_string(twice).unwrap();
    let bodies: Vec<(&str, &str, String)> = [twice, text.as_str()]
        .into_iter()
        .flat_map(|document| {
            vec![
                ("POST", "/documents", format!("{{\"document\":{document}}}")),
                ("POST", "/documents", format!("{{\"documents\":[{{}},{document}]}}")),
                ("PUT", "/documents/1", format!("{{\"replacement\":{document}}}")),
                ("PUT", "/documents/1", format!("{{\"update\":{document}}}")),
                ("PUT", "/documents/1", format!("{{\"update\":[{document}]}}")),
                (
                    "PUT",
                    "/documents/1",
                    format!("{{\"update\":{{\"$set\":{{}}}},\"array_filters\":[{document}]}}"),
                ),
                (
                    "PUT",
                    "/documents/1",
                    format!("{{\"replacement\":{{}},\"if_unchanged\":{document}}}"),
                ),
                ("POST", "/explain", format!("{{\"find\":{{\"filter\":{document}}}}}")),
                ("POST", "/schema", format!("{{\"filter\":{document}}}")),
                (
                    "POST",
                    "/documents/bulk",
                    format!("{{\"bulkWrite\":[{{\"insertOne\":{{\"document\":{document}}}}}]}}"),
                ),
                (
                    "POST",
                    "/documents/bulk",
                    format!("{{\"deleteMany\":{{\"filter\":{document}}}}}"),
                ),
                ("POST", "/aggregate", format!("{{\"pipeline\":[{document}]}}")),
                ("POST", "/count", format!("{{\"filter\":{document}}}")),
                ("POST", "/distinct", format!("{{\"key\":\"a\",\"filter\":{document}}}")),
                ("POST", "/indexes", format!("{{\"key\":{document}}}")),
            ]
        })
        .collect();
    for (method, path, body) in bodies {
        let (status, answer) = api.text(method, path, &body).await;
        assert_eq!(status, 400, "{body}: {answer}");
        assert!(answer.contains("a.x[0].k` is given twice"), "{body}: {answer}");
    }
    let (status, answer) = api.get(&format!("/documents?filter={}", encoded(twice))).await;
    assert_eq!(status, 400);
    assert!(answer["message"].as_str().unwrap().contains("`a.x[0].k` is given twice"), "{answer}");
    let (_, count) = api.send("POST", "/count", json!({ "exact": true })).await;
    assert_eq!(count["data"]["value"], 0, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_document_goes_out_and_in_as_text_with_no_false_conflict_and_no_missed_one() {
    let Some(target) = target() else { return };
    let Some(api) = api("as_text").await else { return };
    let driver = plain_client(&target).await;
    let stored = driver.database("studio_multidb_test").collection::<RawDocumentBuf>("as_text");
    let handle = tokio::runtime::Handle::current();
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let with_names = |mut document: Document| {
        // Names that JavaScript would put first, and types that it has not.
        document.remove("_id");
        let bytes = Binary { subtype: BinarySubtype::UserDefined(0x80), bytes: vec![0xff, 0] };
        let mut whole = doc! {
            "_id": "x", "b": 1_i64, "10": -0.0, "2": { "z": i64::MAX, "0": bytes, "1": [1.0, 1_i32] },
        };
        whole.extend(document);
        whole
    };
    tokio::task::block_in_place(|| {
        let tested = runner.run(&edits(), |(one, other)| {
            let (one, other) = (raw(&with_names(one)), raw(&with_names(other)));
            handle.block_on(async {
                stored.delete_many(doc! {}).await.unwrap();
                stored.insert_one(&one).await.unwrap();
                let read = get(&api, "x", "as=text").await;
                let (text, etag) = (read["document"].clone(), read["etag"].clone());

                // Back as it came: the same bytes, and no conflict.
                let back = json!({ "replacement": text, "if_match": etag });
                api.ok("PUT", "/documents/x", back).await;
                let back = json!({ "replacement": text, "if_unchanged": text });
                api.ok("PUT", "/documents/x", back).await;
                let back = json!({ "replacement": text });
                let answer = api.ok("PUT", "/documents/x", back).await;
                let now = stored.find_one(doc! {}).await.unwrap().unwrap();
                assert_eq!(now.as_bytes(), one.as_bytes());
                assert_eq!(answer["data"]["etag"], etag);

                // Somebody else's change is a conflict, and the loaded state none once it is back.
                stored.delete_many(doc! {}).await.unwrap();
                stored.insert_one(&other).await.unwrap();
                let edit = json!({ "replacement": { "edited": 1 }, "if_match": etag });
                let (status, answer) = api.send("PUT", "/documents/x", edit).await;
                let same = one.as_bytes() == other.as_bytes();
                assert_eq!(status, if same { 200 } else { 409 }, "{answer}");
                if !same {
                    let etag = &answer["error"]["details"]["etag"];
                    let edit = json!({ "replacement": { "edited": 1 }, "if_match": etag });
                    api.ok("PUT", "/documents/x", edit).await;
                }
            });
            Ok(())
        });
        tested.unwrap();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_javascript_has_reordered_conflicts_by_value_and_not_by_its_etag() {
    let Some(api) = api("reordered").await else { return };
    api.insert(&[json!({ "_id": "a", "b": 1, "10": 2, "in": { "y": 1, "7": 1 } })]).await;
    let read = get(&api, "a", "ejson=canonical").await;
    let reordered = through_javascript(&read["document"]);
    assert_ne!(reordered.to_string(), read["document"].to_string());
    let put = |body: Value| api.send("PUT", "/documents/a", body);
    let by_value = json!({ "update": { "$set": { "b": 2 } }, "if_unchanged": reordered });
    let (status, answer) = put(by_value).await;
    assert_eq!(status, 409);
    // The caller can see that it is the same to it, and say so.
    let details = &answer["error"]["details"];
    assert_eq!(through_javascript(&details["current"]).to_string(), reordered.to_string());
    assert_eq!(details["etag"], read["etag"]);
    let by_etag = json!({ "update": { "$set": { "b": 2 } }, "if_match": read["etag"] });
    assert_eq!(put(by_etag).await.0, 200);
    let query =
        format!("if_unchanged={}", encoded(&get(&api, "a", "ejson=canonical").await["document"]));
    assert_eq!(api.send("DELETE", &format!("/documents/a?{query}"), Value::Null).await.0, 200);
}
