//! What an operation answers: JSON bytes in the success envelope, or a stream.

use serde::Serialize;

use super::feed::Feed;
use crate::error::{Error, Result};
use crate::json::Writer;

/// A successful answer.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// What is sent.
    pub body: Body,
    /// The state of the one thing that is shown, where it has one: the `ETag` header.
    pub etag: Option<String>,
}

/// What is sent.
#[derive(Debug)]
pub enum Body {
    /// The whole body, envelope included; empty for 204.
    Whole(Vec<u8>),
    /// Made while it is sent.
    Stream(Feed),
}

impl Body {
    /// The bytes of an answer that is no stream.
    pub fn whole(self) -> Result<Vec<u8>> {
        match self {
            Self::Whole(body) => Ok(body),
            Self::Stream(_) => {
                Err(Error::validation("the operation answers with a stream; open it instead"))
            }
        }
    }
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
        Self { status: 200, body: Body::Whole(writer.into_bytes()), etag: None }
    }

    /// `200` with a serialised value as `data`.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        Self::write(|writer| writer.value(value))
    }

    /// `200` with a stream.
    pub(super) fn feed(feed: Feed) -> Self {
        Self { status: 200, body: Body::Stream(feed), etag: None }
    }

    /// The same answer with status `201`.
    #[must_use]
    pub fn created(mut self) -> Self {
        self.status = 201;
        self
    }

    /// The same answer about something that is in this state.
    #[must_use]
    pub fn in_state(self, etag: Option<String>) -> Self {
        Self { etag, ..self }
    }

    /// The same answer, to be saved as a file of that name.
    #[must_use]
    pub fn named(mut self, file_name: String) -> Self {
        if let Body::Stream(feed) = &mut self.body {
            feed.file_name = Some(file_name);
        }
        self
    }
}
