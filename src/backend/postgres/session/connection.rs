//! One session: framed reading and writing of protocol messages (version 3.0).
//!
//! Messages to the server are collected in `output` and leave in one write, so that a whole
//! exchange costs one round trip. Rows are handed out as slices of the read buffer: a result is
//! never held twice.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::{Buf as _, BytesMut};
use postgres_protocol::message::backend::{DATA_ROW_TAG, ErrorResponseBody, Message};
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::prepared::Statements;
use super::stream::{Stream, has_no_input};
use crate::backend::postgres::error::{Failure, ServerError};

/// A row frame above this is skipped rather than buffered.
pub(crate) const MAX_ROW: usize = 64 << 20;
/// No other message is ever this long, but for garbage.
const MAX_MESSAGE: usize = 16 << 20;
const MAX_NOTICES: usize = 100;
const LONGEST_NOTICE: usize = 8 << 10;
/// Servers report about fifteen.
const MAX_PARAMETERS: usize = 100;
const LONGEST_PARAMETER: usize = 8 << 10;
const READ_SIZE: usize = 64 << 10;
/// A buffer that a large answer has grown past this is given back.
const KEPT_BUFFER: usize = 1 << 20;

/// What the server needs to be told to cancel this session's statement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CancelKey {
    pub process_id: i32,
    pub secret: i32,
}

/// One message from the server.
pub(crate) enum Frame<'a> {
    /// The body of a `DataRow`.
    Row(&'a [u8]),
    /// A `DataRow` longer than [`MAX_ROW`]; its bytes are dropped as they arrive.
    OversizeRow,
    /// Anything else, but for notices and parameter changes: those are kept here.
    Message(Message),
}

/// A session with a server.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Stream,
    input: BytesMut,
    /// Bytes at the front of `input` that belong to the row handed out last.
    used: usize,
    /// Bytes still to come of an oversize row.
    skip: usize,
    /// Messages that the next [`Connection::flush`] sends.
    pub output: BytesMut,
    /// Absent behind poolers that can't cancel.
    pub key: Option<CancelKey>,
    /// What the server reported with `ParameterStatus`.
    pub parameters: HashMap<String, String>,
    /// Notices since they were taken last; at most a hundred are kept.
    pub notices: Vec<ServerError>,
    /// Statements that were parsed on the server before.
    pub statements: Statements,
    /// The `statement_timeout` in effect, where it is known.
    pub statement_timeout: Option<Duration>,
    /// A pooler stands between: what is sent outside of one transaction may reach another session of
    /// the server's, which others use too. `None` before that was found out.
    pub pooled: Option<bool>,
    /// The server's session is to plan its statements anew.
    pub replan: bool,
    opened: Instant,
    in_transaction: bool,
    /// `ReadyForQuery` messages that the next flush asks for.
    queued: u32,
    /// `ReadyForQuery` messages still to come: the session is busy while there are any.
    pending: u32,
    /// It broke, or the server ended it.
    dead: bool,
}

