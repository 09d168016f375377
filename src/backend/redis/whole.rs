//! Small values, whole, many in one pipeline.

use redis::Value;

use super::commands::{Commands, Effect};
use super::kind::Kind;
use super::write::NewValue;
use super::{Client, failure, reply};
use crate::deadline::Deadline;
use crate::error::Result;

/// Fields of a hash and their values.
pub type Fields = [(Vec<u8>, Vec<u8>)];

/// Fields of a hash that expire, and when, in milliseconds since 1970.
pub type FieldExpiries = Vec<(Vec<u8>, i64)>;

impl Client {
    /// Small values, whole, in one pipeline; `None` where a key has vanished.
    pub async fn read_whole(
        &self,
        keys: &[(&[u8], Kind)],
        deadline: Deadline,
    ) -> Vec<Result<Option<NewValue>>> {
        let push = |commands: &mut Commands, (key, kind): &(&[u8], Kind)| {
            kind.push_whole(commands, key);
        };
        let replies = self.for_each(keys, deadline, push).await;
        let parse = |((_, kind), reply): (&(&[u8], Kind), Result<Value>)| {
            let reply = reply.and_then(failure::check)?;
            if matches!(reply, Value::Nil) {
                return Ok(None);
            }
            let value = kind.parse(reply).ok_or_else(|| failure::unexpected("a read of a value"));
            // Redis has no empty collections but streams.
            let has_some =
                |value: &NewValue| matches!(kind, Kind::String | Kind::Stream) || !value.is_empty();
            value.map(|value| Some(value).filter(has_some))
        };
        keys.iter().zip(replies).map(parse).collect()
    }

    /// What a module keeps, as only another server with that module can read it (`DUMP`); `None`
    /// where the key has vanished.
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

    /// When fields of hashes expire, per hash.
    pub async fn field_expiries(
        &self,
        hashes: &[(&[u8], &Fields)],
        deadline: Deadline,
    ) -> Vec<Result<FieldExpiries>> {
        let none = || hashes.iter().map(|_| Ok(Vec::new())).collect();
        if hashes.is_empty() || !self.hash_field_ttl.may_exist() {
            return none();
        }
        let push = |commands: &mut Commands, (key, fields): &(&[u8], &Fields)| {
            let count = fields.len().to_string();
            let mut args: Vec<&[u8]> = vec![b"HPEXPIRETIME", key, b"FIELDS", count.as_bytes()];
            args.extend(fields.iter().map(|(name, _)| name.as_slice()));
            commands.push(Effect::Read, 1, &args);
        };
        let replies = self.for_each(hashes, deadline, push).await;
        let unknown = |reply: &Result<Value>| match reply {
            Ok(Value::ServerError(error)) => failure::is_unknown_command(&failure::refused(error)),
            _ => false,
        };
        if replies.iter().any(unknown) {
            self.hash_field_ttl.set_missing();
            return none();
        }
        let expiries = |(reply, (_, fields)): (Result<Value>, &(&[u8], &Fields))| {
            let times = reply::elements(reply.and_then(failure::check)?).unwrap_or_default();
            let times = times.iter().map(|time| reply::integer(time).unwrap_or(-1));
            let expiring = fields.iter().zip(times).filter(|(_, time)| *time >= 0);
            Ok(expiring.map(|((name, _), time)| (name.clone(), time)).collect())
        };
        replies.into_iter().zip(hashes).map(expiries).collect()
    }
}
