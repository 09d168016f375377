//! What an operation answers: JSON bytes in the success envelope, or a stream.

use std::marker::PhantomData;

use serde::Serialize;

use super::feed::Feed;
use crate::error::{Error, Result};
use crate::json::Writer;

/// What an answer holds of which it is not said any more whose it is. It has no schema, so that no operation
/// can leave out what it answers.
#[derive(Debug)]
pub enum Anything {}

/// A successful answer, whose JSON text holds a `T`.
#[derive(Debug)]
pub struct Reply<T: ?Sized = Anything> {
    /// HTTP status.
    pub status: u16,
    /// What is sent.
    pub body: Body,
    /// The state of the one thing that is shown, where it has one: the `ETag` header.
    pub etag: Option<String>,
    // It takes a `T` and keeps none: what was borrowed for it may be gone.
    holds: PhantomData<fn(&T)>,
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

    /// What an answer that is a stream is read from.
    pub fn stream(self) -> Result<Feed> {
        match self {
            Self::Stream(feed) => Ok(feed),
            Self::Whole(_) => Err(Error::validation("the operation does not answer with a stream")),
        }
    }
}

const OPEN: &[u8] = b"{\"data\":";

impl Reply {
    /// A writer that stands where `data` begins; for answers that are written while they are read.
    pub fn open() -> Writer {
        let mut writer = Writer::new();
        writer.raw(OPEN);
        writer
    }
}

impl<T: ?Sized> Reply<T> {
    fn with(body: Body) -> Self {
        Self { status: 200, body, etag: None, holds: PhantomData }
    }

    /// `200` with what `write` writes as `data`. The envelope and the data are one buffer, so that
    /// a large answer is never copied.
    pub fn write(write: impl FnOnce(&mut Writer) -> Result<()>) -> Result<Self> {
        let mut writer = Reply::open();
        write(&mut writer)?;
        Ok(Self::close(writer))
    }

    /// `200` with what was written since [`Reply::open`].
    pub fn close(mut writer: Writer) -> Self {
        writer.raw(b"}");
        Self::with(Body::Whole(writer.into_bytes()))
    }

    /// `200` with this as `data`.
    pub fn of(value: &T) -> Result<Self>
    where
        T: Serialize,
    {
        Self::write(|writer| writer.value(value))
    }

    /// `200` with bytes that are the whole answer.
    pub fn whole(body: Vec<u8>) -> Self {
        Self::with(Body::Whole(body))
    }

    /// `200` with a stream.
    pub(super) fn feed(feed: Feed) -> Self {
        Self::with(Body::Stream(feed))
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

    /// The same answer, as the doors see it.
    pub fn erased(self) -> Reply {
        let Self { status, body, etag, .. } = self;
        Reply { status, body, etag, holds: PhantomData }
    }
}
