//! How the answer to a statement is read: rows straight into the JSON, up to the caps.

use std::sync::Arc;

use postgres_protocol::message::backend::Message;

use super::columns::Columns;
use crate::backend::postgres::error::Failure;
use crate::backend::postgres::query::{Progress, Shape, Stage, Statement, Summary};
use crate::backend::postgres::session::{Connection, Frame, MAX_ROW, Plan, Prepared};
use crate::error::Error;
use crate::json::Writer;

/// Reads the statement's part of the answer, up to its `ReadyForQuery`: only that confirms it.
/// `before` statements of ours go before it.
pub(crate) async fn read(
    connection: &mut Connection,
    statement: &Statement,
    plan: &Plan,
    out: &mut Writer,
    mut before: u32,
    progress: &mut Progress,
) -> Result<Summary, Failure> {
    let mut columns = match plan {
        Plan::Reuse(prepared) => prepared.columns.clone(),
        _ => None,
    };
    let start = out.len();
    out.raw(b"[");
    let mut rows = Rows { statement, out, start, seen: 0, count: 0, truncated: false, full: false };
    let mut command = None;
    let mut counted = None;
    let mut failed = None;
    let mut parsed = false;
    let mut ended = false;
    let mut stopped = false;
    loop {
        let Some(frame) = connection.buffered()? else {
            connection.fill().await?;
            continue;
        };
        let message = match frame {
            Frame::Message(message) => message,
            row => {
                rows.seen += 1;
                match row {
                    Frame::Row(row) => {
                        let described = columns.as_deref();
                        let columns = described.ok_or_else(|| Failure::protocol("no columns"))?;
                        rows.push(columns, row)?;
                    }
                    _ => rows.overflow(rows.out.len()),
                }
                // What may write is read to its end: it is not to stop half-way.
                if rows.full && statement.read_only {
                    if rows.count == 0 {
                        return Err(too_large(statement.max_bytes.min(MAX_ROW)));
                    }
                    stopped = true;
                    break;
                }
                continue;
            }
        };
        match message {
            Message::ParseComplete if before == 0 => {
                parsed = true;
                progress.parsed = true;
            }
            Message::BindComplete if before == 0 => progress.stage = Stage::Bound,
            Message::CommandComplete(_) if before > 0 => before -= 1,
            // That of the `COMMIT` behind it.
            Message::CommandComplete(_) if ended => {}
            Message::CommandComplete(body) => {
                ended = true;
                let tag = body.tag().map_err(Failure::protocol)?;
                let mut words = tag.split(' ');
                command = words.next().map(str::to_owned);
                counted = words.next_back().and_then(|n| n.parse::<u64>().ok());
            }
            Message::RowDescription(body) => columns = Some(Arc::new(Columns::read(&body)?)),
            Message::NoData => columns = Some(Arc::new(Columns::default())),
            Message::PortalSuspended => {
                rows.truncated = true;
                stopped = true;
            }
            Message::ErrorResponse(body) => {
                let error = connection.error(&body);
                if connection.is_dead() {
                    return Err(error);
                }
                failed = Some(error);
            }
            Message::CopyInResponse(_) | Message::CopyOutResponse(_) => {
                return Err(Failure::protocol("COPY is not possible here"));
            }
            Message::ReadyForQuery(_) => {
                remember(connection, statement, plan, columns.as_ref(), parsed);
                if let Some(error) = failed {
                    return Err(error);
                }
                break;
            }
            _ => {}
        }
    }
    progress.cut = connection.is_busy() && rows.full;
    rows.out.raw(b"]");
    let row_count = match counted {
        // How many more there are was not asked for.
        _ if stopped => u64::from(rows.count),
        Some(counted) => counted,
        None => rows.seen,
    };
    Ok(Summary {
        columns,
        row_count,
        command,
        truncated: rows.truncated,
        notices: std::mem::take(&mut connection.notices),
    })
}

fn too_large(limit: usize) -> Failure {
    let what = format!("the first row alone is larger than {limit} bytes; select less of it");
    Failure::Refused(Error::too_large(what))
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
    /// How many there were, those that are not written included.
    seen: u64,
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
        if self.out.len() - self.start > self.statement.max_bytes {
            self.overflow(before);
        } else {
            self.count += 1;
        }
        Ok(())
    }

    /// The byte cap was reached; what was written of the last row is taken back.
    fn overflow(&mut self, before: usize) {
        self.out.buffer().truncate(before);
        self.truncated = true;
        self.full = true;
    }
}
