//! How many connections there are, and how they are doing.

use std::sync::Arc;

use futures_util::StreamExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::databases::DatabasesListInput;
use super::trial::try_saved;
use crate::error::Result;
use crate::registry::{Connection, Status};
use crate::request::context::Context;
use crate::request::reply::Reply;
use crate::target::DatabaseType;

/// So many connections are tried at the same time.
const PROBES_AT_ONCE: usize = 8;

/// Which connections to count.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StatsInput {
    /// Of the project with this `ref` only.
    #[serde(alias = "projectRef")]
    project_ref: Option<String>,
}

pub(super) async fn stats(cx: &Context, input: StatsInput) -> Result<Reply> {
    let visible = cx.service.access.visible_projects(cx.user.as_ref()).await?;
    let counts = cx.service.registry.counts(visible, input.project_ref.as_deref()).await?;
    let sum = |of: fn(&crate::registry::Counts) -> i64| {
        counts.iter().map(|(_, counts)| of(counts)).sum::<i64>()
    };
    Reply::json(&json!({
        "total": sum(|c| c.total),
        "active": sum(|c| c.active),
        "inactive": sum(|c| c.inactive),
        "error": sum(|c| c.error),
        "connecting": sum(|c| c.connecting),
        "recently_connected": sum(|c| c.recently_connected),
        "by_type": counts
            .iter()
            .map(|(kind, counts)| (kind.as_str().to_owned(), json!(counts)))
            .collect::<serde_json::Map<_, _>>(),
    }))
}

/// Which connections, and whether to try them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HealthInput {
    /// Of the project with this `ref` only.
    #[serde(alias = "projectRef")]
    project_ref: Option<String>,
    /// Of this type only.
    #[serde(alias = "type", alias = "databaseType")]
    database_type: Option<DatabaseType>,
    /// At most this many, 1 to 1000; 100 when not given.
    limit: Option<u32>,
    /// The `cursor` that the page before answered with.
    cursor: Option<String>,
    /// Try each connection now, and note the result.
    #[serde(default)]
    probe: bool,
}

/// One connection's health.
#[derive(Debug, Serialize)]
struct Health {
    #[serde(rename = "databaseId")]
    database_id: uuid::Uuid,
    identifier: String,
    project_ref: String,
    #[serde(rename = "type")]
    database_type: DatabaseType,
    /// `healthy`, `degraded` (its client fails at the moment), `down` or `unknown` (never tried).
    status: &'static str,
    /// Milliseconds; `null` when it was not tried now.
    latency: Option<f64>,
    last_connected_at: Option<String>,
    error: Option<String>,
}

pub(super) async fn health(cx: &Context, input: HealthInput) -> Result<Reply> {
    let HealthInput { project_ref, database_type, limit, cursor, probe } = input;
    let list = DatabasesListInput::of(project_ref, database_type, limit, cursor);
    let (connections, cursor) = cx.service.registry.list(list.request(cx).await?).await?;
    let found: Vec<Health> = if probe {
        futures_util::stream::iter(connections)
            .map(|connection| probed(cx, connection))
            .buffered(PROBES_AT_ONCE)
            .collect()
            .await
    } else {
        let failing: Vec<String> = cx
            .service
            .pools
            .status()
            .into_iter()
            .filter(|pool| pool.circuit_open)
            .map(|pool| pool.key)
            .collect();
        connections.iter().map(|connection| known(connection, &failing)).collect()
    };
    let count = |status: &str| found.iter().filter(|health| health.status == status).count();
    Reply::json(&json!({
        "healthy": count("healthy"),
        "degraded": count("degraded"),
        "down": count("down"),
        "unknown": count("unknown"),
        "databases": found,
        "cursor": cursor,
    }))
}

/// What is known without trying.
fn known(connection: &Connection, failing: &[String]) -> Health {
    let status = match connection.status {
        Status::Active if failing.contains(&connection.pool_key().to_string()) => "degraded",
        Status::Active => "healthy",
        Status::Error => "down",
        Status::Inactive | Status::Connecting => "unknown",
    };
    Health {
        database_id: connection.id,
        identifier: connection.identifier.clone(),
        project_ref: connection.project_ref.clone(),
        database_type: connection.database_type,
        status,
        latency: None,
        last_connected_at: connection.last_connected_at.clone(),
        error: connection.last_error.clone(),
    }
}

async fn probed(cx: &Context, connection: Arc<Connection>) -> Health {
    let mut health = known(&connection, &[]);
    match try_saved(cx, &connection).await {
        Ok(result) => {
            health.status = if result.success { "healthy" } else { "down" };
            health.latency = Some(result.latency_ms);
            health.error = result.error;
        }
        Err(error) => {
            health.status = "down";
            health.error = Some(error.message().to_owned());
        }
    }
    health
}
