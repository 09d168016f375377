//! Raw BSON to Extended JSON bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use mongodb::bson::{Decimal128, RawDocument};
use schemars::JsonSchema;
use serde::Deserialize;

use super::date;
use super::raw::{Field, Reader, malformed};
use crate::error::{Error, Result};
use crate::json::{MAX_SAFE_INTEGER, Writer, escape_into};

/// How deeply documents may be nested; servers stop at 200.
pub const MAX_DEPTH: usize = 256;

/// Which form of Extended JSON to write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// For display: plain numbers and dates where a reader can't mistake them.
    #[default]
    Relaxed,
    /// For editing: every type is spelled out.
    Canonical,
}

/// Writes a document.
pub fn write_document(writer: &mut Writer, document: &RawDocument, mode: Mode) -> Result<()> {
    Walk { out: writer.buffer(), mode }.container(document.as_bytes(), Kind::Document, 0)
}

/// Writes the value of one field of a document; `null` where it has no such field.
pub fn write_element(
    writer: &mut Writer,
    document: &RawDocument,
    name: &str,
    mode: Mode,
) -> Result<()> {
    let mut reader = Reader::of(document.as_bytes())?;
    while let Some((kind, key)) = reader.element()? {
        if key == name.as_bytes() {
            return Walk { out: writer.buffer(), mode }.value(&mut reader, kind, 0);
        }
        reader.skip(kind)?;
    }
    writer.raw("null");
    Ok(())
}

/// Writes a value that is still as it is stored, in a field of the type `kind`.
pub(super) fn write_raw(writer: &mut Writer, kind: u8, value: &[u8], mode: Mode) -> Result<()> {
    Walk { out: writer.buffer(), mode }.value(&mut Reader { bytes: value, at: 0 }, kind, 0)
}

/// Writes the value of a field.
pub(crate) fn write_field(writer: &mut Writer, field: &Field<'_>, mode: Mode) -> Result<()> {
    write_raw(writer, field.kind, field.value, mode)
}

/// Writes any value.
pub fn write_value(writer: &mut Writer, value: &mongodb::bson::Bson, mode: Mode) -> Result<()> {
    write_element(writer, &encoded(&mongodb::bson::doc! { "v": value.clone() })?, "v", mode)
}

