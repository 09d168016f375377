//! What is told of a key besides its value: type, time to live, size and encoding.

use redis::Value;
use schemars::JsonSchema;

use super::scan::Scan;
use crate::backend::Warnings;
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::json::{Integer64, Object, OrNull, TextOrBytes, Writer};

/// Elements of a collection that `MEMORY USAGE` looks at.
const SAMPLES: &[u8] = b"3";

/// What is told of each key of a page.
#[allow(clippy::struct_excessive_bools)] // Four independent columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// `TYPE`
    pub type_name: bool,
    /// `PTTL`
    pub ttl: bool,
    /// `MEMORY USAGE`
    pub size: bool,
    /// `OBJECT ENCODING`
    pub encoding: bool,
}

/// A key, and of it what was asked for; `null` is what the connection's user may not ask.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
pub(super) struct ListedKey {
    /// The key.
    key: TextOrBytes,
    /// `string`, `hash`, `list`, `set`, `zset`, `stream`, or a module's.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    type_name: Option<OrNull<String>>,
    /// The seconds that it has left; −1 has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<OrNull<Integer64>>,
    /// The bytes of memory that it takes, about.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<OrNull<u64>>,
    /// As `OBJECT ENCODING` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<OrNull<String>>,
}

/// Adds the commands that describe one key.
pub(super) fn push(commands: &mut Commands, key: &[u8], scan: &Scan) {
    if scan.asks_type() {
        commands.push(Effect::Read, 1, &[b"TYPE", key]);
    }
    if scan.with.ttl {
        push_ttl(commands, key);
    }
    if scan.with.size {
        push_size(commands, key);
    }
    if scan.with.encoding {
        push_encoding(commands, key);
    }
}

pub(crate) fn push_ttl(commands: &mut Commands, key: &[u8]) {
    commands.push(Effect::Read, 1, &[b"PTTL", key]);
}

pub(crate) fn push_size(commands: &mut Commands, key: &[u8]) {
    commands.push(Effect::Read, 2, &[b"MEMORY", b"USAGE", key, b"SAMPLES", SAMPLES]);
}

pub(crate) fn push_encoding(commands: &mut Commands, key: &[u8]) {
    commands.push(Effect::Read, 2, &[b"OBJECT", b"ENCODING", key]);
}

/// Writes one key of a page, unless it has vanished or a filter that no `SCAN` applied leaves it
/// out.
pub(super) fn write(
    out: &mut Writer,
    first: &mut bool,
    key: &[u8],
    scan: &Scan,
    replies: &[Value],
    warnings: &mut Warnings,
) {
    let mut replies = replies.iter();
    let mut next = |asked: bool| if asked { replies.next() } else { None };
    let type_reply = next(scan.asks_type());
    let (ttl, size, encoding) =
        (next(scan.with.ttl), next(scan.with.size), next(scan.with.encoding));
    let type_name = type_reply.and_then(reply::bytes);
    let filtered = match (&scan.filter.type_name, type_name) {
        (Some(wanted), Some(found)) => !wanted.as_bytes().eq_ignore_ascii_case(found),
        _ => false,
    };
    let gone = type_name == Some(b"none") || matches!(ttl, Some(Value::Int(-2)));
    if gone || filtered {
        return;
    }
    out.comma(first);
    let mut object = Object::open(out);
    object.key("key").text_or_bytes(key);
    if scan.with.type_name {
        match (type_reply, &scan.filter.type_name) {
            (Some(reply), _) => field(&mut object, "type", reply, warnings),
            (None, Some(wanted)) => object.key("type").string(&wanted.to_ascii_lowercase()),
            (None, None) => object.key("type").raw(b"null"),
        }
    }
    match ttl {
        Some(Value::Int(ms)) => object.key("ttl").integer(seconds(*ms)),
        Some(other) => field(&mut object, "ttl", other, warnings),
        None => {}
    }
    for (name, reply) in [("size", size), ("encoding", encoding)] {
        if let Some(reply) = reply {
            field(&mut object, name, reply, warnings);
        }
    }
    object.close();
}

/// Milliseconds to seconds, rounded like `TTL`; the codes below zero are kept.
pub(crate) fn seconds(ms: i64) -> i64 {
    if ms < 0 { ms } else { ms.saturating_add(500) / 1000 }
}

/// Writes a number or a word; `null` and a warning where the server refused to tell.
pub(crate) fn field(
    object: &mut Object<'_>,
    name: &'static str,
    reply: &Value,
    warnings: &mut Warnings,
) {
    let out = object.key(name);
    match reply {
        Value::Int(number) => out.integer(*number),
        Value::ServerError(error) => {
            // `OBJECT ENCODING` of a key that vanished is an error in some versions.
            if error.code() != "ERR" || !error.details().is_some_and(|d| d.contains("no such key"))
            {
                warnings.add(name, failure::refused(error));
            }
            out.raw(b"null");
        }
        value => match reply::bytes(value) {
            Some(word) => out.text_or_bytes(word),
            None => out.raw(b"null"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_as_the_server_does() {
        assert_eq!([-2, -1, 0, 499, 500, 1500].map(seconds), [-2, -1, 0, 0, 1, 2]);
    }
}
