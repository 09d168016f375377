//! What is sent for a statement, queued so that it leaves in one write.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::BytesMut;
use postgres_protocol::IsNull;
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend::{self, BindError};

use fallible_iterator::FallibleIterator as _;

use super::columns::Columns;
use super::connection::Connection;
use super::error::Failure;
use super::lease::GIVE_BACK;
use super::query::Statement;
use super::startup::APPLICATION_NAME;
use super::statements::{Plan, Prepared};
use crate::error::Error;

/// Parses a statement to learn the types of its parameters. It costs a round trip, and only the
/// first time.
pub(super) async fn describe(
    connection: &mut Connection,
    sql: &str,
    plan: Plan,
) -> Result<Prepared, Failure> {
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
                failed = Some(connection.error(&body));
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

/// Queues the settings that are not in effect already, as a query of its own.
fn queue_settings(connection: &mut Connection, statement: &Statement) -> Result<bool, Failure> {
    let mut sql = String::new();
    if connection.statement_timeout != Some(statement.timeout) {
        let _ = write!(sql, "SET statement_timeout = {};", statement.timeout.as_millis());
        connection.statement_timeout = Some(statement.timeout);
    }
    if let Some(id) = &statement.request_id {
        // The server cuts it at 63 bytes and replaces what is not printable ASCII.
        let id = id.replace('\'', "''").replace('\0', "");
        let _ = write!(sql, "SET application_name = '{APPLICATION_NAME} {id}'");
    }
    if sql.is_empty() {
        return Ok(false);
    }
    connection.simple(&sql)?;
    Ok(true)
}

/// Queues the whole exchange; says whether a change of settings goes before the statement.
pub(super) fn queue(
    connection: &mut Connection,
    statement: &Statement,
    plan: &Plan,
) -> Result<bool, Failure> {
    let settings = queue_settings(connection, statement)?;
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
        connection.simple(GIVE_BACK)?;
    }
    Ok(settings)
}

/// A Bind with all values and all results in text form.
fn bind(
    name: &str,
    values: impl IntoIterator<Item = Option<Vec<u8>>>,
    out: &mut BytesMut,
) -> Result<(), Failure> {
    let encode = |value: Option<Vec<u8>>, out: &mut BytesMut| {
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
