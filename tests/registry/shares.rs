//! One user's slow statements, and everybody else.

use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::service::Service;

use crate::fixtures::{Platform, ask, asked_by, eventually, request, service_of};

async fn send(service: &Arc<Service>, user: &str, path: &str, body: Value) -> (u16, Value) {
    ask(service, asked_by(user, request("POST", path, &body))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_slow_statements_of_one_user_keep_nobody_else_waiting() {
    let Some(platform) = Platform::migrated().await else { return };
    let settings = [("MULTIDB_RATE_LIMIT", "off"), ("MAX_POSTGRES_CONNECTIONS", "4")];
    let service = service_of(&[&platform.settings()[..], &settings].concat());
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
    let busy = || service.pools.status().iter().map(|pool| pool.gauge.in_use).max().unwrap_or(0);
    eventually("two statements running", async || busy() >= 2).await;
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
