//! Clients of the server under test.

use std::time::Duration;

use mongodb::bson::{Document, RawDocumentBuf, doc};
use studio_multidb::backend::mongodb::{
    AggregateOptions, Cap, ChangeFailure, Client, Namespace, Query, with_id,
};
use studio_multidb::backend::test_connection;
use studio_multidb::deadline::Deadline;
use studio_multidb::ejson::{Mode, ShownAs};
use studio_multidb::error::{Error, Result};
use studio_multidb::json::Writer;
use studio_multidb::target::{DatabaseType, MongoTarget, Target};

use super::proxy::Proxy;
use crate::fixtures::{PATIENCE, given, options, servers, soon};

/// The target of the server under test.
pub(super) fn target() -> Option<MongoTarget> {
    given("TEST_MONGODB_URL").map(|url| parsed(&url))
}

pub(super) fn parsed(url: &str) -> MongoTarget {
    match servers::target(DatabaseType::Mongodb, url) {
        Target::Mongodb(target) => target,
        other => panic!("{other:?}"),
    }
}

/// Waits until something was counted so often.
pub(super) async fn counted(what: &str, count: impl Fn() -> u32, least: u32) {
    let deadline = Deadline::after(PATIENCE);
    while count() < least {
        assert!(!deadline.passed(), "{what} came to a halt at {}", count());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

pub(super) async fn connect(target: &MongoTarget) -> Client {
    Client::connect(target, &options(), soon()).await.expect("the server answers")
}

/// The same server behind a proxy.
pub(super) fn behind(proxy: &Proxy, target: &MongoTarget) -> MongoTarget {
    let mut target = target.clone();
    target.endpoints[0].port = proxy.port;
    // What the server says of itself leads around the proxy.
    target.direct = Some(true);
    target.replica_set = None;
    target
}

/// The driver as it is, straight to the server.
pub(super) async fn plain_client(target: &MongoTarget) -> mongodb::Client {
    use secrecy::ExposeSecret as _;
    let login = match (&target.username, &target.password) {
        (Some(user), Some(password)) => format!("{user}:{}@", password.expose_secret()),
        _ => String::new(),
    };
    let at = &target.endpoints[0];
    let url = format!("mongodb://{login}{}:{}/?directConnection=true", at.host, at.port);
    mongodb::Client::with_uri_str(url).await.unwrap()
}

/// A collection of its own for each test, empty.
pub(super) async fn collection(client: &Client, name: &str) -> Namespace {
    let namespace = Namespace::new("studio_multidb_test", name).unwrap();
    let stages = vec![doc! { "$match": { "_id": { "$exists": false } } }, doc! { "$out": name }];
    let options = AggregateOptions { writes: true, ..AggregateOptions::default() };
    let call = client.call(soon(), "set-up");
    call.aggregate(&namespace, stages, options, Mode::Relaxed, &mut Writer::new()).await.unwrap();
    namespace
}

/// What a failed change is told as.
pub(super) fn told(failure: ChangeFailure) -> Error {
    failure.told(ShownAs::Json)
}

pub(super) async fn insert(
    client: &Client,
    namespace: &Namespace,
    documents: &[Document],
) -> Result<()> {
    let raw: Vec<RawDocumentBuf> = documents
        .iter()
        .map(|d| with_id(RawDocumentBuf::try_from(d).unwrap()).unwrap().1)
        .collect();
    let inserted = client.call(soon(), "insert").insert(namespace, &raw, true).await;
    inserted.map_err(|failure| failure.error)
}

pub(super) async fn all(client: &Client, namespace: &Namespace, query: Query) -> (String, bool) {
    let mut writer = Writer::new();
    let call = client.call(soon(), "find");
    let end = call.find(namespace, query, Mode::Relaxed, &mut writer).await.unwrap();
    (String::from_utf8(writer.into_bytes()).unwrap(), end.has_more)
}

pub(super) fn at_most(documents: u32) -> Cap {
    Cap { documents, bytes: usize::MAX }
}

/// Tries a connection with TLS and a login, and expects that it works.
pub(super) async fn passes_every_step(target: MongoTarget) {
    let result = test_connection(&Target::Mongodb(target), &options(), soon()).await;
    let names: Vec<_> = result.steps.iter().map(|step| step.name).collect();
    assert_eq!(names, ["resolve", "connect", "tls", "auth", "ping", "capabilities"]);
    assert!(result.success, "{:?}", result.error);
}