pub(super) fn encoded(document: &mongodb::bson::Document) -> Result<mongodb::bson::RawDocumentBuf> {
    mongodb::bson::RawDocumentBuf::try_from(document)
        .map_err(|_| Error::internal("a value could not be encoded as BSON"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Document,
    Array,
}

struct Walk<'o> {
    out: &'o mut Vec<u8>,
    mode: Mode,
}

impl Walk<'_> {
    fn container(&mut self, bytes: &[u8], kind: Kind, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(malformed("is nested too deeply"));
        }
        let mut reader = Reader::of(bytes)?;
        let start = self.out.len();
        let [open, close] = if kind == Kind::Array { *b"[]" } else { *b"{}" };
        self.out.push(open);
        let mut first = true;
        while let Some((element, key)) = reader.element()? {
            if !std::mem::take(&mut first) {
                self.out.push(b',');
            }
            if kind == Kind::Document {
                if !self.string(key) {
                    self.unreadable(start, "a field name that is not UTF-8");
                    return Ok(());
                }
                self.out.push(b':');
            }
            self.value(&mut reader, element, depth)?;
        }
        self.out.push(close);
        Ok(())
    }

    fn value(&mut self, from: &mut Reader<'_>, kind: u8, depth: usize) -> Result<()> {
        match kind {
            0x01 => self.double(f64::from_le_bytes(from.array()?)),
            0x02 => {
                let text = from.string()?;
                if !self.string(text) {
                    self.raw("{\"$unreadable\":{\"base64\":");
                    self.base64(text)?;
                    self.raw("}}");
                }
            }
            0x03 => self.container(from.document()?, Kind::Document, depth + 1)?,
            0x04 => self.container(from.document()?, Kind::Array, depth + 1)?,
            0x05 => self.binary(from)?,
            0x06 => self.raw("{\"$undefined\":true}"),
            0x07 => self.object_id(&from.array()?),
            0x08 => match from.array()? {
                [0] => self.raw("false"),
                [1] => self.raw("true"),
                _ => return Err(malformed("has a boolean that is neither true nor false")),
            },
            0x09 => self.date(i64::from_le_bytes(from.array()?)),
            0x0a => self.raw("null"),
            0x0b..=0x0f => {
                let start = self.out.len();
                if !self.with_text(from, kind, depth)? {
                    self.unreadable(start, "text that is not UTF-8");
                }
            }
            0x10 => {
                let value = i32::from_le_bytes(from.array()?);
                match self.mode {
                    Mode::Relaxed => self.digits(value),
                    Mode::Canonical => self.quoted_digits("{\"$numberInt\":\"", value),
                }
            }
            0x11 => {
                let increment = u32::from_le_bytes(from.array()?);
                let time = u32::from_le_bytes(from.array()?);
                self.raw("{\"$timestamp\":{\"t\":");
                self.digits(time);
                self.raw(",\"i\":");
                self.digits(increment);
                self.raw("}}");
            }
            0x12 => self.long(i64::from_le_bytes(from.array()?)),
            0x13 => {
                let text = Decimal128::from_bytes(from.array()?).to_string();
                self.raw("{\"$numberDecimal\":\"");
                self.raw(&text);
                self.raw("\"}");
            }
            0x7f => self.raw("{\"$maxKey\":1}"),
            0xff => self.raw("{\"$minKey\":1}"),
            _ => return Err(malformed("has a field of an unknown type")),
        }
        Ok(())
    }

    /// A value that has text beside other things, or is text of a type of its own; whether all of that is
    /// text.
    fn with_text(&mut self, from: &mut Reader<'_>, kind: u8, depth: usize) -> Result<bool> {
        let is_text = match kind {
            0x0b => {
                self.raw("{\"$regularExpression\":{\"pattern\":");
                let pattern = self.string(from.c_string()?);
                self.raw(",\"options\":");
                let options = self.string(from.c_string()?);
                self.out.push(b'}');
                pattern && options
            }
            0x0c => {
                self.raw("{\"$dbPointer\":{\"$ref\":");
                let namespace = self.string(from.string()?);
                self.raw(",\"$id\":");
                self.object_id(&from.array()?);
                self.out.push(b'}');
                namespace
            }
            0x0e => {
                self.raw("{\"$symbol\":");
                self.string(from.string()?)
            }
            0x0d => {
                self.raw("{\"$code\":");
                self.string(from.string()?)
            }
            _ => {
                let _length: [u8; 4] = from.array()?;
                self.raw("{\"$code\":");
                let code = self.string(from.string()?);
                self.raw(",\"$scope\":");
                self.container(from.document()?, Kind::Document, depth + 1)?;
                code
            }
        };
        self.out.push(b'}');
        Ok(is_text)
    }

    /// In place of what was written since `start`: what JSON can't express, and no reader takes for a value.
    fn unreadable(&mut self, start: usize, reason: &str) {
        self.out.truncate(start);
        self.raw("{\"$unreadable\":{\"reason\":\"");
        self.raw(reason);
        self.raw("\"}}");
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn digits(&mut self, value: impl itoa::Integer) {
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    fn quoted_digits(&mut self, open: &str, value: impl itoa::Integer) {
        self.raw(open);
        self.digits(value);
        self.raw("\"}");
    }

    /// Writes text; `false`, and nothing is written, where it is none and must not be changed.
    fn string(&mut self, bytes: &[u8]) -> bool {
        let lossy;
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) if self.mode == Mode::Relaxed => {
                lossy = String::from_utf8_lossy(bytes);
                &*lossy
            }
            Err(_) => return false,
        };
        self.out.push(b'"');
        escape_into(self.out, text);
        self.out.push(b'"');
        true
    }

    fn double(&mut self, value: f64) {
        let canonical = self.mode == Mode::Canonical || !value.is_finite();
        if canonical {
            self.raw("{\"$numberDouble\":\"");
        }
        if value.is_finite() {
            // The shortest text that reads back as the same number; whole numbers keep their `.0`,
            // which tells them from integers.
            self.raw(ryu::Buffer::new().format_finite(value));
        } else {
            let sign = if value.is_sign_negative() { "-" } else { "" };
            self.raw(sign);
            self.raw(if value.is_nan() { "NaN" } else { "Infinity" });
        }
        if canonical {
            self.raw("\"}");
        }
    }

    fn long(&mut self, value: i64) {
        let safe = (-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER).contains(&value);
        if self.mode == Mode::Relaxed && safe {
            self.digits(value);
        } else {
            self.quoted_digits("{\"$numberLong\":\"", value);
        }
    }

    fn date(&mut self, ms: i64) {
        self.raw("{\"$date\":");
        if self.mode == Mode::Relaxed {
            let start = self.out.len();
            self.out.push(b'"');
            if date::rfc3339_into(self.out, ms) {
                self.raw("\"}");
                return;
            }
            self.out.truncate(start);
        }
        self.quoted_digits("{\"$numberLong\":\"", ms);
        self.out.push(b'}');
    }

    fn object_id(&mut self, id: &[u8; 12]) {
        let mut digits = [0_u8; 24];
        hex_into(id, &mut digits);
        self.raw("{\"$oid\":\"");
        self.out.extend_from_slice(&digits);
        self.raw("\"}");
    }

    fn binary(&mut self, from: &mut Reader<'_>) -> Result<()> {
        let length = from.length()?;
        let [subtype] = from.array()?;
        let mut bytes = from.take(length)?;
        if subtype == 0x02 {
            // The old generic subtype repeats its length inside; readers put it back.
            let mut inner = Reader { bytes, at: 0 };
            let length = inner.length()?;
            bytes = inner.take(length)?;
            if inner.at != inner.bytes.len() {
                return Err(malformed("has an old binary value with a wrong length"));
            }
        }
        self.raw("{\"$binary\":{\"base64\":");
        self.base64(bytes)?;
        let mut digits = [0_u8; 2];
        hex_into(&[subtype], &mut digits);
        self.raw(",\"subType\":\"");
        self.out.extend_from_slice(&digits);
        self.raw("\"}}");
        Ok(())
    }

    fn base64(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.push(b'"');
        let start = self.out.len();
        self.out.resize(start + bytes.len().div_ceil(3) * 4, 0);
        BASE64
            .encode_slice(bytes, &mut self.out[start..])
            .map_err(|_| Error::internal("base64 needs more room than it says"))?;
        self.out.push(b'"');
        Ok(())
    }
}

fn hex_into(bytes: &[u8], digits: &mut [u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(digits.chunks_exact_mut(2)) {
        pair[0] = HEX[usize::from(byte >> 4)];
        pair[1] = HEX[usize::from(byte & 0xf)];
    }
}
