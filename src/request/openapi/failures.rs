//! Failures: their form, and which of them an operation can have.

use serde_json::{Value, json};

use super::schemas::refer;
use crate::error::Code;
use crate::request::operation::{Operation, Subject};

/// The codes that failures of an operation can have.
pub fn codes(operation: &Operation) -> Vec<Code> {
    use Code::{
        Conflict, DbConnectionFailed, DbInvalidCredentials, DbNotFound, DbQueryError, DbTimeout,
        DbTlsError, HostNotAllowed, InternalError, OperationNotAllowed, PayloadTooLarge,
        PermissionDenied, PoolExhausted, RateLimited, Unauthenticated, ValidationError, WrongType,
    };
    let subject = operation.subject;
    let (is_public, is_operator) = (subject == Subject::Public, subject == Subject::Operator);
    let reaches_server =
        matches!(subject, Subject::Connection(_) | Subject::Entry | Subject::Member(_));
    let can = |code: Code| match code {
        ValidationError | PayloadTooLarge | RateLimited | DbConnectionFailed | DbTimeout
        | InternalError => true,
        Unauthenticated | OperationNotAllowed => !is_public,
        PermissionDenied | HostNotAllowed | DbNotFound | Conflict => !is_public && !is_operator,
        DbQueryError | DbInvalidCredentials | PoolExhausted | DbTlsError => reaches_server,
        WrongType => false,
    };
    Code::ALL.into_iter().filter(|code| can(*code) || operation.fails.contains(code)).collect()
}

/// The failures of an operation.
pub(super) fn describe(operation: &Operation) -> Value {
    let codes: Vec<&str> = codes(operation).into_iter().map(Code::as_str).collect();
    response(&json!({
        "allOf": [refer("Failure")],
        "properties": { "error": { "properties": { "code": { "enum": codes } } } },
    }))
}

/// Those of whatever operation.
pub(super) fn any() -> Value {
    response(&refer("Failure"))
}

fn response(schema: &Value) -> Value {
    json!({
        "description": "Failure",
        "content": { "application/json": { "schema": schema } },
    })
}
