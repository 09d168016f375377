//! The parts of raw BSON, each checked against the bytes that are there.

use mongodb::bson::{Bson, Document, RawDocument};

use crate::error::{Code, Error, Result};

/// The elements of a document, between its length and its final zero.
fn elements(bytes: &[u8]) -> Result<&[u8]> {
    match bytes {
        [a, b, c, d, elements @ .., 0]
            if usize::try_from(i32::from_le_bytes([*a, *b, *c, *d])) == Ok(bytes.len()) =>
        {
            Ok(elements)
        }
        _ => Err(malformed("has a wrong length")),
    }
}

/// One field of a document. Its value is still as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field<'b> {
    pub(crate) kind: u8,
    pub(crate) name: &'b [u8],
    pub(crate) value: &'b [u8],
}

/// The fields of a document or the items of an array, in their order.
pub(crate) fn fields(document: &[u8]) -> Result<Vec<Field<'_>>> {
    let mut reader = Reader::of(document)?;
    let mut found = Vec::new();
    while let Some(field) = reader.field()? {
        found.push(field);
    }
    Ok(found)
}

impl<'b> Field<'b> {
    /// Its name, unless that is not text.
    pub(crate) fn name(&self) -> Option<&'b str> {
        std::str::from_utf8(self.name).ok()
    }

    /// Its value, if that is a string, as bytes.
    pub(crate) fn string(&self) -> Option<&'b [u8]> {
        let mut value = Reader { bytes: self.value, at: 0 };
        (self.kind == 0x02).then(|| value.string().ok()).flatten()
    }

    /// Its value by itself.
    pub(crate) fn bson(&self) -> Result<Bson> {
        let mut holder = Vec::with_capacity(self.value.len() + 8);
        holder.extend_from_slice(&[0, 0, 0, 0, self.kind, b'v', 0]);
        holder.extend_from_slice(self.value);
        holder.push(0);
        let length = i32::try_from(holder.len()).map_err(|_| malformed("is too large"))?;
        holder[..4].copy_from_slice(&length.to_le_bytes());
        let read = RawDocument::from_bytes(&holder).and_then(Document::try_from);
        let value = read.ok().and_then(|mut document| document.remove("v"));
        value.ok_or_else(|| malformed("has a value that can't be read"))
    }
}

pub(crate) struct Reader<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) at: usize,
}

impl<'b> Reader<'b> {
    /// At the first field of a document.
    pub(crate) fn of(document: &'b [u8]) -> Result<Self> {
        Ok(Self { bytes: elements(document)?, at: 0 })
    }

    /// The next field.
    pub(crate) fn field(&mut self) -> Result<Option<Field<'b>>> {
        let Some((kind, name)) = self.element()? else { return Ok(None) };
        let start = self.at;
        self.skip(kind)?;
        Ok(Some(Field { kind, name, value: &self.bytes[start..self.at] }))
    }

    /// The type and the name of the next element.
    pub(super) fn element(&mut self) -> Result<Option<(u8, &'b [u8])>> {
        let Some(&kind) = self.bytes.get(self.at) else { return Ok(None) };
        self.at += 1;
        Ok(Some((kind, self.c_string()?)))
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'b [u8]> {
        let end = self.at.checked_add(length).ok_or_else(truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or_else(truncated)?;
        self.at = end;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| truncated())
    }

    pub(super) fn length(&mut self) -> Result<usize> {
        usize::try_from(i32::from_le_bytes(self.array()?))
            .map_err(|_| malformed("has a negative length"))
    }

    pub(super) fn string(&mut self) -> Result<&'b [u8]> {
        let length = self.length()?;
        match self.take(length)? {
            [text @ .., 0] => Ok(text),
            _ => Err(malformed("has a string without an end")),
        }
    }

    pub(super) fn c_string(&mut self) -> Result<&'b [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|&byte| byte == 0).ok_or_else(truncated)?;
        self.at += end + 1;
        Ok(&rest[..end])
    }

    pub(super) fn document(&mut self) -> Result<&'b [u8]> {
        let start = self.at;
        let length = self.length()?;
        self.at = start;
        self.take(length)
    }

    pub(super) fn skip(&mut self, kind: u8) -> Result<()> {
        let length = match kind {
            0x01 | 0x09 | 0x11 | 0x12 => 8,
            0x02 | 0x0d | 0x0e => self.length()?,
            0x03 | 0x04 | 0x0f => {
                let start = self.at;
                let length = self.length()?;
                self.at = start;
                length
            }
            0x05 => self.length()? + 1,
            0x06 | 0x0a | 0x7f | 0xff => 0,
            0x07 => 12,
            0x08 => 1,
            0x0b => {
                self.c_string()?;
                self.c_string()?;
                0
            }
            0x0c => self.length()? + 12,
            0x10 => 4,
            0x13 => 16,
            _ => return Err(malformed("has a field of an unknown type")),
        };
        self.take(length).map(drop)
    }
}

fn truncated() -> Error {
    malformed("ends too early")
}

pub(super) fn malformed(what: &str) -> Error {
    Error::new(Code::DbQueryError, format!("a document from the server {what}"))
}
