//! MongoDB against a real server: set `TEST_MONGODB_URL` to `mongodb://[user:password@]host:port`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use secrecy::SecretString;
use studio_multidb::backend::mongodb::{
    AggregateOptions, Change, Client, CountKind, Namespace, Query, with_id,
};
use studio_multidb::backend::probe::{self, TestResult};
use studio_multidb::backend::ConnectOptions;
use studio_multidb::deadline::Deadline;
use studio_multidb::ejson::Mode;
use studio_multidb::error::{Code, Result};
use studio_multidb::json::Writer;
use studio_multidb::outcome::Outcome;
use studio_multidb::target::egress::Egress;
use studio_multidb::target::{DatabaseType, MongoTarget, Rules, Target, TargetInput};

/// The target of the server under test; `None`, with a word, where there is none.
fn target() -> Option<MongoTarget> {
    let Ok(url) = std::env::var("TEST_MONGODB_URL") else {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "skipped: TEST_MONGODB_URL is not set");
        return None;
    };
    Some(parsed(&url))
}

fn parsed(url: &str) -> MongoTarget {
    let input = TargetInput::from_connection_string(url);
    match Target::parse(DatabaseType::Mongodb, &input, Rules { self_hosted: true }) {
        Ok(Target::Mongodb(target)) => target,
        other => panic!("{other:?}"),
    }
}

fn options() -> ConnectOptions {
    ConnectOptions {
        egress: Arc::new(Egress::default()),
        max_connections: 10,
        connect_timeout: Duration::from_secs(2),
        idle_timeout: Duration::from_secs(60),
    }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(10))
}

async fn connect(target: &MongoTarget) -> Client {
    Client::connect(target, &options(), soon()).await.expect("the server answers")
}

/// A collection of its own for each test, empty.
async fn collection(client: &Client, name: &str) -> Namespace {
    let namespace = Namespace::new("studio_multidb_test", name).unwrap();
    let stages = vec![doc! { "$match": { "_id": { "$exists": false } } }, doc! { "$out": name }];
    let options = AggregateOptions { writes: true, limit: 1, ..AggregateOptions::default() };
    let call = client.call(soon(), "set-up");
    call.aggregate(&namespace, stages, options, Mode::Relaxed, &mut Writer::new()).await.unwrap();
    namespace
}

async fn insert(client: &Client, namespace: &Namespace, documents: &[Document]) -> Result<()> {
    let raw: Vec<RawDocumentBuf> = documents
        .iter()
        .map(|d| with_id(RawDocumentBuf::try_from(d).unwrap()).unwrap().1)
        .collect();
    client.call(soon(), "insert").insert(namespace, &raw, true).await
}

