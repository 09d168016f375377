//! The lines that were written, counted and summed.

use sha2::{Digest as _, Sha256};

use crate::error::Result;
use crate::json::Writer;
use crate::request::feed::Sink;

/// Lines so far.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sum: Sha256,
    lines: u64,
    bytes: u64,
    /// Complete keys.
    pub(super) keys: u64,
    /// Keys that could not be read.
    pub(super) skipped: u64,
}

impl Ledger {
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

    /// Bytes of all lines.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Lines.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// The checksum of all lines.
    pub(super) fn sha256(&self) -> String {
        hex::encode(self.sum.clone().finalize())
    }

    /// Writes what checkpoints and the end have in common, without braces.
    pub(super) fn write(&self, out: &mut Writer) {
        out.raw(b"\"keys\":");
        out.integer(self.keys.cast_signed());
        out.raw(b",\"skipped\":");
        out.integer(self.skipped.cast_signed());
        out.raw(b",\"lines\":");
        out.integer(self.lines.cast_signed());
        out.raw(b",\"sha256\":");
        out.string(&self.sha256());
    }
}
