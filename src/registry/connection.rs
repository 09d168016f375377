//! A registered connection: what is known of it without its secrets, and how it is shown.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::vault::Owner;
use crate::error::Result;
use crate::json::Writer;
use crate::platform::named;
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
