//! Operations of Redis and Valkey connections.

use crate::request::operation::operations;

mod batch;
pub mod bulk;
mod command;
mod conflict;
mod input;
mod key_set;
pub mod keys;
mod problems;
mod progress;
pub mod pubsub;
pub mod server;
mod strings;
pub mod transfer;
mod value;
mod visits;

operations! {
    /// The string at a key.
    "redis.get" GET "/redis/{scope}/get" Connection(Redis) Read 1 fails WrongType => strings::get;
    /// Writes a string.
    "redis.set" POST "/redis/{scope}/set" Connection(Redis) Write 1 fails WrongType => strings::set;
    /// Many small commands as one pipeline, each with its own result. Those that write need write
    /// permission.
    "redis.batch" POST "/redis/{scope}/batch" Connection(Redis) Read 1 does by_input => batch::run;
    /// One command, if the table of commands offers it. It may need write or admin permission; with
    /// the latter it also needs `confirm`.
    "redis.command" POST "/redis/{scope}/command" Connection(Redis) Read 2 does by_input fails WrongType => command::run;
}
