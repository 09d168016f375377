//! Poolers between us and the server (pgbouncer, Supavisor): in transaction mode, each transaction may
//! run on another session of the server's, which others use before and after.
//!
//! So nothing may be left on one: settings are made for one transaction (`send`), statements get no
//! names, nothing is discarded, and what would stay by its nature (`leftovers`) is refused here.

use super::request::Statement;
use crate::backend::postgres::error::Failure;
use crate::backend::postgres::session::Connection;
use crate::backend::postgres::statement::{Token, leftovers, tokens};
use crate::error::{Error, Result};

/// Finds out, once, whether a pooler stands between. A server names its own process in the key for
/// cancelling; a pooler gives a key of its own, or none.
pub(super) async fn detect(connection: &mut Connection) -> Result<(), Failure> {
    if connection.pooled.is_some() {
        return Ok(());
    }
    let Some(key) = connection.key else {
        connection.pooled = Some(true);
        return Ok(());
    };
    connection.simple("SELECT pg_catalog.pg_backend_pid()")?;
    connection.flush().await?;
    let row = match connection.answer().await {
        Err(failure) if connection.is_dead() => return Err(failure),
        // A server that has no such function, or does not speak SQL to us yet.
        answer => answer.unwrap_or_default(),
    };
    // One column: a count of two bytes, a length of four.
    let found = row.as_deref().and_then(|row| row.get(6..));
    connection.pooled = Some(found != Some(key.process_id.to_string().as_bytes()));
    Ok(())
}

/// Refuses what would stay on a session that others use.
pub(crate) fn check(statement: &Statement) -> Result<()> {
    // What only reads is rolled back, and its gate lets none of these pass.
    if statement.read_only {
        return Ok(());
    }
    let Some(what) = leftovers::of(&statement.sql) else { return Ok(()) };
    Err(Error::not_allowed(format!(
        "{what} would change a session that others use: this connection goes through a pooler. \
             Connect to the server directly, or make it a setting of the role or the database"
    )))
}

/// Whether a statement that refused to run in a transaction of ours may be run without one: one of
/// those that begin by looking whether they are in one, so that nothing of it was done.
pub(super) fn refuses_transactions(sql: &str) -> bool {
    let Ok(tokens) = tokens(sql) else { return false };
    let queries = ["select", "insert", "update", "delete", "merge", "with", "values", "table"];
    let others = ["execute", "explain", "call", "do"];
    match tokens.first() {
        Some(first @ Token::Word(_)) => !first.is_any(&queries) && !first.is_any(&others),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_first_whether_it_is_in_a_transaction_is_run_without_one() {
        for sql in ["vacuum", "create index concurrently i on t (a)", "alter system set a = 1"] {
            assert!(refuses_transactions(sql), "{sql}");
        }
        for sql in ["select f()", "with a as (select 1) table a", "(select 1)", "insert into t"] {
            assert!(!refuses_transactions(sql), "{sql}");
        }
    }
}
