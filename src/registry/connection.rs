//! A registered connection: what is known of it without its secrets, and how it is shown.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use super::held;
use super::vault::Owner;
use crate::error::{Error, Result};
use crate::json::Writer;
use crate::pool::PoolKey;
use crate::target::{Columns, DatabaseType, Target};

/// How a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// It worked when it was last tried.
    #[serde(alias = "active")]
    Active,
    /// It was saved without being tried.
    #[serde(alias = "inactive")]
    Inactive,
    /// It failed when it was last tried.
    #[serde(alias = "error")]
    Error,
    /// It is being tried.
    #[serde(alias = "connecting")]
    Connecting,
}

impl Status {
    /// The status of that name. One that is not known here says nothing good.
    pub(super) fn held(name: &str) -> Self {
        named(name).unwrap_or(Self::Error)
    }

    /// The name in the database and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Error => "ERROR",
            Self::Connecting => "CONNECTING",
        }
    }
}

/// A project, as far as connections need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: Uuid,
    /// Its `ref`, which names it in URLs.
    pub project_ref: String,
    /// Its name.
    pub name: String,
    /// Name of the organization it belongs to, if any.
    pub organization_name: Option<String>,
    /// Slug of that organization.
    pub organization_slug: Option<String>,
}

/// A registered connection. Its secrets are in here too, but sealed.
#[derive(Clone)]
pub struct Connection {
    /// Its id.
    pub id: Uuid,
    /// The project it belongs to.
    pub project_id: Uuid,
    /// That project's `ref`.
    pub project_ref: String,
    /// That project's name.
    pub project_name: String,
    /// Name of the project's organization, if any.
    pub organization_name: Option<String>,
    /// Slug of the project's organization.
    pub organization_slug: Option<String>,
    /// What it connects to.
    pub database_type: DatabaseType,
    /// Name, unique in the project.
    pub identifier: String,
    /// What people wrote about it.
    pub description: Option<String>,
    /// Host, port, database, user and options: the target without its secrets.
    pub columns: Columns,
    /// Whether a password (or API key) is stored.
    pub has_password: bool,
    /// Whether it is the one that is meant when none is named.
    pub is_primary: bool,
    /// How it is doing.
    pub status: Status,
    /// When it last worked, RFC 3339 in UTC.
    pub last_connected_at: Option<String>,
    /// Why it last failed, until it works again.
    pub last_error: Option<String>,
    /// Raised on every change of the target; part of the pool's key.
    pub version: i64,
    /// When it was registered, RFC 3339 in UTC.
    pub created_at: Option<String>,
    /// When its row last changed, RFC 3339 in UTC.
    pub updated_at: Option<String>,
    /// Microseconds since 2000, for paging in order of registration; the ends are the infinities.
    pub(super) created_us: i64,
    pub(super) origin: Origin,
    /// Its JSON, written when it is first shown: lists are asked far more often than they change.
    pub(super) rendered: OnceLock<Vec<u8>>,
}

