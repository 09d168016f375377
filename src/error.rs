//! The one error type of the crate: a stable code, a message for people, and the outcome.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::outcome::{Extent, Outcome};

/// Shorthand used throughout the crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Stable error codes; each has one HTTP status and one JavaScript class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schemars(rename = "FailureCode")]
pub enum Code {
    /// The request itself is malformed.
    ValidationError,
    /// The backend refused the statement, command or filter.
    DbQueryError,
    /// No user where one is required.
    Unauthenticated,
    /// The user's role does not allow it.
    PermissionDenied,
    /// Refused to everyone, or to everyone without explicit confirmation.
    OperationNotAllowed,
    /// The egress policy does not allow this address.
    HostNotAllowed,
    /// The connection, or the thing asked for in it, does not exist.
    DbNotFound,
    /// The state of the server does not allow it now; read it again.
    Conflict,
    /// A Redis key holds another type.
    WrongType,
    /// The request or the result is larger than its cap.
    PayloadTooLarge,
    /// Too many requests by this user.
    RateLimited,
    /// A defect in this package.
    InternalError,
    /// The backend refused the stored credentials.
    DbInvalidCredentials,
    /// No connection could be made, or it was lost.
    DbConnectionFailed,
    /// All connections of the pool are in use.
    PoolExhausted,
    /// The TLS handshake failed; no secret was sent.
    DbTlsError,
    /// The deadline passed.
    DbTimeout,
}

impl Code {
    /// Every code, for documentation and tests.
    pub const ALL: [Self; 17] = [
        Self::ValidationError,
        Self::DbQueryError,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::OperationNotAllowed,
        Self::HostNotAllowed,
        Self::DbNotFound,
        Self::Conflict,
        Self::WrongType,
        Self::PayloadTooLarge,
        Self::RateLimited,
        Self::InternalError,
        Self::DbInvalidCredentials,
        Self::DbConnectionFailed,
        Self::PoolExhausted,
        Self::DbTlsError,
        Self::DbTimeout,
    ];

    /// The code as it is written in answers: `DB_TIMEOUT`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ValidationError => "VALIDATION_ERROR",
            Self::DbQueryError => "DB_QUERY_ERROR",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::OperationNotAllowed => "OPERATION_NOT_ALLOWED",
            Self::HostNotAllowed => "HOST_NOT_ALLOWED",
            Self::DbNotFound => "DB_NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::WrongType => "WRONG_TYPE",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::RateLimited => "RATE_LIMITED",
            Self::InternalError => "INTERNAL_ERROR",
            Self::DbInvalidCredentials => "DB_INVALID_CREDENTIALS",
            Self::DbConnectionFailed => "DB_CONNECTION_FAILED",
            Self::PoolExhausted => "POOL_EXHAUSTED",
            Self::DbTlsError => "DB_TLS_ERROR",
            Self::DbTimeout => "DB_TIMEOUT",
        }
    }

    /// The HTTP status of an answer with this code.
    pub fn http_status(self) -> u16 {
        match self {
            Self::ValidationError | Self::DbQueryError => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied | Self::OperationNotAllowed | Self::HostNotAllowed => 403,
            Self::DbNotFound => 404,
            Self::Conflict | Self::WrongType => 409,
            Self::PayloadTooLarge => 413,
            Self::RateLimited => 429,
            Self::InternalError => 500,
            Self::DbInvalidCredentials => 502,
            Self::DbConnectionFailed | Self::PoolExhausted | Self::DbTlsError => 503,
            Self::DbTimeout => 504,
        }
    }

    /// Whether the same request may succeed later without being changed.
    pub fn retryable(self) -> bool {
        matches!(
            self,
            Self::RateLimited | Self::DbConnectionFailed | Self::PoolExhausted | Self::DbTimeout
        )
    }
}

/// A failure, as it is told to the caller. It never holds a secret.
///
/// Boxed, because a `Result` is returned from every function on the request path and the happy
/// path should not pay for the size of the other one.
#[derive(Clone)]
pub struct Error(Box<Parts>);

/// The body of a failed request.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Failure<'a> {
    /// The same as in `error`.
    message: &'a str,
    error: Fault<'a>,
}

/// A failure, as answers tell it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Fault<'a> {
    /// For people.
    message: &'a str,
    /// For programs.
    code: Code,
    /// What else is known of it.
    details: &'a Map<String, Value>,
    /// Whether the same request may succeed later.
    retryable: bool,
    /// What is known of a write.
    outcome: Outcome,
    /// As in the log.
    request_id: &'a str,
}

