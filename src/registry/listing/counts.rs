//! How many connections there are.

use serde::Serialize;

use super::filter::{Filter, PageKey, Visible, projects};
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

/// Counts of one type's connections.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All.
    pub total: i64,
    /// Worked when last tried.
    pub active: i64,
    /// Saved without being tried.
    pub inactive: i64,
    /// Failed when last tried.
    pub error: i64,
    /// Being tried.
    pub connecting: i64,
    /// Worked within the last hour.
    pub recently_connected: i64,
}

impl Registry {
    /// How many connections there are, by type.
    pub async fn counts(
        &self,
        visible: Visible,
        project_ref: Option<&str>,
    ) -> Result<Vec<(DatabaseType, Counts)>> {
        let projects = projects(visible);
        let mut counts: Vec<_> =
            self.enabled.iter().map(|kind| (*kind, Counts::default())).collect();
        if self.platform.is_some() {
            let (projects, kinds) = (projects.as_deref(), self.enabled_names());
            let rows =
                self.require_platform()?.read(COUNTS, &[&projects, &project_ref, &kinds]).await?;
            for row in &rows {
                let (kind, status): (DatabaseType, Status) =
                    (named(row.get(0))?, Status::held(row.get(1)));
                let (count, recent): (i64, i64) = (row.get(2), row.get(3));
                if let Some((_, of_kind)) = counts.iter_mut().find(|(k, _)| *k == kind) {
                    of_kind.total += count;
                    of_kind.recently_connected += recent;
                    *of_kind.with(status) += count;
                }
            }
        }
        let filter = Filter { project_ref: project_ref.map(str::to_owned), ..Filter::default() };
        let key = PageKey { filter, projects, limit: 0, cursor: None };
        for connection in self.environment_page(&key).await {
            let kind = connection.database_type;
            if let Some((_, of_kind)) = counts.iter_mut().find(|(k, _)| *k == kind) {
                of_kind.total += 1;
                of_kind.active += 1;
            }
        }
        Ok(counts)
    }
}

impl Counts {
    fn with(&mut self, status: Status) -> &mut i64 {
        match status {
            Status::Active => &mut self.active,
            Status::Inactive => &mut self.inactive,
            Status::Error => &mut self.error,
            Status::Connecting => &mut self.connecting,
        }
    }
}
