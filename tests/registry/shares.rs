//! One user's slow statements, and everybody else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::{KEY, Platform, config};
use serde_json::{Value, json};
use studio_multidb::access::User;
use studio_multidb::api::http::{Request, handle};
use studio_multidb::service::Service;

async fn send(service: &Arc<Service>, user: &str, path: &str, body: Value) -> (u16, Value) {
    let request = Request {
        method: "POST".to_owned(),
        path: format!("/api/platform{path}"),
        body: body.to_string().into_bytes(),
        user: Some(User { id: user.to_owned() }),
        ..Request::default()
    };
    let response = handle(service, request).await;
    (response.status, serde_json::from_slice(&response.body.whole().unwrap()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_slow_statements_of_one_user_keep_nobody_else_waiting() {
    let Some(platform) = Platform::migrated().await else { return };
    let service = Service::shared(config(&[
        ("DATABASE_URL", platform.url.as_str()),
        ("DATABASE_ENCRYPTION_KEY", KEY),
        ("MULTIDB_RATE_LIMIT", "off"),
        ("MAX_POSTGRES_CONNECTIONS", "4"),
    ]))
    .unwrap();
    let target = json!({
        "projectRef": "alpha", "name": "main", "type": "postgres", "skip_test": true,
        "connection_string": platform.url.as_str(), "options": { "sslmode": "disable" },
    });
    let (status, made) = send(&service, "anna", "/databases", target).await;
    assert_eq!(status, 201, "{made}");
    let query = |sql: &str| json!({ "query": sql, "read_only": true });
    let slow: Vec<_> = (0..40)
        .map(|_| {
            let (service, body) = (Arc::clone(&service), query("select pg_sleep(25)"));
            tokio::spawn(async move { send(&service, "anna", "/postgres/alpha/query", body).await })
        })
        .collect();
    let (started, busy) = (Instant::now(), || {
        service.pools.status().iter().map(|pool| pool.gauge.in_use).max().unwrap_or(0)
    });
    while busy() < 2 {
        assert!(started.elapsed() < Duration::from_secs(20), "they do not run");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for _ in 0..10 {
        let answered = send(&service, "ben", "/postgres/alpha/query", query("select 1 as n")).await;
        assert_eq!(
            (answered.0, &answered.1["data"]["row_count"]),
            (200, &json!(1)),
            "{answered:?}"
        );
    }
    // Of hers, half of the sessions run two; the others have given up or wait.
    assert!(busy() <= 3);
    assert!(slow.iter().filter(|one| !one.is_finished()).count() >= 30);
    for one in &slow {
        one.abort();
    }
}
