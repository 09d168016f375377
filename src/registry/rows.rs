//! Connections as the platform database has them.

use std::sync::{Arc, OnceLock};

use tokio_postgres::Row;

use super::connection::{Connection, Origin, Project, Status};
use crate::error::{Error, Result};
use crate::platform::{cell, named, sanitized_json};
use crate::target::Columns;

/// A time as RFC 3339 in UTC; null where that has no such year.
macro_rules! in_utc {
    ($column:literal) => {
        concat!(
            "CASE WHEN ",
            $column,
            " AT TIME ZONE 'UTC' >= '0001-01-01' AND ",
            $column,
            " AT TIME ZONE 'UTC' < '10000-01-01' THEN to_char(",
            $column,
            " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') END"
        )
    };
}
pub(super) use in_utc;

/// A `SELECT` of connections. The first part is the relation they come from, whose columns are those
/// of `platform.database_connections`; the second part is the rest of the statement.
macro_rules! select_connections {
    ($before:literal, $from:literal, $rest:literal) => {
        concat!(
            $before,
            // Texts as texts, and times in bounds: a table of projects is often another's, and what it
            // and these columns can hold is more than can be read here.
            "SELECT c.id, c.project_id, COALESCE(p.ref::text, ''), COALESCE(p.name::text, ''), ",
            "o.name::text, o.slug::text, c.database_type::text, ",
            "c.identifier, c.description, c.connection_string, c.host, c.port, c.database_name, ",
            "c.username, c.password, c.options::text, c.is_primary, c.status, ",
            crate::registry::rows::in_utc!("c.last_connected_at"),
            ", c.last_error, c.version, ",
            crate::registry::rows::in_utc!("c.created_at"),
            ", ",
            crate::registry::rows::in_utc!("c.updated_at"),
            // As PostgreSQL counts: so the first and the last moment fit, and both infinities.
            ", CASE WHEN isfinite(c.created_at) THEN ",
            "(extract(epoch FROM date_trunc('second', c.created_at))::bigint - 946684800) * 1000000 ",
            "+ extract(microseconds FROM c.created_at)::bigint % 1000000 ",
            "WHEN c.created_at > now() THEN 9223372036854775807 ",
            "ELSE -9223372036854775808 END ",
            "FROM ",
            $from,
            " c JOIN platform.projects p ON p.id = c.project_id ",
            "LEFT JOIN platform.organizations o ON o.id = p.organization_id ",
            $rest
        )
    };
    ($rest:literal) => {
        crate::registry::rows::select_connections!("", "platform.database_connections", $rest)
    };
}
pub(super) use select_connections;

impl TryFrom<&Row> for Connection {
    type Error = Error;

    /// Reads a row of [`select_connections`].
    fn try_from(row: &Row) -> Result<Self> {
        let (connection_string, password): (Option<String>, Option<String>) =
            (cell(row, 9)?, cell(row, 14)?);
        let options: &str = cell(row, 15)?;
        // A number that no double holds fails here; what is left then is held as text.
        let options = serde_json::from_str(options)
            .or_else(|_| serde_json::from_str(&sanitized_json(options)))
            .unwrap_or_default();
        let columns = Columns {
            host: cell(row, 10)?,
            port: cell::<Option<i32>>(row, 11)?.and_then(|port| u16::try_from(port).ok()),
            database_name: cell(row, 12)?,
            username: cell(row, 13)?,
            options,
        };
        Ok(Self {
            id: cell(row, 0)?,
            project: Arc::new(Project {
                id: cell(row, 1)?,
                project_ref: cell(row, 2)?,
                name: cell(row, 3)?,
                organization_name: cell(row, 4)?,
                organization_slug: cell(row, 5)?,
            }),
            database_type: named(cell(row, 6)?)?,
            identifier: cell(row, 7)?,
            description: cell(row, 8)?,
            // What an older Studio stored is one string, and whether a password is in it shows only
            // when it is opened; saying yes is the safe side.
            has_password: password.is_some()
                || (connection_string.is_some() && columns.host.is_none()),
            columns,
            is_primary: cell(row, 16)?,
            status: Status::held(cell(row, 17)?),
            last_connected_at: cell(row, 18)?,
            last_error: cell(row, 19)?,
            version: cell(row, 20)?,
            created_at: cell(row, 21)?,
            updated_at: cell(row, 22)?,
            created_us: cell(row, 23)?,
            origin: Origin::Row { connection_string, password },
            rendered: OnceLock::new(),
        })
    }
}

/// The connection of a row of many. One that can't be read is not in the way of the others; asked for
/// by its id, it says why.
pub(super) fn readable(row: &Row) -> Option<Connection> {
    let read = Connection::try_from(row);
    if let Err(error) = &read {
        tracing::warn!(%error, "a row of platform.database_connections is passed over");
    }
    read.ok()
}