async fn all(client: &Client, namespace: &Namespace, query: Query) -> (String, bool) {
    let mut writer = Writer::new();
    let call = client.call(soon(), "find");
    let end = call.find(namespace, query, Mode::Relaxed, &mut writer).await.unwrap();
    (String::from_utf8(writer.into_bytes()).unwrap(), end.has_more)
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_found_page_by_page() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "pages").await;
    let documents: Vec<Document> = (0..5).map(|i| doc! { "_id": i, "n": i64::from(i) }).collect();
    insert(&client, &namespace, &documents).await.unwrap();

    let query = Query {
        filter: doc! { "n": { "$gte": 1 } },
        projection: Some(doc! { "n": 0 }),
        sort: Some(doc! { "_id": -1 }),
        skip: 1,
        limit: 2,
    };
    let (page, more) = all(&client, &namespace, query.clone()).await;
    assert_eq!(page, r#"{"_id":3},{"_id":2}"#);
    assert!(more);
    let (page, more) = all(&client, &namespace, Query { skip: 3, ..query }).await;
    assert_eq!(page, r#"{"_id":1}"#);
    assert!(!more);

    let call = client.call(soon(), "count");
    let count = call.count(&namespace, doc! { "n": { "$gte": 1 } }).await.unwrap();
    assert_eq!((count.value, count.kind), (Some(4), CountKind::Exact));
    let count = call.count(&namespace, doc! {}).await.unwrap();
    assert_eq!((count.value, count.kind), (Some(5), CountKind::Estimate));
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_documents_come_whole() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "thousand").await;
    let text = "x".repeat(20_000);
    let documents: Vec<Document> = (0..1001).map(|i| doc! { "_id": i, "text": &text }).collect();
    insert(&client, &namespace, &documents).await.unwrap();
    let (page, more) =
        all(&client, &namespace, Query { limit: 1000, ..Query::default() }).await;
    assert!(more);
    let read: Vec<serde_json::Value> = serde_json::from_str(&format!("[{page}]")).unwrap();
    assert_eq!(read.len(), 1000);
    assert!(read.iter().all(|d| d["text"] == text.as_str()));
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_refused_when_the_document_is_not_the_expected_one() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "conflicts").await;
    let loaded = doc! { "_id": 1, "a": 1, "b": { "$x": [1, 2] } };
    insert(&client, &namespace, &[loaded.clone()]).await.unwrap();
    let call = client.call(soon(), "change");

    let change = || Change::Operators(doc! { "$inc": { "a": 1 } });
    let changed =
        call.change(&namespace, Bson::Int32(1), change(), Some(&loaded)).await.unwrap().unwrap();
    assert_eq!(changed.document.unwrap().get_i32("a").unwrap(), 2);

    let error =
        call.change(&namespace, Bson::Int32(1), change(), Some(&loaded)).await.unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert_eq!(error.known_outcome(), Outcome::NotApplied);
    assert_eq!(error.details()["current"]["a"]["$numberInt"], "2");

    let error = call.delete(&namespace, Bson::Int32(1), Some(&loaded)).await.unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert!(call.change(&namespace, Bson::Int32(2), change(), Some(&loaded)).await.unwrap().is_none());
    assert!(call.delete(&namespace, Bson::Int32(1), None).await.unwrap());
    assert!(!call.delete(&namespace, Bson::Int32(1), None).await.unwrap());
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_says_whether_it_made_the_document() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "upserts").await;
    let call = client.call(soon(), "upsert");
    let replacement = RawDocumentBuf::try_from(&doc! { "a": 1.5 }).unwrap();
    let change = || Change::Replacement(replacement.clone());
    let made = call.upsert(&namespace, Bson::String("x".into()), change()).await.unwrap();
    assert!(made.inserted);
    assert_eq!(made.document.unwrap().get_str("_id").unwrap(), "x");
    assert!(!call.upsert(&namespace, Bson::String("x".into()), change()).await.unwrap().inserted);
    let set = Change::Pipeline(vec![doc! { "$set": { "b": { "$add": ["$a", 1] } } }]);
    let changed = call.change(&namespace, Bson::String("x".into()), set, None).await.unwrap();
    assert_eq!(changed.unwrap().document.unwrap().get_f64("b").unwrap(), 2.5);
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_key_says_which_document_and_what_was_inserted_before_it() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "duplicates").await;
    let documents = [doc! { "_id": 1 }, doc! { "_id": 2 }, doc! { "_id": 1 }, doc! { "_id": 3 }];
    let error = insert(&client, &namespace, &documents).await.unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert_eq!(error.details()["write_errors"][0]["index"], 2);
    let (left, _) = all(&client, &namespace, Query { limit: 10, ..Query::default() }).await;
    assert_eq!(left, r#"{"_id":1},{"_id":2}"#);
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_lists_what_is_there() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "catalog").await;
    insert(&client, &namespace, &[doc! { "a": 1 }]).await.unwrap();
    let call = client.call(soon(), "catalog");
    let databases = call.databases().await.unwrap();
    let ours = databases.iter().find(|d| d.name == namespace.db()).unwrap();
    assert!(ours.collections.unwrap() > 0);
    let collections = call.collections(namespace.db(), None, 1000, true).await.unwrap();
    let ours = collections.iter().find(|c| c.name == "catalog").unwrap();
    assert_eq!(ours.info.as_ref().unwrap().count, 1);
    let after = call.collections(namespace.db(), Some("catalog"), 1000, false).await.unwrap();
    assert!(after.iter().all(|c| c.name.as_str() > "catalog"));
    assert!(call.database_sizes(namespace.db()).await.unwrap().objects > 0);
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_filter_is_the_callers_error() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "failing").await;
    let query = Query { filter: doc! { "a": { "$nope": 1 } }, limit: 1, ..Query::default() };
    let call = client.call(soon(), "failing");
    let error = call.find(&namespace, query, Mode::Relaxed, &mut Writer::new()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbQueryError);
    assert_eq!(error.known_outcome(), Outcome::NotApplied);
    client.close().await;
}

async fn test(target: MongoTarget) -> TestResult {
    probe::test(&Target::Mongodb(target), &options(), soon()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_test_says_how_far_it_came() {
    let Some(target) = target() else { return };
    let names = |result: &TestResult| result.steps.iter().map(|s| s.name).collect::<Vec<_>>();
    let good = test(target.clone()).await;
    assert!(good.success, "{:?}", good.error);
    assert_eq!(names(&good), ["resolve", "connect", "auth", "ping", "capabilities"]);
    assert!(good.version.is_some());
    assert!(good.facts["databases"].is_array());
    assert!(good.facts["topology"].is_string());

    let mut closed = target.clone();
    closed.endpoints[0].port = 1;
    let result = test(closed).await;
    assert_eq!(names(&result), ["resolve", "connect"]);
    assert_eq!(result.code, Some("DB_CONNECTION_FAILED"));

    if target.password.is_some() {
        let mut wrong = target;
        wrong.password = Some(SecretString::from("canary-secret".to_owned()));
        let result = test(wrong).await;
        assert_eq!(names(&result).last(), Some(&"auth"));
        assert_eq!(result.code, Some("DB_INVALID_CREDENTIALS"));
        assert!(!format!("{result:?}").contains("canary-secret"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_client_leaves_no_connection() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "closed").await;
    assert!(client.gauge().open > 0);
    client.close().await;
    let started = Instant::now();
    while client.gauge().open > 0 {
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", client.gauge());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let call = client.call(soon(), "after");
    let error = call.count(&namespace, doc! {}).await.unwrap_err();
    assert_eq!(error.known_outcome(), Outcome::NotApplied);
}
