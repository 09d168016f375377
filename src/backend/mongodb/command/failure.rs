//! The driver's failures as ours.

use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use mongodb::error::{ErrorKind, InsertManyError, WriteConcernError, WriteFailure};
use serde_json::Value;

use super::duplicate::{index_name, is_duplicate};
use crate::backend::mongodb::driver::Tunnel;
use crate::ejson::{Mode, value_of};
use crate::error::{Code, Error};
use crate::outcome::Outcome;
use crate::sockets::dialling;

/// Codes of errors that end a command wherever it is.
const INTERRUPTIONS: [i32; 24] = [
    6, 7, 24, 43, 50, 64, 89, 91, 112, 133, 134, 189, 237, 251, 262, 317, 358, 9001, 10107, 11600,
    11601, 11602, 13435, 13436,
];

/// What an operation can have changed when its answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It only reads.
    Read,
    /// It writes to one document.
    Write,
    /// It writes to several.
    WriteMany,
    /// It writes to one after the other, until one of them fails.
    WriteEach,
}

/// Why an operation failed: at the driver, or in our own code.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The driver or the server.
    Driver(mongodb::error::Error),
    /// Ourselves.
    Ours(Error),
}

impl From<mongodb::error::Error> for Failure {
    fn from(error: mongodb::error::Error) -> Self {
        Self::Driver(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

/// What was under way when the driver failed.
pub(super) struct Attempt<'a> {
    pub(super) effect: Effect,
    /// `false` if it is proven that no server was sent anything.
    pub(crate) sent: bool,
    /// The driver sent it again, because the first answer was lost or said that it may.
    pub(super) again: bool,
    pub(crate) tunnel: &'a Tunnel,
}

impl Attempt<'_> {
    /// What is known when no answer of the server says it.
    pub(crate) fn outcome(&self) -> Outcome {
        let wrote = self.effect != Effect::Read && self.sent;
        if wrote { Outcome::Unknown } else { Outcome::NotApplied }
    }

    /// Tells a failure of the driver in our own terms.
    pub(super) fn translate(&self, error: &mongodb::error::Error) -> Error {
        let response = error.server_response();
        match error.kind.as_ref() {
            ErrorKind::Command(command) => {
                let error = server_error(command.code, &command.code_name, &command.message)
                    .outcome(self.after_server_error(command.code));
                // Error 121 says here which rules of the validator a document breaks.
                match response.and_then(|r| r.get_document("errInfo").ok()?.try_into().ok()) {
                    Some(info) => error.detail("errInfo", as_value(&info)),
                    None => error,
                }
            }
            ErrorKind::Write(WriteFailure::WriteError(write)) => {
                let name = write.code_name.as_deref().unwrap_or_default();
                let error = server_error(write.code, name, &write.message)
                    .outcome(self.after_refusal(write.code));
                match &write.details {
                    Some(info) => error.detail("errInfo", as_value(info)),
                    None => error,
                }
            }
            ErrorKind::Write(WriteFailure::WriteConcernError(concern)) => not_replicated(concern),
            ErrorKind::InsertMany(insert) => {
                let error = insert_many(insert);
                let first = insert.write_errors.as_deref().and_then(<[_]>::first);
                match first.map(|first| self.after_refusal(first.code)) {
                    Some(Outcome::Unknown) => error.outcome(Outcome::Unknown),
                    _ => error,
                }
            }
            // The driver logs in by itself; a command of a user never fails with this.
            ErrorKind::Authentication { message, .. } => {
                authentication(message).of_endpoint_as("MongoDB refused the stored credentials")
            }
            ErrorKind::ServerSelection { .. } => self
                .unreachable("no MongoDB server that is suited for this could be reached in time"),
            ErrorKind::ProxyConnect { .. } => {
                self.unreachable("the MongoDB server could not be connected to")
            }
            ErrorKind::DnsResolve { .. } => self.unreachable("a host name could not be resolved"),
            ErrorKind::Io(io) if !self.sent && io.kind() == std::io::ErrorKind::TimedOut => {
                self.unreachable("connecting to the MongoDB server took too long")
            }
            ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => {
                self.unreachable("the connection to the MongoDB server was lost")
            }
            ErrorKind::Shutdown => self.unreachable("the connection is being closed"),
            ErrorKind::InvalidArgument { message, .. } => {
                if message.contains("must be within") || message.contains("too large") {
                    Error::too_large(message.clone())
                } else {
                    Error::validation(message.clone())
                }
            }
            ErrorKind::IncompatibleServer { message, .. } => {
                Error::new(Code::DbQueryError, message)
            }
            ErrorKind::InvalidResponse { .. } | ErrorKind::Bson(_) => {
                Error::unreachable("the server's answer could not be understood")
                    .outcome(self.outcome())
            }
            _ => Error::internal("the MongoDB driver failed in an unexpected way")
                .outcome(self.outcome()),
        }
    }

    /// A connection could not be made or was lost. The tunnel knows why, if it was not made.
    fn unreachable(&self, what: &str) -> Error {
        let error = match self.tunnel.failure() {
            Some(error) if !self.sent => error.outcome(Outcome::NotApplied),
            _ => Error::unreachable(what).outcome(self.outcome()),
        };
        // With a connection to any server, it is this operation alone that found none: it may ask
        // for a kind of server that there is not.
        if self.sent || self.tunnel.is_connected() { error } else { dialling::failed(error, true) }
    }

    /// A write that is refused is not made. But whoever sends one again and hears that its key is there
    /// may have put it there the first time: not every server knows a write that it has seen.
    fn after_refusal(&self, code: i32) -> Outcome {
        if self.again && is_duplicate(code) { self.outcome() } else { Outcome::NotApplied }
    }

    /// A server that answers with an error has undone a write to one document, except when it was
    /// about to shut down or to hand over, where what it had done may survive. Of several documents,
    /// those before the interruption are written. And one that refuses to look at what was sent to it
    /// again says nothing of the first time.
    fn after_server_error(&self, code: i32) -> Outcome {
        match code {
            91 | 189 | 11600 | 11602 | 64 | 50 => self.outcome(),
            13 if !self.again => Outcome::NotApplied,
            _ if self.effect == Effect::WriteEach => self.outcome(),
            _ if self.effect == Effect::WriteMany && interrupts(code) => self.outcome(),
            _ if self.again && (interrupts(code) || code == 13) => self.outcome(),
            _ => self.after_refusal(code),
        }
    }
}

/// Whether an error ends a command wherever it is, and not only before it did anything.
pub(crate) fn interrupts(code: i32) -> bool {
    INTERRUPTIONS.contains(&code)
}

/// A write that a server made, and that the others may not have.
pub(super) fn not_replicated(concern: &WriteConcernError) -> Error {
    let message = &concern.message;
    Error::unreachable(format!(
        "the write was made but not replicated as the write concern asks for: {message}"
    ))
    .outcome(Outcome::Unknown)
    .detail("server_code", concern.code)
}

/// Documents before the first error were inserted, and, where the order did not matter, those
/// after it too.
fn insert_many(insert: &InsertManyError) -> Error {
    let errors = insert.write_errors.as_deref().unwrap_or_default();
    let Some(first) = errors.first() else {
        let concern = insert.write_concern_error.as_ref();
        let message = concern.map_or("", |e| e.message.as_str());
        return Error::unreachable(format!(
            "the documents were inserted but not replicated as asked for: {message}"
        ))
        .outcome(Outcome::Unknown);
    };
    let name = first.code_name.as_deref().unwrap_or_default();
    let listed: Vec<Value> = errors
        .iter()
        .map(|error| {
            let mut entry = serde_json::json!({
                "index": error.index,
                "code": error.code,
                "message": error.message,
            });
            if let Some(info) = &error.details {
                entry["errInfo"] = as_value(info);
            }
            entry
        })
        .collect();
    server_error(first.code, name, &first.message).detail("write_errors", listed)
}

/// A value as JSON for the details of a failure.
pub(crate) fn json_of(value: &Bson, mode: Mode) -> Value {
    let holder = RawDocumentBuf::try_from(&doc! { "v": value.clone() }).ok();
    let held = holder.and_then(|holder| value_of(&holder, mode).ok());
    held.and_then(|mut held| held.get_mut("v").map(Value::take)).unwrap_or(Value::Null)
}

/// A document as relaxed Extended JSON.
pub(crate) fn as_value(info: &Document) -> Value {
    json_of(&Bson::Document(info.clone()), Mode::Relaxed)
}

fn authentication(message: &str) -> Error {
    // The driver's text may quote the user name and the mechanism, never the password.
    let what = message.split(": ").last().unwrap_or_default();
    Error::new(
        Code::DbInvalidCredentials,
        format!("MongoDB refused the stored credentials ({what}); update the connection"),
    )
}

/// An error that the server answered with. The codes are those of `error_codes.yml` in its source.
pub(crate) fn server_error(code: i32, name: &str, message: &str) -> Error {
    let ours = match code {
        11 | 18 | 334 | 8000 => return authentication(message),
        13 => Code::PermissionDenied,
        26 | 27 => Code::DbNotFound,
        48 | 68 | 85 | 86 | 112 | 251 | 11000 | 11001 | 12582 | 13297 => Code::Conflict,
        50 | 262 | 202 | 24 => Code::DbTimeout,
        6 | 7 | 89 | 91 | 133 | 134 | 189 | 9001 | 10058 | 10107 | 11600 | 11602 | 13435
        | 13436 => Code::DbConnectionFailed,
        10334 | 17217 | 17419 | 17420 | 17280 => Code::PayloadTooLarge,
        _ => Code::DbQueryError,
    };
    let message = match code {
        13 => format!("MongoDB does not allow this to the connection's user: {message}"),
        50 => format!("MongoDB ended the operation when its time was up: {message}"),
        66 => "the `_id` of a document can't be changed; insert a document with the new one, and \
               delete this"
            .to_owned(),
        121 => "the document breaks the collection's validation rules".to_owned(),
        _ => message.to_owned(),
    };
    let broken = index_name(&message).filter(|_| is_duplicate(code)).map(str::to_owned);
    let mut error = Error::new(ours, message).detail("server_code", code);
    if let Some(index) = broken {
        error = error.detail("index_name", index);
    }
    if name.is_empty() { error } else { error.detail("server_code_name", name) }
}

/// The number of the error that the server answered with.
pub(crate) fn server_code(error: &Error) -> Option<i64> {
    error.details().get("server_code")?.as_i64()
}

/// Whether the server does not know the command.
pub(crate) fn is_unknown_command(error: &Error) -> bool {
    matches!(server_code(error), Some(59 | 115))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_server_become_ours() {
        let code = |number| server_error(number, "", "").code();
        assert_eq!(code(18), Code::DbInvalidCredentials);
        assert_eq!(code(8000), Code::DbInvalidCredentials);
        assert_eq!(code(13), Code::PermissionDenied);
        assert_eq!(code(26), Code::DbNotFound);
        assert_eq!(code(50), Code::DbTimeout);
        assert_eq!(code(121), Code::DbQueryError);
        assert_eq!(code(11000), Code::Conflict);
        assert_eq!(code(10107), Code::DbConnectionFailed);
        assert_eq!(code(9), Code::DbQueryError);
        assert!(code(91).retryable() && !code(9).retryable());
    }

    #[test]
    fn a_refused_login_is_told_without_what_was_sent() {
        let error = authentication("SCRAM failure: Authentication failed.");
        assert!(error.message().contains("(Authentication failed.)"), "{error}");
    }
}
