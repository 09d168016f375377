//! The package itself: health, pools, metrics and the OpenAPI document.

use std::sync::LazyLock;
use std::time::Instant;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::metrics::metrics;
use crate::error::{Error, Result};
use crate::pool::PoolStatus;
use crate::registry::Visible;
use crate::request::context::Context;
use crate::request::openapi;
use crate::request::operation::operations;
use crate::request::params::Nothing;
use crate::request::reply::Reply;

operations! {
    /// Whether the process lives, and what it knows of its platform database.
    ///
    /// Nothing is asked for it, and nothing is told of whose connections there are.
    "service.health" GET "/multidb/health" Public Read 1 => health;
    /// The live clients of this process, as far as they are of connections that the user may see.
    ///
    /// Each with its sockets, its waiting requests, and why it refuses if it does.
    "service.pools" GET "/multidb/pools" Registry Read 1 => pools;
    /// Asks one's own work to stop: an import, an export, bulk work or a copy.
    ///
    /// Work that writes ends after the step that is under way, and its own last record says what was done; an
    /// export is cut off.
    "service.jobs.stop" DELETE "/multidb/jobs/{job}" Registry Read 1 does reads => stop;
    /// Operations, clients and health for Prometheus, as text.
    ///
    /// For `Authorization: Bearer` with `MULTIDB_METRICS_TOKEN`.
    "service.metrics" GET "/multidb/metrics" Operator Admin 1 gives file(Metrics) => metrics;
    /// This document.
    ///
    /// It is made from the operations that there are.
    "service.openapi" GET "/multidb/openapi.json" Public Read 1 gives bare => openapi;
}

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// How this process is.
#[derive(Debug, Serialize, JsonSchema)]
struct Health {
    /// `degraded` while the platform database can't be reached.
    status: HealthStatus,
    /// Of the package.
    version: &'static str,
    uptime_seconds: u64,
    /// `null` where there is none: connections from the environment work without.
    platform_database: Option<PlatformHealth>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum HealthStatus {
    Ok,
    Degraded,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PlatformHealth {
    /// Whether it could be reached when it was last needed; `null` if it never was.
    ok: Option<bool>,
}

/// Anybody may ask, and often: nothing is asked for it.
async fn health(cx: &Context, _: Nothing) -> Result<Reply<Health>> {
    let reached = cx.service.platform.as_ref().map(|platform| platform.reached());
    let is_down = reached == Some(Some(false));
    Reply::of(&Health {
        status: if is_down { HealthStatus::Degraded } else { HealthStatus::Ok },
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: uptime(),
        platform_database: reached.map(|ok| PlatformHealth { ok }),
    })
}

/// Whole seconds.
pub(super) fn uptime() -> u64 {
    STARTED.elapsed().as_secs()
}

/// The clients of this process.
#[derive(Debug, Serialize, JsonSchema)]
struct PoolsShown {
    /// Those of connections that the user may see.
    pools: Vec<PoolStatus>,
    /// How many clients this process keeps at most.
    max_clients: usize,
}

async fn pools(cx: &Context, _: Nothing) -> Result<Reply<PoolsShown>> {
    // To somebody without any part in it, it is refused.
    cx.service.access.granted_anywhere(cx.user.as_ref()).await?;
    let visible = cx.service.access.visible_projects(cx.user.as_ref()).await?;
    let shown = |pool: &PoolStatus| match &visible {
        Visible::All => true,
        Visible::Some(projects) => projects.contains(&pool.project_id),
    };
    let pools = cx.service.pools.status().into_iter().filter(shown).collect();
    Reply::of(&PoolsShown { pools, max_clients: cx.service.config.max_clients })
}

/// Which work.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct JobsStopInput {
    /// Its first record's `job`, or the header `x-job-id` of its answer.
    job: String,
}

/// Work that was asked to stop.
#[derive(Debug, Serialize, JsonSchema)]
struct StoppingJob {
    #[schemars(with = "String")]
    job: Uuid,
    /// Always: whether it has stopped is its own stream's to say.
    stopping: bool,
}

async fn stop(cx: &Context, input: JobsStopInput) -> Result<Reply<StoppingJob>> {
    let unknown = || Error::not_found("no such work is under way in this process");
    let job: Uuid = input.job.parse().map_err(|_| unknown())?;
    if !cx.service.jobs.stop(job, cx.user.as_ref()) {
        return Err(unknown());
    }
    Reply::of(&StoppingJob { job, stopping: true })
}

/// Made once: anybody may ask for it, and it takes long compared to other answers.
static DOCUMENT: LazyLock<Vec<u8>> =
    LazyLock::new(|| openapi::document(super::all()).to_string().into_bytes());

/// The one answer without an envelope: it is read by OpenAPI tools, which know none.
async fn openapi(_: &Context, _: Nothing) -> Result<Reply<Map<String, Value>>> {
    Ok(Reply::whole(DOCUMENT.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
        let own = "#/components/schemas/ServiceOpenapiAnswer";
        assert_eq!(content.as_object().unwrap().len(), 1);
        assert_eq!(content["application/json"]["schema"], json!({ "$ref": own }));
        assert_eq!(document["components"]["schemas"]["ServiceOpenapiAnswer"]["type"], "object");
    }
}
