//! The rows of a body, read while it arrives.

use bytes::{Buf as _, Bytes};

use super::layout::Layout;
use super::splitter::Splitter;
use crate::error::{Error, Result};
use crate::request::upload::Upload;

/// How cells become values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Cells {
    /// What is Extended JSON is that value, anything else is text; empty is nothing.
    #[default]
    Typed,
    /// Text, whatever it looks like.
    Text,
}

/// The rows of a body.
pub(crate) struct Rows {
    row: Splitter,
    cells: Cells,
    chunk: Bytes,
    layout: Option<Layout>,
    /// Rows so far, without the header.
    read: u64,
}

impl Rows {
    /// `names` are the columns of a body without a header.
    pub(crate) fn new(delimiter: u8, cells: Cells, names: Option<&[String]>) -> Result<Self> {
        let layout = names.map(Layout::new).transpose()?;
        Ok(Self { row: Splitter::new(delimiter), cells, chunk: Bytes::new(), layout, read: 0 })
    }

    /// The next row as a JSON object, or why it is none; `None` at the end.
    pub(crate) async fn next(
        &mut self,
        body: &mut Upload,
        limit: usize,
    ) -> Result<Option<Result<Vec<u8>>>> {
        if self.layout.is_none() {
            if !self.row(body, limit, "the header").await? {
                return Ok(None);
            }
            if let Some(goes_on) = self.row.goes_on() {
                let message =
                    format!("the name of column {goes_on} goes on after its closing quote");
                return Err(Error::validation(message));
            }
            let names: Vec<String> = (0..self.row.cells())
                .map(|index| String::from_utf8(self.row.cell(index).to_vec()))
                .collect::<Result<_, _>>()
                .map_err(|_| Error::validation("the header is not UTF-8"))?;
            self.layout = Some(Layout::new(&names)?);
        }
        let name = format!("record {}", self.read + 1);
        let is_there = self.row(body, limit, &name).await?;
        let Some(layout) = self.layout.as_ref().filter(|_| is_there) else { return Ok(None) };
        self.read += 1;
        Ok(Some(layout.document(&self.row, self.cells)))
    }

    /// Reads a row; `false` at the end.
    async fn row(&mut self, body: &mut Upload, limit: usize, name: &str) -> Result<bool> {
        loop {
            let (read, is_whole) = self.row.read(&self.chunk);
            self.chunk.advance(read);
            if is_whole {
                return Ok(true);
            }
            if self.row.len() > limit {
                let message = format!("a row of the body is longer than {limit} bytes");
                return Err(Error::too_large(message));
            }
            body.keep(self.row.kept())?;
            match body.chunk().await? {
                Some(chunk) => self.chunk = chunk,
                None if self.row.is_quoted() => {
                    let message = format!("a quote that opens in {name} is never closed");
                    return Err(Error::validation(message));
                }
                None => return Ok(self.row.end()),
            }
        }
    }
}
