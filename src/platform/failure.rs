//! Failures of the platform database, in the crate's terms.
//!
//! Every message says *platform* database, so that nobody looks for the fault in the registered
//! database the request was about.

use std::error::Error as _;
use std::time::Duration;

use tokio_postgres::error::SqlState;

use crate::error::{Code, Error};
use crate::outcome::Outcome;

/// Why a statement has no result.
#[derive(Debug)]
pub(super) enum Cause {
    /// tokio-postgres says so.
    Driver(tokio_postgres::Error),
    /// No answer came in time.
    Late(Duration),
}

/// Whether the same statement may do better on another session: this one was closed under it, or
/// its prepared statement no longer fits a table that a migration changed.
pub(super) fn session_is_dead(cause: &Cause) -> bool {
    let Cause::Driver(error) = cause else { return false };
    match error.code() {
        Some(state) => {
            is_shutdown(state)
                || *state == SqlState::FEATURE_NOT_SUPPORTED
                || *state == SqlState::INVALID_SQL_STATEMENT_NAME
        }
        None => error.is_closed() || is_io(error),
    }
}

/// The failure as it is told to the caller. `lost` is what became of the statement, had its answer
/// been lost.
pub(super) fn of(cause: &Cause, lost: Outcome) -> Error {
    let error = match cause {
        Cause::Late(after) => {
            let message =
                format!("the platform database did not answer within {} s", after.as_secs());
            return Error::timeout(message, lost);
        }
        Cause::Driver(error) => error,
    };
    if let Some(refused) = error.as_db_error() {
        return of_server(refused, lost);
    }
    let source = error.source();
    if let Some(own) = source.and_then(|source| source.downcast_ref::<Error>()) {
        return own.clone().context("the platform database (DATABASE_URL)");
    }
    if let Some(io) = source.and_then(|source| source.downcast_ref::<std::io::Error>()) {
        return Error::new(
            Code::DbConnectionFailed,
            format!("the connection to the platform database was lost: {io}"),
        )
        .outcome(lost);
    }
    let text = error.to_string();
    if text.contains("TLS") {
        let why = source.map_or(text, ToString::to_string);
        let message =
            format!("TLS with the platform database failed, and no password was sent: {why}");
        return Error::new(Code::DbTlsError, message);
    }
    if error.is_closed() {
        return Error::new(
            Code::DbConnectionFailed,
            "the connection to the platform database was closed",
        )
        .outcome(lost);
    }
    // Conversions, an unexpected message, a missing password: the texts name no values.
    Error::internal(format!("the platform database: {text}")).outcome(lost)
}

fn of_server(refused: &tokio_postgres::error::DbError, lost: Outcome) -> Error {
    let state = refused.code();
    let class = &state.code()[..2];
    let said = refused.message();
    let told = |code, what: &str| Error::new(code, format!("the platform database {what}: {said}"));
    if class == "28" {
        let what = "refused the user or password in DATABASE_URL";
        return told(Code::DbInvalidCredentials, what);
    }
    if *state == SqlState::TOO_MANY_CONNECTIONS {
        return told(Code::PoolExhausted, "has no connection left");
    }
    if is_shutdown(state) {
        return told(Code::DbConnectionFailed, "is shutting down or starting up").outcome(lost);
    }
    if *state == SqlState::UNDEFINED_TABLE
        || *state == SqlState::UNDEFINED_COLUMN
        || *state == SqlState::INVALID_SCHEMA_NAME
        || *state == SqlState::UNDEFINED_OBJECT
    {
        let what = "lacks what this version needs; run `npx studio-multidb migrate`";
        return told(Code::DbConnectionFailed, what).detail("sqlstate", state.code());
    }
    if *state == SqlState::QUERY_CANCELED || *state == SqlState::LOCK_NOT_AVAILABLE {
        let message = format!("the platform database took too long: {said}");
        return Error::timeout(message, Outcome::NotApplied);
    }
    if *state == SqlState::CHARACTER_NOT_IN_REPERTOIRE
        || *state == SqlState::UNTRANSLATABLE_CHARACTER
    {
        return Error::validation(
            "a name in the request holds a character that the platform database can't, such as NUL",
        );
    }
    let code = match class {
        // Integrity constraints, serialization failures and deadlocks.
        "23" | "40" => Code::Conflict,
        _ => Code::InternalError,
    };
    let error = told(code, "refused it").detail("sqlstate", state.code());
    match refused.constraint() {
        Some(name) => error.detail("constraint", name),
        None => error,
    }
}

/// Whether the platform database could not answer, as opposed to having answered with a failure.
pub(super) fn is_outage(error: &Error) -> bool {
    matches!(
        error.code(),
        Code::DbConnectionFailed
            | Code::DbTimeout
            | Code::DbTlsError
            | Code::DbInvalidCredentials
            | Code::PoolExhausted
    )
}

/// Class 57P: the server or an administrator ended the session.
fn is_shutdown(state: &SqlState) -> bool {
    state.code().starts_with("57P")
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    error.source().is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
}
