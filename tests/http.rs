//! The HTTP operations through the first door, on a service of the environment.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::api::http::{Request, handle};
use studio_multidb::service::Service;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fixtures::{asked_by, eventually, headers, request, serve, service_of, stream, whole};

#[path = "fixtures/mod.rs"]
mod fixtures;
#[path = "http/outage.rs"]
mod outage;

const KEY: &str = "canary-api-key";
const TOKEN: &str = "canary-metrics-token";

/// The URL of a service that answers each request as `answer` says, and hangs up after an
/// answer that is the last.
async fn serving(answer: impl Fn(&str) -> (Vec<u8>, bool) + Send + Sync + 'static) -> String {
    let answer = Arc::new(answer);
    let (port, _) = serve(move |mut client| {
        let answer = Arc::clone(&answer);
        async move {
            let mut chunk = vec![0; 65536];
            while let Ok(read @ 1..) = client.read(&mut chunk).await {
                let (bytes, is_last) = answer(&String::from_utf8_lossy(&chunk[..read]));
                if client.write_all(&bytes).await.is_err() || is_last {
                    break;
                }
            }
        }
    })
    .await;
    format!("http://127.0.0.1:{port}")
}

/// A service that answers `/health`, `/bytes` and `/text`, and repeats any other request it gets.
async fn bun_api() -> String {
    let url = serving(|request| {
        let (kind, body) = match request.split(' ').nth(1).unwrap_or_default() {
            "/api/health" => ("application/json", b"{\"ok\":true}".to_vec()),
            "/api/bytes" => ("application/json", vec![0xff]),
            "/api/text" => ("text/plain", b"a\"b".to_vec()),
            _ => ("application/json", json!({ "request": request }).to_string().into()),
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nSet-Cookie: session=1\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        ([head.as_bytes(), &body].concat(), false)
    })
    .await;
    format!("{url}/api")
}

fn service(url: &str) -> Arc<Service> {
    service_of(&[("BUN_API_URL", url), ("BUN_API_KEY", KEY), ("MULTIDB_METRICS_TOKEN", TOKEN)])
}

async fn ask(service: &Arc<Service>, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let request = request(method, &format!("/bun/default/{path}"), body);
    let (status, answer) = fixtures::ask(service, request).await;
    assert!(!answer.to_string().contains(KEY), "{answer}");
    (status, answer)
}

#[tokio::test]
async fn health_and_info_are_answered() {
    let service = service(&bun_api().await);
    let (status, answer) = ask(&service, "GET", "health", &Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["data"]["healthy"], true);
    assert_eq!(answer["data"]["body"], json!({ "ok": true }));
    assert!(answer["data"]["latency_ms"].is_number());
    let (status, answer) = ask(&service, "GET", "info", &Value::Null).await;
    assert_eq!((status, &answer["data"]["status"]), (200, &json!(200)));
}

#[tokio::test]
async fn a_request_is_sent_below_the_base_url_with_the_key() {
    let service = service(&bun_api().await);
    let body = json!({ "method": "POST", "path": "users", "query": { "q": "a b" },
                       "headers": { "X-Request-Id": "mine", "Prefer": "x" }, "body": { "n": 1 } });
    let (status, answer) = ask(&service, "POST", "request", &body).await;
    assert_eq!(status, 200, "{answer}");
    let sent = answer["data"]["body"]["request"].as_str().unwrap().to_ascii_lowercase();
    assert!(sent.starts_with("post /api/users?q=a+b http/1.1\r\n"), "{sent}");
    assert!(sent.contains("authorization: bearer ***"), "{sent}");
    assert!(sent.contains("x-request-id: "), "{sent}");
    assert!(
        sent.contains("prefer: x")
            && sent.contains("x-request-id: mine")
            && sent.ends_with("{\"n\":1}"),
        "{sent}"
    );
    assert!(answer["data"]["headers"].get("set-cookie").is_none());
    assert_eq!(answer["data"]["headers"]["content-type"], "application/json");
}

#[tokio::test]
async fn bodies_that_are_no_json_are_text_or_bytes() {
    let service = service(&bun_api().await);
    let (_, answer) = ask(&service, "POST", "request", &json!({ "path": "/text" })).await;
    assert_eq!(answer["data"]["body"], "a\"b");
    let (_, answer) = ask(&service, "POST", "request", &json!({ "path": "/bytes" })).await;
    assert_eq!(answer["data"]["body"], json!({ "$binary": { "base64": "/w==" } }));
}

#[tokio::test]
async fn what_leads_elsewhere_is_refused() {
    let service = service(&bun_api().await);
    for path in ["../admin", "%2e%2e/admin", "//evil.example/", "http://evil.example/", "..\\x"] {
        let (status, answer) = ask(&service, "POST", "request", &json!({ "path": path })).await;
        assert_eq!((status, &answer["error"]["code"]), (403, &json!("OPERATION_NOT_ALLOWED")));
    }
    let headers = json!({ "headers": { "Host": "evil.example" } });
    let (status, _) = ask(&service, "POST", "request", &headers).await;
    assert_eq!(status, 403);
    let (status, answer) = ask(&service, "POST", "request", &json!({ "pfad": "x" })).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("VALIDATION_ERROR")));
}

