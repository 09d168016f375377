//! One key with its value, or a page of it where the value is large.

use redis::Value;

use super::commands::{Commands, Effect};
use super::metadata;
use super::{Client, collection, cursor, failure, reply, stream};
use crate::backend::Warnings;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::json::Writer;

/// Largest string, in bytes, that is given whole or in one window.
pub const MAX_WINDOW: u64 = 16 << 20;

/// Elements of a page of a collection, unless asked otherwise.
const DEFAULT_COUNT: u64 = 100;

/// Most elements of a page of a collection.
const MAX_COUNT: u64 = 1000;

/// Which part of a value is wanted.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// Where to go on: what the last page gave.
    pub cursor: Option<String>,
    /// The first byte of a string, or the first index of a list or sorted set.
    pub offset: Option<u64>,
    /// Bytes of a string, else elements.
    pub count: Option<u64>,
}

impl Window {
    /// The first byte or index wanted.
    pub(super) fn start(&self) -> Result<u64> {
        match (&self.cursor, self.offset) {
            (Some(_), Some(_)) => Err(Error::validation("give `cursor` or `offset`, not both")),
            (Some(cursor), None) => cursor::position(cursor),
            (None, offset) => Ok(offset.unwrap_or(0)),
        }
    }

    /// The server's cursor inside a hash or set.
    pub(super) fn scan_position(&self) -> Result<u64> {
        if self.offset.is_some() {
            return Err(Error::validation("hashes and sets have no offsets; use `cursor`"));
        }
        self.cursor.as_deref().map_or(Ok(0), cursor::position)
    }

    /// How many elements are wanted.
    pub(super) fn elements(&self) -> Result<u64> {
        let count = self.count.unwrap_or(DEFAULT_COUNT);
        if count > MAX_COUNT {
            return Err(Error::new(
                Code::PayloadTooLarge,
                format!("a page has at most {MAX_COUNT} elements; use `cursor` for the others"),
            ));
        }
        Ok(count)
    }
}

/// A key and what step one learned of it.
pub(super) struct Subject<'a> {
    pub(super) client: &'a Client,
    pub(super) key: &'a [u8],
    pub(super) deadline: Deadline,
}

impl Client {
    /// Writes `{ key, type, …, length, cursor, ttl, encoding, size, warnings }`; what stands in the
    /// place of the dots is the value, in the shape of its type. `cursor` is `"0"` when nothing is
    /// left to read.
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
            return Err(not_found(key));
        }
        out.raw(b"{\"key\":");
        out.text_or_bytes(key);
        out.raw(b",\"type\":");
        out.string(&type_name);
        let subject = Subject { client: self, key, deadline };
        match type_name.as_str() {
            "string" => subject.string(window, size, out).await?,
            "hash" => collection::hash(&subject, window, out).await?,
            "set" => collection::set(&subject, window, out).await?,
            "list" => collection::list(&subject, window, out).await?,
            "zset" => collection::sorted_set(&subject, window, out).await?,
            "stream" => stream::read(&subject, window, out).await?,
            // A module's type: only the module knows how to read it.
            _ => out.raw(b",\"value\":null,\"supported\":false,\"length\":null,\"cursor\":\"0\""),
        }
        let mut warnings = Warnings::default();
        out.raw(b",\"ttl\":");
        metadata::write_ttl(out, ttl, &mut warnings);
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
                super::value::write(out, &value);
                Ok(())
            }
            Err(error) if error.code() == Code::WrongType => {
                Err(self.wrong_type(key, "string", deadline).await)
            }
            Err(error) => Err(error),
        }
    }

    /// `WRONG_TYPE` with the type that the key has in truth.
    pub(super) async fn wrong_type(&self, key: &[u8], wanted: &str, deadline: Deadline) -> Error {
        let ask = Commands::one(Effect::Read, 1, &[b"TYPE", key]);
        let actual = self.run_one(&ask, deadline).await.ok().as_ref().and_then(reply::text);
        failure::wrong_type(actual.as_deref().unwrap_or("another type"), Some(wanted))
    }
}

