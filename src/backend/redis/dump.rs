//! Values as a server itself writes them (`DUMP`) and reads them (`RESTORE`): everything of them, and
//! in one go. They are for servers that write the same way or a later one.

use redis::Value;

use super::commands::{Commands, Effect};
use super::{Client, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};

impl Client {
    /// The value of each key; `None` where it has vanished.
    pub async fn dump(&self, keys: &[&[u8]], deadline: Deadline) -> Vec<Result<Option<Vec<u8>>>> {
        let push = |commands: &mut Commands, key: &&[u8]| {
            commands.push(Effect::Read, 1, &[b"DUMP", key]);
        };
        let replies = self.for_each(keys, deadline, push).await;
        let bytes = |reply: Value| match reply {
            Value::Nil => Ok(None),
            reply => reply::into_bytes(reply).map(Some).ok_or_else(|| failure::unexpected("DUMP")),
        };
        replies.into_iter().map(|reply| reply.and_then(failure::check).and_then(bytes)).collect()
    }
}

/// Whether no dump at all gets across: the user may not use the command, or there is none.
#[must_use]
pub fn is_unavailable(error: &Error) -> bool {
    let denied = error.code() == Code::PermissionDenied && error.message().contains(" run the ");
    denied || failure::is_unknown_command(error)
}

/// Whether a server can't read what another has dumped: it is of another generation, or without
/// the module.
#[must_use]
pub fn is_unreadable(error: &Error) -> bool {
    error.code() == Code::DbQueryError
        && ["DUMP payload version or checksum", "Bad data format"]
            .iter()
            .any(|reason| error.message().contains(reason))
}