#[tokio::test]
async fn metrics_tell_of_the_process_and_its_clients_and_of_no_secret() {
    let service = service(&bun_api().await);
    let metrics = async || {
        let headers = headers(&[("authorization", &format!("Bearer {TOKEN}"))]);
        let request = request("GET", "/multidb/metrics", &Value::Null);
        let response = handle(&service, Request { headers, ..request }).await;
        assert_eq!(response.status, 200);
        let kind = response.headers.iter().find(|(name, _)| *name == "content-type");
        assert!(kind.is_some_and(|(_, kind)| kind.starts_with("text/plain; version=0.0.4")));
        String::from_utf8(whole(stream(response)).await).unwrap()
    };
    ask(&service, "GET", "health", &Value::Null).await;
    ask(&service, "POST", "request", &json!({ "path": "../admin" })).await;
    let text = metrics().await;
    for secret in [KEY, TOKEN, "127.0.0.1", "admin", "http://"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let mut seen = HashSet::new();
    for line in text.lines().filter(|line| !line.starts_with("# ")) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("studio_multidb_"), "{line}");
        value.parse::<f64>().unwrap_or_else(|e| panic!("{line}: {e}"));
        assert!(seen.insert(name), "twice: {line}");
    }
    let value = |name: &str| -> f64 {
        let prefix = format!("studio_multidb_{name} ");
        let found = text.lines().find_map(|line| line.strip_prefix(&prefix));
        found.unwrap_or_else(|| panic!("no {name}: {text}")).parse().unwrap()
    };
    assert!(value("clients") >= 1.0);
    assert!(text.lines().any(|line| line.starts_with("studio_multidb_client_ready{")
        && line.contains(":bun_api:")
        && line.ends_with(" 1")));
    // Other tests of this program ask for the same.
    assert!(value("operations_total{operation=\"http.health\",code=\"ok\"}") >= 1.0);
    let refused = "operations_total{operation=\"http.request\",code=\"OPERATION_NOT_ALLOWED\"}";
    assert!(value(refused) >= 1.0);
    let count = value("operation_duration_seconds_count{operation=\"http.health\"}");
    let all = value("operation_duration_seconds_bucket{operation=\"http.health\",le=\"+Inf\"}");
    assert!(count >= 1.0 && (count - all).abs() < 0.5);

    // What a stream does is counted when it ends.
    let again = metrics().await;
    assert!(again.contains("operations_total{operation=\"service.metrics\",code=\"ok\"} "));
}

/// A service that answers `/health` at once and anything else never.
async fn stalling() -> String {
    serving(|request| {
        let is_answered = request.starts_with("GET /health ");
        (if is_answered { outage::FINE.to_vec() } else { Vec::new() }, false)
    })
    .await
}

#[tokio::test]
async fn the_slow_requests_of_one_user_leave_room_for_another() {
    let service = service(&stalling().await);
    let send = |user: &str, path: &str| {
        let service = Arc::clone(&service);
        let request = request("POST", "/bun/default/request", &json!({ "path": path }));
        let request = asked_by(user, request);
        async move { handle(&service, request).await.status }
    };
    let slow: Vec<_> = (0..40).map(|_| tokio::spawn(send("anna", "never"))).collect();
    // They hold all that they may hold.
    eventually("five being under way", async || {
        service.pools.status().iter().any(|pool| pool.gauge.in_use >= 5)
    })
    .await;
    for _ in 0..20 {
        assert_eq!(send("ben", "health").await, 200);
        assert!(service.pools.status()[0].gauge.in_use <= 6);
    }
    assert!(slow.iter().all(|one| !one.is_finished()));
    slow.iter().for_each(tokio::task::JoinHandle::abort);
}
