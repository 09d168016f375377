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
                        if let Some(failure) = failed_export(&line) {
                            return Err(failure);
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
            let document = json.and_then(|json| document(&json));
            return Ok(Some(Record { number: self.number, document }));
        }
    }
}

/// What the last line of an export that failed says. A document of that name is one all the same, unless it
/// has all that a failure has.
fn failed_export(line: &[u8]) -> Option<Error> {
    #[derive(Deserialize)]
    struct Failed {
        #[serde(rename = "$error")]
        error: Told,
    }
    #[derive(Deserialize)]
    #[allow(dead_code)] // that it is there tells a failure from a document
    struct Told {
        message: String,
        code: String,
        outcome: String,
        request_id: String,
    }
    let failed =
        line.starts_with(b"{\"$error\":{").then(|| serde_json::from_slice::<Failed>(line).ok());
    let Failed { error } = failed??;
    let message = format!("the export itself failed: {}; what it had is imported", error.message);
    Some(Error::validation(message))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    async fn numbers(body: &[u8], format: FileFormat) -> Result<Vec<u64>> {
        let is_table = format == FileFormat::Csv;
        let rows = is_table.then(|| Records::rows(None, false, None)).transpose()?;
        let mut records = Records::new(Upload::whole(body), format, rows);
        let mut numbers = Vec::new();
        while let Some(record) = records.next().await? {
            record.document?;
            numbers.push(record.number);
        }
        Ok(numbers)
    }

    #[tokio::test]
    async fn only_the_failure_of_an_export_is_taken_for_one() {
        let failure =
            serde_json::json!({ "$error": Error::new(Code::DbTimeout, "too slow").fault("r") });
        let told = format!("{{\"a\":1}}\n{failure}\n");
        let error = numbers(told.as_bytes(), FileFormat::Ndjson).await.unwrap_err();
        assert!(
            error.message().contains("the export itself failed: too slow"),
            "{}",
            error.message()
        );
        for (body, format) in [
            ("{\"$error\":1}\n{\"$error\":{\"message\":\"mine\"}}\n", FileFormat::Ndjson),
            ("[{\"$error\":1},{\"$error\":{\"message\":\"mine\"}}]", FileFormat::Json),
            ("$error,b\n1,2\nx,3\n", FileFormat::Csv),
        ] {
            assert_eq!(numbers(body.as_bytes(), format).await.unwrap(), [1, 2], "{body}");
        }
    }
}
