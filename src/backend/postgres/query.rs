//! Running one statement: what is sent in one write, and how its answer is read.
//!
//! A statement goes as Parse, Bind, Describe, Execute with a row limit, Sync (extended protocol, so
//! that it can only be one). What only reads is wrapped in a read-only transaction that is rolled
//! back; all of it leaves in the same write, so that it costs one round trip:
//!
//! ```text
//! Parse/Bind/Execute BEGIN READ ONLY │ Parse/Bind/Describe/Execute │ Sync │ Query ROLLBACK
//! ```
//!
//! No Sync stands between `BEGIN` and the statement: had `BEGIN` failed, the server would pass over
//! the statement.

use std::sync::Arc;
use std::time::Duration;

use postgres_protocol::IsNull;
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend::{self, BindError};

use fallible_iterator::FallibleIterator as _;

use super::columns::Columns;
use super::connection::{Connection, Frame};
use super::error::{Failure, ServerError};
use super::parameters::Parameter;
use super::statements::{Plan, Prepared};
use crate::error::{Code, Error};
use crate::json::Writer;

/// Most parameters a statement can have (a 16-bit count in the Bind message).
const MAX_PARAMETERS: usize = 65_535;
/// A result is cut before it grows past this.
pub(super) const MAX_RESULT: usize = 64 << 20;

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
    /// How rows are written.
    pub shape: Shape,
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

/// Where in the exchange a failure happened.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Bytes may have reached the server.
    pub sent: bool,
    /// The server accepted the statement's parameters, and so began to run it.
    pub bound: bool,
    /// A statement parsed before was used.
    pub reused: bool,
    /// The server was still sending rows when the byte cap was reached.
    pub cut: bool,
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
    let sql = statement.sql.as_str();
    let typed = statement.parameters.iter().any(Parameter::needs_type);
    let (mut plan, evicted) = connection.statements.plan(sql, typed);
    if let Some(name) = evicted {
        frontend::close(b'S', &name, &mut connection.output)?;
    }
    if typed {
        plan = Plan::Reuse(describe(connection, sql, plan).await?);
    }
    let settings = queue(connection, statement, &plan).inspect_err(|_| connection.abandon())?;
    progress.sent = true;
    progress.reused = matches!(plan, Plan::Reuse(_));
    connection.flush().await?;
    if settings {
        // Where it was refused, our own deadline still holds.
        if let Err(failure @ Failure::Lost(_)) = connection.ready().await {
            return Err(failure);
        }
    }
    let result = read(connection, statement, &plan, out, progress).await;
    let at_rollback = matches!(result, Ok(_) | Err(Failure::Server(_))) && connection.is_busy();
    if statement.read_only && at_rollback && !connection.is_dead() && !progress.cut {
        // The answer stands even if the connection breaks now; it is just not used again.
        let _ = connection.ready().await;
    }
    result
}

/// Parses a statement to learn the types of its parameters. It costs a round trip, and only the
/// first time.
async fn describe(connection: &mut Connection, sql: &str, plan: Plan) -> Result<Prepared, Failure> {
    let mut prepared = match plan {
        Plan::Reuse(prepared) if prepared.parameters.is_some() => return Ok(prepared),
        Plan::Reuse(prepared) => prepared,
        Plan::Name(name) => {
            frontend::parse(&name, sql, [], &mut connection.output).map_err(zero_byte)?;
            Prepared { name, columns: None, parameters: None }
        }
        Plan::Once => return Err(Error::internal("a described statement needs a name").into()),
    };
    frontend::describe(b'S', &prepared.name, &mut connection.output)?;
    connection.sync();
    connection.flush().await?;
    let mut failed = None;
    loop {
        match connection.message().await? {
            Message::ParameterDescription(body) => {
                let oids: Vec<u32> = body.parameters().collect().map_err(Failure::protocol)?;
                prepared.parameters = Some(oids.into());
            }
            Message::RowDescription(body) => {
                prepared.columns = Some(Arc::new(Columns::read(&body)?));
            }
            Message::NoData => prepared.columns = Some(Arc::new(Columns::default())),
            Message::ErrorResponse(body) => {
                failed = Some(Failure::Server(connection.error(&body)));
                if connection.is_dead() {
                    break;
                }
            }
            Message::ReadyForQuery(_) => break,
            _ => {}
        }
    }
    if let Some(failed) = failed {
        return Err(failed);
    }
    connection.statements.keep(sql, prepared.clone());
    Ok(prepared)
}

