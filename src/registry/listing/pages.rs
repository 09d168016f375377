//! Lists of connections across projects, in pages.
//!
//! A page is kept as the JSON it is answered with: a list that is asked again costs one copy.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::filter::{Filter, Page, PageRequest};
use super::position::Position;
use crate::error::Result;
use crate::json::Writer;
use crate::registry::Registry;
use crate::registry::connection::{Connection, Status};
use crate::registry::environment::DEFAULT_PROJECT;
use crate::registry::rows::{readable, select_connections};
use crate::target::DatabaseType;

/// `$6` and `$7` are where the page before ended. Every parameter may be null, so that one prepared
/// statement serves all combinations of filters.
const PAGE: &str = select_connections!(
    "WHERE ($1::uuid[] IS NULL OR c.project_id = ANY($1))
       AND ($2::text IS NULL OR p.ref = $2)
       AND ($3::text IS NULL OR c.database_type::text = $3)
       AND c.database_type::text = ANY($4::text[])
       AND ($5::text IS NULL OR c.status = $5)
       AND ($6::bigint IS NULL OR (c.created_at, c.id) < (
            CASE $6::bigint
              WHEN 9223372036854775807 THEN 'infinity'::timestamptz
              WHEN -9223372036854775808 THEN '-infinity'::timestamptz
              -- Days apart, as a product of this size is rounded.
              ELSE (timestamp '2000-01-01' + ($6::bigint / 86400000000)::int * interval '1 day'
                + ($6::bigint % 86400000000) * interval '1 microsecond') AT TIME ZONE 'UTC'
            END,
            $7::uuid))
     ORDER BY c.created_at DESC, c.id DESC
     LIMIT $8"
);

/// One page of connections.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConnectionPage {
    /// Those of the environment first, then from the newest on.
    pub databases: Vec<Arc<Connection>>,
    /// Where the next page begins; `null` on the last.
    pub cursor: Option<String>,
}

impl Registry {
    /// One page, newest connections first; those from the environment lead. With `fresh`, a page that
    /// was read before is not good enough.
    pub async fn page(&self, request: &PageRequest, fresh: bool) -> Result<Page> {
        let read = async {
            let mut out = Writer::new();
            out.value(&self.list(request).await?)?;
            Ok(out.into_bytes().into())
        };
        if self.platform.is_none() {
            return read.await;
        }
        Ok(self.caches.pages.get(request, fresh, read).await?.value)
    }

    /// One page, read anew.
    pub async fn list(&self, request: &PageRequest) -> Result<ConnectionPage> {
        let mut position =
            request.cursor.as_deref().map_or(Ok(Position::Start(0)), Position::decode)?;
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let mut shown: Vec<Arc<Connection>> = Vec::new();
        let mut more = false;
        if let Position::Start(skipped) = position {
            let mut env = self.environment_page(request).await;
            env.drain(..skipped.min(env.len()));
            more = env.len() > limit;
            env.truncate(limit);
            position = Position::Start(skipped + env.len());
            shown = env;
        }
        if !more && self.platform.is_some() {
            // One more than is shown tells whether there is a next page.
            let wanted = i64::try_from(limit - shown.len() + 1).unwrap_or(i64::MAX);
            let (after, after_id) = match position {
                Position::Start(_) => (None, None),
                Position::After(created_us, id) => (Some(created_us), Some(id)),
            };
            let kinds = self.enabled_names();
            let rows = self
                .require_platform()?
                .read(
                    PAGE,
                    &[
                        &request.visible.ids(),
                        &request.filter.project_ref,
                        &request.filter.database_type.map(DatabaseType::as_str),
                        &kinds,
                        &request.filter.status.map(Status::as_str),
                        &after,
                        &after_id,
                        &wanted,
                    ],
                )
                .await?;
            let room = limit - shown.len();
            more = rows.len() > room;
            for row in rows.iter().take(room) {
                let Some(connection) = readable(row) else { continue };
                position = Position::After(connection.created_us, connection.id);
                shown.push(Arc::new(connection));
            }
        }
        Ok(ConnectionPage { databases: shown, cursor: more.then(|| position.encode()) })
    }

    /// The connections from the environment that belong to a list.
    pub(super) async fn environment_page(&self, request: &PageRequest) -> Vec<Arc<Connection>> {
        let Filter { project_ref, database_type, status } = &request.filter;
        let elsewhere = project_ref.as_deref().is_some_and(|name| name != DEFAULT_PROJECT);
        if self.environment.is_empty() || elsewhere {
            return Vec::new();
        }
        let Ok(project) = self.project(DEFAULT_PROJECT).await else { return Vec::new() };
        if request.visible.ids().is_some_and(|projects| !projects.contains(&project.id)) {
            return Vec::new();
        }
        self.environment
            .connections(&project)
            .into_iter()
            .filter(|c| database_type.is_none_or(|kind| kind == c.database_type))
            .filter(|c| status.is_none_or(|status| status == c.status))
            .collect()
    }
}
