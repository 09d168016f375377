//! Work of many steps that fails: what was done before is not hidden by what is told of the end.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use studio_multidb::request::upload::Upload;

use crate::fixtures::{eventually, given, service_of, told};
use crate::http::{send, service};
use crate::proxy::Proxy;
use crate::streams::{bulk, import};
use crate::support::{batch, connect, each, prefix};

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
        ("a key that is there", "&on_conflict=fail", ended(&conflict, count + 1, None)),
    ]
}

#[tokio::test]
async fn an_import_that_failed_after_it_wrote_never_says_that_it_did_not() {
    for url in ["TEST_REDIS_URL", "TEST_REDIS_62_URL"].into_iter().filter_map(given) {
        let (service, client) = (service(&url), connect(&url).await);
        // None; a few, which wait for others; more than are written together.
        for count in [0, 3, 1200] {
            let prefix = prefix();
            for (what, query, body) in ways(&prefix, count) {
                for dry_run in [false, true] {
                    batch(&client, &[&["SET", &format!("{prefix}there"), "old"]]).await;
                    let query = format!("dry_run={dry_run}{query}");
                    let file = Upload::whole(body.as_bytes());
                    let records = import(&service, &query, file).await.unwrap().all().await;
                    let keys: Vec<String> = (0..count).map(|i| format!("{prefix}{i}")).collect();
                    let mut there = 0;
                    for deleted in each(&client, &keys, |key| ["DEL", key]).await {
                        there += deleted["ok"].as_u64().unwrap();
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

/// The way to the server is cut before anything, or after something was written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_lost_midway_leaves_an_outcome_that_fits_the_counts() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let proxy = Proxy::before(&url).await;
    // It gives up soon.
    let settings = [("REDIS_URL", &*proxy.url()), ("MULTIDB_REQUEST_TIMEOUT_MS", "1500")];
    let service = service_of(&settings);
    let prefix = prefix();
    let keys: Vec<String> = (0..2000).map(|i| format!("{prefix}{i}")).collect();
    let mut outcomes = Vec::new();
    for cut_every in [1, 2, 3, 4] {
        for what in ["import", "delete", "expire"] {
            each(&client, &keys, |key| ["SET", key, "v"]).await;
            eventually("a service that answers again", async || {
                send(&service, "GET", "/keys?count=1", Value::Null).await.0 == 200
            })
            .await;
            let opened = match what {
                "import" => {
                    let body = ended(&lines(&prefix, 2000), 2000, None);
                    let file = Upload::whole(body.as_bytes());
                    import(&service, "on_conflict=replace", file).await
                }
                action => {
                    let mut body = json!({ "action": action, "keys": keys });
                    if action == "expire" {
                        body["ttl"] = json!(1000);
                    }
                    bulk(&service, body).await
                }
            };
            proxy.cut_every(cut_every);
            let records = opened.unwrap().all().await;
            proxy.cut_every(0);
            if records.last().unwrap().get("error").is_some() {
                outcomes.push(is_honest(&records));
            }
        }
    }
    assert!(!outcomes.is_empty(), "nothing failed");
    each(&client, &keys, |key| ["DEL", key]).await;
}
