//! The statements that write a connection's row.

use uuid::Uuid;

use super::connection::{Connection, Status};
use super::not_found;
use super::rows::select_connections;
use super::vault::{Owner, Sealed};
use crate::error::{Code, Error, Result};
use crate::platform::{Lent, Parameters};

/// At most one connection of a project and type is primary. The lock lets two requests that both
/// move it take turns; the old one is cleared first, because the index is checked row by row.
const LOCK_PRIMARY: &str = "
    SELECT pg_advisory_xact_lock(
        hashtextextended('platform.database_connections.is_primary/' || $1::text || $2::text, 0))";

const CLEAR_PRIMARY: &str = "
    UPDATE platform.database_connections SET is_primary = false
    WHERE project_id = $1 AND database_type::text = $2 AND is_primary AND id <> $3";

const INSERT: &str = select_connections!(
    "WITH changed AS (
        INSERT INTO platform.database_connections (
            id, project_id, database_type, identifier, description, connection_string, host, port,
            database_name, username, password, options, is_primary, status, last_connected_at)
        VALUES ($1, $2, $3::text::platform.database_type, $4, $5, $6, $7, $8, $9, $10, $11, $12,
            $13, $14, CASE WHEN $14 = 'ACTIVE' THEN now() END)
        RETURNING *) ",
    "changed",
    ""
);

/// The version makes sure that nothing is overwritten that the caller has not seen.
const UPDATE: &str = select_connections!(
    "WITH changed AS (
        UPDATE platform.database_connections
        SET identifier = $3, description = $4, connection_string = $5, host = $6, port = $7,
            database_name = $8, username = $9, password = $10, options = $11, is_primary = $12,
            status = $13, last_error = CASE WHEN $13 = 'ERROR' THEN last_error END
        WHERE id = $1 AND version = $2
        RETURNING *) ",
    "changed",
    ""
);

/// What a row is to hold.
pub(super) struct NewRow<'a> {
    pub(super) identifier: &'a str,
    pub(super) description: Option<&'a str>,
    pub(super) sealed: &'a Sealed,
    pub(super) is_primary: bool,
    pub(super) status: Status,
}

impl NewRow<'_> {
    /// Makes the row.
    pub(super) async fn insert(&self, session: &mut Lent, owner: Owner) -> Result<Connection> {
        let kind = owner.database_type.as_str();
        let made = self.run(session, INSERT, &[&owner.id, &owner.project_id, &kind]).await?;
        made.ok_or_else(|| Error::internal("an INSERT returned no row"))
    }

    /// Changes the row, if it still has this version.
    pub(super) async fn update(
        &self,
        session: &mut Lent,
        id: Uuid,
        version: i64,
    ) -> Result<Option<Connection>> {
        self.run(session, UPDATE, &[&id, &version]).await
    }

    /// Writes what it is to hold, behind the parameters that say where. Failures come in words about
    /// connections.
    async fn run(
        &self,
        session: &mut Lent,
        sql: &'static str,
        place: Parameters<'_>,
    ) -> Result<Option<Connection>> {
        let Sealed { columns, connection_string, password } = self.sealed;
        let held: Parameters<'_> = &[
            &self.identifier,
            &self.description,
            connection_string,
            &columns.host,
            &columns.port.map(i32::from),
            &columns.database_name,
            &columns.username,
            password,
            &serde_json::Value::Object(columns.options.clone()),
            &self.is_primary,
            &self.status.as_str(),
        ];
        let rows = session.rows(sql, &[place, held].concat()).await.map_err(|error| {
            let constraint = error.details().get("constraint").and_then(|name| name.as_str());
            match constraint {
                Some("database_connections_identifier_unique") => Error::new(
                    Code::Conflict,
                    format!("the project has a connection named {} already", self.identifier),
                ),
                Some(name) if name.ends_with("project_id_fkey") => not_found(),
                _ => error,
            }
        })?;
        rows.first().map(Connection::try_from).transpose()
    }
}

/// Takes the place of the primary away from whichever connection has it.
pub(super) async fn clear_primary(session: &mut Lent, except: Owner) -> Result<()> {
    let (project, kind) = (except.project_id.to_string(), except.database_type.as_str());
    session.rows(LOCK_PRIMARY, &[&project, &kind]).await?;
    session.rows(CLEAR_PRIMARY, &[&except.project_id, &kind, &except.id]).await?;
    Ok(())
}
