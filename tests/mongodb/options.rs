//! What is sent to a server: each option as it was given, and nothing that was not asked for.

use mongodb::bson::{Document, doc};
use serde_json::{Value, json};

use super::api::Api;
use super::fake::{Answer, Fake, cursor};
use crate::fixtures::encoded;

/// The router of a cluster, which gives the same documents to every pipeline, and an API before it.
async fn serving(documents: Vec<Document>) -> (Fake, Api) {
    let hello = doc! { "isWritablePrimary": true, "msg": "isdbgrid" };
    let fake = Fake::start(hello, move |name, _| match name {
        "aggregate" => cursor(0, documents.clone()),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    (fake, api)
}

fn options() -> Value {
    json!({
        "maxTimeMS": 1234,
        "collation": { "locale": "de", "strength": 2 },
        "hint": { "a": 1 },
        "readPreference": "secondaryPreferred",
        "readConcern": "majority",
    })
}

fn is_as_asked(command: &Document) {
    assert_eq!(command.get_document("collation").unwrap(), &doc! { "locale": "de", "strength": 2 });
    assert_eq!(command.get_document("hint").unwrap(), &doc! { "a": 1 });
    is_bounded(command);
    let preference = command.get_document("$readPreference").unwrap();
    assert_eq!(preference.get_str("mode").unwrap(), "secondaryPreferred");
    let concern = command.get_document("readConcern").unwrap();
    assert_eq!(concern.get_str("level").unwrap(), "majority");
}

/// Whatever is sent ends by itself, and can be found to be ended.
fn is_bounded(command: &Document) {
    let time = command.get("maxTimeMS").unwrap();
    let time = time.as_i64().or_else(|| time.as_i32().map(i64::from)).unwrap();
    assert!((1..=1234).contains(&time), "{time}");
    assert!(command.get_str("comment").unwrap().contains('#'), "{command}");
}

#[tokio::test(flavor = "multi_thread")]
async fn options_are_sent_as_they_were_given() {
    let (fake, api) = serving(vec![doc! { "n": 1 }]).await;
    let mut run = options();
    run["allowDiskUse"] = json!(true);
    run["let"] = json!({ "least": 3 });
    let body = json!({ "pipeline": [{ "$limit": 1 }], "options": run });
    assert_eq!(api.send("POST", "/aggregate", body).await.0, 200);
    let [command] = fake.asked("aggregate").try_into().unwrap();
    is_as_asked(&command);
    assert!(command.get_bool("allowDiskUse").unwrap());
    assert_eq!(command.get_document("let").unwrap(), &doc! { "least": 3 });

    let body = json!({ "filter": { "a": 1 }, "options": options() });
    assert_eq!(api.send("POST", "/count", body).await.0, 200);
    is_as_asked(&fake.asked("aggregate")[1]);

    let body = json!({ "key": "a", "options": options() });
    api.send("POST", "/distinct", body).await;
    is_as_asked(&fake.asked("distinct")[0]);

    let body = json!({ "options": { "readPreference": "nearest", "maxTimeMS": 1000 } });
    api.send("POST", "/count", body).await;
    is_bounded(&fake.asked("count")[0]);

    let body = json!({ "find": { "filter": { "a": 1 } }, "options": options() });
    api.send("POST", "/explain", body).await;
    let [command] = fake.asked("explain").try_into().unwrap();
    is_bounded(&command);
    let inner = command.get_document("explain").unwrap();
    assert_eq!(inner.get_document("hint").unwrap(), &doc! { "a": 1 });
}

/// The parts of a query, each where servers look for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_asked_for_with_every_option() {
    let hello = doc! { "isWritablePrimary": true, "msg": "isdbgrid" };
    let fake = Fake::start(hello, |name, _| match name {
        "find" => cursor(0, vec![doc! { "_id": 1 }]),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    let find = async |options: &[(&str, Value)]| {
        let text = |value: &Value| value.as_str().map_or_else(|| encoded(value), str::to_owned);
        let query: Vec<_> = options.iter().map(|(k, v)| format!("{k}={}", text(v))).collect();
        api.ok("GET", &format!("/documents?{}", query.join("&")), Value::Null).await;
        fake.asked("find").pop().unwrap()
    };
    let command = find(&[
        ("filter", json!({ "a": { "$gt": 1 } })),
        ("projection", json!({ "a": 1, "_id": 0 })),
        ("sort", json!({ "b": -1, "a": 1 })),
        ("skip", json!(7)),
        ("limit", json!(3)),
        ("collation", json!({ "locale": "de", "strength": 2 })),
        ("hint", json!({ "a": 1 })),
        ("maxTimeMS", json!(1234)),
        ("readPreference", json!("secondaryPreferred")),
        ("readConcern", json!("majority")),
        ("let", json!({ "least": 3 })),
    ])
    .await;
    is_as_asked(&command);
    for (name, value) in [
        ("filter", doc! { "a": { "$gt": 1 } }),
        ("projection", doc! { "a": 1, "_id": 0 }),
        ("sort", doc! { "b": -1, "a": 1 }),
        ("let", doc! { "least": 3 }),
    ] {
        let sent = command.get_document(name).unwrap();
        assert_eq!(sent, &value, "{name}");
        assert!(sent.keys().eq(value.keys()), "{name}");
    }
    let number = |command: &Document, name| {
        let value = command.get(name).unwrap();
        value.as_i64().or_else(|| value.as_i32().map(i64::from)).unwrap()
    };
    assert_eq!(number(&command, "skip"), 7);
    // One more than the page has tells whether there are more.
    assert_eq!(number(&command, "limit"), 4);
    assert!(number(&command, "batchSize") >= 4, "all of them come at once");

    let command = find(&[("hint", json!("a_1"))]).await;
    assert_eq!(command.get_str("hint").unwrap(), "a_1");
    assert_eq!(number(&command, "limit"), 21);
    for name in ["projection", "sort", "skip", "collation", "let", "readConcern"] {
        assert!(!command.contains_key(name), "{name}");
    }
    assert!(number(&command, "maxTimeMS") > 1234);

    let (status, answer) = api.get("/documents/7").await;
    assert_eq!((status, &answer["data"]), (200, &json!({ "_id": 1 })), "{answer}");
    let command = fake.asked("find").pop().unwrap();
    assert_eq!(command.get_document("filter").unwrap(), &doc! { "_id": { "$eq": "7" } });
    assert_eq!(number(&command, "limit"), 1);
    assert!(command.get_bool("singleBatch").unwrap());
    for name in ["batchSize", "skip", "sort", "projection"] {
        assert!(!command.contains_key(name), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_says_which_items_of_arrays_it_means() {
    let changed = doc! { "value": { "_id": 1 }, "ok": 1.0 };
    let fake = Fake::standalone(move |name, _| match name {
        "findAndModify" => Answer::With(changed.clone()),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    let update = json!({ "$set": { "items.$[high].seen": true } });
    let filters = json!([{ "high.n": { "$gt": 3 } }]);
    let body = json!({ "update": update, "array_filters": filters });
    let (status, answer) = api.send("PUT", "/documents/1?id_type=int", body).await;
    assert_eq!(status, 200, "{answer}");
    let [command] = fake.asked("findAndModify").try_into().unwrap();
    let filters = command.get_array("arrayFilters").unwrap();
    assert_eq!(filters, &[doc! { "high.n": { "$gt": 3 } }.into()]);
    assert_eq!(
        command.get_document("update").unwrap(),
        &doc! { "$set": { "items.$[high].seen": true } }
    );
    for (body, status) in [
        (json!({ "update": update, "array_filters": [{ "high": { "$where": "1" } }] }), 403),
        (json!({ "replacement": { "a": 1 }, "array_filters": [{ "high": 1 }] }), 400),
    ] {
        let (told, answer) = api.send("PUT", "/documents/1?id_type=int", body).await;
        assert_eq!(told, status, "{answer}");
    }
    assert_eq!(fake.asked("findAndModify").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_sends_nothing_that_writes() {
    let (fake, api) = serving(vec![doc! { "n": 1 }]).await;
    let pipeline = json!([
        { "$match": { "a": 1 } },
        { "$group": { "_id": "$b" } },
        { "$merge": { "into": "elsewhere" } },
    ]);
    let body = json!({ "pipeline": pipeline, "options": { "maxTimeMS": 1000 } });
    api.ok("POST", "/aggregate/preview", body).await;
    for command in fake.asked("aggregate") {
        is_bounded(&command);
        let stages = command.get_array("pipeline").unwrap();
        let has = |name| stages.iter().any(|s| s.as_document().unwrap().contains_key(name));
        assert!(has("$limit") && !has("$merge"), "{command}");
    }
}

/// What is asked of a collection, as servers name it.
#[tokio::test(flavor = "multi_thread")]
async fn a_collection_is_made_and_changed_with_every_option() {
    let fake = Fake::standalone(|name, _| match name {
        "listCollections" => cursor(0, Vec::new()),
        _ => Answer::Done,
    })
    .await;
    let mut api = Api::of(&fake.url(), "c");
    let rules = json!({ "$jsonSchema": { "required": ["a"] } });
    let level = json!({ "validationLevel": "moderate", "validationAction": "warn" });
    let with = |mut options: Value, more: &Value| {
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        options
    };
    let expected = doc! { "validator": { "$jsonSchema": { "required": ["a"] } },
    "validationLevel": "moderate", "validationAction": "warn" };
    let images = json!({ "changeStreamPreAndPostImages": { "enabled": true } });
    let collection = std::mem::replace(&mut api.base, "/databases/d/collections".to_owned());
    for (options, sent) in [
        (
            json!({ "capped": true, "size": 4096, "max": 10 }),
            doc! { "capped": true, "size": 4096_i64, "max": 10_i64 },
        ),
        (with(json!({ "validator": rules }), &level), expected.clone()),
        (
            json!({ "collation": { "locale": "de", "strength": 1 } }),
            doc! { "collation": { "locale": "de", "strength": 1 } },
        ),
        (
            json!({ "timeseries": { "timeField": "t", "metaField": "m", "granularity": "hours" },
                 "expireAfterSeconds": 60 }),
            doc! { "timeseries": { "timeField": "t", "metaField": "m", "granularity": "hours" },
            "expireAfterSeconds": 60_i64 },
        ),
        (
            json!({ "timeseries": { "timeField": "t", "bucketMaxSpanSeconds": 60,
                                 "bucketRoundingSeconds": 60 } }),
            doc! { "timeseries": { "timeField": "t", "bucketMaxSpanSeconds": 60_i64,
            "bucketRoundingSeconds": 60_i64 } },
        ),
        (
            json!({ "clusteredIndex": { "key": { "_id": 1 }, "unique": true, "name": "n" } }),
            doc! { "clusteredIndex": { "key": { "_id": 1 }, "unique": true, "name": "n" } },
        ),
        (
            json!({ "viewOn": "c", "pipeline": [{ "$match": { "a": 1 } }] }),
            doc! { "viewOn": "c", "pipeline": [{ "$match": { "a": 1 } }] },
        ),
        (images.clone(), doc! { "changeStreamPreAndPostImages": { "enabled": true } }),
    ] {
        let body = json!({ "name": "made", "options": options });
        let (status, answer) = api.send("POST", "", body).await;
        assert_eq!(status, 201, "{options}: {answer}");
        let mut command = fake.asked("create").pop().unwrap();
        assert_eq!(command.get_str("create").unwrap(), "made");
        assert!(only_options(&mut command) == sent, "{command} is not {sent}");
    }

    api.base = collection;
    for (options, sent) in [
        (with(json!({ "validator": rules }), &level), expected),
        (
            json!({ "cappedSize": 8192, "cappedMax": 5 }),
            doc! { "cappedSize": 8192_i64, "cappedMax": 5_i64 },
        ),
        (json!({ "expireAfterSeconds": "off" }), doc! { "expireAfterSeconds": "off" }),
        (
            json!({ "timeseries": { "granularity": "hours" } }),
            doc! { "timeseries": { "granularity": "hours" } },
        ),
        (json!({ "viewOn": "b", "pipeline": [] }), doc! { "viewOn": "b", "pipeline": [] }),
        (images, doc! { "changeStreamPreAndPostImages": { "enabled": true } }),
    ] {
        let body = json!({ "options": options });
        api.ok("PATCH", "", body).await;
        let mut command = fake.asked("collMod").pop().unwrap();
        assert!(only_options(&mut command) == sent, "{command} is not {sent}");
    }
    let body = json!({ "rename": "d", "drop_target": true, "confirm": "d" });
    assert_eq!(api.send("PATCH", "", body).await.0, 200);
    let renamed = fake.asked("renameCollection").pop().unwrap();
    assert_eq!(renamed.get_str("$db").unwrap(), "admin");
    assert_eq!(renamed.get_str("to").unwrap(), "studio_multidb_test.d");
    assert!(renamed.get_bool("dropTarget").unwrap());
}

/// A command without its name and what every command has.
fn only_options(command: &mut Document) -> Document {
    for name in ["create", "collMod", "maxTimeMS", "comment", "lsid", "$db"] {
        command.remove(name);
    }
    command.clone()
}

/// A pipeline is asked for twice before it writes, and only as its last stage.
#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_writes_is_confirmed_and_never_hides() {
    let (fake, api) = serving(Vec::new()).await;
    let run = async |stages: Value, confirm: bool| {
        let body = json!({ "pipeline": stages, "confirm": confirm });
        api.send("POST", "/aggregate", body).await.0
    };
    for write in [json!({ "$out": "d" }), json!({ "$merge": { "into": "d" } })] {
        assert_eq!(run(json!([write]), false).await, 403);
        for hidden in [
            json!([{ "$facet": { "a": [write] } }]),
            json!([{ "$lookup": { "from": "x", "as": "y", "pipeline": [write] } }]),
            json!([{ "$unionWith": { "coll": "x", "pipeline": [write] } }]),
            json!([{ "$facet": { "a": [{ "$unionWith": { "coll": "x", "pipeline": [
                { "$lookup": { "from": "x", "as": "y", "pipeline": [write] } },
            ] } }] } }]),
        ] {
            assert_eq!(run(hidden.clone(), true).await, 403, "{hidden}");
        }
        assert!(matches!(run(json!([write, { "$match": {} }]), true).await, 400 | 403));
        assert!(fake.asked("aggregate").is_empty());
    }
    assert_eq!(run(json!([{ "$merge": { "into": "d" } }]), true).await, 200);
    assert_eq!(fake.asked("aggregate").len(), 1);
}
