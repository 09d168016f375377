//! Values in chunks of a bounded size, as exports and copies read them.
//!
//! A small value is read whole, and many of them in one pipeline. A large one is read in windows; if it
//! is changed meanwhile, what is read is no picture of one moment: `SCAN` and its kin give everything
//! that was there all the time, windows of strings and lists may be torn. Such values say that they
//! were changed ([`ChunkedRead::changed`]), as far as their length shows it.

use std::collections::HashSet;

use redis::Value;

use crate::backend::redis::Client;
use crate::backend::redis::keyspace::walk;
use crate::backend::redis::run::exactly;
use crate::backend::redis::values::stream::after;
use crate::backend::redis::values::string::whole_characters;
use crate::backend::redis::values::{NativeType, NewValue};
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Result};

/// Bytes that a chunk should have, about.
const CHUNK: usize = 512 << 10;

/// Elements of the first chunk of a collection; how large they are is not yet known.
const FIRST_COUNT: u64 = 64;

/// Most elements of a chunk.
const MAX_COUNT: u64 = 2_000;

/// A value that is read chunk by chunk.
#[derive(Debug)]
pub struct ChunkedRead {
    key: Vec<u8>,
    kind: NativeType,
    /// Bytes or elements that were read, or the server's cursor.
    position: u64,
    /// For streams: where to go on, and where to stop.
    from: String,
    until: String,
    count: u64,
    length: Option<u64>,
    changed: bool,
    over: bool,
}

impl ChunkedRead {
    /// From its beginning.
    pub fn new(key: &[u8], kind: NativeType) -> Self {
        Self {
            key: key.to_vec(),
            kind,
            position: 0,
            from: "-".to_owned(),
            until: "+".to_owned(),
            count: if kind == NativeType::String { CHUNK as u64 } else { FIRST_COUNT },
            length: None,
            changed: false,
            over: false,
        }
    }

    /// A stream's entries up to this one.
    #[must_use]
    pub fn until(mut self, last: &str) -> Self {
        last.clone_into(&mut self.until);
        self
    }

    /// Whether nothing is left.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether the value was seen to change while it was read.
    pub fn changed(&self) -> bool {
        self.changed
    }

    /// The next chunk, perhaps empty. Fails with `DB_NOT_FOUND` where the key has vanished, with
    /// `WRONG_TYPE` where it became another, and with `PAYLOAD_TOO_LARGE` where one element is larger
    /// than what is held in memory.
    pub async fn next(&mut self, client: &Client, deadline: Deadline) -> Result<NewValue> {
        loop {
            let mut commands = Commands::with_capacity(2);
            self.kind.push_length(&mut commands, &self.key);
            self.push_window(&mut commands);
            let replies = exactly(client.run_patiently(&commands, deadline).await);
            let [length, window] = replies.map(|reply| reply.and_then(failure::check));
            match window {
                Err(error) if error.code() == Code::PayloadTooLarge && self.count > 1 => {
                    self.count = (self.count / 8).max(1);
                }
                window => return self.take(&length?, window?),
            }
        }
    }

    fn push_window(&self, commands: &mut Commands) {
        let key = self.key.as_slice();
        let (mut first, mut second) = (itoa::Buffer::new(), itoa::Buffer::new());
        let position = first.format(self.position).as_bytes();
        let count = second.format(self.count).as_bytes();
        let last = (self.position + self.count - 1).to_string();
        let last = last.as_bytes();
        let (from, until) = (self.from.as_bytes(), self.until.as_bytes());
        let args: &[&[u8]] = match self.kind {
            NativeType::String => &[b"GETRANGE", key, position, last],
            NativeType::List => &[b"LRANGE", key, position, last],
            NativeType::Hash => &[b"HSCAN", key, position, b"COUNT", count],
            NativeType::Set => &[b"SSCAN", key, position, b"COUNT", count],
            NativeType::SortedSet => &[b"ZSCAN", key, position, b"COUNT", count],
            NativeType::Stream => &[b"XRANGE", key, from, until, b"COUNT", count],
        };
        commands.push(Effect::Read, 1, args);
    }

