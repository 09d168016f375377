//! Logging in, TLS, and the test of a connection.

use std::time::Duration;

use serde_json::json;
use studio_multidb::backend::postgres::Client;
use studio_multidb::backend::{TestResult, test_connection};
use studio_multidb::deadline::Deadline;
use studio_multidb::error::Code;
use studio_multidb::json::Writer;
use studio_multidb::target::{ChannelBinding, Endpoint, PostgresTarget, Target, Tls};

use crate::fixtures::{given, soon};
use crate::support::{options, reading, rows, target, target_of};

#[tokio::test]
async fn the_wrong_password_is_told_apart() {
    let Some(mut target) = target() else { return };
    target.password = Some("wrong".into());
    let error = Client::connect(&target, &options(1), soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbInvalidCredentials);
    assert!(!error.to_string().contains("wrong"));
}

#[tokio::test]
async fn tls_verifies_the_server_and_prefer_falls_back() {
    let Some(mut plain) = target() else { return };
    plain.tls = Some(Tls { optional: true, insecure: true, ..Tls::default() });
    Client::connect(&plain, &options(1), soon()).await.unwrap();

    let Some(url) = given("TEST_POSTGRES_TLS_URL") else { return };
    let Some(ca) = given("TEST_POSTGRES_TLS_CA") else { return };
    let mut target = target_of(&url);
    let ca_pem = Some(std::fs::read_to_string(ca).unwrap());
    target.tls = Some(Tls { ca_pem, ..Tls::default() });
    let client = Client::connect(&target, &options(2), soon()).await.unwrap();
    let sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    assert_eq!(rows(&client, &reading(sql)).await, json!([{"ssl": true}]));
    // Cancelling goes through TLS as well.
    let late = reading("select pg_sleep(20)");
    let deadline = Deadline::after(Duration::from_millis(500));
    let error = client.query(&late, deadline, &mut Writer::new()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbTimeout);

    target.channel_binding = ChannelBinding::Require;
    Client::connect(&target, &options(1), soon()).await.unwrap();

    target.tls = Some(Tls::default());
    let error = Client::connect(&target, &options(1), soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbTlsError);
}

async fn tested(target: PostgresTarget) -> TestResult {
    test_connection(&Target::Postgres(target), &options(1), soon()).await
}

fn steps(result: &TestResult) -> Vec<(&str, bool)> {
    result.steps.iter().map(|step| (step.name, step.ok)).collect()
}

#[tokio::test]
async fn a_test_of_a_connection_tells_how_far_it_came() {
    let Some(target) = target() else { return };
    let result = tested(target.clone()).await;
    let names: Vec<_> = result.steps.iter().map(|s| s.name).collect();
    assert_eq!(names, ["resolve", "connect", "auth", "ping", "capabilities"]);
    assert!(result.success && result.version.is_some());
    assert_eq!(result.facts["server_encoding"], "UTF8");
    assert_eq!(result.facts["encrypted"], false);

    let nobody = PostgresTarget { endpoint: Endpoint { port: 1, ..target.endpoint }, ..target };
    let result = tested(nobody).await;
    assert!(!result.success);
    assert_eq!(steps(&result), [("resolve", true), ("connect", false)]);
}

#[tokio::test]
async fn a_test_that_gets_no_tls_does_not_claim_it() {
    let Some(mut target) = target() else { return };
    let prefer = Tls { optional: true, insecure: true, ..Tls::default() };
    target.tls = Some(prefer.clone());
    let result = tested(target.clone()).await;
    assert!(result.success, "{result:?}");
    assert_eq!(result.facts["encrypted"], false);
    assert_eq!(steps(&result)[2..4], [("tls", false), ("auth", true)]);
    let message = result.steps[2].message.as_deref().unwrap();
    assert!(message.contains("not encrypted"), "{message}");

    target.tls = Some(Tls::default());
    let result = tested(target).await;
    assert!(!result.success);
    assert_eq!(steps(&result).last(), Some(&("tls", false)));

    // Encrypted, and whoever answered may be somebody else.
    let Some(url) = given("TEST_POSTGRES_TLS_URL") else { return };
    let mut target = target_of(&url);
    target.tls = Some(prefer);
    let result = tested(target.clone()).await;
    assert_eq!((&result.facts["encrypted"], steps(&result)[2]), (&json!(true), ("tls", true)));
    let warned = |result: &TestResult| {
        let warnings = result.facts.get("warnings").map(ToString::to_string);
        warnings.is_some_and(|text| text.contains("certificate was not checked"))
    };
    assert!(warned(&result), "{result:?}");
    let Some(ca) = given("TEST_POSTGRES_TLS_CA") else { return };
    let ca_pem = Some(std::fs::read_to_string(ca).unwrap());
    target.tls = Some(Tls { ca_pem, ..Tls::default() });
    let result = tested(target).await;
    assert!(result.success && !warned(&result), "{result:?}");
}
