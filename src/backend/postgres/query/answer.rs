//! What is told of a statement that ran.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::backend::postgres::error::ServerError;

/// What is known of a statement besides its rows.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// Rows affected as the server counts them, else rows returned. Of a read that was cut, those
    /// that are answered; what may write runs to its end, and all of its rows count.
    pub row_count: u64,
    /// First word of the server's command tag: `SELECT`, `INSERT`, `CREATE`.
    pub command: Option<String>,
    /// There were more rows than the row cap or the byte cap let through.
    pub truncated: bool,
    /// What the server remarked: `RAISE NOTICE`, `NOTICE: … skipping`; at most a hundred.
    pub notices: Vec<Notice>,
    /// Result columns; empty for a statement that returns no rows.
    pub columns: Vec<Column>,
}

/// A result column.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Column {
    /// Name, as the statement gives it.
    pub name: String,
    /// `pg_type.oid`; for a domain that of its base type.
    pub type_oid: u32,
    /// `pg_type.typname`: `int4`, `_text` for `text[]`; `null` where it could not be found out.
    #[serde(rename = "type")]
    pub type_name: Option<Arc<str>>,
}

/// A message of the server that is not an error.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Notice {
    /// `NOTICE`, `WARNING`, `INFO`, …
    pub severity: String,
    /// SQLSTATE.
    pub code: String,
    /// The text.
    pub message: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl From<ServerError> for Notice {
    fn from(notice: ServerError) -> Self {
        let other = |name| notice.other(name).map(str::to_owned);
        let (detail, hint) = (other("detail"), other("hint"));
        Self {
            severity: notice.severity,
            code: notice.sqlstate,
            message: notice.message,
            detail,
            hint,
        }
    }
}
