//! What becomes of an operation on the server when whoever asked for it leaves, or its time is up.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use serde_json::{Value, json};
use studio_multidb::api::http::handle;
use studio_multidb::request::upload::Upload;

use super::api::Api;
use super::fake::{Answer, Fake, cursor};
use crate::fixtures::{accepting, stream};

const OPID: i32 = 42;
/// A file that is read for as long as somebody takes it may take a day.
const LONGEST: i64 = 24 * 60 * 60 * 1000;

/// A server that never answers the command `stuck`, and says that it is running.
async fn stuck_at(stuck: &'static str) -> Fake {
    Fake::standalone(move |name, command| match (name, first_stage(command)) {
        (_, Some("$currentOp")) => cursor(0, vec![doc! { "opid": OPID }]),
        _ if name == stuck => Answer::Never,
        (_, Some("$changeStream")) => cursor(7, Vec::new()),
        ("listCollections", _) => cursor(0, vec![doc! { "name": "c", "type": "collection" }]),
        ("listIndexes", _) => cursor(0, Vec::new()),
        ("find" | "aggregate", _) => cursor(7, (0..150).map(|i| doc! { "_id": i }).collect()),
        _ => Answer::Done,
    })
    .await
}

fn first_stage(command: &Document) -> Option<&str> {
    let stages = command.get_array("pipeline").ok()?;
    stages.first()?.as_document()?.keys().next().map(String::as_str)
}

/// A request, and the command that it is stuck at.
struct Case {
    command: &'static str,
    method: &'static str,
    /// Below the collection, or from the root.
    path: &'static str,
    body: Value,
    /// Only the operation's end tells: the command takes no time limit at the driver.
    unlimited: bool,
}

fn case(command: &'static str, method: &'static str, path: &'static str, body: Value) -> Case {
    Case { command, method, path, body, unlimited: false }
}

fn cases() -> Vec<Case> {
    let filter = json!({ "a": 1 });
    let bulk = |body: Value| case("aggregate", "POST", "/documents/bulk", body);
    let mut cases = vec![
        case("find", "GET", "/documents", Value::Null),
        case("getMore", "GET", "/documents?limit=1000", Value::Null),
        case("find", "GET", "/documents?cursor=", Value::Null),
        case("find", "GET", "/documents/1?id_type=int", Value::Null),
        case("aggregate", "POST", "/count", json!({ "filter": filter })),
        case("count", "POST", "/count", json!({})),
        case("distinct", "POST", "/distinct", json!({ "key": "a" })),
        case("aggregate", "POST", "/schema", json!({})),
        case("getMore", "POST", "/schema", json!({})),
        case("explain", "POST", "/explain", json!({ "find": { "filter": filter } })),
        case("aggregate", "POST", "/aggregate", json!({ "pipeline": [] })),
        case("aggregate", "POST", "/aggregate/preview", json!({ "pipeline": [{ "$limit": 1 }] })),
        bulk(json!({ "updateMany": { "filter": filter, "update": { "$set": { "b": 1 } } },
                     "dry_run": true })),
        bulk(json!({ "deleteMany": { "filter": filter }, "dry_run": true })),
        case(
            "find",
            "POST",
            "/documents/bulk",
            json!({ "bulkWrite": [{ "deleteOne": { "filter": filter } }], "dry_run": true }),
        ),
        case(
            "update",
            "POST",
            "/documents/bulk",
            json!({ "updateMany": { "filter": filter, "update": { "$set": { "b": 1 } } } }),
        ),
        case("delete", "POST", "/documents/bulk", json!({ "deleteMany": { "filter": filter } })),
        case("findAndModify", "PUT", "/documents/1", json!({ "update": { "$set": { "b": 1 } } })),
        case("findAndModify", "DELETE", "/documents/1", Value::Null),
        case("find", "GET", "/export", Value::Null),
        case("listIndexes", "GET", "/indexes", Value::Null),
        case("createIndexes", "POST", "/indexes", json!({ "key": { "a": 1 } })),
    ];
    let insert = case("insert", "POST", "/documents", json!({ "document": { "a": 1 } }));
    cases.push(Case { unlimited: true, ..insert });
    cases
}