/// Where the secrets are.
#[derive(Clone)]
pub(super) enum Origin {
    /// Sealed, as the row holds them.
    Row { connection_string: Option<String>, password: Option<String> },
    /// In the process's environment.
    Environment,
    /// In the target itself, which the operator's own code has named.
    Direct { target: Arc<Target>, operators: bool },
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.id)
            .field("project_ref", &self.project_ref)
            .field("database_type", &self.database_type)
            .field("identifier", &self.identifier)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// The key of its client in the pool.
    #[must_use]
    pub fn pool_key(&self) -> PoolKey {
        PoolKey {
            project_id: self.project_id,
            database_type: self.database_type,
            connection_id: self.id,
            version: self.version,
        }
    }

    /// Whether it comes from the environment: it needs no platform database, and is not editable.
    #[must_use]
    pub fn is_env(&self) -> bool {
        matches!(self.origin, Origin::Environment)
    }

    /// Whether the operator's own code named it, past the registry.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        matches!(self.origin, Origin::Direct { .. })
    }

    /// Whether the operator chose where it goes, so that it may be next to the Studio.
    #[must_use]
    pub fn is_operators(&self) -> bool {
        matches!(self.origin, Origin::Environment | Origin::Direct { operators: true, .. })
    }

    /// The connection string as it may be shown: `redis://default:***@host:6379/0`.
    #[must_use]
    pub fn masked(&self) -> String {
        self.columns.masked(self.database_type, self.has_password)
    }

    pub(super) fn owner(&self) -> Owner {
        Owner { id: self.id, project_id: self.project_id, database_type: self.database_type }
    }

    /// Writes it as JSON, without secrets and under the names of both documents.
    pub fn write(&self, w: &mut Writer) -> Result<()> {
        if let Some(rendered) = self.rendered.get() {
            w.raw(rendered);
            return Ok(());
        }
        let from = w.len();
        self.render(w)?;
        let _ = self.rendered.set(w.buffer()[from..].to_vec());
        Ok(())
    }

    fn render(&self, w: &mut Writer) -> Result<()> {
        w.raw(b"{");
        text(w, "id", &self.id.to_string());
        text(w, ",project_id", &self.project_id.to_string());
        text(w, ",project_ref", &self.project_ref);
        text(w, ",project_name", &self.project_name);
        optional(w, ",organization_name", self.organization_name.as_deref());
        optional(w, ",organization_slug", self.organization_slug.as_deref());
        text(w, ",database_type", self.database_type.as_str());
        text(w, ",type", self.database_type.as_str());
        text(w, ",identifier", &self.identifier);
        text(w, ",name", &self.identifier);
        optional(w, ",description", self.description.as_deref());
        text(w, ",connection_string", &self.masked());
        optional(w, ",host", self.columns.host.as_deref());
        name(w, ",port");
        match self.columns.port {
            Some(port) => w.integer(i64::from(port)),
            None => w.raw(b"null"),
        }
        optional(w, ",database_name", self.columns.database_name.as_deref());
        optional(w, ",username", self.columns.username.as_deref());
        name(w, ",has_password");
        w.boolean(self.has_password);
        name(w, ",options");
        w.value(&self.columns.options)?;
        name(w, ",config");
        w.value(&self.columns.options)?;
        name(w, ",is_primary");
        w.boolean(self.is_primary);
        text(w, ",status", self.status.as_str());
        optional(w, ",last_connected_at", self.last_connected_at.as_deref());
        optional(w, ",last_error", self.last_error.as_deref());
        name(w, ",version");
        w.integer(self.version);
        name(w, ",editable");
        w.boolean(!self.is_env());
        optional(w, ",created_at", self.created_at.as_deref());
        optional(w, ",updated_at", self.updated_at.as_deref());
        w.raw(b"}");
        Ok(())
    }
}

/// `"name":`; a leading comma stays outside the quotes.
fn name(w: &mut Writer, name: &str) {
    match name.strip_prefix(',') {
        Some(name) => {
            w.raw(b",");
            w.key(name);
        }
        None => w.key(name),
    }
}

fn text(w: &mut Writer, key: &str, value: &str) {
    name(w, key);
    w.string(value);
}

fn optional(w: &mut Writer, key: &str, value: Option<&str>) {
    name(w, key);
    match value {
        Some(value) => w.string(value),
        None => w.raw(b"null"),
    }
}

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
            crate::registry::connection::in_utc!("c.last_connected_at"),
            ", c.last_error, c.version, ",
            crate::registry::connection::in_utc!("c.created_at"),
            ", ",
            crate::registry::connection::in_utc!("c.updated_at"),
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
        crate::registry::connection::select_connections!("", "platform.database_connections", $rest)
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
            .or_else(|_| serde_json::from_str(&held::readable(options)))
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
            project_id: cell(row, 1)?,
            project_ref: cell(row, 2)?,
            project_name: cell(row, 3)?,
            organization_name: cell(row, 4)?,
            organization_slug: cell(row, 5)?,
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

/// A column of a row, or a failure where its value can't be held here.
pub(super) fn cell<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T> {
    row.try_get(at).map_err(|cause| {
        let column = row.columns().get(at).map_or("?", |column| column.name());
        let why = std::error::Error::source(&cause)
            .map_or_else(|| cause.to_string(), ToString::to_string);
        Error::internal(format!(
            "the platform database holds a value of {column} that can't be read: {why}"
        ))
    })
}

/// A value of one of the enumerations above, by its name.
pub(super) fn named<T: serde::de::DeserializeOwned>(name: &str) -> Result<T> {
    serde_json::from_value(Value::String(name.to_owned())).map_err(|_| {
        Error::internal(format!(
            "the platform database holds {name:?} where this version knows no such name"
        ))
    })
}
