//! One key with its value, or a page of it where the value is large.

use super::reading::Reading;
use super::window::Window;
use super::{collection, range, stream, string};
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::keyspace::lifetime::Lifetime;
use crate::backend::redis::keyspace::{cursor, metadata};
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::json::{Object, Writer};

impl Client {
    /// Writes a [`ShownKey`](super::ShownKey).
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
        let [type_name, ttl, encoding, size] = self.run_all(&commands, deadline).await?;
        let type_name = reply::text(&failure::check(type_name)?);
        let type_name = type_name.ok_or_else(|| failure::unexpected("TYPE"))?;
        if type_name == "none" {
            return Err(failure::not_found(key));
        }
        let (out, warnings) = (Object::open(out), Warnings::default());
        let mut reading = Reading { client: self, key, window, deadline, out, warnings };
        reading.out.key("key").text_or_bytes(key);
        reading.out.key("type").string(&type_name);
        match type_name.as_str() {
            "string" if window.bits => string::bits(&mut reading).await?,
            "string" => string::read(&mut reading, &size).await?,
            "hash" => collection::hash(&mut reading).await?,
            "set" => collection::set(&mut reading).await?,
            "list" => range::list(&mut reading).await?,
            "zset" if window.pattern.is_some() => collection::sorted_set(&mut reading).await?,
            "zset" => range::sorted_set(&mut reading).await?,
            "stream" => stream::read(&mut reading).await?,
            _ => {
                reading.out.key("value").raw(b"null");
                reading.out.key("supported").boolean(false);
                reading.out.key("length").raw(b"null");
                reading.out.key("cursor").string(cursor::END);
            }
        }
        let Reading { out: mut object, mut warnings, .. } = reading;
        if let Some(refusal) = failure::refusal(&ttl) {
            warnings.add("ttl", refusal);
        }
        object.members(&Lifetime::of(&ttl))?;
        metadata::field(&mut object, "encoding", &encoding, &mut warnings);
        metadata::field(&mut object, "size", &size, &mut warnings);
        object.member("warnings", &warnings)?;
        object.close();
        Ok(())
    }

    /// The string at `key`, if there is one.
    pub async fn get(&self, key: &[u8], deadline: Deadline) -> Result<Option<Vec<u8>>> {
        let get = Commands::one(Effect::Read, 1, &[b"GET", key]);
        match self.run_one(&get, deadline).await {
            Ok(value) => Ok(reply::into_bytes(value)),
            Err(error) if error.code() == Code::WrongType => {
                Err(self.wrong_type(key, "string", deadline).await)
            }
            Err(error) => Err(error),
        }
    }

    /// `WRONG_TYPE` with the type that the key has in truth.
    pub(crate) async fn wrong_type(&self, key: &[u8], wanted: &str, deadline: Deadline) -> Error {
        let ask = Commands::one(Effect::Read, 1, &[b"TYPE", key]);
        let actual = self.run_one(&ask, deadline).await.ok().as_ref().and_then(reply::text);
        failure::wrong_type(actual.as_deref().unwrap_or("another type"), Some(wanted))
    }
}
