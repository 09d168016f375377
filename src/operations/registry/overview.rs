//! How many connections there are, and how they are doing.

use std::sync::Arc;

use futures_util::StreamExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::databases::part;
use super::trial::try_saved;
use crate::error::Result;
use crate::registry::{Connection, ConnectionPage, ConnectionStats, Filter, Status};
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

pub(super) async fn stats(cx: &Context, input: StatsInput) -> Result<Reply<ConnectionStats>> {
    let visible = cx.service.access.visible_projects(cx.user.as_ref()).await?;
    Reply::of(&cx.service.registry.counts(visible, input.project_ref.as_deref()).await?)
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

/// How one page of connections is doing.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ConnectionsHealth {
    /// How many of the page are.
    healthy: usize,
    /// How many of the page are.
    degraded: usize,
    /// How many of the page are.
    down: usize,
    /// Of how many of the page it is not known.
    unknown: usize,
    /// In the order of the list of connections.
    databases: Vec<ConnectionHealth>,
    /// Where the next page begins; `null` on the last.
    cursor: Option<String>,
}

/// How one connection is doing.
#[derive(Debug, Serialize, JsonSchema)]
struct ConnectionHealth {
    /// UUID of the connection.
    #[serde(rename = "databaseId")]
    database_id: String,
    /// Its name in the project.
    identifier: String,
    /// The `ref` of its project.
    project_ref: String,
    /// What it connects to.
    #[serde(rename = "type")]
    database_type: DatabaseType,
    status: Condition,
    /// Milliseconds; `null` when it was not tried now.
    latency: Option<f64>,
    /// When it last worked before, RFC 3339 in UTC; `null` if it never did.
    last_connected_at: Option<String>,
    /// Why it does not work, as far as is known.
    error: Option<String>,
}

/// How a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Condition {
    /// It worked when it was last tried.
    Healthy,
    /// It worked when it was last tried, but its client fails at the moment.
    Degraded,
    /// It failed when it was last tried.
    Down,
    /// It was not tried since it was saved.
    Unknown,
}

pub(super) async fn health(cx: &Context, input: HealthInput) -> Result<Reply<ConnectionsHealth>> {
    let HealthInput { project_ref, database_type, limit, cursor, probe } = input;
    let filter = Filter { project_ref, database_type, status: None };
    let request = part(cx, filter, limit, cursor).await?;
    let ConnectionPage { databases: connections, cursor } =
        cx.service.registry.list(&request).await?;
    let found: Vec<ConnectionHealth> = if probe {
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
    let count = |status| found.iter().filter(|health| health.status == status).count();
    Reply::of(&ConnectionsHealth {
        healthy: count(Condition::Healthy),
        degraded: count(Condition::Degraded),
        down: count(Condition::Down),
        unknown: count(Condition::Unknown),
        databases: found,
        cursor,
    })
}

/// What is known without trying.
fn known(connection: &Connection, failing: &[String]) -> ConnectionHealth {
    let status = match connection.status {
        Status::Active if failing.contains(&connection.pool_key().to_string()) => {
            Condition::Degraded
        }
        Status::Active => Condition::Healthy,
        Status::Error => Condition::Down,
        Status::Inactive | Status::Connecting => Condition::Unknown,
    };
    ConnectionHealth {
        database_id: connection.id.to_string(),
        identifier: connection.identifier.clone(),
        project_ref: connection.project.project_ref.clone(),
        database_type: connection.database_type,
        status,
        latency: None,
        last_connected_at: connection.last_connected_at.clone(),
        error: connection.last_error.clone(),
    }
}

async fn probed(cx: &Context, connection: Arc<Connection>) -> ConnectionHealth {
    let mut health = known(&connection, &[]);
    match try_saved(cx, &connection).await {
        Ok(result) => {
            health.status = if result.success { Condition::Healthy } else { Condition::Down };
            health.latency = Some(result.latency_ms);
            health.error = result.error;
        }
        Err(error) => {
            health.status = Condition::Down;
            health.error = Some(error.message().to_owned());
        }
    }
    health
}
