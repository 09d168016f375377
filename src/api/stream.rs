//! Answers that are sent while they are made: exports, progress, events.
//!
//! The work runs by itself and fills a [`Sink`]; whoever sends the answer takes chunks from the
//! [`Feed`]. The queue between them is short, so that work is no faster than its reader, and dropping
//! the feed ends the work: at once where it reads, at its next step where it writes.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::context::Context;
use super::operation::{Gives, Operation};
use super::unended::{Unended, gone};
use super::{dispatch, guard, reply::Reply};
use crate::error::{Code, Error, Result};
use crate::fanout::Seat;
use crate::json::Writer;
use crate::outcome::Outcome;

/// What is written is sent once it has this many bytes.
const CHUNK: usize = 64 * 1024;

/// Chunks that wait for the reader.
const QUEUE: usize = 2;

/// How records follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON text of ours per line (`application/x-ndjson`).
    Ndjson,
    /// One JSON text of the user's per line. No record of ours may stand among them.
    Documents,
    /// Server-sent events (`text/event-stream`).
    Events,
    /// Records of RFC 4180 (`text/csv`).
    Csv,
    /// One JSON text (`application/json`).
    Json,
    /// Bytes (`application/octet-stream`).
    Bytes,
    /// Figures for Prometheus (`text/plain`).
    Metrics,
    /// The frames of a WebSocket.
    Frames,
}

impl Format {
    /// The media type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson | Self::Documents => "application/x-ndjson; charset=utf-8",
            Self::Events => "text/event-stream; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::Bytes | Self::Frames => "application/octet-stream",
            Self::Metrics => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// The media type without its parameters.
    pub(super) fn media_type(self) -> &'static str {
        self.content_type().split(';').next().unwrap_or_default()
    }

    /// Whether a failure can be told as a record of its own. Elsewhere the answer is cut off, which
    /// is all that a reader of such a format can notice.
    fn tells_failures(self) -> bool {
        matches!(self, Self::Ndjson | Self::Events)
    }

    fn open(self, out: &mut Writer) {
        if self == Self::Events {
            out.raw(b"data: ");
        }
    }

    fn close(self, out: &mut Writer) {
        match self {
            Self::Ndjson | Self::Documents => out.raw(b"\n"),
            Self::Events => out.raw(b"\n\n"),
            Self::Csv | Self::Json | Self::Bytes | Self::Metrics | Self::Frames => {}
        }
    }
}

/// The reader's end.
#[derive(Debug)]
pub struct Feed {
    /// How its records follow each other.
    pub format: Format,
    /// The name to save it under.
    pub file_name: Option<String>,
    chunks: mpsc::Receiver<Result<Vec<u8>>>,
    /// `None` where the work ends by itself.
    work: Option<AbortOnDropHandle<()>>,
}

impl Feed {
    /// Ends the work.
    pub fn end(&mut self) {
        if let Some(work) = &self.work {
            work.abort();
        }
        self.chunks.close();
        while self.chunks.try_recv().is_ok() {}
    }

    /// The next chunk; `None` at the end. After an error the answer is cut off.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>>> {
        self.chunks.recv().await
    }
}

/// The writer's end.
#[derive(Debug)]
pub struct Sink {
    format: Format,
    out: Writer,
    chunks: mpsc::Sender<Result<Vec<u8>>>,
    /// The user may not have the rest.
    refused: CancellationToken,
}

impl Sink {
    /// Writes one record as JSON; sends what was written once that is worth it.
    pub async fn record(&mut self, write: impl FnOnce(&mut Writer) -> Result<()>) -> Result<()> {
        self.format.open(&mut self.out);
        write(&mut self.out)?;
        self.format.close(&mut self.out);
        self.pace().await
    }

    /// What is written and not yet sent, for formats that have no records of ours.
    pub fn writer(&mut self) -> &mut Writer {
        &mut self.out
    }

    /// Sends what was written once that is worth it.
    pub async fn pace(&mut self) -> Result<()> {
        if self.out.len() < CHUNK { Ok(()) } else { self.flush().await }
    }

    /// Sends what was written now: it is news, or the first of a long answer.
    pub async fn flush(&mut self) -> Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        // What was written stays here until there is room: a caller may give up waiting.
        let room = self.chunks.reserve().await.map_err(|_| gone())?;
        room.send(Ok(std::mem::take(&mut self.out).into_bytes()));
        Ok(())
    }

    /// Writes one record and sends what was written if there is room; never waits. For answers to a
    /// body that still arrives: some senders look at the answer only once all is sent.
    pub fn offer(&mut self, write: impl FnOnce(&mut Writer) -> Result<()>) -> Result<()> {
        self.format.open(&mut self.out);
        write(&mut self.out)?;
        self.format.close(&mut self.out);
        if let Ok(room) = self.chunks.try_reserve() {
            room.send(Ok(std::mem::take(&mut self.out).into_bytes()));
        }
        Ok(())
    }

    /// Whether something was written that there was no room for yet.
    #[must_use]
    pub fn lags(&self) -> bool {
        !self.out.is_empty()
    }

    /// Returns once nobody reads any more, or may.
    pub async fn closed(&self) {
        self.refused.run_until_cancelled(self.chunks.closed()).await;
    }

    /// Whether nobody reads any more, or may.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.chunks.is_closed() || self.refused.is_cancelled()
    }
}

