//! The columns of an export.

use mongodb::bson::{Bson, RawDocument};

use super::REST;
use super::cell::{is_formula, is_plain, without_formula};
use crate::ejson::raw::{Field, Reader, fields};
use crate::ejson::{Mode, write_document, write_field};
use crate::error::{Error, Result};
use crate::json::{Object, Writer};

/// The columns of an export.
pub(crate) struct Columns {
    names: Vec<String>,
    /// Whether there is a last column for what has none.
    rest: bool,
    mode: Mode,
}

impl Columns {
    /// The columns that were asked for; a dot leads into a document.
    pub(crate) fn named(names: Vec<String>, mode: Mode) -> Result<Self> {
        if names.is_empty() || names.iter().any(String::is_empty) {
            return Err(Error::validation("`fields` must name at least one field, and none empty"));
        }
        Ok(Self { names, rest: false, mode })
    }

    /// A column per field of the first documents, and one for whatever else others have.
    pub(crate) fn of<'d>(
        documents: impl Iterator<Item = Result<&'d RawDocument>>,
        mode: Mode,
    ) -> Result<Self> {
        let mut names: Vec<String> = Vec::new();
        for document in documents {
            for name in fields(document?.as_bytes())?.iter().filter_map(Field::name) {
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
        }
        Ok(Self { names, rest: true, mode })
    }

    /// The first line.
    pub(crate) fn header(&self, out: &mut Writer) {
        for (i, name) in self.names.iter().enumerate() {
            if i > 0 {
                out.raw(b",");
            }
            // Of the fields that were found, one with a dot in its name is no path.
            let literal = (self.rest
                && (name.is_empty() || name.contains('.') || name.starts_with(['"', '$'])))
                || is_formula(name);
            let cell = if literal { quoted(name) } else { name.clone() };
            escape(out, cell.as_bytes());
        }
        if self.rest {
            out.raw(if self.names.is_empty() { "" } else { "," });
            out.raw(REST);
        }
        out.raw(b"\r\n");
    }

    /// One line.
    pub(crate) fn row(&self, out: &mut Writer, document: &RawDocument) -> Result<()> {
        for (i, name) in self.names.iter().enumerate() {
            if i > 0 {
                out.raw(b",");
            }
            let bytes = document.as_bytes();
            let found = if self.rest { named(bytes, name)? } else { at(bytes, name)? };
            if let Some(field) = found {
                escape(out, &self.cell(&field)?);
            }
        }
        if self.rest {
            out.raw(if self.names.is_empty() { "" } else { "," });
            self.write_rest(out, document)?;
        }
        out.raw(b"\r\n");
        Ok(())
    }

    fn cell(&self, field: &Field<'_>) -> Result<Vec<u8>> {
        if let Some(text) = field.string() {
            match (std::str::from_utf8(text), self.mode) {
                (Ok(text), Mode::Canonical) if is_plain(text) => return Ok(text.into()),
                (_, Mode::Canonical) => {}
                (_, Mode::Relaxed) => {
                    return Ok(without_formula(&String::from_utf8_lossy(text)).into_bytes());
                }
            }
        }
        let for_people =
            self.mode == Mode::Relaxed && matches!(field.kind, 0x07 | 0x09..=0x0a | 0x12..=0x13);
        let cell = match for_people.then(|| field.bson()).transpose()? {
            Some(Bson::ObjectId(id)) => id.to_hex(),
            Some(Bson::DateTime(date)) => match date.try_to_rfc3339_string() {
                Ok(text) => text,
                Err(_) => date.timestamp_millis().to_string(),
            },
            Some(Bson::Decimal128(number)) => number.to_string(),
            Some(Bson::Int64(number)) => number.to_string(),
            Some(Bson::Null) => String::new(),
            _ => {
                let mut out = Writer::new();
                write_field(&mut out, field, self.mode)?;
                return Ok(out.into_bytes());
            }
        };
        Ok(cell.into_bytes())
    }

    fn write_rest(&self, out: &mut Writer, document: &RawDocument) -> Result<()> {
        let mut text = Writer::new();
        let mut rest = Object::open(&mut text);
        let mut shown = vec![false; self.names.len()];
        let mut is_empty = true;
        for field in fields(document.as_bytes())? {
            let Some(name) = field.name() else {
                // Nothing of it could be read back without this name.
                let mut whole = Writer::new();
                write_document(&mut whole, document, self.mode)?;
                escape(out, &whole.into_bytes());
                return Ok(());
            };
            let column = self.names.iter().position(|column| column == name);
            // A column holds the first field of a name; whatever has it once more is not hidden.
            if column.is_none_or(|column| std::mem::replace(&mut shown[column], true)) {
                write_field(rest.escaped_key(name), &field, self.mode)?;
                is_empty = false;
            }
        }
        rest.close();
        if !is_empty {
            escape(out, &text.into_bytes());
        }
        Ok(())
    }
}

/// The first field of a name.
fn named<'d>(document: &'d [u8], name: &str) -> Result<Option<Field<'d>>> {
    let mut reader = Reader::of(document)?;
    while let Some(field) = reader.field()? {
        if field.name == name.as_bytes() {
            return Ok(Some(field));
        }
    }
    Ok(None)
}

/// The value at a path, as the server reads it: not through arrays.
fn at<'d>(document: &'d [u8], path: &str) -> Result<Option<Field<'d>>> {
    if let Some(found) = named(document, path)? {
        return Ok(Some(found));
    }
    let Some((first, rest)) = path.split_once('.') else { return Ok(None) };
    match named(document, first)? {
        Some(Field { kind: 0x03, value, .. }) => at(value, rest),
        _ => Ok(None),
    }
}

fn quoted(text: &str) -> String {
    let mut out = Writer::new();
    out.string(text);
    String::from_utf8(out.into_bytes()).unwrap_or_default()
}

fn escape(out: &mut Writer, cell: &[u8]) {
    let needs_quotes = cell.is_empty()
        || cell.iter().any(|b| matches!(b, b'"' | b',' | b'\r' | b'\n'))
        || cell.first() == Some(&b' ')
        || cell.last() == Some(&b' ');
    if !needs_quotes {
        return out.raw(cell);
    }
    out.raw(b"\"");
    for (i, part) in cell.split(|&b| b == b'"').enumerate() {
        if i > 0 {
            out.raw(b"\"\"");
        }
        out.raw(part);
    }
    out.raw(b"\"");
}
