//! One key with its value, or a page of it where the value is large.

use redis::Value;

use super::subject::Subject;
use super::window::Window;
use super::{collection, range, stream, string};
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::keyspace::{lifetime, metadata};
use crate::backend::redis::wire::commands::{Commands, Effect};
use crate::backend::redis::wire::{failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::json::Writer;

impl Client {
    /// Writes `{ key, type, …, length, cursor, ttl, ttl_ms, encoding, size, warnings }`; what stands
    /// in the place of the dots is the value, in the shape of its type. `cursor` is `"0"` when
    /// nothing is left to read.
    pub async fn read(
        &self,
        key: &[u8],
        window: &Window,
        out: &mut Writer,
        deadline: Deadline,
    ) -> Result<()> {
        let mut commands = Commands::with_capacity(4);
        commands.push(Effect::Read, 1, &[b"TYPE", key]);
        metadata::push_ttl(&mut commands, key);
        metadata::push_encoding(&mut commands, key);
        metadata::push_size(&mut commands, key);
        let replies = self.run_all(&commands, deadline).await?;
        let [type_name, ttl, encoding, size] = replies.as_slice() else {
            return Err(failure::unexpected("TYPE"));
        };
        let type_name = failure::check(type_name.clone())?;
        let type_name = reply::text(&type_name).ok_or_else(|| failure::unexpected("TYPE"))?;
        if type_name == "none" {
            return Err(failure::not_found(key));
        }
        out.raw(b"{\"key\":");
        out.text_or_bytes(key);
        out.raw(b",\"type\":");
        out.string(&type_name);
        let mut warnings = Warnings::default();
        let subject = Subject { client: self, key, deadline };
        match type_name.as_str() {
            "string" if window.bits => string::bits(&subject, window, out, &mut warnings).await?,
            "string" => string::read(&subject, window, size, out, &mut warnings).await?,
            "hash" => collection::hash(&subject, window, out, &mut warnings).await?,
            "set" => collection::set(&subject, window, out).await?,
            "list" => range::list(&subject, window, out).await?,
            "zset" if window.pattern.is_some() => {
                collection::sorted_set(&subject, window, out).await?;
            }
            "zset" => range::sorted_set(&subject, window, out).await?,
            "stream" => stream::read(&subject, window, out).await?,
            // A module's type: only the module knows how to read it.
            _ => out.raw(b",\"value\":null,\"supported\":false,\"length\":null,\"cursor\":\"0\""),
        }
        if let Value::ServerError(error) = ttl {
            warnings.add("ttl", failure::refused(error));
        }
        lifetime::write(out, ttl);
        out.raw(b",\"encoding\":");
        metadata::field(out, "encoding", encoding, &mut warnings);
        out.raw(b",\"size\":");
        metadata::field(out, "size", size, &mut warnings);
        out.raw(b",\"warnings\":");
        out.value(&warnings)?;
        out.raw(b"}");
        Ok(())
    }

    /// Writes the string at `key`, or `null` where there is none.
    pub async fn get(&self, key: &[u8], out: &mut Writer, deadline: Deadline) -> Result<()> {
        let get = Commands::one(Effect::Read, 1, &[b"GET", key]);
        match self.run_one(&get, deadline).await {
            Ok(value) => {
                crate::backend::redis::wire::json::write(out, &value);
                Ok(())
            }
            Err(error) if error.code() == Code::WrongType => {
                Err(self.wrong_type(key, "string", deadline).await)
            }
            Err(error) => Err(error),
        }
    }

    /// `WRONG_TYPE` with the type that the key has in truth.
    pub(in crate::backend::redis) async fn wrong_type(
        &self,
        key: &[u8],
        wanted: &str,
        deadline: Deadline,
    ) -> Error {
        let ask = Commands::one(Effect::Read, 1, &[b"TYPE", key]);
        let actual = self.run_one(&ask, deadline).await.ok().as_ref().and_then(reply::text);
        failure::wrong_type(actual.as_deref().unwrap_or("another type"), Some(wanted))
    }
}
