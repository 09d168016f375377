//! The package itself: health, pools, metrics and the OpenAPI document.

use std::sync::LazyLock;
use std::time::Instant;

use serde_json::json;

use super::metrics::metrics;
use crate::api::context::Context;
use crate::api::openapi;
use crate::api::operation::operations;
use crate::api::params::Nothing;
use crate::api::reply::{Body, Reply};
use crate::error::Result;

operations! {
    /// Whether the process, its platform database and its clients are well.
    "service.health" GET "/multidb/health" Public Read 1 => health;
    /// The live clients of this process.
    "service.pools" GET "/multidb/pools" Service Admin 1 => pools;
    /// Operations, clients and health for Prometheus, as text.
    "service.metrics" GET "/multidb/metrics" Service Admin 1 gives file(Metrics) => metrics;
    /// This document.
    "service.openapi" GET "/multidb/openapi.json" Public Read 1 gives bare => openapi;
}

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

async fn health(cx: &Context, _: Nothing) -> Result<Reply> {
    let platform = cx.service.registry.check(cx.deadline).await;
    let pools = cx.service.pools.status();
    let failing = pools.iter().filter(|pool| pool.circuit_open).count();
    // `null` where there is no platform database: connections from the environment work without.
    let platform = platform.map(|result| match result {
        Ok(latency) => json!({ "ok": true, "latency_ms": latency.as_secs_f64() * 1000.0 }),
        // Anybody may ask: what is wrong is for the log, which names users and addresses.
        Err(error) => {
            tracing::warn!(%error, "the platform database does not answer");
            json!({ "ok": false, "code": error.code().as_str() })
        }
    });
    let down = platform.as_ref().is_some_and(|p| p["ok"] == false);
    Reply::json(&json!({
        "status": if down { "degraded" } else { "ok" },
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": uptime(),
        "platform_database": platform,
        "pools": { "clients": pools.len(), "failing": failing },
    }))
}

/// Whole seconds.
pub(super) fn uptime() -> u64 {
    STARTED.elapsed().as_secs()
}

async fn pools(cx: &Context, _: Nothing) -> Result<Reply> {
    Reply::json(&json!({
        "pools": cx.service.pools.status(),
        "max_clients": cx.service.config.max_clients,
    }))
}

/// Made once: anybody may ask for it, and it takes long compared to other answers.
static DOCUMENT: LazyLock<Vec<u8>> = LazyLock::new(|| openapi::document().to_string().into_bytes());

/// The one answer without an envelope: it is read by OpenAPI tools, which know none.
async fn openapi(_: &Context, _: Nothing) -> Result<Reply> {
    Ok(Reply { status: 200, body: Body::Whole(DOCUMENT.clone()), etag: None })
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;
    use crate::api::http::{Request, handle};
    use crate::config::Config;
    use crate::service::Service;

    #[tokio::test]
    async fn the_document_is_answered_as_it_says_of_itself() {
        let config = Config::from_env(|_| None, &Map::new()).unwrap();
        let service = Service::shared(config).unwrap();
        let path = "/api/platform/multidb/openapi.json".to_owned();
        let request = Request { method: "GET".into(), path: path.clone(), ..Request::default() };
        let response = handle(&service, request).await;
        let document: Value = serde_json::from_slice(&response.body.whole().unwrap()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let content = &document["paths"][path]["get"]["responses"]["2XX"]["content"];
        assert_eq!(content, &json!({ "application/json": { "schema": { "type": "object" } } }));
    }
}
