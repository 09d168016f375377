//! Connections that are lost at the worst moment.

use std::time::{Duration, Instant};

use studio_multidb::backend::ConnectOptions;
use studio_multidb::backend::redis::Client;
use studio_multidb::backend::redis::values::{NewValue, Window};
use studio_multidb::deadline::Deadline;
use studio_multidb::error::Code;
use studio_multidb::outcome::Outcome;

use crate::fixtures::{given, options, soon};
use crate::proxy::Proxy;
use crate::support::{Admin, address, batch, connect, prefix, read, target, write};

/// `INCR` on keys of their own: what the ledger says was applied, was; what it says was not, was
/// not; and nothing was applied twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_write_runs_twice_and_every_outcome_is_true() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let direct = connect(&url).await;
    let proxy = Proxy::before(&url).await;
    let client = connect(&proxy.url()).await;
    let prefix = prefix();
    proxy.cut_every(7);
    let mut unknown = 0;
    for i in 0..2000 {
        let key = format!("{prefix}{i}");
        let results = batch(&client, &[&["INCR", &key]]).await;
        let told = match &results[0] {
            done if done["ok"] == 1 => Outcome::Applied,
            lost if lost["error"]["outcome"] == "unknown" => Outcome::Unknown,
            lost if lost["error"]["outcome"] == "not_applied" => Outcome::NotApplied,
            other => panic!("{other}"),
        };
        let found = batch(&direct, &[&["GET", &key]]).await[0]["ok"].clone();
        match told {
            Outcome::Applied => assert_eq!(found, "1"),
            Outcome::NotApplied => assert!(found.is_null(), "{found}"),
            Outcome::Unknown => {
                unknown += 1;
                assert!(found.is_null() || found == "1", "{found}");
            }
        }
    }
    assert!(unknown > 100, "the proxy cut {unknown} times");
    // And it works again at once.
    proxy.cut_every(0);
    assert_eq!(batch(&client, &[&["GET", &format!("{prefix}0")]]).await[0]["ok"], "1");
}

#[tokio::test]
async fn a_read_is_tried_again_once() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let proxy = Proxy::before(&url).await;
    let client = connect(&proxy.url()).await;
    let key = prefix().into_bytes();
    write(&client, &key, NewValue::String(b"v".to_vec())).await.unwrap();
    // Replies count from here: the read's is cut, then a greeting and the read again pass.
    proxy.cut_every(4);
    for _ in 0..50 {
        let value = read(&client, &key, Window::default()).await.unwrap();
        assert_eq!(value["value"], "v");
    }
}

#[tokio::test]
async fn an_abandoned_write_takes_its_connection_with_it() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let proxy = Proxy::before(&url).await;
    let client = connect(&proxy.url()).await;
    let key = prefix();
    let now = Deadline::after(Duration::ZERO);
    let error = client.delete(key.as_bytes(), now).await.unwrap_err();
    assert_eq!((error.code(), error.known_outcome()), (Code::DbTimeout, Outcome::NotApplied));
    // Nothing that is sent now comes to its end.
    proxy.silence_below(u32::MAX);
    let aborted = tokio::time::timeout(
        Duration::from_micros(50),
        client.write(key.as_bytes(), &NewValue::String(vec![b'x'; 32 << 20]), None, None, soon()),
    )
    .await;
    assert!(aborted.is_err());
    proxy.silence_below(0);
    assert_eq!(client.gauge().in_use, 0);
    assert_eq!(batch(&client, &[&["EXISTS", &key]]).await[0]["ok"], 0);
}

#[tokio::test]
async fn a_refused_connection_fails_soon_and_says_so() {
    let started = Instant::now();
    let target = target("redis://127.0.0.1:1");
    let minute = Duration::from_secs(60);
    let options = ConnectOptions { connect_timeout: minute, ..options() };
    let error = Client::connect(&target, &options, Deadline::after(minute)).await.unwrap_err();
    assert_eq!(error.code(), Code::DbConnectionFailed);
    assert_eq!(error.known_outcome(), Outcome::NotApplied);
    assert!(started.elapsed() < minute / 3);
}

/// Writes too: the connection is tried before it is trusted.
#[tokio::test]
async fn a_half_open_connection_is_found_after_it_was_idle() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let proxy = Proxy::before(&url).await;
    let client = connect(&proxy.url()).await;
    let key = prefix();
    assert_eq!(batch(&client, &[&["INCR", &key]]).await[0]["ok"], 1);
    proxy.silence_below(proxy.opened());
    // Idle for long enough to be doubted.
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(batch(&client, &[&["INCR", &key]]).await[0]["ok"], 2);
}

#[tokio::test]
async fn a_silent_server_is_given_up_at_the_deadline() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let proxy = Proxy::before(&url).await;
    let client = connect(&proxy.url()).await;
    let key = prefix().into_bytes();
    write(&client, &key, NewValue::String(b"v".to_vec())).await.unwrap();
    proxy.silence_below(u32::MAX);
    let started = Instant::now();
    let half = || Deadline::after(Duration::from_millis(500));
    let written = client.delete(&key, half()).await.unwrap_err();
    assert_eq!((written.code(), written.known_outcome()), (Code::DbTimeout, Outcome::Unknown));
    assert!(started.elapsed() < Duration::from_secs(20));
    proxy.silence_below(0);
    assert!(client.delete(&key, soon()).await.unwrap());
}

#[tokio::test]
async fn revoked_credentials_are_told_as_such() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let address = address(&url);
    let mut admin = Admin::connect(address).await;
    let user = prefix().replace(':', "");
    admin.done(&["ACL", "SETUSER", &user, "on", ">secret", "~*", "+@all"]).await;
    let client = connect(&format!("redis://{user}:secret@{address}")).await;
    assert_eq!(batch(&client, &[&["GET", &user]]).await[0]["ok"], serde_json::Value::Null);
    assert_eq!(admin.ask(&["ACL", "DELUSER", &user]).await, ":1");
    let mut refused = batch(&client, &[&["INCR", &user]]).await.remove(0);
    if refused["error"]["code"] == "DB_CONNECTION_FAILED" {
        // The server ends the session a moment after its answer; in between, a request may be lost.
        refused = batch(&client, &[&["INCR", &user]]).await.remove(0);
    }
    assert_eq!(refused["error"]["code"], "DB_INVALID_CREDENTIALS", "{refused}");
    assert_eq!(refused["error"]["outcome"], "not_applied");
}
