//! The documents of a body, in whichever format it is.

use mongodb::bson::RawDocumentBuf;
use schemars::JsonSchema;
use serde::Deserialize;

use super::csv::{Cells, Rows};
use super::values::Values;
use crate::ejson::Document;
use crate::error::{Error, Result};
use crate::json::refuse_duplicates;
use crate::request::upload::Upload;

/// A document has 16 MiB at most, and as canonical Extended JSON several times that.
const MAX_TEXT: usize = 128 << 20;

/// How documents follow each other in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum FileFormat {
    /// One document per line.
    Ndjson,
    /// One array of documents, or documents that follow each other.
    Json,
    /// A table.
    Csv,
}

/// One record of a body.
pub(super) struct Record {
    /// Its line in NDJSON, else its place among the records; from 1 on.
    pub(super) number: u64,
    /// The document, or why it is none.
    pub(super) document: Result<RawDocumentBuf>,
}

/// A body that is read record by record.
pub(super) struct Records {
    body: Upload,
    source: Source,
    number: u64,
}

enum Source {
    Lines,
    Values(Values),
    Rows(Box<Rows>),
}

impl Records {
    pub(super) fn new(body: Upload, format: FileFormat, rows: Option<Rows>) -> Self {
        let source = match (format, rows) {
            (FileFormat::Csv, Some(rows)) => Source::Rows(Box::new(rows)),
            (FileFormat::Json, _) => Source::Values(Values::default()),
            _ => Source::Lines,
        };
        Self { body, source, number: 0 }
    }

    /// The rows of CSV.
    pub(super) fn rows(
        delimiter: Option<char>,
        text: bool,
        names: Option<&[String]>,
    ) -> Result<Rows> {
        let delimiter = u8::try_from(delimiter.unwrap_or(','))
            .ok()
            .filter(|d| d.is_ascii() && !matches!(d, b'"' | b'\r' | b'\n'))
            .ok_or_else(|| Error::validation("`delimiter` must be one ASCII character"))?;
        Rows::new(delimiter, if text { Cells::Text } else { Cells::Typed }, names)
    }

    /// The next record; `None` at the end. Fails where nothing more can be read.
    pub(super) async fn next(&mut self) -> Result<Option<Record>> {
        loop {
            let json = match &mut self.source {
                Source::Lines => match self.body.line(MAX_TEXT).await? {
                    None => return Ok(None),
                    Some(line) => {
                        self.number += 1;
                        if line.iter().all(u8::is_ascii_whitespace) {
                            continue;
                        }
                        Ok(line)
                    }
                },
                Source::Values(values) => match values.next(&mut self.body, MAX_TEXT).await? {
                    None => return Ok(None),
                    Some(value) => {
                        self.number += 1;
                        Ok(value)
                    }
                },
                Source::Rows(rows) => match rows.next(&mut self.body, MAX_TEXT).await? {
                    None => return Ok(None),
                    Some(row) => {
                        self.number += 1;
                        row.map(Into::into)
                    }
                },
            };
            let document = match json {
                Ok(json) if json.starts_with(b"{\"$error\":") => return Err(export_failed(&json)),
                json => json.and_then(|json| document(&json)),
            };
            return Ok(Some(Record { number: self.number, document }));
        }
    }
}

/// The last line of an export that failed.
fn export_failed(line: &[u8]) -> Error {
    #[derive(Deserialize)]
    struct Failed {
        #[serde(rename = "$error")]
        error: Told,
    }
    #[derive(Deserialize)]
    struct Told {
        message: String,
    }
    let told = serde_json::from_slice::<Failed>(line).map(|failed| failed.error.message);
    let message = told.unwrap_or_else(|_| "its last line says so".to_owned());
    Error::validation(format!("the export itself failed: {message}; what it had is imported"))
}

fn document(json: &[u8]) -> Result<RawDocumentBuf> {
    refuse_duplicates(json).map_err(|error| error.context("not a document"))?;
    let document: Document = serde_json::from_slice(json).map_err(|error| {
        let text = error.to_string();
        // It counts lines within one record, which says nothing of the file.
        let text = text.rfind(" at line ").map_or(text.as_str(), |at| &text[..at]);
        Error::validation(format!("not a document: {text}"))
    })?;
    Ok(document.into_raw())
}
