//! How each kind of target is spelt as a connection string.

use serde_json::{Map, Value};

use super::{http, mongodb, postgres, redis};
use crate::target::columns::Columns;
use crate::target::database_type::DatabaseType;
use crate::target::uri;

/// How connection strings of a kind are written.
pub(in crate::target) struct Spelling {
    pub scheme: fn(&Map<String, Value>) -> &'static str,
    pub path: fn(&Columns) -> String,
    /// Options that scheme and path say.
    pub says: &'static [&'static str],
    /// The user whom a password without a user is of.
    pub default_user: Option<&'static str>,
    /// Whether the password stands before the host.
    pub has_password: bool,
}

impl DatabaseType {
    pub(in crate::target) fn spelling(self) -> &'static Spelling {
        match self {
            Self::Postgres => &postgres::SPELLING,
            Self::Redis => &redis::SPELLING,
            Self::Mongodb => &mongodb::SPELLING,
            Self::BunApi => &http::SPELLING,
        }
    }
}

/// Whether an option is this flag.
pub(super) fn flag(options: &Map<String, Value>, name: &str) -> Option<bool> {
    options.get(name).and_then(Value::as_bool)
}

/// The database as a path.
pub(super) fn database(columns: &Columns) -> String {
    uri::encode(columns.database_name.as_deref().unwrap_or_default())
}