/// Whoever looks for what is to be ended looks for what marks the command.
fn is_found_by(fake: &Fake, command: &Document) {
    let search = fake.asked("aggregate").pop().unwrap();
    let stages = search.get_array("pipeline").unwrap();
    let matched = stages[1].as_document().unwrap().get_document("$match").unwrap();
    let comment = command.get("comment");
    assert!(comment.is_some(), "{command}");
    assert_eq!(matched.get("command.comment"), comment);
}

fn is_limited(command: &Document) {
    let time = command.get("maxTimeMS").unwrap_or_else(|| panic!("{command}"));
    let time = time.as_i64().or_else(|| time.as_i32().map(i64::from)).unwrap();
    assert!((1..=LONGEST).contains(&time), "{command}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_any_more_is_ended_on_the_server() {
    for Case { command, method, path, body, unlimited } in cases() {
        let fake = stuck_at(command).await;
        let api = Api::of(&fake.url(), "c");
        let asking = tokio::spawn(async move { api.send(method, path, body).await });
        let sent = fake.expect(command).await;
        if !unlimited && command != "getMore" {
            is_limited(&sent);
        }
        assert!(fake.asked("killOp").is_empty(), "{method} {path}");
        asking.abort();
        let kill = fake.expect("killOp").await;
        assert_eq!(kill.get_i32("op").unwrap(), OPID, "{method} {path}");
        is_found_by(&fake, &sent);
        if command == "getMore" {
            fake.expect("killCursors").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_ended_on_the_server() {
    for Case { command, method, path, body, .. } in cases() {
        let fake = stuck_at(command).await;
        let api = Api::within(Duration::from_millis(400), &fake.url(), "c");
        let (status, answer) = api.send(method, path, body).await;
        // Some of them answer with what they have.
        let partial = matches!(path, "/schema" | "/count" | "/aggregate/preview")
            || answer["data"]["dry_run"] == true;
        assert!(status == 504 || (status == 200 && partial), "{method} {path}: {answer}");
        let sent = fake.expect(command).await;
        assert_eq!(fake.expect("killOp").await.get_i32("op").unwrap(), OPID, "{method} {path}");
        is_found_by(&fake, &sent);
    }
}

/// A file that is sent while it is read, and changes as they are made.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_nobody_reads_any_more_is_ended_on_the_server() {
    for (path, accept) in [
        ("/export?format=ndjson", "*/*"),
        ("/export?format=csv", "*/*"),
        ("/watch", "text/event-stream"),
    ] {
        let fake = stuck_at("getMore").await;
        let api = Api::of(&fake.url(), "c");
        let request = accepting(accept, api.request("GET", path, &Value::Null));
        let mut feed = stream(handle(&api.service, request).await);
        feed.next().await.unwrap().unwrap();
        let more = fake.expect("getMore").await;
        drop(feed);
        let kill = fake.expect("killOp").await;
        assert_eq!(kill.get_i32("op").unwrap(), OPID, "{path}");
        is_found_by(&fake, &more);
        let gone = fake.expect("killCursors").await;
        assert_eq!(gone.get_array("cursors").unwrap(), &[7_i64.into()], "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_nobody_waits_for_any_more_is_ended_on_the_server() {
    let fake = stuck_at("insert").await;
    let api = Api::of(&fake.url(), "c");
    let (sender, upload) = Upload::channel();
    let mut feed = stream(api.import(upload).await);
    assert!(feed.next().await.unwrap().unwrap().starts_with(b"{\"job\":"));
    sender.send("{\"a\":1}\n".into()).await;
    sender.end().await;
    let sent = tokio::select! {
        record = feed.next() => panic!("{record:?}"),
        sent = fake.expect("insert") => sent,
    };
    drop(feed);
    assert_eq!(fake.expect("killOp").await.get_i32("op").unwrap(), OPID);
    is_found_by(&fake, &sent);
    assert_eq!(fake.asked("insert").len(), 1);
}
