//! A connection as it is shown: without its secrets, and under the names of both documents.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::{Map, Value, to_raw_value};

use super::connection::{Connection, Status};
use crate::target::DatabaseType;

/// A registered connection, without its secrets.
#[derive(Debug, Serialize, JsonSchema)]
struct Shown<'a> {
    /// UUID.
    id: String,
    /// UUID of the project it belongs to.
    project_id: String,
    /// That project's `ref`, which names it in URLs.
    project_ref: &'a str,
    /// That project's name.
    project_name: &'a str,
    /// Name of the project's organization, if it has one.
    organization_name: Option<&'a str>,
    /// Slug of that organization.
    organization_slug: Option<&'a str>,
    /// What it connects to.
    database_type: DatabaseType,
    /// The same.
    #[serde(rename = "type")]
    kind: DatabaseType,
    /// Its name, unique in the project.
    identifier: &'a str,
    /// The same.
    name: &'a str,
    /// What people wrote about it.
    description: Option<&'a str>,
    /// `redis://default:***@host:6379/0`: the password is hidden.
    connection_string: String,
    /// The first host.
    host: Option<&'a str>,
    /// Its port; `null` for `mongodb+srv`, and for a Bun API on its scheme's own port.
    port: Option<u16>,
    /// `null` for Redis, whose number is `options.db`, and for a Bun API.
    database_name: Option<&'a str>,
    /// User or role.
    username: Option<&'a str>,
    /// Whether a password, or an API key, is stored.
    has_password: bool,
    /// Options of its type, none of them secret.
    options: &'a Map<String, Value>,
    /// The same.
    config: &'a Map<String, Value>,
    /// Whether it is the one that is meant where none is named.
    is_primary: bool,
    /// How it is doing.
    status: Status,
    /// When it last worked, RFC 3339 in UTC; `null` if it never did.
    last_connected_at: Option<&'a str>,
    /// Why it last failed, until it works again.
    last_error: Option<&'a str>,
    /// Raised on every change of where it goes.
    version: i64,
    /// Whether it can be changed here: those of the environment can't.
    editable: bool,
    /// When it was registered, RFC 3339 in UTC.
    created_at: Option<&'a str>,
    /// When it last changed, RFC 3339 in UTC.
    updated_at: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(connection: &'a Connection) -> Self {
        let (columns, project) = (&connection.columns, &connection.project);
        Self {
            id: connection.id.to_string(),
            project_id: project.id.to_string(),
            project_ref: &project.project_ref,
            project_name: &project.name,
            organization_name: project.organization_name.as_deref(),
            organization_slug: project.organization_slug.as_deref(),
            database_type: connection.database_type,
            kind: connection.database_type,
            identifier: &connection.identifier,
            name: &connection.identifier,
            description: connection.description.as_deref(),
            connection_string: connection.masked(),
            host: columns.host.as_deref(),
            port: columns.port,
            database_name: columns.database_name.as_deref(),
            username: columns.username.as_deref(),
            has_password: connection.has_password,
            options: &columns.options,
            config: &columns.options,
            is_primary: connection.is_primary,
            status: connection.status,
            last_connected_at: connection.last_connected_at.as_deref(),
            last_error: connection.last_error.as_deref(),
            version: connection.version,
            editable: !connection.is_env(),
            created_at: connection.created_at.as_deref(),
            updated_at: connection.updated_at.as_deref(),
        }
    }
}

impl Serialize for Connection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(rendered) = self.rendered.get() {
            return rendered.serialize(serializer);
        }
        let rendered = to_raw_value(&Shown::of(self)).map_err(S::Error::custom)?;
        self.rendered.get_or_init(|| rendered).serialize(serializer)
    }
}

impl JsonSchema for Connection {
    fn schema_name() -> Cow<'static, str> {
        "Connection".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Shown::json_schema(generator)
    }
}
