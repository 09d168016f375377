//! Keys that a server names twice, and keys that are asked for twice, count once.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::fixtures::{Records, given, told};
use crate::http::{records, request, service};
use crate::rogue::serve_each;
use crate::streams::bulk;
use crate::support::{batch, connect, prefix};

/// Names `b` on two pages of `SCAN`, as a table does that shrinks in between.
fn shrinking(command: &[&str]) -> String {
    match command {
        ["SCAN", "0", ..] => "*2\r\n$1\r\n5\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n".to_owned(),
        ["SCAN", ..] => "*2\r\n$1\r\n0\r\n*3\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\na\r\n".to_owned(),
        ["TYPE", ..] => "+string\r\n".to_owned(),
        ["PTTL" | "PEXPIRETIME", ..] => ":-1\r\n".to_owned(),
        ["MEMORY", ..] => ":60\r\n".to_owned(),
        ["DBSIZE", ..] => ":9\r\n".to_owned(),
        ["GET" | "GETRANGE", ..] => "$1\r\nv\r\n".to_owned(),
        ["UNLINK" | "PEXPIRE" | "PERSIST", ..] => ":1\r\n".to_owned(),
        ["EXISTS", ..] => ":0\r\n".to_owned(),
        ["INFO", ..] => "$0\r\n\r\n".to_owned(),
        ["TIME"] => "*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n".to_owned(),
        ["HELLO" | "CLIENT" | "PING", ..] => "+OK\r\n".to_owned(),
        _ => "-ERR unknown command\r\n".to_owned(),
    }
}

#[tokio::test]
async fn a_key_that_is_named_twice_is_counted_and_exported_once() {
    let port = serve_each(shrinking).await;
    let service = service(&format!("redis://127.0.0.1:{port}"));
    for more in [
        json!({ "action": "delete" }),
        json!({ "action": "expire", "ttl": 5 }),
        json!({ "action": "persist" }),
        json!({ "action": "delete", "dry_run": true }),
    ] {
        let mut body = more;
        body["pattern"] = json!("*");
        body["confirm"] = json!(true);
        let records = bulk(&service, body).await.unwrap().all().await;
        let end = told(&records, "end")[0];
        let counts = ["matched", "done", "skipped"].map(|name| end[name].as_u64().unwrap());
        assert_eq!((counts, &end["exact"]), ([3, 3, 0], &json!(true)), "{records:?}");
    }
    let lines = records(&service, "/export").await;
    let mut keys: Vec<&Value> = told(&lines, "key");
    keys.sort_by_key(ToString::to_string);
    assert_eq!(keys, ["a", "b", "c"]);
    let end = told(&lines, "end")[0];
    assert_eq!((&end["keys"], &end["exact"]), (&json!(3), &json!(true)));
}

static REFUSED: AtomicBool = AtomicBool::new(false);

/// The same, and does not let `b` be read at first.
fn unwilling(command: &[&str]) -> String {
    match command {
        ["GET" | "GETRANGE", "b", ..] if !REFUSED.swap(true, Ordering::Relaxed) => {
            "-ERR not now\r\n".to_owned()
        }
        command => shrinking(command),
    }
}

#[tokio::test]
async fn an_export_whose_counts_have_a_key_twice_is_not_called_exact() {
    let port = serve_each(unwilling).await;
    let service = service(&format!("redis://127.0.0.1:{port}"));
    let lines = records(&service, "/export").await;
    let end = told(&lines, "end")[0];
    assert_eq!((&end["keys"], &end["skipped"]), (&json!(3), &json!(1)), "{lines:?}");
    assert_eq!((told(&lines, "key").len(), told(&lines, "problem").len()), (3, 1), "{lines:?}");
    assert_eq!(end["exact"], false, "{lines:?}");
}

#[tokio::test]
async fn a_key_that_is_asked_for_twice_is_done_once() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let (service, client) = (service(&url), connect(&url).await);
    let key = prefix();
    batch(&client, &[&["SET", &key, "v"]]).await;
    let keys = json!([key, key, key]);
    let request = request("POST", "/export", &json!({ "keys": keys }));
    let lines = Records::open(&service, request).await.unwrap().all().await;
    assert_eq!(told(&lines, "end")[0]["keys"], 1, "{lines:?}");
    let body = json!({ "action": "delete", "keys": keys });
    let records = bulk(&service, body).await.unwrap().all().await;
    let end = told(&records, "end")[0];
    assert_eq!((&end["matched"], &end["done"]), (&json!(1), &json!(1)), "{records:?}");
}
