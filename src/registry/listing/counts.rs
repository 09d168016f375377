//! How many connections there are.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::filter::{Filter, PageRequest, Visible};
use crate::error::Result;
use crate::platform::named;
use crate::registry::Registry;
use crate::registry::connection::Status;
use crate::target::DatabaseType;

const COUNTS: &str = "
    SELECT c.database_type::text, c.status, count(*),
        count(*) FILTER (WHERE c.last_connected_at > now() - interval '1 hour')
    FROM platform.database_connections c
    JOIN platform.projects p ON p.id = c.project_id
    WHERE ($1::uuid[] IS NULL OR c.project_id = ANY($1))
      AND ($2::text IS NULL OR p.ref = $2)
      AND c.database_type::text = ANY($3::text[])
    GROUP BY c.database_type, c.status";

/// How many connections there are.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct ConnectionStats {
    #[serde(flatten)]
    all: StateCounts,
    /// Of each type that this installation has.
    by_type: BTreeMap<DatabaseType, StateCounts>,
}

/// How many connections are in which state.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct StateCounts {
    /// All.
    total: i64,
    /// Worked when last tried.
    active: i64,
    /// Saved without being tried.
    inactive: i64,
    /// Failed when last tried.
    error: i64,
    /// Being tried.
    connecting: i64,
    /// Worked within the last hour.
    recently_connected: i64,
}

impl Registry {
    /// How many connections there are, by type.
    pub async fn counts(
        &self,
        visible: Visible,
        project_ref: Option<&str>,
    ) -> Result<ConnectionStats> {
        let mut counts = ConnectionStats::default();
        counts.by_type.extend(self.enabled.iter().map(|kind| (*kind, StateCounts::default())));
        if self.platform.is_some() {
            let (projects, kinds) = (visible.ids(), self.enabled_names());
            let rows =
                self.require_platform()?.read(COUNTS, &[&projects, &project_ref, &kinds]).await?;
            for row in &rows {
                let status = Status::held(row.get(1));
                counts.add(named(row.get(0))?, status, row.get(2), row.get(3));
            }
        }
        let filter = Filter { project_ref: project_ref.map(str::to_owned), ..Filter::default() };
        let request = PageRequest { filter, visible, limit: 0, cursor: None };
        for connection in self.environment_page(&request).await {
            counts.add(connection.database_type, Status::Active, 1, 0);
        }
        Ok(counts)
    }
}

impl ConnectionStats {
    fn add(&mut self, kind: DatabaseType, status: Status, count: i64, recent: i64) {
        let Some(of_kind) = self.by_type.get_mut(&kind) else { return };
        for counts in [&mut self.all, of_kind] {
            counts.total += count;
            counts.recently_connected += recent;
            *match status {
                Status::Active => &mut counts.active,
                Status::Inactive => &mut counts.inactive,
                Status::Error => &mut counts.error,
                Status::Connecting => &mut counts.connecting,
            } += count;
        }
    }
}
