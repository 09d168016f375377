//! What an operation answers: JSON bytes in the success envelope.

use serde::Serialize;

use crate::error::Result;
use crate::json::Writer;

/// A successful answer.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The whole body, envelope included; empty for 204.
    pub body: Vec<u8>,
}

const OPEN: &[u8] = b"{\"data\":";

impl Reply {
    /// `200` with what `write` writes as `data`. The envelope and the data are one buffer, so that
    /// a large answer is never copied.
    pub fn write(write: impl FnOnce(&mut Writer) -> Result<()>) -> Result<Self> {
        let mut writer = Self::open();
        write(&mut writer)?;
        Ok(Self::close(writer))
    }

    /// A writer that stands where `data` begins; for answers that are written while they are read.
    #[must_use]
    pub fn open() -> Writer {
        let mut writer = Writer::new();
        writer.raw(OPEN);
        writer
    }

    /// `200` with what was written since [`Reply::open`].
    #[must_use]
    pub fn close(mut writer: Writer) -> Self {
        writer.raw(b"}");
        Self { status: 200, body: writer.into_bytes() }
    }

    /// `200` with a serialised value as `data`.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        Self::write(|writer| writer.value(value))
    }

    /// The same answer with status `201`.
    #[must_use]
    pub fn created(mut self) -> Self {
        self.status = 201;
        self
    }
}
