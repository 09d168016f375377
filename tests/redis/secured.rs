//! Passwords, users and TLS.

use serde_json::{Map, json};
use studio_multidb::backend::redis::Client;
use studio_multidb::backend::redis::values::{NewValue, Window};
use studio_multidb::backend::test_connection;
use studio_multidb::error::{Code, Error};
use studio_multidb::target::{DatabaseType, RedisTarget, Rules, Target, TargetInput};

use crate::fixtures::{given, options, soon};
use crate::support::{connect, everything, prefix, read, scan, target, write};

async fn refused(target: &RedisTarget) -> Error {
    Client::connect(target, &options(), soon()).await.unwrap_err()
}

#[tokio::test]
async fn wrong_credentials_are_told_from_missing_ones() {
    let Some(address) = given("TEST_REDIS_ACL") else { return };
    let missing = refused(&target(&format!("redis://{address}"))).await;
    assert_eq!(missing.code(), Code::DbInvalidCredentials);
    let wrong = refused(&target(&format!("redis://alice:canary-secret@{address}"))).await;
    assert_eq!(wrong.code(), Code::DbInvalidCredentials);
    assert!(!format!("{wrong:?}{}", wrong.to_json("")).contains("canary-secret"));
}

/// `alice` may not use `MEMORY` and `OBJECT`.
#[tokio::test]
async fn what_the_user_may_not_see_is_null_with_a_warning() {
    let Some(address) = given("TEST_REDIS_ACL") else { return };
    let client = connect(&format!("redis://alice:secret@{address}")).await;
    let key = prefix();
    write(&client, key.as_bytes(), NewValue::String(b"v".to_vec())).await.unwrap();
    let page = scan(&client, &everything()).await.unwrap();
    assert_eq!(page["keys"][0]["type"], "string");
    assert!(page["keys"][0]["size"].is_null());
    let warnings = page["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 2);
    assert_eq!(warnings[0]["code"], "PERMISSION_DENIED");
    let value = read(&client, key.as_bytes(), Window::default()).await.unwrap();
    assert_eq!((&value["value"], &value["encoding"]), (&json!("v"), &json!(null)));
}

/// `bob` only reads.
#[tokio::test]
async fn a_write_that_the_server_denies_is_not_applied() {
    let Some(address) = given("TEST_REDIS_ACL") else { return };
    let client = connect(&format!("redis://bob:secret@{address}")).await;
    for value in [NewValue::String(vec![]), NewValue::List(vec![vec![]])] {
        let error = write(&client, b"k", value).await.unwrap_err();
        assert_eq!(error.code(), Code::PermissionDenied);
        assert_eq!(error.known_outcome().as_str(), "not_applied");
    }
}

fn tls(address: &str, ca: Option<&str>) -> RedisTarget {
    let mut options = Map::new();
    if let Some(ca) = ca {
        options.insert("ca_pem".to_owned(), json!(ca));
    }
    let input = TargetInput {
        options: Some(options),
        ..TargetInput::from_connection_string(format!("rediss://:sesame@{address}"))
    };
    match Target::parse(DatabaseType::Redis, &input, Rules { self_hosted: true }).unwrap() {
        Target::Redis(target) => target,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_is_trusted_by_its_authority_only() {
    let Some(address) = given("TEST_REDIS_TLS") else { return };
    let Some(ca) = given("TEST_REDIS_TLS_CA") else { return };
    let ca = std::fs::read_to_string(ca).unwrap();
    let client = Client::connect(&tls(&address, Some(&ca)), &options(), soon()).await.unwrap();
    let key = prefix().into_bytes();
    write(&client, &key, NewValue::String(vec![b'x'; 1 << 20])).await.unwrap();
    let value = read(&client, &key, Window::default()).await.unwrap();
    assert_eq!(value["value"].as_str().unwrap().len(), 1 << 20);
    let error = refused(&tls(&address, None)).await;
    assert_eq!(error.code(), Code::DbTlsError);
    let plain = refused(&target(&format!("redis://:sesame@{address}"))).await;
    assert!(matches!(plain.code(), Code::DbConnectionFailed | Code::DbTimeout), "{plain}");
}

#[tokio::test]
async fn a_test_says_how_far_it_came() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let result = test_connection(&Target::Redis(target(&url)), &options(), soon()).await;
    let names: Vec<&str> = result.steps.iter().map(|step| step.name).collect();
    assert_eq!(names, ["resolve", "connect", "auth", "ping", "capabilities"]);
    assert!(result.success && result.version.is_some());
    assert_eq!(result.facts["mode"], "standalone");
    assert!(result.facts["memory_used"].is_string());
    let closed = Target::Redis(target("redis://127.0.0.1:1"));
    let result = test_connection(&closed, &options(), soon()).await;
    assert_eq!(result.steps.last().map(|step| (step.name, step.ok)), Some(("connect", false)));
    assert_eq!(result.code, Some(Code::DbConnectionFailed));
}
