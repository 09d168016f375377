//! TLS against a real server: `TEST_MONGODB_TLS_URL` is a URL whose host, but not `localhost`, is in
//! the server's certificate, and `TEST_MONGODB_TLS_CA` the path of its authority's.

use mongodb::bson::doc;
use studio_multidb::backend::mongodb::{Client, Query};
use studio_multidb::backend::test_connection;
use studio_multidb::error::Code;
use studio_multidb::target::{DatabaseType, MongoTarget, Rules, Target, TargetInput};

use super::support::{all, at_most, collection, connect, insert, passes_every_step};
use crate::fixtures::{given, options, soon};

fn target(ca_pem: Option<&str>) -> Option<MongoTarget> {
    let url = given("TEST_MONGODB_TLS_URL")?;
    let mut input = TargetInput::from_connection_string(url);
    let mut given = serde_json::Map::new();
    given.insert("tls".to_owned(), true.into());
    if let Some(pem) = ca_pem {
        given.insert("ca_pem".to_owned(), pem.into());
    }
    input.options = Some(given);
    match Target::parse(DatabaseType::Mongodb, &input, Rules { self_hosted: true }) {
        Ok(Target::Mongodb(target)) => Some(target),
        other => panic!("{other:?}"),
    }
}

fn trusted() -> Option<MongoTarget> {
    let path = given("TEST_MONGODB_TLS_CA")?;
    target(Some(&std::fs::read_to_string(path).unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_go_over_tls() {
    let Some(target) = trusted() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "tls").await;
    let text = "x".repeat(300_000);
    let documents = [doc! { "_id": 1, "t": &text }, doc! { "_id": 2, "t": &text }];
    insert(&client, &namespace, &documents).await.unwrap();
    let query = Query { cap: at_most(2), ..Query::default() };
    let (page, more) = all(&client, &namespace, query).await;
    assert!(page.len() > 600_000 && !more);
    client.close().await;

    passes_every_step(target).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_another_authority_is_refused_before_the_login() {
    let Some(target) = target(None) else { return };
    let error = Client::connect(&target, &options(), soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbTlsError, "{error}");
    let result = test_connection(&Target::Mongodb(target), &options(), soon()).await;
    assert_eq!(result.steps.last().unwrap().name, "tls");
    assert_eq!(result.code, Some(Code::DbTlsError));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_another_name_is_refused_before_the_login() {
    let Some(mut target) = trusted() else { return };
    target.endpoints[0].host = "localhost".to_owned();
    let error = Client::connect(&target, &options(), soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbTlsError, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_tls_is_told_apart_from_a_broken_one() {
    let Some(mut target) = trusted() else { return };
    target.tls = None;
    let error = Client::connect(&target, &options(), soon()).await.unwrap_err();
    assert!(error.message().contains("TLS"), "{error}");
}
