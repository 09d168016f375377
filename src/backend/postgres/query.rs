//! Running one statement: what is sent in one write, and how its answer is read.
//!
//! A statement goes as Parse, Bind, Describe, Execute with a row limit, Sync (extended protocol, so
//! that it can only be one). What only reads is wrapped in a read-only transaction that is rolled
//! back; all of it leaves in the same write, so that it costs one round trip:
//!
//! ```text
//! Parse/Bind/Execute BEGIN READ ONLY │ Parse/Bind/Describe/Execute │ Sync │ Query ROLLBACK; …
//! ```
//!
//! No Sync stands between `BEGIN` and the statement: had `BEGIN` failed, the server would pass over
//! the statement.
//!
//! A read may stop at its caps. What may write never does: it runs to its end, and the rows that are
//! too many are counted and dropped.
//!
//! Behind a pooler, whose sessions others use in between, everything is in one transaction, so that
//! settings end with it and nothing is kept:
//!
//! ```text
//! BEGIN │ SET LOCAL … │ Parse/Bind/Describe/Execute │ COMMIT │ Sync
//! ```

use std::sync::Arc;
use std::time::Duration;

use postgres_protocol::message::frontend;

use super::columns::Columns;
use super::connection::Connection;
use super::error::{Failure, ServerError};
use super::parameters::Parameter;
use super::statements::Plan;
use super::{gate, pooler, receive, send};
use crate::error::{Code, Error};
use crate::json::Writer;

/// Most parameters a statement can have (a 16-bit count in the Bind message).
const MAX_PARAMETERS: usize = 65_535;

/// Bytes of the answer to a question of our own.
pub(super) const SHORT_ANSWER: usize = 1 << 20;

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

/// What is known of a statement besides its rows.
#[derive(Debug)]
pub(super) struct Summary {
    pub columns: Option<Arc<Columns>>,
    /// Rows affected as the server counts them, else rows returned.
    pub row_count: u64,
    /// First word of the command tag: `SELECT`, `INSERT`, `CREATE`; `None` for an empty statement.
    pub command: Option<String>,
    /// There were more rows than the row cap or the byte cap let through.
    pub truncated: bool,
    pub notices: Vec<ServerError>,
}

/// How far an exchange came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// The statement has not left.
    #[default]
    Unsent,
    /// It may have reached the server.
    Sent,
    /// The server accepted its parameters, and so began to run it.
    Bound,
}

/// Whether the server keeps a statement parsed under a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Name {
    #[default]
    None,
    /// It was told to.
    Given,
    /// It had been told to before.
    Known,
}

impl Name {
    fn of(plan: &Plan) -> Self {
        match plan {
            Plan::Once(_) => Self::None,
            Plan::Name(_) => Self::Given,
            Plan::Reuse(_) => Self::Known,
        }
    }
}

/// What is known of an exchange, however it ends.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Asked for: no transaction of ours around it.
    pub alone: bool,
    /// The transaction it was put into.
    pub within: Within,
    pub stage: Stage,
    /// The server has read it and found all that it names; before that it calls nothing.
    pub parsed: bool,
    /// The name that the statement has on the server.
    pub name: Name,
    /// The server was still sending rows when the byte cap was reached.
    pub cut: bool,
}

/// The transaction that a statement is put into.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Within {
    /// The server's own, of the one statement.
    #[default]
    Its,
    /// One that only reads, and is rolled back.
    ReadOnly,
    /// One of ours, which is committed.
    Ours,
}

impl Within {
    /// `alone`: the statement is known to refuse a transaction of ours.
    fn of(connection: &Connection, statement: &Statement, alone: bool) -> Self {
        if statement.read_only {
            Self::ReadOnly
        } else if connection.is_pooled() && !alone && !gate::commits_by_itself(&statement.sql) {
            Self::Ours
        } else {
            Self::Its
        }
    }
}

/// Runs a statement and writes its rows as a JSON array.
pub(super) async fn run(
    connection: &mut Connection,
    statement: &Statement,
    out: &mut Writer,
    progress: &mut Progress,
) -> Result<Summary, Failure> {
    if statement.parameters.len() > MAX_PARAMETERS {
        return Err(Error::validation("`parameters`: at most 65535 are possible").into());
    }
    pooler::detect(connection).await?;
    let within = Within::of(connection, statement, progress.alone);
    progress.within = within;
    // Only what ignores our startup message gives us such a session; behind a pooler it is set again.
    let strings = connection.parameters.get("standard_conforming_strings");
    if statement.read_only && !connection.is_pooled() && strings.is_some_and(|value| value != "on")
    {
        return Err(Error::new(
            Code::OperationNotAllowed,
            "the server reads backslashes in strings as escapes (standard_conforming_strings is \
             off); read-only statements can't be judged on it",
        )
        .into());
    }
    let sql = statement.sql.as_str();
    let typed = statement.parameters.iter().any(Parameter::needs_type);
    let (mut plan, evicted) = if connection.is_pooled() {
        pooler::check(statement)?;
        (Plan::Once(None), None)
    } else {
        connection.statements.plan(sql, typed)
    };
    if let Some(name) = evicted {
        frontend::close(b'S', &name, &mut connection.output)?;
    }
    if typed {
        progress.name = Name::of(&plan);
        plan = send::describe(connection, sql, plan).await?;
    }
    let queued = send::queue(connection, statement, &plan, within);
    let queued = queued.inspect_err(|_| connection.abandon())?;
    progress.stage = Stage::Sent;
    progress.name = Name::of(&plan);
    connection.flush().await?;
    if queued.settings {
        // Where it was refused, our own deadline still holds.
        if let Err(failure @ Failure::Lost(_)) = connection.ready().await {
            return Err(failure);
        }
    }
    let result = receive::read(connection, statement, &plan, out, queued.before, progress).await;
    if within == Within::Ours {
        // What the statement ended with stands; a session that can't go on is just not used again.
        let _ = connection.roll_back().await;
    }
    let at_rollback = matches!(result, Ok(_) | Err(Failure::Server(_))) && connection.is_busy();
    if statement.read_only && at_rollback && !connection.is_dead() && !progress.cut {
        // The answer stands even if the connection breaks now; it is just not used again.
        let _ = connection.ready().await;
    }
    result
}
