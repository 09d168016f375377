//! Indexes, through HTTP.

use std::time::Duration;

use mongodb::bson::{DateTime, Document, doc};
use serde_json::{Value, json};

use super::api::{Api, api};
use super::fake::{Answer, Fake, cursor};

async fn list(api: &Api) -> Vec<Value> {
    let answer = api.ok("GET", "/indexes", Value::Null).await;
    answer["data"].as_array().unwrap().clone()
}

fn named<'l>(indexes: &'l [Value], name: &str) -> &'l Value {
    indexes.iter().find(|index| index["name"] == name).unwrap_or(&Value::Null)
}

async fn create(api: &Api, body: Value) -> (u16, Value) {
    api.send("POST", "/indexes", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_are_made_listed_and_dropped_by_their_exact_name() {
    let Some(api) = api("indexes_life").await else { return };
    api.insert(&[json!({ "a": 1, "b": 2, "t": null })]).await;
    let made = [
        (json!({ "key": { "a": 1 } }), "a_1", "single"),
        (
            json!({ "key": { "a": 1, "b": -1 }, "options": { "unique": true } }),
            "a_1_b_-1",
            "compound",
        ),
        (json!({ "key": { "t": 1 }, "options": { "expireAfterSeconds": 60 } }), "t_1", "single"),
        (json!({ "key": { "p": "2dsphere" } }), "p_2dsphere", "2dsphere"),
        (
            json!({ "key": { "$**": 1 }, "options": { "wildcardProjection": { "w": 1 } } }),
            "$**_1",
            "wildcard",
        ),
        (
            json!({ "key": { "c": 1 }, "options": {
                "name": "some", "partialFilterExpression": { "c": { "$gt": 5 } },
                "collation": { "locale": "de" },
            } }),
            "some",
            "single",
        ),
    ];
    for (body, name, kind) in made {
        let (status, answer) = create(&api, body.clone()).await;
        let expected = json!({ "name": name, "state": "built" });
        assert_eq!((status, &answer["data"]), (201, &expected), "{answer}");
        let (status, answer) = create(&api, body).await;
        // SecantusDB takes a 2dsphere index whose version is not said for another one.
        if kind != "2dsphere" {
            assert_eq!((status, &answer["data"]["state"]), (200, &json!("exists")), "{answer}");
        }
        let indexes = list(&api).await;
        let index = named(&indexes, name);
        assert_eq!(index["kind"], kind, "{index}");
        assert!(index["building"].is_null() && index["usage"]["ops"].is_number(), "{index}");
    }
    let indexes = list(&api).await;
    assert_eq!(named(&indexes, "a_1_b_-1")["unique"], true);
    assert_eq!(named(&indexes, "t_1")["ttl"], 60);
    assert_eq!(named(&indexes, "some")["partial_filter"], json!({ "c": { "$gt": 5 } }));
    assert_eq!(named(&indexes, "some")["collation"]["locale"], "de");
    assert_eq!(named(&indexes, "$**_1")["wildcard_projection"], json!({ "w": 1 }));
    let warning = &named(&indexes, "a_1")["warnings"][0];
    assert_eq!((&warning["kind"], &warning["covered_by"]), (&json!("prefix"), &json!("a_1_b_-1")));

    let body = json!({ "index": { "name": "t_1", "expireAfterSeconds": 30 } });
    let (_, answer) = api.send("PATCH", "", body).await;
    assert_eq!(answer["data"]["result"]["expireAfterSeconds_new"], 30, "{answer}");

    let answer = api.ok("GET", "/indexes/stats", Value::Null).await;
    assert!(answer["data"]["total_size"].is_number() && answer["data"]["warnings"] == json!([]));

    let (status, answer) = api.send("DELETE", "/indexes/a_1", Value::Null).await;
    assert_eq!((status, answer), (200, json!({ "data": { "dropped": "a_1" } })));
    assert_eq!(api.send("DELETE", "/indexes/a_1", Value::Null).await.0, 404);
    let left = list(&api).await;
    assert!(named(&left, "a_1").is_null() && !named(&left, "a_1_b_-1").is_null(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_one_named_index_is_dropped() {
    let Some(api) = api("indexes_drop").await else { return };
    api.insert(&[json!({ "a": 1 })]).await;
    create(&api, json!({ "key": { "a": 1 } })).await;
    for (path, status) in [
        ("/indexes/*", 400),
        ("/indexes/%2A", 400),
        ("/indexes/_id_", 403),
        ("/indexes/a", 404),
        ("/indexes/a_1,_id_", 404),
        ("/indexes/%5B%22a_1%22%5D", 404),
        ("/indexes/", 400),
        ("/indexes", 405),
    ] {
        let (got, answer) = api.send("DELETE", path, Value::Null).await;
        assert_eq!(got, status, "{path}: {answer}");
    }
    assert_eq!(list(&api).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_not_made_on_a_view_or_on_a_collection_that_is_not_there() {
    let Some(api) = api("indexes_views").await else { return };
    let collections = "/databases/studio_multidb_test/collections";
    let view = json!({ "name": "indexes_view", "options": { "viewOn": "indexes_views" } });
    api.at("POST", collections, view).await;
    let body = json!({ "key": { "a": 1 } });
    let path = format!("{collections}/indexes_view/indexes");
    let (status, answer) = api.at("POST", &path, body.clone()).await;
    assert_eq!((status, &answer["error"]["code"]), (403, &json!("OPERATION_NOT_ALLOWED")));
    let path = format!("{collections}/indexes_misspelt/indexes");
    assert_eq!(api.at("POST", &path, body).await.0, 404);
    let (_, answer) = api.at("GET", &format!("{collections}?info=false"), Value::Null).await;
    let names = answer["data"].as_array().unwrap().clone();
    assert!(names.iter().all(|entry| entry["name"] != "indexes_misspelt"), "{names:?}");
    let path = format!("{collections}/indexes_view");
    api.at("DELETE", &format!("{path}?confirm=indexes_view"), Value::Null).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unique_index_that_documents_break_is_a_conflict_and_not_made() {
    let Some(api) = api("indexes_broken").await else { return };
    api.insert(&[json!({ "a": 1 }), json!({ "a": 1 })]).await;
    let (status, answer) =
        create(&api, json!({ "key": { "a": 1 }, "options": { "unique": true } })).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("CONFLICT")), "{answer}");
    assert_eq!(answer["error"]["outcome"], "not_applied");
    assert_eq!(list(&api).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_hidden_and_shown_again() {
    // SecantusDB takes the command and does nothing.
    let fake = Fake::standalone(|name, command| match name {
        "collMod" => {
            let hidden = command.get_document("index").unwrap().get_bool("hidden").unwrap();
            Answer::With(doc! { "hidden_old": !hidden, "hidden_new": hidden, "ok": 1.0 })
        }
        "listCollections" => cursor(0, vec![doc! { "name": "c", "type": "collection" }]),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    for hidden in [true, false] {
        let body = json!({ "index": { "name": "a_1", "hidden": hidden } });
        let answer = api.ok("PATCH", "", body).await;
        let result = json!({ "hidden_old": !hidden, "hidden_new": hidden });
        assert_eq!(answer["data"]["result"], result);
    }
    let sent = fake.asked("collMod");
    let index = |hidden: bool| doc! { "name": "a_1", "hidden": hidden };
    assert_eq!(sent[0].get_document("index").unwrap(), &index(true));
    assert_eq!(sent[1].get_document("index").unwrap(), &index(false));
    assert_eq!(sent.len(), 2);
}

/// A server that has one collection and builds its index for as long as `ready` says.
async fn building(ready: impl Fn() -> bool + Send + Sync + 'static) -> (Fake, Api) {
    let hello = doc! { "isWritablePrimary": true };
    let fake = Fake::start(hello, move |name, command| match name {
        "listCollections" => cursor(0, vec![doc! { "name": "c", "type": "collection" }]),
        "createIndexes" if ready() => {
            Answer::With(doc! { "numIndexesBefore": 1, "numIndexesAfter": 2, "ok": 1.0 })
        }
        "createIndexes" => Answer::Never,
        "aggregate" if is_current_op(command) => cursor(0, vec![build_operation()]),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    (fake, api)
}

fn is_current_op(command: &Document) -> bool {
    let pipeline = command.get_array("pipeline").unwrap();
    pipeline[0].as_document().unwrap().contains_key("$currentOp")
}

/// As MongoDB 7.0 tells of a build.
fn build_operation() -> Document {
    let command = doc! { "createIndexes": "c", "$db": "studio_multidb_test",
    "indexes": [{ "v": 2, "key": { "a": 1 }, "name": "a_1" }] };
    doc! {
        "type": "op", "host": "h:27017", "desc": "IndexBuildsCoordinatorMongod-0", "active": true,
        "currentOpTime": "2024-05-01T00:00:00.000+00:00", "opid": 12_345, "secs_running": 7_i64,
        "microsecs_running": 7_000_000_i64, "op": "none", "ns": "studio_multidb_test.c",
        "command": command, "numYields": 3,
        "msg": "Index Build: scanning collection Index Build: scanning collection: 42/100 42%",
        "progress": { "done": 42_i64, "total": 100_i64 },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_an_index_is_what_is_sent_and_it_is_bounded() {
    let (fake, api) = building(|| true).await;
    let body = json!({
        "key": { "words": "text", "a": 1 },
        "options": { "default_language": "german", "weights": { "words": 3 }, "hidden": true },
        "commit_quorum": "majority",
    });
    let (status, answer) = create(&api, body).await;
    assert_eq!(status, 201, "{answer}");
    let sent = fake.asked("createIndexes").remove(0);
    let index = doc! {
        "key": { "words": "text", "a": 1 }, "name": "words_text_a_1", "hidden": true,
        "default_language": "german", "weights": { "words": 3 },
    };
    assert_eq!(sent.get_array("indexes").unwrap(), &vec![index.into()]);
    assert_eq!(sent.get_str("commitQuorum").unwrap(), "majority");
    assert!(sent.get_i32("maxTimeMS").unwrap() > 0 && sent.get_str("comment").is_ok(), "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_how_far_an_index_is_until_it_is_ready() {
    let (fake, api) = building(|| true).await;
    let records = api.records("POST", "/indexes", &json!({ "key": { "a": 1 } })).await.all().await;
    assert_eq!(records.last().unwrap(), &json!({ "name": "a_1", "state": "built" }));
    // It may take longer than a request.
    let time = fake.asked("createIndexes")[0].get_i32("maxTimeMS").unwrap();
    assert!(time > 24 * 3_600_000, "{time}");
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_a_stream_gives_the_index_up_on_the_server() {
    let (fake, api) = building(|| false).await;
    let mut records = api.records("POST", "/indexes", &json!({ "key": { "a": 1 } })).await;
    let first = records.next().await.unwrap();
    assert_eq!(
        (&first["state"], &first["done"], &first["total"]),
        (&json!("building"), &json!(42), &json!(100))
    );
    fake.expect("createIndexes").await;
    drop(records);
    let kill = fake.expect("killOp").await;
    assert_eq!(kill.get_i32("op").unwrap(), 12_345);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_in_the_background_is_built_on_when_the_time_is_up() {
    let (fake, _) = building(|| false).await;
    let api = Api::within(Duration::from_secs(1), &fake.url(), "c");
    let body = json!({ "key": { "a": 1 }, "options": { "background": true } });
    let (status, answer) = create(&api, body).await;
    assert_eq!((status, &answer["data"]["state"]), (202, &json!("building")), "{answer}");
    assert!(fake.asked("killOp").is_empty());
    let sent = fake.asked("createIndexes");
    assert_eq!(sent.len(), 1, "never sent twice");
    assert!(
        !sent[0].get_array("indexes").unwrap()[0].as_document().unwrap().contains_key("background")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_shows_what_the_user_may_know_and_says_what_is_missing() {
    // As MongoDB 6.0 answers a user who may read: no `indexStats`, no `inprog`.
    let denied = || {
        Answer::With(doc! { "ok": 0.0, "code": 13, "codeName": "Unauthorized",
        "errmsg": "not authorized on app to execute command" })
    };
    let fake = Fake::standalone(move |name, command| match name {
        "listIndexes" => cursor(
            0,
            vec![
                doc! { "v": 2, "key": { "_id": 1 }, "name": "_id_" },
                doc! { "v": 2, "key": { "_fts": "text", "_ftsx": 1 }, "name": "w_text",
                "weights": { "w": 1 }, "default_language": "english",
                "language_override": "language", "textIndexVersion": 3 },
                doc! { "v": 2, "key": { "a": 1.0 }, "name": "a_1" },
            ],
        ),
        "collStats" => Answer::With(doc! { "totalIndexSize": 12_288, "nindexes": 3,
        "indexBuilds": ["a_1"], "indexSizes": { "_id_": 4096, "w_text": 4096, "a_1": 4096.0 },
        "ok": 1.0 }),
        "aggregate" if is_current_op(command) => {
            let source = command.get_array("pipeline").unwrap()[0].as_document().unwrap().clone();
            if source.get_document("$currentOp").unwrap().get_bool("allUsers").unwrap() {
                denied()
            } else {
                cursor(0, vec![])
            }
        }
        "aggregate" => denied(),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    let indexes = list(&api).await;
    let text = named(&indexes, "w_text");
    assert_eq!((&text["kind"], &text["size"]), (&json!("text"), &json!(4096)));
    assert_eq!(text["options"]["textIndexVersion"], 3);
    let building = named(&indexes, "a_1");
    assert_eq!(
        building["building"],
        json!({ "message": null, "done": null, "total": null, "seconds": null })
    );
    assert!(building["usage"].is_null());
    let (_, answer) = api.get("/indexes/stats").await;
    let warnings = answer["data"]["warnings"].as_array().unwrap();
    let fields: Vec<&str> = warnings.iter().map(|w| w["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["usage", "building"], "{warnings:?}");
    assert_eq!(warnings[0]["code"], "PERMISSION_DENIED");
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_and_progress_are_told_as_servers_tell_them() {
    let since = DateTime::from_millis(1_700_000_000_000);
    let fake = Fake::standalone(move |name, command| match name {
        "listIndexes" => cursor(0, vec![doc! { "v": 2, "key": { "a": 1 }, "name": "a_1" }]),
        "aggregate" if is_current_op(command) => cursor(0, vec![build_operation()]),
        "aggregate" => cursor(
            0,
            vec![doc! { "name": "a_1", "key": { "a": 1 }, "host": "h:27017", "building": true,
            "accesses": { "ops": 9_i64, "since": since }, "spec": {} }],
        ),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    let indexes = list(&api).await;
    let index = named(&indexes, "a_1");
    let since = "2023-11-14T22:13:20Z";
    assert_eq!(index["usage"]["since"], since);
    assert_eq!(index["usage"]["hosts"], json!([{ "host": "h:27017", "ops": 9, "since": since }]));
    assert_eq!(
        (&index["building"]["done"], &index["building"]["seconds"]),
        (&json!(42), &json!(7))
    );
}
