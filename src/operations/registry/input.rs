//! What requests about connections give, under the names of both documents.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::registry::Status;
use crate::request::params::within;
use crate::target::{DatabaseType, TargetInput};

/// The first member that no field took. `deny_unknown_fields` can't be combined with a flattened
/// target.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Map<String, Value>")]
pub(super) struct Unknown(Option<String>);

impl From<Map<String, Value>> for Unknown {
    fn from(members: Map<String, Value>) -> Self {
        Self(members.into_iter().next().map(|(name, _)| name))
    }
}

impl Unknown {
    /// Refuses a misspelt member, which would otherwise leave a setting at its default.
    pub(super) fn refuse(&self) -> Result<()> {
        match &self.0 {
            None => Ok(()),
            Some(name) => Err(Error::validation(format!("unknown field `{name}`"))),
        }
    }
}

/// A connection that is to be registered.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct CreateInput {
    /// The project's `ref` or id; in a path below a project it is not needed.
    #[serde(alias = "projectRef", alias = "project_id", alias = "projectId")]
    pub(super) project_ref: Option<String>,
    /// Its type; in a path of one type it is not needed.
    #[serde(alias = "type", alias = "databaseType")]
    pub(super) database_type: Option<DatabaseType>,
    /// Its name, unique in the project: lower-case letters, digits and hyphens.
    #[serde(alias = "name")]
    pub(super) identifier: String,
    /// What people should know about it.
    pub(super) description: Option<String>,
    /// Take the place of the project's primary of this type.
    #[serde(default, alias = "isPrimary")]
    pub(super) is_primary: bool,
    /// Save it without trying it, as INACTIVE.
    #[serde(default, alias = "skipTest")]
    pub(super) skip_test: bool,
    /// Where it goes.
    #[serde(flatten)]
    pub(super) target: TargetInput,
    #[serde(flatten)]
    #[schemars(skip)]
    pub(super) unknown: Unknown,
}

/// What is to be different about a connection. Members that are not given stay as they are.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct UpdateInput {
    /// Another name.
    #[serde(alias = "name")]
    pub(super) identifier: Option<String>,
    /// Another description; an empty one removes it.
    pub(super) description: Option<String>,
    /// Become the primary of its project and type, or stop being it.
    #[serde(alias = "isPrimary")]
    pub(super) is_primary: Option<bool>,
    /// Another state.
    pub(super) status: Option<Status>,
    /// The type can't change; where it is given, it must be what it is.
    #[serde(alias = "type", alias = "databaseType")]
    pub(super) database_type: Option<DatabaseType>,
    /// Where it goes from now on.
    #[serde(flatten)]
    pub(super) target: TargetInput,
    #[serde(flatten)]
    #[schemars(skip)]
    pub(super) unknown: Unknown,
}

/// A target that is tried without being saved.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct TestInput {
    /// The project it is meant for: its `ref` or id.
    #[serde(alias = "projectRef", alias = "project_id", alias = "projectId")]
    pub(super) project_ref: Option<String>,
    /// Its type. Not needed with `connection_id`.
    #[serde(alias = "type", alias = "databaseType")]
    pub(super) database_type: Option<DatabaseType>,
    /// A saved connection that the rest of the input changes, before the change is saved.
    #[serde(alias = "connectionId")]
    #[schemars(with = "Option<String>")]
    pub(super) connection_id: Option<uuid::Uuid>,
    /// What it will be called. A test has no use for these three, but a form that is tried before it
    /// is saved has them.
    #[serde(alias = "name", rename = "identifier")]
    pub(super) _identifier: Option<String>,
    /// What people should know about it.
    #[serde(rename = "description")]
    pub(super) _description: Option<String>,
    /// Whether it will be the primary.
    #[serde(default, alias = "isPrimary", rename = "is_primary")]
    pub(super) _is_primary: bool,
    /// Where it goes.
    #[serde(flatten)]
    pub(super) target: TargetInput,
    #[serde(flatten)]
    #[schemars(skip)]
    pub(super) unknown: Unknown,
}

/// The size of a page.
pub(super) fn page_size(limit: Option<u32>) -> Result<u32> {
    within("limit", limit.unwrap_or(100), 1..=1000)
}
