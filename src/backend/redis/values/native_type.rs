//! The types that Redis itself has, and how their values are read.

use redis::Value;
use schemars::JsonSchema;
use serde::de::value::StrDeserializer;
use serde::de::{self, IntoDeserializer as _};
use serde::{Deserialize, Serialize};

use super::new_value::{NewValue, StreamEntry};
use crate::backend::redis::wire::{Commands, Effect, json, reply};

/// A type whose values can be read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "RedisType")]
pub enum NativeType {
    /// Bytes; also bitmaps and `HyperLogLog`s.
    String,
    /// Fields and values.
    Hash,
    /// Elements in order.
    List,
    /// Members.
    Set,
    /// Members with scores.
    #[serde(rename = "zset")]
    SortedSet,
    /// Entries, groups and what they have pending.
    Stream,
}

impl NativeType {
    /// The type that `TYPE` names so; `None` for a module's.
    pub fn named(type_name: &str) -> Option<Self> {
        let word: StrDeserializer<'_, de::value::Error> = type_name.into_deserializer();
        Self::deserialize(word).ok()
    }

    /// Adds the command that reads all of a value.
    pub(crate) fn push_whole(self, commands: &mut Commands, key: &[u8]) {
        let read = |commands: &mut Commands, args: &[&[u8]]| commands.push(Effect::Read, 1, args);
        match self {
            Self::String => read(commands, &[b"GET", key]),
            Self::Hash => read(commands, &[b"HGETALL", key]),
            Self::List => read(commands, &[b"LRANGE", key, b"0", b"-1"]),
            Self::Set => read(commands, &[b"SMEMBERS", key]),
            Self::SortedSet => read(commands, &[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"]),
            Self::Stream => read(commands, &[b"XRANGE", key, b"-", b"+"]),
        }
    }

    /// Adds the command that tells how many bytes or elements a value has.
    pub(crate) fn push_length(self, commands: &mut Commands, key: &[u8]) {
        let name: &[u8] = match self {
            Self::String => b"STRLEN",
            Self::Hash => b"HLEN",
            Self::List => b"LLEN",
            Self::Set => b"SCARD",
            Self::SortedSet => b"ZCARD",
            Self::Stream => b"XLEN",
        };
        commands.push(Effect::Read, 1, &[name, key]);
    }

    /// Takes a reply apart.
    pub(crate) fn parse(self, reply: Value) -> Option<NewValue> {
        if self == Self::String {
            return reply::into_bytes(reply).map(NewValue::String);
        }
        let elements = reply::elements(reply)?;
        Some(match self {
            Self::String | Self::List => NewValue::List(all_bytes(elements)?),
            Self::Set => NewValue::Set(all_bytes(elements)?),
            Self::Hash => NewValue::Hash(pairs(elements, reply::into_bytes)?),
            Self::SortedSet => NewValue::SortedSet(pairs(elements, score)?),
            Self::Stream => {
                NewValue::Stream(elements.into_iter().map(entry).collect::<Option<_>>()?)
            }
        })
    }
}

fn all_bytes(elements: Vec<Value>) -> Option<Vec<Vec<u8>>> {
    elements.into_iter().map(reply::into_bytes).collect()
}

/// Pairs, flat or nested.
fn pairs<T>(
    elements: Vec<Value>,
    second: impl Fn(Value) -> Option<T>,
) -> Option<Vec<(Vec<u8>, T)>> {
    let mut elements = reply::flat(elements).into_iter();
    let mut pairs = Vec::with_capacity(elements.len() / 2);
    while let (Some(name), Some(value)) = (elements.next(), elements.next()) {
        pairs.push((reply::into_bytes(name)?, second(value)?));
    }
    Some(pairs)
}

/// A score, however the server wrote it, as Redis spells it.
fn score(reply: Value) -> Option<String> {
    let number = match reply {
        Value::Double(number) => number,
        reply => reply::text(&reply)?.parse().ok()?,
    };
    Some(json::spell(number))
}

fn entry(reply: Value) -> Option<StreamEntry> {
    let [id, fields] = <[Value; 2]>::try_from(reply::elements(reply)?).ok()?;
    let fields = pairs(reply::elements(fields)?, reply::into_bytes)?;
    Some(StreamEntry { id: reply::text(&id)?, fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_the_same_in_both_protocols() {
        let bulk = |text: &str| Value::BulkString(text.into());
        let cases = [
            (bulk("0.10000000000000001"), "0.1"),
            (Value::Double(0.1), "0.1"),
            (bulk("-inf"), "-inf"),
            (Value::Double(f64::INFINITY), "inf"),
            (bulk("-0"), "-0"),
            (bulk("3"), "3"),
        ];
        for (reply, spelt) in cases {
            assert_eq!(score(reply).as_deref(), Some(spelt));
        }
        assert_eq!(score(bulk("x")), None);
    }
}