    /// Notes what a window shows, and where the next one begins.
    fn take(&mut self, length: &Value, window: Value) -> Result<NewValue> {
        let unexpected = || failure::unexpected("a read of a value");
        let length = reply::count(length).ok_or_else(unexpected)?;
        if length == 0 && self.kind != NativeType::Stream {
            return Err(failure::not_found(&self.key));
        }
        self.changed |= self.length.is_some_and(|before| before != length);
        self.length = Some(length);
        let window = match self.kind {
            NativeType::Hash | NativeType::Set | NativeType::SortedSet => {
                let (next, elements) = walk::scanned(window).ok_or_else(unexpected)?;
                self.position = next;
                self.over = next == 0;
                Value::Array(elements)
            }
            _ => window,
        };
        let mut chunk = self.kind.parse(window).ok_or_else(unexpected)?;
        match &mut chunk {
            NewValue::Hash(fields) => once(fields),
            NewValue::SortedSet(members) => once(members),
            _ => {}
        }
        let (elements, bytes) = (chunk.len() as u64, size(&chunk) as u64);
        match &mut chunk {
            NewValue::String(text) => {
                if self.position + (text.len() as u64) < length {
                    text.truncate(whole_characters(text).len());
                } else {
                    self.over = true;
                }
                self.position += text.len() as u64;
            }
            NewValue::List(_) => {
                self.position += elements;
                self.over = elements < self.count;
            }
            NewValue::Stream(entries) => {
                self.over = elements < self.count;
                if let Some(last) = entries.last() {
                    self.over |= last.id == self.until;
                    self.from = after(&last.id)?;
                }
            }
            _ => {}
        }
        if self.kind != NativeType::String {
            self.count = next_count(self.count, elements, bytes);
        }
        Ok(chunk)
    }
}

/// `SCAN` and its kin may name one thing twice; a chunk has it once.
fn once<T>(named: &mut Vec<(Vec<u8>, T)>) {
    let mut seen = HashSet::with_capacity(named.len());
    named.retain(|(name, _)| seen.insert(name.clone()));
}

/// How many elements to ask for, from how large those of the last chunk were.
fn next_count(last: u64, elements: u64, bytes: u64) -> u64 {
    let fits = (CHUNK as u64).saturating_mul(elements.max(1)) / bytes.max(1);
    fits.clamp(1, MAX_COUNT).min(last.saturating_mul(8))
}

/// Bytes of a chunk, with what scores and ids take about.
fn size(chunk: &NewValue) -> usize {
    let pairs = |pairs: &[(Vec<u8>, Vec<u8>)]| -> usize {
        pairs.iter().map(|(name, value)| name.len() + value.len()).sum()
    };
    match chunk {
        NewValue::String(bytes) => bytes.len(),
        NewValue::List(elements) | NewValue::Set(elements) => elements.iter().map(Vec::len).sum(),
        NewValue::Hash(fields) => pairs(fields),
        NewValue::SortedSet(members) => members.iter().map(|(member, _)| member.len() + 8).sum(),
        NewValue::Stream(entries) => entries.iter().map(|entry| pairs(&entry.fields) + 24).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_keep_to_their_size() {
        assert_eq!(next_count(64, 64, 64), 512);
        assert_eq!(next_count(2000, 2000, 2000), MAX_COUNT);
        assert_eq!(next_count(64, 64, 64 << 20), 1);
        assert_eq!(next_count(100, 100, 100 * 1024), 512);
        assert_eq!(next_count(1, 0, 0), 8);
    }

    #[test]
    fn what_a_server_names_twice_in_one_answer_is_in_a_chunk_once() {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        for kind in [NativeType::Hash, NativeType::SortedSet] {
            let elements = ["a", "1", "b", "2", "a", "1"].map(text).to_vec();
            let window = Value::Array(vec![text("0"), Value::Array(elements)]);
            let chunk = ChunkedRead::new(b"k", kind).take(&Value::Int(2), window).unwrap();
            assert_eq!(chunk.len(), 2, "{chunk:?}");
        }
    }
}
