//! One statement and its limits.

use std::sync::Arc;
use std::time::Duration;

use super::parameters::Parameter;

/// Bytes of the answer to a question of our own.
const SHORT_ANSWER: usize = 1 << 20;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `{"column": value, …}`, as pg-meta answers.
    Objects,
    /// `[value, …]`
    Arrays,
}

/// One statement and its limits.
#[derive(Debug, Clone)]
pub struct Statement {
    /// SQL text of one statement.
    pub sql: String,
    /// Values of `$1`, `$2`, …
    pub parameters: Vec<Parameter>,
    /// Run it in a read-only transaction that is rolled back, after the gate let it pass.
    pub read_only: bool,
    /// `statement_timeout` on the server.
    pub timeout: Duration,
    /// Most rows that are returned.
    pub max_rows: u32,
    /// Most bytes of JSON that they may have; a result is cut before it grows past this.
    pub max_bytes: usize,
    /// How rows are written.
    pub shape: Shape,
    /// Shown in `pg_stat_activity.application_name` while the statement runs.
    pub request_id: Option<Arc<str>>,
}

impl Statement {
    /// A short question of our own, which is answered with rows as arrays.
    pub(crate) fn question(sql: impl Into<String>, timeout: Duration, max_rows: usize) -> Self {
        Self {
            sql: sql.into(),
            parameters: Vec::new(),
            read_only: true,
            timeout,
            max_rows: u32::try_from(max_rows).unwrap_or(u32::MAX),
            max_bytes: SHORT_ANSWER,
            shape: Shape::Arrays,
            request_id: None,
        }
    }
}