/// Queues a change of `statement_timeout`, if it is not in effect already.
fn set_timeout(connection: &mut Connection, timeout: Duration) -> Result<bool, Failure> {
    if connection.statement_timeout == Some(timeout) {
        return Ok(false);
    }
    connection.simple(&format!("SET statement_timeout = {}", timeout.as_millis()))?;
    connection.statement_timeout = Some(timeout);
    Ok(true)
}

/// Queues the whole exchange; says whether a change of settings goes before the statement.
fn queue(connection: &mut Connection, statement: &Statement, plan: &Plan) -> Result<bool, Failure> {
    let settings = set_timeout(connection, statement.timeout)?;
    let out = &mut connection.output;
    if statement.read_only {
        frontend::parse("", "BEGIN READ ONLY", [], out)?;
        bind("", [], out)?;
        frontend::execute("", 0, out)?;
    }
    let name = match plan {
        Plan::Once => "",
        Plan::Name(name) => name,
        Plan::Reuse(prepared) => &prepared.name,
    };
    if !matches!(plan, Plan::Reuse(_)) {
        frontend::parse(name, &statement.sql, [], out).map_err(zero_byte)?;
    }
    let known = match plan {
        Plan::Reuse(Prepared { parameters: Some(oids), .. }) => &oids[..],
        _ => &[],
    };
    let values = statement
        .parameters
        .iter()
        .enumerate()
        .map(|(n, p)| p.encode(known.get(n).copied().unwrap_or(0)))
        .collect::<Result<Vec<_>, _>>()?;
    bind(name, values, out)?;
    if !matches!(plan, Plan::Reuse(Prepared { columns: Some(_), .. })) {
        frontend::describe(b'P', "", out)?;
    }
    // One more than wanted tells a result that just fits from one that is cut.
    let limit = i32::try_from(statement.max_rows).unwrap_or(i32::MAX - 1) + 1;
    frontend::execute("", limit, out)?;
    connection.sync();
    if statement.read_only {
        connection.simple("ROLLBACK")?;
    }
    Ok(settings)
}

/// A Bind with all values and all results in text form.
fn bind(
    name: &str,
    values: impl IntoIterator<Item = Option<Vec<u8>>>,
    out: &mut bytes::BytesMut,
) -> Result<(), Failure> {
    let encode = |value: Option<Vec<u8>>, out: &mut bytes::BytesMut| {
        Ok(value.map_or(IsNull::Yes, |value| {
            out.extend_from_slice(&value);
            IsNull::No
        }))
    };
    frontend::bind("", name, [], values, encode, [], out).map_err(|e| match e {
        BindError::Serialization(e) => Failure::from(e),
        BindError::Conversion(e) => Failure::protocol(e),
    })
}

fn zero_byte(_: std::io::Error) -> Failure {
    Error::validation("`query`: SQL can't hold a zero byte").into()
}

