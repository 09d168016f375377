//! Poolers between us and the server (pgbouncer, Supavisor): in transaction mode, each transaction may
//! run on another session of the server's, which others use before and after.
//!
//! So nothing may be left on one: settings are made for one transaction (`send`), statements get no
//! names, nothing is discarded, and what would stay by its nature is refused here. What a function
//! leaves behind can't be seen.

use postgres_protocol::message::backend::Message;

use super::connection::{Connection, Frame};
use super::error::Failure;
use super::lexer::{Token, tokens};
use super::query::Statement;
use crate::error::{Code, Error, Result};

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
    let mut found = None;
    loop {
        match connection.buffered()? {
            // One column: a count of two bytes, a length of four.
            Some(Frame::Row(row)) => found = row.get(6..).map(<[u8]>::to_vec),
            Some(Frame::Message(Message::ReadyForQuery(_))) => break,
            Some(Frame::Message(Message::ErrorResponse(body))) => {
                // A server that has no such function, or does not speak SQL to us yet.
                let error = connection.error(&body);
                if connection.is_dead() {
                    return Err(error);
                }
            }
            Some(Frame::Message(_) | Frame::OversizeRow) => {}
            None => connection.fill().await?,
        }
    }
    connection.pooled = Some(found != Some(key.process_id.to_string().into_bytes()));
    Ok(())
}

/// Refuses what would stay on a session that others use.
pub(super) fn check(statement: &Statement) -> Result<()> {
    // What only reads is rolled back, and its gate lets none of these pass.
    if statement.read_only {
        return Ok(());
    }
    // What the lexer does not read was refused before.
    let Ok(tokens) = tokens(&statement.sql) else { return Ok(()) };
    let Some(what) = stays(&tokens) else { return Ok(()) };
    Err(Error::new(
        Code::OperationNotAllowed,
        format!(
            "{what} would stay on a session that others use: this connection goes through a pooler. \
             Connect to the server directly, or make it a setting of the role or the database"
        ),
    ))
}

/// Locks that are held until the session ends or gives them back.
const SESSION_LOCKS: [&str; 4] = [
    "pg_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_try_advisory_lock",
    "pg_try_advisory_lock_shared",
];

fn stays(tokens: &[Token<'_>]) -> Option<String> {
    let is = |at: usize, words: &[&str]| {
        tokens.get(at).is_some_and(|token| words.iter().any(|word| token.is(word)))
    };
    let first = match tokens.first() {
        Some(Token::Word(word)) => word.to_ascii_uppercase(),
        _ => String::new(),
    };
    match first.as_str() {
        "SET" if is(1, &["local", "constraints", "transaction"]) => {}
        "SET" | "RESET" | "LISTEN" | "UNLISTEN" | "PREPARE" | "DEALLOCATE" | "DISCARD" | "LOAD" => {
            return Some(first);
        }
        "DECLARE" if (1..tokens.len()).any(|at| is(at, &["with"]) && is(at + 1, &["hold"])) => {
            return Some("a cursor WITH HOLD".to_owned());
        }
        "CREATE" if is(1, &["temp", "temporary"]) => return Some("a temporary object".to_owned()),
        "CREATE" if is(1, &["local", "global"]) && is(2, &["temp", "temporary"]) => {
            return Some("a temporary object".to_owned());
        }
        _ => {}
    }
    for at in 0..tokens.len() {
        if is(at, &["into"]) && is(at + 1, &["temp", "temporary"]) {
            return Some("a temporary table".to_owned());
        }
        let called = tokens.get(at + 1) == Some(&Token::Symbol('('));
        // `(1).pg_advisory_lock` calls it as well.
        let dotted = at > 0 && tokens[at - 1] == Token::Symbol('.');
        let Some(name) = tokens[at].name().filter(|_| called || dotted) else { continue };
        if SESSION_LOCKS.contains(&&*name) {
            return Some(format!("the lock of {name}"));
        }
        if &*name == "set_config" && called && !is_local(&tokens[at + 2..]) {
            return Some("set_config without `true` at its end".to_owned());
        }
    }
    None
}

/// Whether the last argument of a `set_config` is `true`: then it ends with the transaction.
fn is_local(arguments: &[Token<'_>]) -> bool {
    let mut depth = 0_usize;
    for (at, token) in arguments.iter().enumerate() {
        match token {
            Token::Symbol('(') => depth += 1,
            Token::Symbol(')') if depth > 0 => depth -= 1,
            Token::Symbol(')') => {
                let last = arguments[..at].last_chunk::<2>();
                return last.is_some_and(|[comma, value]| {
                    *comma == Token::Symbol(',') && value.is("true")
                });
            }
            _ => {}
        }
    }
    false
}

/// Whether a statement that refused to run in a transaction of ours may be run without one: one of
/// those that begin by looking whether they are in one, so that nothing of it was done.
pub(super) fn refuses_transactions(sql: &str) -> bool {
    let Ok(tokens) = tokens(sql) else { return false };
    let queries = ["select", "insert", "update", "delete", "merge", "with", "values", "table"];
    let others = ["execute", "explain", "call", "do"];
    match tokens.first() {
        Some(first @ Token::Word(_)) => !queries.iter().chain(&others).any(|word| first.is(word)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what_stays(sql: &str) -> Option<String> {
        stays(&tokens(sql).unwrap())
    }

    #[test]
    fn what_would_stay_on_the_session_of_others_is_refused() {
        for sql in [
            "set search_path = a",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            "set role postgres",
            "set session authorization x",
            "/* x */ reset all",
            "listen a",
            "unlisten *",
            "prepare p as select 1",
            "prepare transaction 'x'",
            "deallocate all",
            "discard all",
            "load 'auto_explain'",
            "declare c cursor with hold for select 1",
            "create temp table t (a int)",
            "create temporary view v as select 1",
            "create local temporary table t (a int)",
            "select 1 as a into temp t",
            "select pg_advisory_lock(1)",
            "select pg_catalog.\"pg_try_advisory_lock\" (1)",
            "select (1).pg_advisory_lock, $1.\"pg_try_advisory_lock_shared\"",
            "select set_config('a.b', 'c', false)",
            "select set_config('a.b', 'c', false), true",
            "select set_config('a.b', 'c', not true)",
            "select set_config('a.b', 'c', (select true))",
        ] {
            assert!(what_stays(sql).is_some(), "{sql}");
        }
    }

    #[test]
    fn what_ends_with_its_transaction_passes() {
        for sql in [
            "select 1",
            "set local work_mem = '1MB'",
            "set constraints all deferred",
            "create table temp (a int)",
            "create table t as select 1 as temporary",
            "insert into temporary_things values (1)",
            "select pg_advisory_xact_lock(1)",
            "select set_config('a.b', 'c', true)",
            "select set_config('a.b', concat('c', (1)), true) as t",
            "select t.pg_advisory_xact_lock, pg_advisory_lock from t",
            "declare c cursor without hold for select 1",
            "alter role x set search_path = a",
            "update t set a = 1",
            "vacuum t",
        ] {
            assert_eq!(what_stays(sql), None, "{sql}");
        }
    }

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
