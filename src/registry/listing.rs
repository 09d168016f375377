//! Lists of connections across projects, in pages, and counts of them.
//!
//! A page is kept as the JSON it is answered with: a list that is asked again costs one copy.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

use super::Registry;
use super::connection::{Connection, Status, named, readable, select_connections};
use super::environment::DEFAULT_PROJECT;
use crate::error::{Error, Result};
use crate::json::Writer;
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

const COUNTS: &str = "
    SELECT c.database_type::text, c.status, count(*),
        count(*) FILTER (WHERE c.last_connected_at > now() - interval '1 hour')
    FROM platform.database_connections c
    JOIN platform.projects p ON p.id = c.project_id
    WHERE ($1::uuid[] IS NULL OR c.project_id = ANY($1))
      AND ($2::text IS NULL OR p.ref = $2)
      AND c.database_type::text = ANY($3::text[])
    GROUP BY c.database_type, c.status";

/// Which connections a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Of this project only.
    pub project_ref: Option<String>,
    /// Of this type only.
    pub database_type: Option<DatabaseType>,
    /// In this state only.
    pub status: Option<Status>,
}

/// The projects that a list may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    /// All of them.
    All,
    /// These.
    Some(Vec<Uuid>),
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// What the list holds.
    pub filter: Filter,
    /// The projects the user may see.
    pub visible: Visible,
    /// At most this many connections.
    pub limit: u32,
    /// The `cursor` of the page before.
    pub cursor: Option<String>,
    /// A cached page is not good enough.
    pub fresh: bool,
}

