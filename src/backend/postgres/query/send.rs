//! What is sent for a statement, queued so that it leaves in one write.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::BytesMut;
use postgres_protocol::IsNull;
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend::{self, BindError};

use fallible_iterator::FallibleIterator as _;

use super::progress::Within;
use super::request::Statement;
use crate::backend::postgres::error::Failure;
use crate::backend::postgres::rows::Columns;
use crate::backend::postgres::session::{APPLICATION_NAME, Connection, GIVE_BACK, Plan, Prepared};
use crate::error::Error;

/// Parses a statement to learn the types of its parameters. It costs a round trip, and only the
/// first time where the statement gets a name. Without one it is parsed again when it is run.
pub(super) async fn describe(
    connection: &mut Connection,
    sql: &str,
    plan: Plan,
) -> Result<Plan, Failure> {
    let once = matches!(plan, Plan::Once(_));
    let mut prepared = match plan {
        Plan::Reuse(prepared) if prepared.parameters.is_some() => {
            return Ok(Plan::Reuse(prepared));
        }
        Plan::Reuse(prepared) => prepared,
        Plan::Name(_) | Plan::Once(_) => {
            let name = if let Plan::Name(name) = plan { name } else { "".into() };
            frontend::parse(&name, sql, [], &mut connection.output).map_err(zero_byte)?;
            Prepared { name, columns: None, parameters: None }
        }
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
    if once {
        return Ok(Plan::Once(prepared.parameters));
    }
    connection.statements.keep(sql, prepared.clone());
    Ok(Plan::Reuse(prepared))
}

/// What goes along with a statement.
#[derive(Debug)]
pub(super) struct Queued {
    /// A query of its own goes before it, with settings.
    pub settings: bool,
    /// How many statements of ours go before it in the same exchange.
    pub before: u32,
}

/// Queues the settings that are not in effect already, as a query of its own.
fn queue_settings(connection: &mut Connection, statement: &Statement) -> Result<bool, Failure> {
    let mut sql = String::new();
    if connection.statement_timeout != Some(statement.timeout) {
        let _ = write!(sql, "SET statement_timeout = {};", statement.timeout.as_millis());
        connection.statement_timeout = Some(statement.timeout);
    }
    if let Some(name) = application_name(statement) {
        let _ = write!(sql, "SET application_name = {name}");
    }
    if sql.is_empty() {
        return Ok(false);
    }
    connection.simple(&sql)?;
    Ok(true)
}

/// The name that shows on the server which request the statement is of, as a literal.
fn application_name(statement: &Statement) -> Option<String> {
    // The server cuts it at 63 bytes and replaces what is not printable ASCII.
    let id = statement.request_id.as_ref()?.replace('\'', "''").replace('\0', "");
    Some(format!("'{APPLICATION_NAME} {id}'"))
}

/// The settings of a transaction, which end with it.
fn local_settings(statement: &Statement) -> Vec<String> {
    let mut settings = vec![
        format!("SET LOCAL statement_timeout = {}", statement.timeout.as_millis()),
        // Others may have left it off, and the gate reads strings as the standard does.
        "SET LOCAL standard_conforming_strings = on".to_owned(),
    ];
    let name = application_name(statement);
    settings.extend(name.map(|name| format!("SET LOCAL application_name = {name}")));
    settings
}

/// A statement of ours, without parameters and rows.
fn ours(sql: &str, out: &mut BytesMut) -> Result<(), Failure> {
    frontend::parse("", sql, [], out)?;
    bind("", [], out)?;
    frontend::execute("", 0, out)?;
    Ok(())
}

/// Queues the whole exchange.
pub(super) fn queue(
    connection: &mut Connection,
    statement: &Statement,
    plan: &Plan,
    within: Within,
) -> Result<Queued, Failure> {
    let settings = !connection.is_pooled() && queue_settings(connection, statement)?;
    let mut before = Vec::new();
    match within {
        Within::Its => {}
        Within::ReadOnly => before.push("BEGIN READ ONLY".to_owned()),
        Within::Ours => before.push("BEGIN".to_owned()),
    }
    if connection.is_pooled() && within != Within::Its {
        if std::mem::take(&mut connection.replan) {
            before.push("DISCARD PLANS".to_owned());
        }
        before.extend(local_settings(statement));
    }
    let out = &mut connection.output;
    for sql in &before {
        ours(sql, out)?;
    }
    let name = match plan {
        Plan::Once(_) => "",
        Plan::Name(name) => name,
        Plan::Reuse(prepared) => &prepared.name,
    };
    if !matches!(plan, Plan::Reuse(_)) {
        let types = if let Plan::Once(Some(types)) = plan { &types[..] } else { &[] };
        frontend::parse(name, &statement.sql, types.iter().copied(), out).map_err(zero_byte)?;
    }
    let known = match plan {
        Plan::Once(Some(oids)) | Plan::Reuse(Prepared { parameters: Some(oids), .. }) => &oids[..],
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
    // One more than wanted tells a result that just fits from one that is cut. What may write has no
    // limit: the server would stop it there, and commit.
    let limit = match within {
        Within::ReadOnly => i32::try_from(statement.max_rows).unwrap_or(i32::MAX - 1) + 1,
        Within::Its | Within::Ours => 0,
    };
    frontend::execute("", limit, out)?;
    if within == Within::Ours {
        ours("COMMIT", out)?;
    }
    connection.sync();
    if within == Within::ReadOnly {
        // Behind a pooler the session may hold a stranger's locks, which are not ours to give back.
        connection.simple(if connection.is_pooled() { "ROLLBACK" } else { GIVE_BACK })?;
    }
    Ok(Queued { settings, before: u32::try_from(before.len()).unwrap_or(u32::MAX) })
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
