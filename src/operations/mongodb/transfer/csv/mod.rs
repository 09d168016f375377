//! Documents as CSV (RFC 4180): which column holds what.
//!
//! In canonical mode nothing is lost. A cell that is not plain text is Extended JSON, and text that
//! could be mistaken for it is a JSON string, so that each cell reads back as the value it was. An
//! empty cell is a field that is not there. In relaxed mode cells are for people and spreadsheets.
//!
//! Spreadsheets run what begins like a formula. In neither mode does text of a document begin so: in
//! canonical mode it is a JSON string, which begins with a quote; in relaxed mode it gets an apostrophe,
//! which an import takes away again.

mod cell;
mod columns;
mod layout;
mod rows;
mod splitter;
#[cfg(test)]
mod tests;

pub(super) use columns::Columns;
pub(super) use rows::{Cells, Rows};

/// The column with all fields that have no column of their own.
const REST: &str = "$rest";
