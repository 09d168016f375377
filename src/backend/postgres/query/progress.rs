//! What is known of an exchange while it goes on, and of its statement afterwards.

use std::sync::Arc;

use super::request::Statement;
use crate::backend::postgres::error::ServerError;
use crate::backend::postgres::rows::Columns;
use crate::backend::postgres::session::{Connection, Plan};
use crate::backend::postgres::statement::gate;

/// What is known of a statement besides its rows.
#[derive(Debug)]
pub(crate) struct Summary {
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
pub(crate) enum Stage {
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
pub(crate) enum Name {
    #[default]
    None,
    /// It was told to.
    Given,
    /// It had been told to before.
    Known,
}

impl Name {
    pub(super) fn of(plan: &Plan) -> Self {
        match plan {
            Plan::Once(_) => Self::None,
            Plan::Name(_) => Self::Given,
            Plan::Reuse(_) => Self::Known,
        }
    }
}

/// What is known of an exchange, however it ends.
#[derive(Debug, Default)]
pub(crate) struct Progress {
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
pub(crate) enum Within {
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
    pub(super) fn of(connection: &Connection, statement: &Statement, alone: bool) -> Self {
        if statement.read_only {
            Self::ReadOnly
        } else if connection.is_pooled() && !alone && !gate::commits_by_itself(&statement.sql) {
            Self::Ours
        } else {
            Self::Its
        }
    }
}
