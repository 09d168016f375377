//! The package itself: health, pools, metrics and the OpenAPI document.

use std::sync::LazyLock;
use std::time::Instant;

use serde_json::json;

use super::metrics::metrics;
use crate::error::Result;
use crate::pool::PoolStatus;
use crate::registry::Visible;
use crate::request::context::Context;
use crate::request::openapi;
use crate::request::operation::operations;
use crate::request::params::Nothing;
use crate::request::reply::{Body, Reply};

operations! {
    /// Whether the process lives, and what it knows of its platform database.
    "service.health" GET "/multidb/health" Public Read 1 => health;
    /// The live clients of this process, as far as they are of connections that the user may see.
    "service.pools" GET "/multidb/pools" Registry Read 1 => pools;
    /// Operations, clients and health for Prometheus, as text. For the operator's token.
    "service.metrics" GET "/multidb/metrics" Operator Admin 1 gives file(Metrics) => metrics;
    /// This document.
    "service.openapi" GET "/multidb/openapi.json" Public Read 1 gives bare => openapi;
}

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Anybody may ask, and often: nothing is asked for it, and nothing is told of whose connections there
/// are.
async fn health(cx: &Context, _: Nothing) -> Result<Reply> {
    // `null` where there is no platform database: connections from the environment work without.
    let reached = cx.service.platform.as_ref().map(|platform| platform.reached());
    let is_down = reached == Some(Some(false));
    Reply::json(&json!({
        "status": if is_down { "degraded" } else { "ok" },
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": uptime(),
        "platform_database": reached.map(|ok| json!({ "ok": ok })),
    }))
}

/// Whole seconds.
pub(super) fn uptime() -> u64 {
    STARTED.elapsed().as_secs()
}

async fn pools(cx: &Context, _: Nothing) -> Result<Reply> {
    // To somebody without any part in it, it is refused.
    cx.service.access.granted_anywhere(cx.user.as_ref()).await?;
    let visible = cx.service.access.visible_projects(cx.user.as_ref()).await?;
    let shown = |pool: &PoolStatus| match &visible {
        Visible::All => true,
        Visible::Some(projects) => projects.contains(&pool.project_id),
    };
    let pools: Vec<_> = cx.service.pools.status().into_iter().filter(shown).collect();
    Reply::json(&json!({
        "pools": pools,
        "max_clients": cx.service.config.max_clients,
    }))
}

/// Made once: anybody may ask for it, and it takes long compared to other answers.
static DOCUMENT: LazyLock<Vec<u8>> =
    LazyLock::new(|| openapi::document(super::all()).to_string().into_bytes());

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
