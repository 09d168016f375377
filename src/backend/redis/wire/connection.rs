//! One socket to one server, used by one request at a time.
//!
//! Owning the exchange is what makes its outcome known: which replies arrived before a connection
//! was lost, and how large they may be.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Waker};

use bytes::BytesMut;
use redis::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::failure;
use super::resp::{Decoder, Malformed};
use crate::deadline::Deadline;
use crate::error;
use crate::outcome::Outcome;

/// What a socket is to us, TLS or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Most bytes that the replies of one exchange may have: what is read is held in memory.
pub(crate) const MAX_REPLY_BYTES: usize = 32 << 20;

/// Requests up to this size fit into socket buffers and are written before anything is read.
const SMALL_REQUEST: usize = 64 << 10;

const READ_CHUNK: usize = 16 << 10;

/// Buffers that grew beyond this for a large reply are given back after it.
const KEEP_BUFFER: usize = 1 << 20;

/// Why an exchange ended early. The connection can't be used again.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The socket failed, or the server closed it.
    Io(io::Error),
    /// The server sent what is not RESP.
    Protocol,
    /// The replies were larger than the limit.
    TooLarge(usize),
}

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Malformed> for Lost {
    fn from(Malformed: Malformed) -> Self {
        Self::Protocol
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(e) => write!(f, "the connection was lost ({e})"),
            Self::Protocol => f.write_str("the server does not speak the Redis protocol"),
            Self::TooLarge(limit) => write!(f, "the reply is larger than {} MiB", limit >> 20),
        }
    }
}

/// An authenticated connection.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    decoder: Decoder,
    input: BytesMut,
    /// Replies of an abandoned request may still be under way.
    dirty: bool,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("dirty", &self.dirty).finish_non_exhaustive()
    }
}

impl Connection {
    pub(crate) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, decoder: Decoder::default(), input: BytesMut::new(), dirty: false }
    }

    /// The socket, for one who reads whatever comes. Every reply was read.
    pub(crate) fn into_stream(self) -> Box<dyn Stream> {
        self.stream
    }

    /// Whether a request was abandoned, so that replies no longer match requests.
    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Whether the server closed it, or sent something unasked, while it lay idle. Costs no system
    /// call when nothing happened; catches a restarted server before a write is trusted to it.
    pub(crate) fn is_disturbed(&mut self) -> bool {
        let mut byte = [0];
        let mut unasked = ReadBuf::new(&mut byte);
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut self.stream).poll_read(&mut context, &mut unasked).is_ready()
    }

    /// Has the replies of the next exchange keep their attributes.
    pub(crate) fn keep_attributes(&mut self) {
        self.decoder.keep_attributes = true;
    }

    /// Sends encoded commands whose replies come as messages; for a connection that is subscribed.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<(), Lost> {
        self.dirty = true;
        self.stream.write_all(request).await?;
        Ok(self.stream.flush().await?)
    }

    /// The next message. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Value, Lost> {
        self.dirty = true;
        let mut budget = MAX_REPLY_BYTES;
        let mut message = Vec::with_capacity(1);
        read(&mut self.stream, &mut self.decoder, &mut self.input, 1, &mut budget, &mut message)
            .await?;
        message.pop().ok_or(Lost::Protocol)
    }

    /// Sends encoded commands and returns their `expected` replies. `outcome` is what is known when
    /// they do not come.
    pub(crate) async fn ask(
        &mut self,
        request: &[u8],
        expected: usize,
        outcome: Outcome,
        deadline: Deadline,
    ) -> error::Result<Vec<Value>> {
        let mut replies = Vec::with_capacity(expected);
        match deadline.run(self.exchange(request, expected, &mut replies)).await {
            Some(Ok(())) => Ok(replies),
            Some(Err(lost)) => Err(failure::lost(&lost, outcome)),
            None => Err(failure::late(outcome)),
        }
    }

    /// Sends encoded commands and appends their `expected` replies to `replies`, which keeps those
    /// that came before a failure. Dropping the future leaves the connection dirty.
    pub(crate) async fn exchange(
        &mut self,
        request: &[u8],
        expected: usize,
        replies: &mut Vec<Value>,
    ) -> Result<(), Lost> {
        self.dirty = true;
        let until = replies.len() + expected;
        let mut budget = MAX_REPLY_BYTES;
        if request.len() <= SMALL_REQUEST {
            let written = match self.stream.write_all(request).await {
                Ok(()) => self.stream.flush().await,
                failed => failed,
            };
            // A server that closes on us says why first, so its words are read in any case.
            read(&mut self.stream, &mut self.decoder, &mut self.input, until, &mut budget, replies)
                .await?;
            written?;
        } else {
            // Both directions advance together: a server that answers while it still reads must
            // not end up waiting for us to read.
            let (mut reader, mut writer) = tokio::io::split(&mut self.stream);
            let write = async {
                writer.write_all(request).await?;
                writer.flush().await?;
                Ok(())
            };
            let read =
                read(&mut reader, &mut self.decoder, &mut self.input, until, &mut budget, replies);
            tokio::try_join!(write, read)?;
        }
        if !self.input.is_empty() {
            return Err(Lost::Protocol);
        }
        if self.input.capacity() > KEEP_BUFFER {
            self.input = BytesMut::new();
        }
        self.decoder.keep_attributes = false;
        self.dirty = false;
        Ok(())
    }
}

async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    decoder: &mut Decoder,
    input: &mut BytesMut,
    until: usize,
    budget: &mut usize,
    replies: &mut Vec<Value>,
) -> Result<(), Lost> {
    loop {
        while replies.len() < until {
            match decoder.decode(input)? {
                None => break,
                Some(reply) => replies.push(reply),
            }
        }
        if replies.len() == until {
            return Ok(());
        }
        input.reserve(READ_CHUNK);
        let count = stream.read_buf(input).await?;
        if count == 0 {
            return Err(Lost::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        *budget = budget.checked_sub(count).ok_or(Lost::TooLarge(MAX_REPLY_BYTES))?;
    }
}
