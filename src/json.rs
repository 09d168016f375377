//! Writing answers as JSON bytes, once, without a tree of values in between.

mod forms;
mod object;
mod seen;
mod unique;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;

use crate::error::{Error, Result};

pub use self::forms::{Base64, Integer64, OrNull, TextOrBytes};
pub use self::object::Object;
pub use self::seen::SeenNames;
pub use self::unique::refuse_duplicates;

/// The largest integer that a JavaScript number holds exactly: 2^53 − 1.
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// A growing JSON text. The caller writes the punctuation it needs; nothing is validated.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// An empty text.
    pub fn new() -> Self {
        Self { out: Vec::with_capacity(256) }
    }

    /// Bytes written so far; used to hold results to their cap while they are being read.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// The text so far.
    pub fn text(&self) -> &[u8] {
        &self.out
    }

    /// The finished text.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Direct access for code that writes many small pieces.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// Text that is JSON already: punctuation, literals, digits.
    pub fn raw(&mut self, text: impl AsRef<[u8]>) {
        self.out.extend_from_slice(text.as_ref());
    }

    /// A comma, unless this is the first element; `first` is cleared.
    pub fn comma(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.out.push(b',');
        }
    }

    /// `[…]` with each item as `write` writes it.
    pub fn list<I: IntoIterator>(&mut self, items: I, mut write: impl FnMut(&mut Self, I::Item)) {
        self.raw(b"[");
        let mut first = true;
        for item in items {
            self.comma(&mut first);
            write(self, item);
        }
        self.raw(b"]");
    }

    /// As [`Writer::list`], up to the first item that can't be written.
    pub fn try_list<I: IntoIterator>(
        &mut self,
        items: I,
        mut write: impl FnMut(&mut Self, I::Item) -> Result<()>,
    ) -> Result<()> {
        self.raw(b"[");
        let mut first = true;
        for item in items {
            self.comma(&mut first);
            write(self, item)?;
        }
        self.raw(b"]");
        Ok(())
    }

    /// `[…,…]`, each item as its function writes it.
    pub fn pair(&mut self, first: impl FnOnce(&mut Self), second: impl FnOnce(&mut Self)) {
        self.raw(b"[");
        first(self);
        self.raw(b",");
        second(self);
        self.raw(b"]");
    }

    /// `"name":`, for names that need no escaping.
    pub fn key(&mut self, name: &str) {
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// A string, escaped.
    pub fn string(&mut self, text: &str) {
        self.out.push(b'"');
        escape_into(&mut self.out, text);
        self.out.push(b'"');
    }

    /// Text or bytes: valid UTF-8 is a string, anything else `{"$binary":{"base64":"…"}}`.
    pub fn text_or_bytes(&mut self, bytes: &[u8]) {
        if let Ok(text) = std::str::from_utf8(bytes) {
            self.string(text);
        } else {
            self.binary(bytes);
        }
    }

    /// `{"$binary":{"base64":"…"}}`, whatever the bytes are.
    pub fn binary(&mut self, bytes: &[u8]) {
        self.raw(b"{\"$binary\":{\"base64\":");
        self.base64(bytes);
        self.raw(b"}}");
    }

    /// Bytes in base64, as a string.
    pub fn base64(&mut self, bytes: &[u8]) {
        self.raw(b"\"");
        self.raw(BASE64.encode(bytes));
        self.raw(b"\"");
    }

    /// An integer; outside ±(2^53−1) it is `{"$numberLong":"…"}`.
    pub fn integer(&mut self, value: i64) {
        let mut digits = itoa::Buffer::new();
        if (-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER).contains(&value) {
            self.raw(digits.format(value));
        } else {
            self.raw(b"{\"$numberLong\":\"");
            self.raw(digits.format(value));
            self.raw(b"\"}");
        }
    }

    /// A number where it is finite, else `null`.
    pub fn number(&mut self, value: f64) {
        if value.is_finite() {
            let mut digits = ryu::Buffer::new();
            let text = digits.format_finite(value);
            self.raw(text.strip_suffix(".0").unwrap_or(text));
        } else {
            self.raw(b"null");
        }
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    /// Any serialisable value; for the parts of an answer whose size does not matter.
    pub fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        serde_json::to_writer(&mut self.out, value)
            .map_err(|e| Error::internal(format!("the answer could not be encoded: {e}")))
    }
}

/// Appends `text` with the escapes of RFC 8259, without the quotes.
pub fn escape_into(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes = text.as_bytes();
    let mut start = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[start..i]);
        start = i + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 0xf)]);
            }
        }
    }
    out.extend_from_slice(&bytes[start..]);
}

/// A size for people: `1.5 KB`, in steps of 1024.
pub fn human_bytes(bytes: f64) -> String {
    const UNITS: [&str; 6] = ["Bytes", "KB", "MB", "GB", "TB", "PB"];
    let mut size = if bytes.is_finite() { bytes.max(0.0) } else { 0.0 };
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    let rounded = (size * 100.0).round() / 100.0;
    format!("{rounded} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Writer)) -> String {
        let mut writer = Writer::new();
        write(&mut writer);
        String::from_utf8(writer.into_bytes()).unwrap()
    }

    #[test]
    fn integers_outside_the_safe_range_keep_every_digit() {
        assert_eq!(written(|w| w.integer(9_007_199_254_740_991)), "9007199254740991");
        assert_eq!(
            written(|w| w.integer(9_007_199_254_740_993)),
            r#"{"$numberLong":"9007199254740993"}"#
        );
        assert_eq!(written(|w| w.integer(i64::MIN)), r#"{"$numberLong":"-9223372036854775808"}"#);
    }

    #[test]
    fn invalid_utf8_is_written_as_binary() {
        assert_eq!(written(|w| w.text_or_bytes(&[0xff, 0x00])), r#"{"$binary":{"base64":"/wA="}}"#);
    }

    #[test]
    fn sizes_are_written_as_people_read_them() {
        assert_eq!(human_bytes(0.0), "0 Bytes");
        assert_eq!(human_bytes(1536.0), "1.5 KB");
        assert_eq!(human_bytes(5.0 * 1024.0 * 1024.0), "5 MB");
    }

    proptest! {
        #[test]
        fn any_string_reads_back_as_it_was(text in any::<String>()) {
            let json = written(|w| w.string(&text));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