impl Connection {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            input: BytesMut::with_capacity(READ_SIZE),
            used: 0,
            skip: 0,
            output: BytesMut::new(),
            key: None,
            parameters: HashMap::new(),
            notices: Vec::new(),
            statements: Statements::default(),
            statement_timeout: None,
            pooled: None,
            replan: false,
            opened: Instant::now(),
            in_transaction: false,
            queued: 0,
            pending: 0,
            dead: false,
        }
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Whether the name of the server may lead elsewhere than when it was opened.
    pub(crate) fn is_old(&self) -> bool {
        self.opened.elapsed() > Duration::from_secs(5)
    }

    /// Whether an exchange has begun and not ended.
    pub(crate) fn is_busy(&self) -> bool {
        self.pending > 0
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead
    }

    /// Queues a simple query.
    pub(crate) fn simple(&mut self, sql: &str) -> Result<(), Failure> {
        frontend::query(sql, &mut self.output)?;
        self.queued += 1;
        Ok(())
    }

    /// Forgets a statement that was kept; the server does with what is sent next.
    pub(crate) fn forget(&mut self, sql: &str) {
        if let Some(name) = self.statements.forget(sql) {
            // A name always fits; left open, it would only take the server's memory.
            let _ = frontend::close(b'S', &name, &mut self.output);
        }
    }

    /// Queues a Sync.
    pub(crate) fn sync(&mut self) {
        frontend::sync(&mut self.output);
        self.queued += 1;
    }

    /// Drops what was queued and not sent.
    pub(crate) fn abandon(&mut self) {
        self.output.clear();
        self.queued = 0;
        self.statement_timeout = None;
    }

    /// Sends what was queued.
    pub(crate) async fn flush(&mut self) -> Result<(), Failure> {
        self.pending += std::mem::take(&mut self.queued);
        let sent = async {
            self.stream.write_all(&self.output).await?;
            self.stream.flush().await
        };
        let sent = sent.await;
        self.output.clear();
        if self.output.capacity() > KEPT_BUFFER {
            self.output = BytesMut::new();
        }
        self.dead |= sent.is_err();
        Ok(sent?)
    }

    /// The next message, if all of it has arrived.
    pub(crate) fn buffered(&mut self) -> Result<Option<Frame<'_>>, Failure> {
        self.input.advance(std::mem::take(&mut self.used));
        loop {
            if self.skip > 0 {
                let dropped = self.skip.min(self.input.len());
                self.input.advance(dropped);
                self.skip -= dropped;
                if self.skip > 0 {
                    return Ok(None);
                }
            }
            let Some((&tag, rest)) = self.input.split_first() else { return Ok(None) };
            let Some(length) = rest.first_chunk::<4>() else { return Ok(None) };
            let total = u32::from_be_bytes(*length) as usize + 1;
            if tag == DATA_ROW_TAG {
                if total > MAX_ROW {
                    self.skip = total;
                    return Ok(Some(Frame::OversizeRow));
                }
                if total < 7 {
                    self.dead = true;
                    return Err(Failure::protocol("a row is too short"));
                }
                if self.input.len() < total {
                    return Ok(None);
                }
                self.used = total;
                return Ok(Some(Frame::Row(&self.input[5..total])));
            }
            if total > MAX_MESSAGE {
                self.dead = true;
                return Err(Failure::protocol("a message is too long"));
            }
            let parsed = Message::parse(&mut self.input);
            self.dead |= parsed.is_err();
            match parsed.map_err(Failure::protocol)? {
                None => return Ok(None),
                Some(Message::NoticeResponse(body)) => {
                    if self.notices.len() < MAX_NOTICES {
                        let mut notice = ServerError::read(body.fields());
                        notice.shorten(LONGEST_NOTICE);
                        self.notices.push(notice);
                    }
                }
                Some(Message::ParameterStatus(body)) => {
                    let name = body.name().map_err(Failure::protocol)?.to_owned();
                    let value = body.value().map_err(Failure::protocol)?.to_owned();
                    let usual = name.len() + value.len() <= LONGEST_PARAMETER;
                    if usual && self.parameters.len() < MAX_PARAMETERS {
                        self.parameters.insert(name, value);
                    }
                }
                Some(Message::NotificationResponse(_)) => {}
                Some(message) => {
                    if let Message::ReadyForQuery(body) = &message {
                        self.in_transaction = body.status() != b'I';
                        self.pending = self.pending.saturating_sub(1);
                    }
                    return Ok(Some(Frame::Message(message)));
                }
            }
        }
    }

    /// Waits for more bytes.
    pub(crate) async fn fill(&mut self) -> Result<(), Failure> {
        self.input.advance(std::mem::take(&mut self.used));
        if self.input.capacity() - self.input.len() < READ_SIZE / 4 {
            self.input.reserve(READ_SIZE);
        }
        let read = self.stream.read_buf(&mut self.input).await;
        self.dead |= !matches!(read, Ok(1..));
        match read? {
            0 => Err(Failure::Lost("the server closed the connection".into())),
            _ => Ok(()),
        }
    }

    /// The next message that is not a row; rows are passed over.
    pub(crate) async fn message(&mut self) -> Result<Message, Failure> {
        loop {
            match self.buffered()? {
                Some(Frame::Message(message)) => return Ok(message),
                Some(Frame::Row(_) | Frame::OversizeRow) => {}
                None => self.fill().await?,
            }
        }
    }

    /// Reads an error; a fatal one ends the session.
    pub(crate) fn error(&mut self, body: &ErrorResponseBody) -> Failure {
        let error = ServerError::read(body.fields());
        self.dead |= error.is_fatal();
        Failure::Server(Box::new(error))
    }

    /// Reads up to the next `ReadyForQuery`; an error on the way is the result.
    pub(crate) async fn ready(&mut self) -> Result<(), Failure> {
        self.answer().await.map(drop)
    }

    /// The same with the body of the last row on the way.
    pub(crate) async fn answer(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let (mut found, mut failed) = (None, None);
        loop {
            match self.buffered()? {
                Some(Frame::Row(row)) => found = Some(row.to_vec()),
                Some(Frame::Message(Message::ReadyForQuery(_))) => {
                    return failed.map_or(Ok(found), Err);
                }
                Some(Frame::Message(Message::ErrorResponse(body))) => {
                    let error = self.error(&body);
                    if self.dead {
                        return Err(error);
                    }
                    failed = Some(error);
                }
                Some(Frame::Message(_) | Frame::OversizeRow) => {}
                None => self.fill().await?,
            }
        }
    }

    /// Whether nothing has arrived since the last exchange ended. A server that restarts, or ends
    /// the session, says so or closes; this sees it at once and costs no round trip.
    pub(super) fn is_quiet(&self) -> bool {
        self.input.len() == self.used && has_no_input(&self.stream)
    }

    /// One round trip that does nothing.
    pub(crate) async fn ping(&mut self) -> Result<(), Failure> {
        self.sync();
        self.flush().await?;
        self.ready().await
    }

    /// Whether a pooler is known to stand between.
    pub(crate) fn is_pooled(&self) -> bool {
        self.pooled == Some(true)
    }

    /// Whether others may have to be shielded from what a write has left.
    pub(super) fn needs_reset(&self) -> bool {
        !self.is_pooled() || self.in_transaction
    }

    /// Ends a transaction that a failed statement has left open.
    pub(crate) async fn roll_back(&mut self) -> Result<(), Failure> {
        if !self.in_transaction || self.dead || self.is_busy() {
            return Ok(());
        }
        self.simple("ROLLBACK")?;
        self.flush().await?;
        self.ready().await
    }

    /// Undoes whatever a statement may have left in the session; behind a pooler, what is left of the
    /// transaction, because the session's is not ours alone. Whether the question that comes with it
    /// has any row for an answer is the result.
    pub(super) async fn reset(&mut self, question: Option<&str>) -> Result<bool, Failure> {
        if self.is_pooled() {
            self.roll_back().await?;
            return Ok(false);
        }
        let in_transaction = self.in_transaction;
        if in_transaction {
            self.simple("ROLLBACK")?;
        }
        self.simple("DISCARD ALL")?;
        if let Some(question) = question {
            self.simple(question)?;
        }
        self.statements = Statements::default();
        self.statement_timeout = None;
        self.flush().await?;
        if in_transaction {
            self.ready().await?;
        }
        self.ready().await?;
        if question.is_some() { Ok(self.answer().await?.is_some()) } else { Ok(false) }
    }

    /// Makes it fit to be kept idle.
    pub(super) fn settle(&mut self) {
        self.notices.clear();
        if self.input.is_empty() && self.input.capacity() > KEPT_BUFFER {
            self.input = BytesMut::with_capacity(READ_SIZE);
        }
    }
}
