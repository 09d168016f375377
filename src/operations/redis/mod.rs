//! Operations of Redis and Valkey connections.

use crate::request::operation::operations;

mod batch;
pub mod bulk;
mod command;
mod input;
mod key_set;
pub mod keys;
mod problems;
pub mod pubsub;
pub mod server;
mod strings;
pub mod transfer;
mod value;
mod visits;

operations! {
    /// The string at a key.
    ///
    /// Of long strings `redis.keys.get` gives a window, and it gives values of other types.
    "redis.get" GET "/redis/{scope}/get" Connection(Redis) Read 1 fails WrongType => strings::get;
    /// Writes a string.
    ///
    /// In place of what was there, of whatever type; `CONFLICT` where `nx` or `xx` does not hold.
    "redis.set" POST "/redis/{scope}/set" Connection(Redis) Write 1 => strings::set;
    /// Many small commands as one pipeline, each with its own result.
    ///
    /// Results are in the order of the commands; one that is refused does not hold up the others.
    /// Commands are about one key and do not block. Those that write need write permission.
    "redis.batch" POST "/redis/{scope}/batch" Connection(Redis) Read 1 does by_input is brief
        => batch::run;
    /// One command, if the table of commands offers it.
    ///
    /// It may need write or admin permission; with the latter it also needs `confirm`. The reply says of
    /// which kind each of its parts is.
    "redis.command" POST "/redis/{scope}/command" Connection(Redis) Read 2 does by_input fails WrongType => command::run;
}
