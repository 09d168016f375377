//! What is told of a key besides its value: type, time to live, size and encoding.

use redis::Value;

use super::scan::Scan;
use crate::backend::Warnings;
use crate::backend::redis::wire::commands::{Commands, Effect};
use crate::backend::redis::wire::{failure, reply};
use crate::json::Writer;

/// Elements of a collection that `MEMORY USAGE` looks at.
const SAMPLES: &[u8] = b"3";

/// What is told of each key of a page.
#[allow(clippy::struct_excessive_bools)] // Four independent columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// `type`, as `TYPE` names it.
    pub type_name: bool,
    /// `ttl` in seconds; −1 has none, −2 is gone.
    pub ttl: bool,
    /// `size`: bytes of memory, from `MEMORY USAGE`.
    pub size: bool,
    /// `encoding`, from `OBJECT ENCODING`.
    pub encoding: bool,
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

pub(in crate::backend::redis) fn push_ttl(commands: &mut Commands, key: &[u8]) {
    commands.push(Effect::Read, 1, &[b"PTTL", key]);
}

pub(in crate::backend::redis) fn push_size(commands: &mut Commands, key: &[u8]) {
    commands.push(Effect::Read, 2, &[b"MEMORY", b"USAGE", key, b"SAMPLES", SAMPLES]);
}

pub(in crate::backend::redis) fn push_encoding(commands: &mut Commands, key: &[u8]) {
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
    out.raw(b"{\"key\":");
    out.text_or_bytes(key);
    if scan.with.type_name {
        out.raw(b",\"type\":");
        match (type_reply, &scan.filter.type_name) {
            (Some(reply), _) => field(out, "type", reply, warnings),
            (None, Some(wanted)) => out.string(&wanted.to_ascii_lowercase()),
            (None, None) => out.raw(b"null"),
        }
    }
    if let Some(reply) = ttl {
        out.raw(b",\"ttl\":");
        write_ttl(out, reply, warnings);
    }
    if let Some(reply) = size {
        out.raw(b",\"size\":");
        field(out, "size", reply, warnings);
    }
    if let Some(reply) = encoding {
        out.raw(b",\"encoding\":");
        field(out, "encoding", reply, warnings);
    }
    out.raw(b"}");
}

/// Writes a reply of `PTTL` in seconds.
pub(super) fn write_ttl(out: &mut Writer, reply: &Value, warnings: &mut Warnings) {
    match reply {
        Value::Int(ms) => out.integer(seconds(*ms)),
        other => field(out, "ttl", other, warnings),
    }
}

/// Milliseconds to seconds, rounded like `TTL`; the codes below zero are kept.
pub(in crate::backend::redis) fn seconds(ms: i64) -> i64 {
    if ms < 0 { ms } else { ms.saturating_add(500) / 1000 }
}

/// Writes a number or a word; `null` and a warning where the server refused to tell.
pub(in crate::backend::redis) fn field(
    out: &mut Writer,
    name: &'static str,
    reply: &Value,
    warnings: &mut Warnings,
) {
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
