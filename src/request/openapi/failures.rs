//! Failures: their form, and which of them an operation can have.

use serde_json::{Value, json};

use super::schemas::refer;
use crate::error::Code;
use crate::request::operation::{Operation, Subject};

/// The codes that failures of an operation can have.
#[must_use]
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

/// The form of all of them.
pub(super) fn schema() -> Value {
    let codes = Code::ALL.map(Code::as_str);
    json!({
        "type": "object",
        "required": ["message", "error"],
        "properties": {
            "message": { "type": "string", "description": "The same as in `error`." },
            "error": {
                "type": "object",
                "required": ["message", "code", "retryable", "outcome", "request_id"],
                "properties": {
                    "message": { "type": "string", "description": "For people." },
                    "code": { "type": "string", "enum": codes, "description": "For programs." },
                    "details": { "type": "object", "description": "What else is known of it." },
                    "retryable": {
                        "type": "boolean",
                        "description": "Whether the same request may succeed later.",
                    },
                    "outcome": {
                        "type": "string",
                        "enum": ["applied", "not_applied", "unknown"],
                        "description": "What is known of a write.",
                    },
                    "request_id": { "type": "string", "description": "As in the log." },
                },
            },
        },
    })
}
