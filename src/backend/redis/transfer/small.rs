//! Small values, whole, many in one pipeline.

use redis::Value;

use crate::backend::redis::Client;
use crate::backend::redis::values::{NativeType, NewValue};
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::Result;

/// Fields of a hash and their values.
pub type HashFields = [(Vec<u8>, Vec<u8>)];

/// Fields of a hash that expire, and when, in milliseconds since 1970.
pub type FieldExpiries = Vec<(Vec<u8>, i64)>;

/// A value, and when fields of it expire.
#[derive(Debug)]
pub struct SmallValue {
    /// The value.
    pub value: NewValue,
    /// An error where the user may not know.
    pub field_expiries: Result<FieldExpiries>,
}

impl Client {
    /// Small values, whole, in one pipeline; `None` where a key has vanished.
    pub async fn read_small(
        &self,
        keys: &[(&[u8], NativeType)],
        deadline: Deadline,
    ) -> Vec<Result<Option<NewValue>>> {
        let push = |commands: &mut Commands, (key, kind): &(&[u8], NativeType)| {
            kind.push_whole(commands, key);
        };
        let replies = self.for_each(keys, deadline, push).await;
        let parse = |((_, kind), reply): (&(&[u8], NativeType), Result<Value>)| {
            let reply = reply.and_then(failure::check)?;
            if matches!(reply, Value::Nil) {
                return Ok(None);
            }
            let value = kind.parse(reply).ok_or_else(|| failure::unexpected("a read of a value"));
            // Redis has no empty collections but streams.
            let has_some = |value: &NewValue| {
                matches!(kind, NativeType::String | NativeType::Stream) || !value.is_empty()
            };
            value.map(|value| Some(value).filter(has_some))
        };
        keys.iter().zip(replies).map(parse).collect()
    }

    /// The same, each with when fields of it expire, where it is a hash.
    pub async fn read_small_with_times(
        &self,
        keys: &[(&[u8], NativeType)],
        deadline: Deadline,
    ) -> Vec<Result<Option<SmallValue>>> {
        let values = self.read_small(keys, deadline).await;
        let hashes: Vec<(&[u8], &HashFields)> = keys
            .iter()
            .zip(&values)
            .filter_map(|((key, _), value)| match value {
                Ok(Some(NewValue::Hash(fields))) => Some((*key, fields.as_slice())),
                _ => None,
            })
            .collect();
        let mut times = self.field_expiries(&hashes, deadline).await.into_iter();
        let mut whole = |value: NewValue| {
            let field_expiries = match &value {
                NewValue::Hash(_) => times.next().unwrap_or(Ok(Vec::new())),
                _ => Ok(Vec::new()),
            };
            SmallValue { value, field_expiries }
        };
        values.into_iter().map(|value| Ok(value?.map(&mut whole))).collect()
    }

    /// When fields of hashes expire, per hash.
    pub async fn field_expiries(
        &self,
        hashes: &[(&[u8], &HashFields)],
        deadline: Deadline,
    ) -> Vec<Result<FieldExpiries>> {
        let none = || hashes.iter().map(|_| Ok(Vec::new())).collect();
        if hashes.is_empty() || !self.hash_field_ttl.may_exist() {
            return none();
        }
        let push = |commands: &mut Commands, (key, fields): &(&[u8], &HashFields)| {
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
        let expiries = |(reply, (_, fields)): (Result<Value>, &(&[u8], &HashFields))| {
            let times = reply::elements(reply.and_then(failure::check)?).unwrap_or_default();
            let times = times.iter().map(|time| reply::integer(time).unwrap_or(-1));
            let expiring = fields.iter().zip(times).filter(|(_, time)| *time >= 0);
            Ok(expiring.map(|((name, _), time)| (name.clone(), time)).collect())
        };
        replies.into_iter().zip(hashes).map(expiries).collect()
    }
}