impl Subject<'_> {
    /// Runs reads of one value; they are useless without each other.
    pub(super) async fn ask<const N: usize>(&self, commands: &Commands) -> Result<[Value; N]> {
        let replies = self.client.run_all(commands, self.deadline).await?;
        let checked: Vec<Value> = replies.into_iter().map(failure::check).collect::<Result<_>>()?;
        checked.try_into().map_err(|_| Error::internal("a reply is missing"))
    }

    async fn string(&self, window: &Window, size: &Value, out: &mut Writer) -> Result<()> {
        let start = window.start()?;
        let count = window.count.unwrap_or(MAX_WINDOW);
        if count > MAX_WINDOW {
            let limit = MAX_WINDOW >> 20;
            let message = format!("a window of a string has at most {limit} MiB");
            return Err(Error::new(Code::PayloadTooLarge, message));
        }
        // Refused before it is read; where MEMORY is denied, the length decides below.
        if window.count.is_none()
            && reply::integer(size).is_some_and(|size| size / 2 > MAX_WINDOW.cast_signed())
        {
            return Err(too_large(None));
        }
        let last = start.saturating_add(count.max(1)) - 1;
        let (start_text, last_text) = (start.to_string(), last.to_string());
        let mut commands = Commands::with_capacity(2);
        commands.push(Effect::Read, 1, &[b"STRLEN", self.key]);
        let range: [&[u8]; 4] =
            [b"GETRANGE", self.key, start_text.as_bytes(), last_text.as_bytes()];
        commands.push(Effect::Read, 1, &range);
        let [length, value] = self.ask(&commands).await?;
        let length = reply::integer(&length).unwrap_or(0).cast_unsigned();
        let bytes = reply::bytes(&value).ok_or_else(|| failure::unexpected("GETRANGE"))?;
        if window.count.is_none() && length.saturating_sub(start) > MAX_WINDOW {
            return Err(too_large(Some(length)));
        }
        let more = start + (bytes.len() as u64) < length;
        let bytes = if more { whole_characters(bytes) } else { bytes };
        let next = if more { start + bytes.len() as u64 } else { 0 };
        out.raw(b",\"value\":");
        out.text_or_bytes(bytes);
        write_end(out, length, &next.to_string());
        Ok(())
    }
}

/// Writes `length` and `cursor`, which follow each value.
pub(super) fn write_end(out: &mut Writer, length: u64, cursor: &str) {
    out.raw(b",\"length\":");
    out.integer(length.cast_signed());
    out.raw(b",\"cursor\":");
    out.string(cursor);
}

pub(super) fn not_found(key: &[u8]) -> Error {
    Error::not_found(format!("there is no key {:?}", String::from_utf8_lossy(key)))
}

fn too_large(length: Option<u64>) -> Error {
    let limit = MAX_WINDOW >> 20;
    let size = length.map_or(String::new(), |bytes| format!(" ({} MiB)", bytes >> 20));
    Error::new(
        Code::PayloadTooLarge,
        format!(
            "the value{size} is larger than {limit} MiB; read it in windows, with `offset` and \
             `count` in bytes"
        ),
    )
}

/// A window of text must not end in the middle of a character. Bytes that are no text are kept.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(e) if e.error_len().is_none() && e.valid_up_to() > 0 => &bytes[..e.valid_up_to()],
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_of_text_ends_between_characters() {
        let text = "añ€".as_bytes();
        assert_eq!(whole_characters(&text[..2]), b"a");
        assert_eq!(whole_characters(&text[..5]), "añ".as_bytes());
        assert_eq!(whole_characters(text), text);
    }

    #[test]
    fn a_window_of_bytes_is_kept_as_it_is() {
        assert_eq!(whole_characters(&[0xff, 0xfe]), [0xff, 0xfe]);
        assert_eq!(whole_characters(&[0xe2]), [0xe2]);
    }
}
