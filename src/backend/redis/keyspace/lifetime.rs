//! The time that a key has left.

use redis::Value;
use schemars::JsonSchema;
use serde::Serialize;

use super::metadata;
use crate::backend::redis::Client;
use crate::backend::redis::run::exactly;
use crate::backend::redis::wire::{Commands, Effect, NO_ARGS, failure, reply};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::json::Integer64;

/// When a key, or a field of a hash, ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It lives on.
    Never,
    /// After this many milliseconds.
    In(u64),
    /// At this time, in milliseconds since 1970.
    At(u64),
}

impl Expiry {
    /// Adds the command that sets it.
    pub(crate) fn push(self, commands: &mut Commands, key: &[u8]) {
        let write = Effect::Write;
        match self {
            Self::Never => commands.push_about(write, "PERSIST", key, NO_ARGS),
            Self::In(ms) => commands.push_about(write, "PEXPIRE", key, &[ms.to_string()]),
            Self::At(ms) => commands.push_about(write, "PEXPIREAT", key, &[ms.to_string()]),
        }
    }
}

impl Client {
    /// Sets when the key ends, and tells it as the server then has it.
    pub async fn expire(&self, key: &[u8], expiry: Expiry, deadline: Deadline) -> Result<Lifetime> {
        let mut commands = Commands::with_capacity(2);
        expiry.push(&mut commands, key);
        // `PERSIST` answers 0 for a key that does not exist, and for one that did not expire.
        commands.push(Effect::Read, 1, &[b"PTTL", key]);
        let [done, ttl] = exactly(self.run(&commands, None, deadline).await);
        let (done, ttl) = (done.and_then(failure::check)?, ttl?);
        let changed = reply::integer(&done) == Some(1);
        if !changed && (expiry != Expiry::Never || reply::integer(&ttl) == Some(-2)) {
            return Err(failure::not_found(key));
        }
        Ok(Lifetime::of(&ttl))
    }
}

/// The time that a key has left.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Lifetime {
    /// The seconds that the key has left; −1 has no end, −2 is gone, and `null` is what the connection's
    /// user may not ask.
    ttl: Option<Integer64>,
    /// The same in milliseconds.
    ttl_ms: Option<Integer64>,
}

impl Lifetime {
    /// From a reply of `PTTL`.
    pub(crate) fn of(pttl: &Value) -> Self {
        let ms = reply::integer(pttl);
        let seconds = ms.map(metadata::seconds);
        Self { ttl: seconds.map(Integer64), ttl_ms: ms.map(Integer64) }
    }
}
