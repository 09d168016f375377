//! Operations of Redis and Valkey connections.

use crate::api::operation::operations;

mod batch;
mod input;
mod keys;
pub mod pubsub;
mod server;
mod stats;
mod strings;
mod value;

operations! {
    /// One page of the keyspace, with what is told of each key.
    "redis.keys.list" GET "/redis/{scope}/keys" Connection(Redis) Read 5 => keys::list;
    /// A key with its value, or with a page of it.
    "redis.keys.get" GET "/redis/{scope}/keys/{key}" Connection(Redis) Read 2 => keys::get;
    /// Writes a key of any type in place of what was there.
    "redis.keys.set" POST "/redis/{scope}/keys/{key}" Connection(Redis) Write 3 => keys::set;
    /// Deletes a key.
    "redis.keys.delete" DELETE "/redis/{scope}/keys/{key}" Connection(Redis) Write 2 => keys::delete;
    /// Sets or removes the time that a key has left.
    "redis.keys.expire" POST "/redis/{scope}/keys/{key}/expire" Connection(Redis) Write 2 => keys::expire;
    /// What the server says of itself; of a cluster, per node and summed.
    "redis.info" GET "/redis/{scope}/info" Connection(Redis) Read 2 cache 30 => server::info;
    /// Figures that change, once or as a stream at an interval.
    "redis.stats" GET "/redis/{scope}/stats" Connection(Redis) Read 2 gives stream => stats::stats;
    /// The string at a key.
    "redis.get" GET "/redis/{scope}/get" Connection(Redis) Read 1 => strings::get;
    /// Writes a string.
    "redis.set" POST "/redis/{scope}/set" Connection(Redis) Write 1 => strings::set;
    /// Many small commands as one pipeline, each with its own result. Those that write need write
    /// permission.
    "redis.batch" POST "/redis/{scope}/batch" Connection(Redis) Read 1 => batch::run;
}
