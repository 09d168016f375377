//! What is sent while it is made: the writer's [`Sink`], the reader's [`Feed`], and the short queue
//! between them, so that work is no faster than its reader.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::json::{Object, Writer};

/// What is written is sent once it has this many bytes.
const CHUNK: usize = 64 * 1024;

/// Chunks that wait for the reader.
const QUEUE: usize = 2;

/// How records follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON text of ours per line (`application/x-ndjson`).
    Ndjson,
    /// One JSON text of the user's per line. Of ours there is none but the last of one that failed,
    /// which is `{"$error": …}`.
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
    pub fn media_type(self) -> &'static str {
        self.content_type().split(';').next().unwrap_or_default()
    }

    /// What a last record that tells of a failure is called. Elsewhere the answer is cut off, which is all
    /// that a reader of such a format can notice.
    fn name_of_failures(self) -> Option<&'static str> {
        match self {
            Self::Ndjson | Self::Events => Some("error"),
            Self::Documents => Some("$error"),
            _ => None,
        }
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
    /// With it the work is asked to stop; a socket has none.
    pub job: Option<Uuid>,
    chunks: mpsc::Receiver<Result<Vec<u8>>>,
    /// `None` where the work ends by itself.
    pub(super) work: Option<AbortOnDropHandle<()>>,
}

/// Holds a record to what is declared of it.
#[cfg(feature = "checked-answers")]
type Check = Box<dyn Fn(&[u8]) -> Result<()> + Send + Sync>;

/// Both ends. In builds that check answers, every record is shown to `check` before it is sent.
pub(super) fn channel(
    format: Format,
    check: impl Fn(&[u8]) -> Result<()> + Send + Sync + 'static,
) -> (Sink, Feed) {
    let (sender, chunks) = mpsc::channel(QUEUE);
    let sink = Sink {
        format,
        out: Writer::new(),
        chunks: sender,
        refused: CancellationToken::new(),
        #[cfg(feature = "checked-answers")]
        check: Box::new(check),
    };
    #[cfg(not(feature = "checked-answers"))]
    drop(check);
    (sink, Feed { format, file_name: None, job: None, chunks, work: None })
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
pub struct Sink {
    format: Format,
    out: Writer,
    chunks: mpsc::Sender<Result<Vec<u8>>>,
    /// The user may not have the rest.
    pub(super) refused: CancellationToken,
    #[cfg(feature = "checked-answers")]
    check: Check,
}

impl Sink {
    /// Writes one record as JSON; sends what was written once that is worth it.
    pub async fn record(&mut self, write: impl FnOnce(&mut Writer) -> Result<()>) -> Result<()> {
        self.append(write)?;
        self.pace().await
    }

    fn append(&mut self, write: impl FnOnce(&mut Writer) -> Result<()>) -> Result<()> {
        let start = self.out.len();
        self.format.open(&mut self.out);
        #[cfg(feature = "checked-answers")]
        let begin = self.out.len();
        if let Err(error) = write(&mut self.out) {
            // Half a record is none.
            self.out.buffer().truncate(start);
            return Err(error);
        }
        #[cfg(feature = "checked-answers")]
        (self.check)(&self.out.text()[begin..])?;
        self.format.close(&mut self.out);
        Ok(())
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
        self.append(write)?;
        if let Ok(room) = self.chunks.try_reserve() {
            room.send(Ok(std::mem::take(&mut self.out).into_bytes()));
        }
        Ok(())
    }

    /// Bytes that were written and there was no room for yet.
    pub fn backlog(&self) -> usize {
        self.out.len()
    }

    /// Sends the rest and that it failed: as the last record `{"error": {…}}` where the format has records,
    /// and by cutting the answer off where those are not ours.
    pub(super) async fn fail(&mut self, error: Error, request_id: &str) {
        if let Some(name) = self.format.name_of_failures() {
            self.format.open(&mut self.out);
            let mut record = Object::open(&mut self.out);
            if record.member(name, &error.fault(request_id)).is_err() {
                return;
            }
            record.close();
            self.format.close(&mut self.out);
        }
        let _ = self.flush().await;
        if !matches!(self.format, Format::Ndjson | Format::Events) {
            let _ = self.chunks.send(Err(error)).await;
        }
    }

    /// Returns once nobody reads any more, or may.
    pub async fn closed(&self) {
        self.refused.run_until_cancelled(self.chunks.closed()).await;
    }

    /// Whether nobody reads any more, or may.
    pub fn is_closed(&self) -> bool {
        self.chunks.is_closed() || self.refused.is_cancelled()
    }
}

/// Why there is nobody to answer.
pub(super) fn gone() -> Error {
    Error::unreachable("the reader of the answer has left")
}
