//! The time that a key has left.

use redis::Value;

use super::metadata;
use crate::backend::redis::Client;
use crate::backend::redis::wire::commands::{Commands, Effect, NO_ARGS};
use crate::backend::redis::wire::failure;
use crate::backend::redis::wire::reply;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::json::Writer;

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
    pub(in crate::backend::redis) fn push(self, commands: &mut Commands, key: &[u8]) {
        let write = Effect::Write;
        match self {
            Self::Never => commands.push_about(write, "PERSIST", key, NO_ARGS),
            Self::In(ms) => commands.push_about(write, "PEXPIRE", key, &[ms.to_string()]),
            Self::At(ms) => commands.push_about(write, "PEXPIREAT", key, &[ms.to_string()]),
        }
    }
}

impl Client {
    /// Sets when the key ends, and writes `{ key, ttl, ttl_ms }` as the server then has it.
    pub async fn expire(
        &self,
        key: &[u8],
        expiry: Expiry,
        out: &mut Writer,
        deadline: Deadline,
    ) -> Result<()> {
        let mut commands = Commands::with_capacity(2);
        expiry.push(&mut commands, key);
        // `PERSIST` answers 0 for a key that does not exist, and for one that did not expire.
        commands.push(Effect::Read, 1, &[b"PTTL", key]);
        let mut results = self.run(&commands, None, deadline).await.into_iter();
        let done = results.next().unwrap_or(Ok(Value::Nil)).and_then(failure::check)?;
        let ttl = results.next().unwrap_or(Ok(Value::Nil))?;
        let changed = reply::integer(&done) == Some(1);
        if !changed && (expiry != Expiry::Never || reply::integer(&ttl) == Some(-2)) {
            return Err(failure::not_found(key));
        }
        out.raw(b"{\"key\":");
        out.text_or_bytes(key);
        write(out, &ttl);
        out.raw(b"}");
        Ok(())
    }
}

/// Writes `ttl` in seconds and `ttl_ms`, from a reply of `PTTL`; `null` where it was denied.
pub(in crate::backend::redis) fn write(out: &mut Writer, pttl: &Value) {
    let ms = reply::integer(pttl);
    for (name, ttl) in [("ttl", ms.map(metadata::seconds)), ("ttl_ms", ms)] {
        out.raw(b",");
        out.key(name);
        match ttl {
            Some(ttl) => out.integer(ttl),
            None => out.raw(b"null"),
        }
    }
}
