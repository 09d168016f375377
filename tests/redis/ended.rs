//! Work of many steps that fails: what was done before is not hidden by what is told of the end.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use studio_multidb::request::upload::Upload;
use studio_multidb::service::Service;

use crate::http::{send, service};
use crate::proxy::Proxy;
use crate::streams::{Records, Sent, told};
use crate::support::{batch, connect, own_settings, prefix, server};

/// The last record of work that failed, and what it did: `{ done, unknown }`.
fn failure(records: &[Value]) -> (&Value, u64, u64) {
    let error = &records.last().unwrap()["error"];
    assert!(error.is_object(), "{records:?}");
    let end = told(records, "end")[0];
    let count = |name: &str| end[name].as_u64().unwrap();
    for name in ["done", "unknown", "failed", "skipped"] {
        assert_eq!(error["details"]["counts"][name], end[name], "{records:?}");
    }
    (error, count("done"), count("unknown"))
}

/// That the outcome is what the counts say.
fn is_honest(records: &[Value]) -> String {
    let (error, done, unknown) = failure(records);
    let outcome = error["outcome"].as_str().unwrap();
    match (done, unknown) {
        (_, 1..) => assert_eq!(outcome, "unknown", "{error}"),
        (1.., 0) => assert!(outcome == "applied" || outcome == "unknown", "{error}"),
        (0, 0) => assert!(outcome == "not_applied" || outcome == "unknown", "{error}"),
    }
    outcome.to_owned()
}

async fn import(service: &Arc<Service>, query: &str, body: &str) -> Vec<Value> {
    let sent = Sent { upload: Some(Upload::whole(body.as_bytes())), ..Sent::default() };
    Records::open(service, "POST", &format!("/import?{query}"), sent).await.unwrap().all().await
}

/// A file of so many keys, its lines as they are.
fn lines(prefix: &str, count: usize) -> String {
    let mut text = "{\"redis_export\":1}\n".to_owned();
    for i in 0..count {
        let line = json!({ "key": format!("{prefix}{i}"), "type": "string", "value": "v" });
        text.extend([line.to_string(), "\n".to_owned()]);
    }
    text
}

fn ended(lines: &str, count: usize, sum: Option<&str>) -> String {
    let sum = sum.map_or_else(|| hex::encode(Sha256::digest(lines)), str::to_owned);
    let end = json!({ "keys": count, "skipped": 0, "lines": count + 1, "sha256": sum });
    format!("{lines}{}\n", json!({ "end": end }))
}

/// Each way in which an import of so many keys can fail for reasons of its own.
fn ways(prefix: &str, count: usize) -> Vec<(&'static str, &'static str, String)> {
    let lines = lines(prefix, count);
    let conflict =
        format!("{lines}{{\"key\":\"{prefix}there\",\"type\":\"string\",\"value\":\"v\"}}\n");
    vec![
        ("cut off", "", lines.clone()),
        ("changed", "", ended(&lines, count, Some("00"))),
        ("keys lost", "", ended(&lines, count + 1, None)),
        ("a second header", "", format!("{lines}{{\"redis_export\":1}}\n")),
        ("an error at the end", "", format!("{lines}{{\"error\":{{\"message\":\"boom\"}}}}\n")),
        ("another version", "", format!("{lines}{{\"redis_export\":2}}\n")),
        ("a key that is there", "on_conflict=fail", ended(&conflict, count + 1, None)),
    ]
}

#[tokio::test]
async fn an_import_that_failed_after_it_wrote_never_says_that_it_did_not() {
    for name in ["TEST_REDIS_URL", "TEST_REDIS_62_URL"] {
        let Some(url) = server(name) else { continue };
        let (service, client) = (service(&url), connect(&url).await);
        // None; a few, which wait for others; more than are written together.
        for count in [0, 3, 1200] {
            let prefix = prefix();
            for (what, query, body) in ways(&prefix, count) {
                for dry_run in [false, true] {
                    batch(&client, &[&["SET", &format!("{prefix}there"), "old"]]).await;
                    let query = format!("{query}&dry_run={dry_run}");
                    let records = import(&service, query.trim_start_matches('&'), &body).await;
                    let keys: Vec<String> = (0..count).map(|i| format!("{prefix}{i}")).collect();
                    let mut there = 0;
                    for key in &keys {
                        there += batch(&client, &[&["DEL", key]]).await[0]["ok"].as_u64().unwrap();
                    }
                    let (error, done, _) = failure(&records);
                    let expected = if there > 0 { "applied" } else { "not_applied" };
                    assert_eq!(error["outcome"], expected, "{what} {count} {dry_run}: {error}");
                    assert!(dry_run || done == there, "{what} {count}: {error}");
                    assert!(!dry_run || there == 0, "{what}");
                }
            }
            batch(&client, &[&["DEL", &format!("{prefix}there")]]).await;
        }
    }
}

/// A service that gives up soon.
fn hasty(url: &str) -> Arc<Service> {
    let mut settings = own_settings();
    settings.insert("requestTimeoutMs".to_owned(), json!(1500));
    let env = |name: &str| (name == "REDIS_URL").then(|| url.to_owned());
    Service::shared(studio_multidb::config::Config::from_env(env, &settings).unwrap()).unwrap()
}

/// The way to the server is cut before anything, or after something was written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_lost_midway_leaves_an_outcome_that_fits_the_counts() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let proxy = Proxy::start(url.trim_start_matches("redis://").to_owned()).await;
    let service = hasty(&format!("redis://127.0.0.1:{}", proxy.port));
    let prefix = prefix();
    let keys: Vec<String> = (0..2000).map(|i| format!("{prefix}{i}")).collect();
    let mut outcomes = Vec::new();
    for cut_every in [1, 2, 3, 4] {
        for what in ["import", "delete", "expire"] {
            for chunk in keys.chunks(1000) {
                let sets: Vec<[&str; 3]> = chunk.iter().map(|key| ["SET", key, "v"]).collect();
                let sets: Vec<&[&str]> = sets.iter().map(<[&str; 3]>::as_slice).collect();
                batch(&client, &sets).await;
            }
            crate::support::eventually("a service that answers again", async || {
                send(&service, "GET", "/keys?count=1", Value::Null).await.0 == 200
            })
            .await;
            let opened = match what {
                "import" => {
                    let body = ended(&lines(&prefix, 2000), 2000, None);
                    let sent =
                        Sent { upload: Some(Upload::whole(body.as_bytes())), ..Sent::default() };
                    Records::open(&service, "POST", "/import?on_conflict=replace", sent).await
                }
                action => {
                    let mut body = json!({ "action": action, "keys": keys });
                    if action == "expire" {
                        body["ttl"] = json!(1000);
                    }
                    let sent = Sent { body, ..Sent::default() };
                    Records::open(&service, "POST", "/keys/bulk", sent).await
                }
            };
            proxy.cut_every.store(cut_every, std::sync::atomic::Ordering::Relaxed);
            let records = opened.unwrap().all().await;
            proxy.cut_every.store(0, std::sync::atomic::Ordering::Relaxed);
            if records.last().unwrap().get("error").is_some() {
                outcomes.push(is_honest(&records));
            }
        }
    }
    assert!(!outcomes.is_empty(), "nothing failed");
    for chunk in keys.chunks(1000) {
        let dels: Vec<[&str; 2]> = chunk.iter().map(|key| ["DEL", key]).collect();
        let dels: Vec<&[&str]> = dels.iter().map(<[&str; 2]>::as_slice).collect();
        batch(&client, &dels).await;
    }
}
