//! Values as a server itself writes them (`DUMP`) and reads them (`RESTORE`): everything of them, and
//! in one go. They are for servers that write the same way or a later one.

use redis::Value;

use super::commands::{Commands, Effect};
use super::survey::{Surveyed, surveyed};
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
        replies.into_iter().map(dumped).collect()
    }

    /// The same, and what each key was right behind it.
    pub async fn dump_and_survey(&self, keys: &[Vec<u8>], deadline: Deadline) -> Vec<Dumped> {
        let columns = ["DUMP", "TYPE", self.expiry_command()];
        let (rows, now) = self.ask_of_each(keys, &columns, deadline).await;
        let each = |row: Vec<Result<Value>>| {
            let mut replies = row.into_iter();
            let dump = dumped(replies.next().unwrap_or(Ok(Value::Nil)));
            (dump, surveyed(&mut replies, now))
        };
        rows.into_iter().map(each).collect()
    }
}

/// A value, and what its key was.
pub type Dumped = (Result<Option<Vec<u8>>>, Result<Option<Surveyed>>);

fn dumped(reply: Result<Value>) -> Result<Option<Vec<u8>>> {
    match reply.and_then(failure::check)? {
        Value::Nil => Ok(None),
        reply => reply::into_bytes(reply).map(Some).ok_or_else(|| failure::unexpected("DUMP")),
    }
}

/// Whether no dump at all gets across: the user may not use the command, or there is none.
#[must_use]
pub fn is_unavailable(error: &Error) -> bool {
    failure::is_about_a_command(error) || failure::is_unknown_command(error)
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
