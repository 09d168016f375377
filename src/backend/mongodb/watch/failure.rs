//! Which failures a stream survives, and what is said of the others.

use mongodb::error::ErrorKind;

use crate::backend::mongodb::command::server_code;
use crate::error::{Code, Error};

const CURSOR_NOT_FOUND: i32 = 43;
const HISTORY_LOST: i64 = 286;
const NO_REPLICA_SET: i64 = 40573;

/// What the specification of change streams lists for servers that have no labels, which those made by
/// others than MongoDB may not have either.
const RESUMABLE: [i32; 17] =
    [6, 7, 63, 89, 91, 133, 150, 189, 234, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436];

/// Whether a stream goes on after this with another cursor, as the specification of change streams
/// has it: servers say so by a label.
pub(super) fn is_resumable(error: &mongodb::error::Error) -> bool {
    match error.kind.as_ref() {
        ErrorKind::Command(command) => {
            error.contains_label("ResumableChangeStreamError")
                || command.code == CURSOR_NOT_FOUND
                || (!error.contains_label("NonResumableChangeStreamError")
                    && RESUMABLE.contains(&command.code))
        }
        ErrorKind::Io(_)
        | ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::ServerSelection { .. }
        | ErrorKind::ProxyConnect { .. }
        | ErrorKind::DnsResolve { .. } => true,
        _ => false,
    }
}

/// Whether the server no longer has the events that would follow.
pub fn history_is_lost(error: &Error) -> bool {
    server_code(error) == Some(HISTORY_LOST)
}

/// What the server's own words leave open.
pub(super) fn told(error: Error) -> Error {
    let (code, message) = match server_code(&error) {
        Some(HISTORY_LOST) => (
            Code::Conflict,
            "the server no longer has the changes after this point; read the data anew and watch \
             from now on",
        ),
        Some(NO_REPLICA_SET) => (
            Code::OperationNotAllowed,
            "change streams need a replica set or a sharded cluster, and this is a standalone server",
        ),
        _ => return error,
    };
    let told = Error::new(code, message).outcome(error.known_outcome());
    error.details().iter().fold(told, |told, (name, value)| told.detail(name, value.clone()))
}