/// The work behind a stream.
pub type Work = Box<
    dyn for<'a> FnOnce(&'a Context, &'a mut Sink) -> BoxFuture<'a, Result<()>> + Send + 'static,
>;

impl Reply {
    /// `200` with records that `work` writes while they are read. What can be refused at once should
    /// be refused before: from here on a failure is the last record, or cuts the answer off.
    ///
    /// The request's deadline ends with this call; each step of the work has its own
    /// ([`Context::step`]). It counts for its user while it goes on, and ends once the user's role is
    /// lost.
    pub fn stream(
        cx: &Context,
        format: Format,
        work: impl for<'a> FnOnce(&'a Context, &'a mut Sink) -> BoxFuture<'a, Result<()>>
        + Send
        + 'static,
    ) -> Result<Self> {
        let (mut feed, task) = start(cx, format, Box::new(work), false)?;
        feed.work = Some(AbortOnDropHandle::new(task));
        Ok(Self::feed(feed))
    }

    /// As [`Reply::stream`], for work that writes and must not be cut off halfway. When the reader
    /// leaves or loses the role it goes on until it notices ([`Sink::is_closed`]), which it must look for
    /// before each step.
    pub fn stream_of_steps(
        cx: &Context,
        format: Format,
        work: impl for<'a> FnOnce(&'a Context, &'a mut Sink) -> BoxFuture<'a, Result<()>>
        + Send
        + 'static,
    ) -> Result<Self> {
        Ok(Self::feed(start(cx, format, Box::new(work), true)?.0))
    }
}

fn start(
    cx: &Context,
    format: Format,
    work: Work,
    in_steps: bool,
) -> Result<(Feed, JoinHandle<()>)> {
    let user = cx.user.as_ref().map(|user| user.id.as_str());
    let seat = cx.connection.as_ref().map(|_| cx.service.sockets.take(user)).transpose()?;
    let (sender, chunks) = mpsc::channel(QUEUE);
    let refused = CancellationToken::new();
    let sink = Sink { format, out: Writer::new(), chunks: sender, refused };
    // The request's own deadline is for what was before the first record.
    let cx = Context { deadline: cx.step(), ..cx.clone() };
    let task = tokio::spawn(run(cx, sink, work, in_steps, seat));
    Ok((Feed { format, file_name: None, chunks, work: None }, task))
}

/// Does the work for as long as the user may have what comes of it.
async fn permitted(cx: &Context, sink: &mut Sink, work: Work, in_steps: bool) -> Result<()> {
    let told = sink.refused.clone();
    let mut working = work(cx, sink);
    // A subscription looks for itself, and says goodbye.
    if cx.operation.gives == Gives::Socket {
        return working.await;
    }
    let refused = tokio::select! {
        biased;
        result = &mut working => return result,
        refused = Box::pin(guard::refused(cx)) => refused.outcome(cx.effect.lost()),
    };
    told.cancel();
    if in_steps {
        // Whatever else it has to say: this is why it ended.
        let _ = working.await;
    }
    Err(refused)
}

async fn run(cx: Context, mut sink: Sink, work: Work, in_steps: bool, _seat: Option<Seat>) {
    let started = Instant::now();
    let operation: &'static Operation = cx.operation;
    let over = cx.running.over();
    let unended = Unended::new(&cx);
    let working = cx.on_its_behalf(permitted(&cx, &mut sink, work, in_steps));
    let working = AssertUnwindSafe(over.run_until_cancelled(working)).catch_unwind();
    let result = match working.await {
        Ok(Some(result)) => result,
        Ok(None) => {
            Err(Error::new(Code::DbConnectionFailed, "the connection manager was shut down")
                .outcome(Outcome::Unknown))
        }
        Err(_) => Err(dispatch::panicked()),
    };
    let result = result.map_err(|error| cx.effect.settle(error));
    // That the reader has left says nothing about the server.
    if sink.is_closed() {
        dispatch::forget_answers(&cx);
    } else {
        dispatch::observe(operation, &cx, result.as_ref().err());
    }
    dispatch::note(operation, &cx.request_id, started, result.as_ref().err());
    unended.ended();
    let told = match result {
        Err(error) if sink.format.tells_failures() => tell(&mut sink, &error, &cx.request_id),
        Err(error) => {
            let _ = sink.flush().await;
            let _ = sink.chunks.send(Err(error)).await;
            return;
        }
        Ok(()) => Ok(()),
    };
    if told.is_ok() {
        let _ = sink.flush().await;
    }
}

/// The last record of a stream that failed: `{"error": {…}}`.
fn tell(sink: &mut Sink, error: &Error, request_id: &Arc<str>) -> Result<()> {
    let failure = error.to_json(request_id);
    sink.format.open(&mut sink.out);
    sink.out.raw(b"{\"error\":");
    sink.out.value(&failure["error"])?;
    sink.out.raw(b"}");
    sink.format.close(&mut sink.out);
    Ok(())
}
