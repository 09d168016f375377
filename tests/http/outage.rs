//! An answer that can't be read is that request's failure, and nobody else's outage.

use serde_json::{Value, json};

use super::{ask, service, serving};
use crate::fixtures::silent;

pub(crate) const FINE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

/// Answers that are none, by the path that gives them.
fn broken() -> Vec<(&'static str, Vec<u8>)> {
    let head = |headers: &str| format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n").into_bytes();
    let with = |headers: &str, body: &str| [head(headers), body.as_bytes().to_vec()].concat();
    let headers = |count: usize| {
        let all: Vec<String> = (0..count).map(|n| format!("X-Canary-{n}: {n}")).collect();
        with(&format!("Content-Length: 2\r\n{}", all.join("\r\n")), "{}")
    };
    vec![
        ("nothing", Vec::new()),
        ("no-http", b"\x16\x03\x01\x02\x00canary\r\n\r\n".to_vec()),
        ("other-protocol", b"-ERR canary\r\n\r\n".to_vec()),
        ("bad-status", b"HTTP/1.1 canary OK\r\n\r\n".to_vec()),
        ("bad-version", b"HTTP/9.9 200 OK\r\n\r\n".to_vec()),
        ("bad-header", with("X-Canary\x01: \x02", "{}")),
        ("many-headers", headers(300)),
        ("huge-head", with(&format!("X-Canary: {}", "x".repeat(1 << 20)), "{}")),
        ("half-a-head", b"HTTP/1.1 200 OK\r\nX-Canary: ".to_vec()),
        ("half-a-body", with("Content-Length: 10", "half")),
        ("bad-length", with("Content-Length: canary", "{}")),
        ("two-lengths", with("Content-Length: 2\r\nContent-Length: 3", "{}")),
        ("bad-chunk", with("Transfer-Encoding: chunked", "canary\r\n{}\r\n0\r\n\r\n")),
        ("huge-chunk", with("Transfer-Encoding: chunked", "ffffffffffffffff1\r\n{}")),
        ("half-a-chunk", with("Transfer-Encoding: chunked", "ff\r\nhalf")),
        ("no-last-chunk", with("Transfer-Encoding: chunked", "2\r\n{}\r\n")),
        ("upgrade", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: canary\r\nConnection: upgrade\r\n\r\ncanary".to_vec()),
        ("two-answers", [FINE, FINE].concat()),
    ]
}

/// A service that answers well, but for those paths; then it closes the connection.
async fn flawed() -> String {
    serving(|request| {
        let path = request.split([' ', '/']).nth(2).unwrap_or_default();
        let flaw = broken().into_iter().find(|(name, _)| *name == path);
        let is_last = flaw.is_some();
        (flaw.map_or(FINE.to_vec(), |(_, answer)| answer), is_last)
    })
    .await
}

#[tokio::test]
async fn no_answer_to_one_request_has_the_next_one_refused() {
    let service = service(&flawed().await);
    for (path, _) in broken() {
        for method in ["GET", "POST"] {
            for _ in 0..4 {
                let body = json!({ "method": method, "path": path });
                let (_, answer) = ask(&service, "POST", "request", &body).await;
                let told = &answer["error"]["details"];
                assert!(told.get("circuit").is_none(), "{method} {path}: {answer}");
            }
            let fine = json!({ "method": "POST", "path": "fine" });
            let (status, answer) = ask(&service, "POST", "request", &fine).await;
            assert_eq!(status, 200, "after {method} {path}: {answer}");
            assert_eq!(answer["data"]["body"], "{}", "after {method} {path}");
            let pool = &service.pools.status()[0];
            assert!(!pool.circuit_open && pool.last_error.is_none(), "{path}: {pool:?}");
        }
    }
}

#[tokio::test]
async fn a_service_whose_health_cannot_be_read_is_served_all_the_same() {
    for (path, answer) in broken() {
        // These are no HTTP at all, or nothing: the port may be the wrong one.
        let readable = ["many-headers", "huge-head", "bad-chunk", "huge-chunk", "two-answers"];
        if !readable.contains(&path) {
            continue;
        }
        let url = serving(move |request| {
            let is_health = request.contains("/health");
            (if is_health { answer.clone() } else { FINE.to_vec() }, true)
        })
        .await;
        let service = service(&url);
        let (status, told) = ask(&service, "POST", "request", &json!({ "path": "fine" })).await;
        assert_eq!(status, 200, "{path}: {told}");
    }
}

#[tokio::test]
async fn a_service_that_is_gone_is_told_in_our_words() {
    let (port, listener) = silent().await;
    drop(listener);
    let service = service(&format!("http://127.0.0.1:{port}"));
    let body = json!({ "path": "canary-of-one-user" });
    let mut refused = Value::Null;
    for _ in 0..3 {
        refused = ask(&service, "POST", "request", &body).await.1;
    }
    assert_eq!(refused["error"]["details"]["circuit"], "open", "{refused}");
    assert_eq!(refused["error"]["outcome"], "not_applied");
    assert!(!refused.to_string().contains("canary-of-one-user"), "{refused}");
}