/// Reads the statement's part of the answer, up to its `ReadyForQuery`: only that confirms it.
async fn read(
    connection: &mut Connection,
    statement: &Statement,
    plan: &Plan,
    out: &mut Writer,
    progress: &mut Progress,
) -> Result<Summary, Failure> {
    let mut wrapping = statement.read_only;
    let mut columns = match plan {
        Plan::Reuse(prepared) => prepared.columns.clone(),
        _ => None,
    };
    let mut rows = Rows { statement, out, start: 0, count: 0, truncated: false, full: false };
    rows.start = rows.out.len();
    rows.out.raw(b"[");
    let mut command = None;
    let mut counted = None;
    let mut failed = None;
    let mut parsed = false;
    loop {
        let frame = match connection.buffered()? {
            Some(frame) => frame,
            None => {
                connection.fill().await?;
                continue;
            }
        };
        let message = match frame {
            Frame::Row(row) => {
                let columns = columns.as_deref().ok_or_else(|| Failure::protocol("no columns"))?;
                rows.push(columns, row)?;
                // A write is read to its end, so that its outcome is known.
                if rows.full && statement.read_only {
                    break;
                }
                continue;
            }
            Frame::OversizeRow => {
                rows.truncated = true;
                rows.full = true;
                if rows.count == 0 && statement.read_only {
                    return Err(Failure::Refused(Error::new(
                        Code::PayloadTooLarge,
                        "the first row alone is larger than 64 MiB; select less of it",
                    )));
                }
                if statement.read_only {
                    break;
                }
                continue;
            }
            Frame::Message(message) => message,
        };
        match message {
            Message::ParseComplete => parsed = !wrapping,
            Message::BindComplete => progress.bound = !wrapping,
            Message::CommandComplete(_) if wrapping => wrapping = false,
            Message::CommandComplete(body) => {
                let tag = body.tag().map_err(Failure::protocol)?;
                let mut words = tag.split(' ');
                command = words.next().map(str::to_owned);
                counted = words.next_back().and_then(|n| n.parse::<u64>().ok());
            }
            Message::RowDescription(body) => columns = Some(Arc::new(Columns::read(&body)?)),
            Message::NoData => columns = Some(Arc::new(Columns::default())),
            Message::PortalSuspended => rows.truncated = true,
            Message::ErrorResponse(body) => {
                let error = connection.error(&body);
                if connection.is_dead() {
                    return Err(Failure::Server(error));
                }
                failed = Some(error);
            }
            Message::CopyInResponse(_) | Message::CopyOutResponse(_) => {
                return Err(Failure::protocol("COPY is not possible here"));
            }
            Message::ReadyForQuery(_) => {
                remember(connection, statement, plan, columns.as_ref(), parsed);
                if let Some(error) = failed {
                    return Err(Failure::Server(error));
                }
                break;
            }
            _ => {}
        }
    }
    progress.cut = connection.is_busy() && rows.full;
    rows.out.raw(b"]");
    let returned = u64::from(rows.count);
    let whole = !rows.truncated || command.as_deref() != Some("SELECT");
    Ok(Summary {
        columns,
        row_count: counted.filter(|_| whole).unwrap_or(returned),
        command,
        truncated: rows.truncated,
        notices: std::mem::take(&mut connection.notices),
    })
}

/// Keeps a statement that got a name for the next time.
fn remember(
    connection: &mut Connection,
    statement: &Statement,
    plan: &Plan,
    columns: Option<&Arc<Columns>>,
    parsed: bool,
) {
    let prepared = match plan {
        Plan::Name(name) if parsed => {
            Prepared { name: name.clone(), columns: columns.cloned(), parameters: None }
        }
        Plan::Reuse(prepared) if prepared.columns.is_none() && columns.is_some() => {
            Prepared { columns: columns.cloned(), ..prepared.clone() }
        }
        _ => return,
    };
    connection.statements.keep(&statement.sql, prepared);
}

/// The rows written so far.
struct Rows<'a> {
    statement: &'a Statement,
    out: &'a mut Writer,
    start: usize,
    count: u32,
    truncated: bool,
    /// The byte cap was reached.
    full: bool,
}

impl Rows<'_> {
    fn push(&mut self, columns: &Columns, row: &[u8]) -> Result<(), Failure> {
        if self.truncated || self.count == self.statement.max_rows {
            self.truncated = true;
            return Ok(());
        }
        let before = self.out.len();
        if self.count > 0 {
            self.out.raw(b",");
        }
        match self.statement.shape {
            Shape::Objects => columns.write_object(row, self.out)?,
            Shape::Arrays => columns.write_array(row, self.out)?,
        }
        if self.out.len() - self.start > MAX_RESULT && self.count > 0 {
            self.out.buffer().truncate(before);
            self.truncated = true;
            self.full = true;
            return Ok(());
        }
        self.count += 1;
        Ok(())
    }
}