/// Why something within an answer failed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Cause {
    /// For programs.
    code: Code,
    /// For people.
    message: String,
}

impl From<Error> for Cause {
    fn from(error: Error) -> Self {
        Self { code: error.0.code, message: error.0.message }
    }
}

#[derive(Clone)]
struct Parts {
    code: Code,
    message: String,
    details: Map<String, Value>,
    outcome: Outcome,
    retry_after: Option<Duration>,
    /// What others are told of it, where nobody can use the endpoint now.
    endpoint: Option<String>,
}

impl Error {
    /// A failure that is known not to have changed anything.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            code,
            message: message.into(),
            details: Map::new(),
            outcome: Outcome::NotApplied,
            retry_after: None,
            endpoint: None,
        }))
    }

    /// `VALIDATION_ERROR`.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(Code::ValidationError, message)
    }

    /// `DB_NOT_FOUND`.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::DbNotFound, message)
    }

    /// `OPERATION_NOT_ALLOWED`.
    pub fn not_allowed(message: impl Into<String>) -> Self {
        Self::new(Code::OperationNotAllowed, message)
    }

    /// `PAYLOAD_TOO_LARGE`.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(Code::PayloadTooLarge, message)
    }

    /// `DB_CONNECTION_FAILED`.
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self::new(Code::DbConnectionFailed, message)
    }

    /// `INTERNAL_ERROR`: something that cannot happen, did.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::InternalError, message)
    }

    /// `DB_TIMEOUT` after the deadline passed; `outcome` says what is known of the work.
    pub fn timeout(message: impl Into<String>, outcome: Outcome) -> Self {
        Self::new(Code::DbTimeout, message).outcome(outcome)
    }

    /// Sets what is known about the operation's effect.
    #[must_use]
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// The failure of work of which this much was done before it; `counts` tells it in the details.
    #[must_use]
    pub fn after(self, done: Extent, counts: impl Into<Value>) -> Self {
        let outcome = done.outcome(self.known_outcome());
        self.outcome(outcome).detail("counts", counts)
    }

    /// Adds a machine-readable detail.
    #[must_use]
    pub fn detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.details.insert(key.to_owned(), value.into());
        self
    }

    /// Says when to try again; becomes `Retry-After`.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Puts a sentence about where it happened before the message.
    #[must_use]
    pub fn context(mut self, what: &str) -> Self {
        self.0.message = format!("{what}: {}", self.0.message);
        self
    }

    /// Says that the endpoint is to blame: nobody can reach it now, or it lets nobody in. Only such
    /// failures have callers refused for a while. Those are told the message as it stands now: what
    /// is added to it later is for the one whose request failed.
    #[must_use]
    pub fn of_endpoint(self) -> Self {
        let told = self.0.message.clone();
        self.of_endpoint_as(told)
    }

    /// The same with a message for others that keeps a server's own words from them.
    #[must_use]
    pub fn of_endpoint_as(mut self, told: impl Into<String>) -> Self {
        self.0.endpoint.get_or_insert_with(|| told.into());
        self
    }

    /// What others are told, if the endpoint is to blame.
    pub fn endpoint_failure(&self) -> Option<&str> {
        self.0.endpoint.as_deref()
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Machine-readable details.
    pub fn details(&self) -> &Map<String, Value> {
        &self.0.details
    }

    /// What is known about the operation's effect.
    pub fn known_outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// When to try again, if that is known.
    pub fn wait(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// As a part of an answer.
    pub fn fault<'a>(&'a self, request_id: &'a str) -> Fault<'a> {
        Fault {
            message: &self.0.message,
            code: self.0.code,
            details: &self.0.details,
            retryable: self.0.code.retryable(),
            outcome: self.0.outcome,
            request_id,
        }
    }

    /// The failure envelope of an HTTP answer, as JSON.
    pub fn to_json(&self, request_id: &str) -> String {
        let failure = Failure { message: &self.0.message, error: self.fault(request_id) };
        serde_json::to_string(&failure).expect("texts and numbers can be written")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn javascript_has_the_same_status_for_every_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/js/core/errors.ts");
        let Ok(text) = std::fs::read_to_string(path) else { return };
        let (_, classes) = text.split_once("const CLASSES").unwrap();
        let (classes, _) = classes.split_once("\n}").unwrap();
        for code in Code::ALL {
            let line = classes.lines().find_map(|line| line.trim().strip_prefix(code.as_str()));
            let status = code.http_status();
            // Of the one that has no line, `fromFault` makes 500.
            let has = line.map_or(status == 500, |line| line.ends_with(&format!(", {status}],")));
            assert!(has, "{}: {line:?}", code.as_str());
        }
    }
}
