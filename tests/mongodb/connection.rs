use mongodb::bson::doc;
use secrecy::SecretString;
use studio_multidb::backend::{TestResult, test_connection};
use studio_multidb::error::Code;
use studio_multidb::outcome::Outcome;
use studio_multidb::target::{MongoTarget, Target};

use super::support::{collection, connect, insert, target};
use crate::fixtures::{eventually, options, soon};

async fn test(target: MongoTarget) -> TestResult {
    test_connection(&Target::Mongodb(target), &options(), soon()).await
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
    assert_eq!(result.code, Some(Code::DbConnectionFailed));

    if target.password.is_some() {
        let mut wrong = target;
        wrong.password = Some(SecretString::from("canary-secret".to_owned()));
        let result = test(wrong).await;
        assert_eq!(names(&result).last(), Some(&"auth"));
        assert_eq!(result.code, Some(Code::DbInvalidCredentials));
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
    eventually("the end of all connections", async || client.gauge().open == 0).await;
    let call = client.call(soon(), "after");
    let error = call.count(&namespace, doc! {}).await.unwrap_err();
    assert_eq!(error.known_outcome(), Outcome::NotApplied);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_lists_what_is_there() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "catalog").await;
    insert(&client, &namespace, &[doc! { "a": 1 }]).await.unwrap();
    let call = client.call(soon(), "catalog");
    let databases = call.databases(None, 1000, true).await.unwrap();
    let ours = databases.iter().find(|d| d.name == namespace.db()).unwrap();
    assert!(ours.collections.unwrap() > 0);
    let collections = call.collections(namespace.db(), None, 1000, true).await.unwrap();
    let ours = collections.iter().find(|c| c.name == "catalog").unwrap();
    assert_eq!(ours.info.as_ref().unwrap().count, Some(1));
    let after = call.collections(namespace.db(), Some("catalog"), 1000, false).await.unwrap();
    assert!(after.iter().all(|c| c.name.as_str() > "catalog"));
    assert!(call.database_sizes(namespace.db(), 1).await.unwrap().objects > 0);
    client.close().await;
}
