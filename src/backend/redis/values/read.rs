//! One key with its value, or a page of it where the value is large.

use redis::Value;

use super::subject::Subject;
use super::window::Window;
use super::{collection, range, stream, string};
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::keyspace::lifetime::Lifetime;
use crate::backend::redis::keyspace::{cursor, metadata};
use crate::backend::redis::wire::commands::{Commands, Effect};
use crate::backend::redis::wire::{failure, reply};
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
        let replies = self.run_all(&commands, deadline).await?;
        let [type_name, ttl, encoding, size] = replies.as_slice() else {
            return Err(failure::unexpected("TYPE"));
        };
        let type_name = failure::check(type_name.clone())?;
        let type_name = reply::text(&type_name).ok_or_else(|| failure::unexpected("TYPE"))?;
        if type_name == "none" {
            return Err(failure::not_found(key));
        }
        let mut object = Object::open(out);
        object.key("key").text_or_bytes(key);
        object.key("type").string(&type_name);
        let mut warnings = Warnings::default();
        let subject = Subject { client: self, key, deadline };
        match type_name.as_str() {
            "string" if window.bits => {
                string::bits(&subject, window, &mut object, &mut warnings).await?;
            }
            "string" => string::read(&subject, window, size, &mut object, &mut warnings).await?,
            "hash" => collection::hash(&subject, window, &mut object, &mut warnings).await?,
            "set" => collection::set(&subject, window, &mut object).await?,
            "list" => range::list(&subject, window, &mut object).await?,
            "zset" if window.pattern.is_some() => {
                collection::sorted_set(&subject, window, &mut object).await?;
            }
            "zset" => range::sorted_set(&subject, window, &mut object).await?,
            "stream" => stream::read(&subject, window, &mut object).await?,
            _ => {
                object.key("value").raw(b"null");
                object.key("supported").boolean(false);
                object.key("length").raw(b"null");
                object.key("cursor").string(cursor::END);
            }
        }
        if let Value::ServerError(error) = ttl {
            warnings.add("ttl", failure::refused(error));
        }
        object.members(&Lifetime::of(ttl))?;
        metadata::field(&mut object, "encoding", encoding, &mut warnings);
        metadata::field(&mut object, "size", size, &mut warnings);
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
