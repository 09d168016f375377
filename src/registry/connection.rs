//! A registered connection: what is known of it without its secrets.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::vault::Owner;
use crate::platform::named;
use crate::pool::PoolKey;
use crate::target::{Columns, DatabaseType, Target};

/// How a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(rename = "ConnectionStatus")]
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    pub project: Arc<Project>,
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
    pub(super) rendered: OnceLock<Box<RawValue>>,
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
            .field("project_ref", &self.project.project_ref)
            .field("database_type", &self.database_type)
            .field("identifier", &self.identifier)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// A connection that is in no registry. It has no history, and no version but its first.
    pub(super) fn unregistered(
        id: Uuid,
        project: &Arc<Project>,
        identifier: &str,
        target: &Target,
        origin: Origin,
    ) -> Self {
        Self {
            id,
            project: Arc::clone(project),
            database_type: target.database_type(),
            identifier: identifier.to_owned(),
            description: None,
            columns: target.columns(),
            has_password: target.password().is_some(),
            is_primary: false,
            status: Status::Active,
            last_connected_at: None,
            last_error: None,
            version: 1,
            created_at: None,
            updated_at: None,
            created_us: 0,
            origin,
            rendered: OnceLock::new(),
        }
    }

    /// The key of its client in the pool.
    pub fn pool_key(&self) -> PoolKey {
        PoolKey {
            project_id: self.project.id,
            database_type: self.database_type,
            connection_id: self.id,
            version: self.version,
        }
    }

    /// Whether it comes from the environment: it needs no platform database, and is not editable.
    pub fn is_env(&self) -> bool {
        matches!(self.origin, Origin::Environment)
    }

    /// Whether the operator's own code named it, past the registry.
    pub fn is_direct(&self) -> bool {
        matches!(self.origin, Origin::Direct { .. })
    }

    /// Whether the operator chose where it goes, so that it may be next to the Studio.
    pub fn is_operators(&self) -> bool {
        matches!(self.origin, Origin::Environment | Origin::Direct { operators: true, .. })
    }

    /// The connection string as it may be shown: `redis://default:***@host:6379/0`.
    pub fn masked(&self) -> String {
        self.columns.masked(self.database_type, self.has_password)
    }

    pub(super) fn owner(&self) -> Owner {
        Owner { id: self.id, project_id: self.project.id, database_type: self.database_type }
    }
}
