//! The lines that were written, counted and summed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::Result;
use crate::json::{Object, Writer};
use crate::request::feed::Sink;

/// Lines so far.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sum: Sha256,
    pub(super) lines: u64,
    /// Of all lines.
    pub(super) bytes: u64,
    /// Complete keys.
    pub(super) keys: u64,
    /// Keys that could not be read.
    pub(super) skipped: u64,
}

/// What an export says of the lines since its header.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ExportSums")]
pub(super) struct Sums {
    /// Complete keys.
    pub(super) keys: u64,
    /// Keys that could not be read.
    pub(super) skipped: u64,
    pub(super) lines: u64,
    /// Of the lines, their ends included.
    pub(super) sha256: String,
}

impl Ledger {
    /// Writes a line that has one member.
    pub(super) async fn member(
        &mut self,
        sink: &mut Sink,
        name: &str,
        value: &(impl Serialize + ?Sized),
    ) -> Result<()> {
        self.line(sink, |out| {
            let mut line = Object::open(out);
            line.member(name, value)?;
            line.close();
            Ok(())
        })
        .await
    }

    /// Writes a line.
    pub(super) async fn line(
        &mut self,
        sink: &mut Sink,
        write: impl FnOnce(&mut Writer) -> Result<()>,
    ) -> Result<()> {
        sink.record(|out| {
            let start = out.len();
            write(out)?;
            self.add(&out.buffer()[start..]);
            Ok(())
        })
        .await
    }

    /// Notes a line that was written, or read, without its end.
    pub(super) fn add(&mut self, line: &[u8]) {
        self.sum.update(line);
        self.sum.update(b"\n");
        self.lines += 1;
        self.bytes += line.len() as u64 + 1;
    }

    /// What is said of all lines.
    pub(super) fn sums(&self) -> Sums {
        Sums {
            keys: self.keys,
            skipped: self.skipped,
            lines: self.lines,
            sha256: hex::encode(self.sum.clone().finalize()),
        }
    }
}