/// `{ "databases": [...], "cursor": ... }`, as JSON.
pub type Page = Bytes;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PageKey {
    filter: Filter,
    projects: Option<Arc<[Uuid]>>,
    limit: u32,
    cursor: Option<String>,
}

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
    /// One page, newest connections first; those from the environment lead.
    pub async fn page(&self, request: PageRequest) -> Result<Page> {
        let PageRequest { filter, visible, limit, cursor, fresh } = request;
        let key = PageKey { filter, projects: projects(visible), limit, cursor };
        if self.platform().is_none() {
            return self.read_page(&key).await;
        }
        Ok(self.caches.pages.get(&key, fresh, self.read_page(&key)).await?.value)
    }

    async fn read_page(&self, key: &PageKey) -> Result<Page> {
        let (connections, cursor) = self.read_list(key).await?;
        render(&connections, cursor.as_deref())
    }

    /// One page as [`Registry::page`] has it, read anew, and the cursor of the next one.
    pub async fn list(
        &self,
        request: PageRequest,
    ) -> Result<(Vec<Arc<Connection>>, Option<String>)> {
        let PageRequest { filter, visible, limit, cursor, .. } = request;
        self.read_list(&PageKey { filter, projects: projects(visible), limit, cursor }).await
    }

    async fn read_list(&self, key: &PageKey) -> Result<(Vec<Arc<Connection>>, Option<String>)> {
        let mut position =
            key.cursor.as_deref().map_or(Ok(Position::Start(0)), Position::decode)?;
        let limit = usize::try_from(key.limit).unwrap_or(usize::MAX);
        let mut shown: Vec<Arc<Connection>> = Vec::new();
        let mut more = false;
        if let Position::Start(skipped) = position {
            let mut env = self.environment_page(key).await;
            env.drain(..skipped.min(env.len()));
            more = env.len() > limit;
            env.truncate(limit);
            position = Position::Start(skipped + env.len());
            shown = env;
        }
        if !more && self.platform().is_some() {
            // One more than is shown tells whether there is a next page.
            let wanted = i64::try_from(limit - shown.len() + 1).unwrap_or(i64::MAX);
            let (after, after_id) = match position {
                Position::Start(_) => (None, None),
                Position::After(created_us, id) => (Some(created_us), Some(id)),
            };
            let kinds = self.enabled_names();
            let rows = self
                .store()?
                .read(
                    PAGE,
                    &[
                        &key.projects.as_deref(),
                        &key.filter.project_ref,
                        &key.filter.database_type.map(DatabaseType::as_str),
                        &kinds,
                        &key.filter.status.map(Status::as_str),
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
        Ok((shown, more.then(|| position.encode())))
    }

    /// The connections from the environment that belong to a list.
    async fn environment_page(&self, key: &PageKey) -> Vec<Arc<Connection>> {
        let Filter { project_ref, database_type, status } = &key.filter;
        let elsewhere = project_ref.as_deref().is_some_and(|name| name != DEFAULT_PROJECT);
        if self.environment.is_empty() || elsewhere {
            return Vec::new();
        }
        let Ok(project) = self.project(DEFAULT_PROJECT).await else { return Vec::new() };
        if key.projects.as_ref().is_some_and(|projects| !projects.contains(&project.id)) {
            return Vec::new();
        }
        self.environment
            .connections(&project)
            .into_iter()
            .filter(|c| database_type.is_none_or(|kind| kind == c.database_type))
            .filter(|c| status.is_none_or(|status| status == c.status))
            .map(Arc::new)
            .collect()
    }

    /// How many connections there are, by type.
    pub async fn counts(
        &self,
        visible: Visible,
        project_ref: Option<&str>,
    ) -> Result<Vec<(DatabaseType, Counts)>> {
        let projects = projects(visible);
        let mut counts: Vec<_> =
            self.enabled.iter().map(|kind| (*kind, Counts::default())).collect();
        if self.platform().is_some() {
            let (projects, kinds) = (projects.as_deref(), self.enabled_names());
            let rows = self.store()?.read(COUNTS, &[&projects, &project_ref, &kinds]).await?;
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

    fn enabled_names(&self) -> Vec<&'static str> {
        self.enabled.iter().map(|kind| kind.as_str()).collect()
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

/// In a fixed order, so that equal sets are equal keys.
fn projects(visible: Visible) -> Option<Arc<[Uuid]>> {
    match visible {
        Visible::All => None,
        Visible::Some(mut ids) => {
            ids.sort_unstable();
            Some(ids.into())
        }
    }
}

fn render(connections: &[Arc<Connection>], cursor: Option<&str>) -> Result<Page> {
    let mut w = Writer::new();
    w.raw(b"{\"databases\":");
    w.try_list(connections, |w, connection| connection.write(w))?;
    w.raw(b",\"cursor\":");
    match cursor {
        Some(cursor) => w.string(cursor),
        None => w.raw(b"null"),
    }
    w.raw(b"}");
    Ok(w.into_bytes().into())
}

/// Where a page begins; opaque to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    /// After so many connections from the environment.
    Start(usize),
    /// After this registered connection: when it was registered, and its id.
    After(i64, Uuid),
}

impl Position {
    fn encode(self) -> String {
        BASE64.encode(match self {
            Self::Start(skipped) => format!("e{skipped}"),
            Self::After(created_us, id) => format!("d{created_us}:{id}"),
        })
    }

    fn decode(cursor: &str) -> Result<Self> {
        Self::parse(cursor).ok_or_else(|| {
            Error::validation("`cursor` is not one that a page of this list answered with")
        })
    }

    fn parse(cursor: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64.decode(cursor).ok()?).ok()?;
        if let Some(skipped) = text.strip_prefix('e') {
            return skipped.parse().ok().map(Self::Start);
        }
        let (created_us, id) = text.strip_prefix('d')?.split_once(':')?;
        Some(Self::After(created_us.parse().ok()?, id.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_leads_back_to_its_position(created_us: i64, id: u128, skipped: usize) {
            for position in [Position::After(created_us, Uuid::from_u128(id)), Position::Start(skipped)] {
                prop_assert_eq!(Position::decode(&position.encode()).unwrap(), position);
            }
        }

        #[test]
        fn any_text_is_refused_or_read_as_a_cursor(text: String) {
            let _ = Position::decode(&text);
        }
    }

    #[test]
    fn users_who_see_the_same_projects_share_pages() {
        let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
        let one = projects(Visible::Some(vec![a, b]));
        assert_eq!(one, projects(Visible::Some(vec![b, a])));
        assert_ne!(one, projects(Visible::Some(vec![b])));
        assert_ne!(one, projects(Visible::All));
    }
}
