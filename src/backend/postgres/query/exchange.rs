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

use postgres_protocol::message::frontend;

use super::parameters::Parameter;
use super::progress::{Name, Progress, Stage, Summary, Within};
use super::request::Statement;
use super::{pooler, send};
use crate::backend::postgres::error::Failure;
use crate::backend::postgres::rows::read;
use crate::backend::postgres::session::{Connection, Plan};
use crate::error::Error;
use crate::json::Writer;

/// Most parameters a statement can have (a 16-bit count in the Bind message).
const MAX_PARAMETERS: usize = 65_535;

/// Runs a statement and writes its rows as a JSON array.
pub(crate) async fn exchange(
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
        return Err(Error::not_allowed(
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
    let result = read(connection, statement, &plan, out, queued.before, progress).await;
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
