//! The columns of an export.

use mongodb::bson::raw::CStr;
use mongodb::bson::{RawBsonRef, RawDocument, RawDocumentBuf};

use super::REST;
use super::cell::{is_formula, is_plain, without_formula};
use crate::ejson::{Mode, write_document, write_element};
use crate::error::{Error, Result};
use crate::json::Writer;

/// The columns of an export.
pub(in super::super) struct Columns {
    names: Vec<String>,
    /// Whether there is a last column for what has none.
    rest: bool,
    mode: Mode,
}

impl Columns {
    /// The columns that were asked for; a dot leads into a document.
    pub(in super::super) fn named(names: Vec<String>, mode: Mode) -> Result<Self> {
        if names.is_empty() || names.iter().any(String::is_empty) {
            return Err(Error::validation("`fields` must name at least one field, and none empty"));
        }
        Ok(Self { names, rest: false, mode })
    }

    /// A column per field of the first documents, and one for whatever else others have.
    pub(in super::super) fn of<'d>(
        documents: impl Iterator<Item = Result<&'d RawDocument>>,
        mode: Mode,
    ) -> Result<Self> {
        let mut names: Vec<String> = Vec::new();
        for document in documents {
            for field in fields(document?) {
                let name = field?.0.as_str();
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
        }
        Ok(Self { names, rest: true, mode })
    }

    /// The first line.
    pub(in super::super) fn header(&self, out: &mut Writer) {
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
    pub(in super::super) fn row(&self, out: &mut Writer, document: &RawDocument) -> Result<()> {
        for (i, name) in self.names.iter().enumerate() {
            if i > 0 {
                out.raw(b",");
            }
            let found = if self.rest { own(document, name)? } else { at(document, name)? };
            if let Some((holder, name, value)) = found {
                escape(out, &self.cell(holder, name, value)?);
            }
        }
        if self.rest {
            out.raw(if self.names.is_empty() { "" } else { "," });
            self.write_rest(out, document)?;
        }
        out.raw(b"\r\n");
        Ok(())
    }

    fn cell(&self, holder: &RawDocument, name: &str, value: RawBsonRef<'_>) -> Result<Vec<u8>> {
        let cell = match (value, self.mode) {
            (RawBsonRef::String(text), Mode::Canonical) if is_plain(text) => text.to_owned(),
            (RawBsonRef::String(text), Mode::Relaxed) => without_formula(text),
            (RawBsonRef::ObjectId(id), Mode::Relaxed) => id.to_hex(),
            (RawBsonRef::DateTime(date), Mode::Relaxed) => match date.try_to_rfc3339_string() {
                Ok(text) => text,
                Err(_) => date.timestamp_millis().to_string(),
            },
            (RawBsonRef::Decimal128(number), Mode::Relaxed) => number.to_string(),
            (RawBsonRef::Int64(number), Mode::Relaxed) => number.to_string(),
            (RawBsonRef::Null, Mode::Relaxed) => String::new(),
            (_, mode) => {
                let mut out = Writer::new();
                write_element(&mut out, holder, name, mode)?;
                return Ok(out.into_bytes());
            }
        };
        Ok(cell.into_bytes())
    }

    fn write_rest(&self, out: &mut Writer, document: &RawDocument) -> Result<()> {
        let mut rest = RawDocumentBuf::new();
        let mut shown = vec![false; self.names.len()];
        for field in fields(document) {
            let (name, value) = field?;
            let column = self.names.iter().position(|column| column == name.as_str());
            // A column holds the first field of a name; whatever has it once more is not hidden.
            if column.is_none_or(|column| std::mem::replace(&mut shown[column], true)) {
                rest.append(name, value);
            }
        }
        if !rest.is_empty() {
            let mut text = Writer::new();
            write_document(&mut text, &rest, self.mode)?;
            escape(out, &text.into_bytes());
        }
        Ok(())
    }
}

type Field<'d> = (&'d RawDocument, &'d str, RawBsonRef<'d>);

fn fields(document: &RawDocument) -> impl Iterator<Item = Result<(&CStr, RawBsonRef<'_>)>> {
    document.iter().map(|field| field.map_err(|_| unreadable()))
}

fn unreadable() -> Error {
    Error::internal("a document from the server could not be read")
}

fn own<'d>(document: &'d RawDocument, name: &'d str) -> Result<Option<Field<'d>>> {
    let value = document.get(name).map_err(|_| unreadable())?;
    Ok(value.map(|value| (document, name, value)))
}

/// The value at a path, as the server reads it: not through arrays.
fn at<'d>(document: &'d RawDocument, path: &'d str) -> Result<Option<Field<'d>>> {
    if let Some(found) = own(document, path)? {
        return Ok(Some(found));
    }
    let Some((first, rest)) = path.split_once('.') else { return Ok(None) };
    match document.get(first).map_err(|_| unreadable())? {
        Some(RawBsonRef::Document(inner)) => at(inner, rest),
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
