//! Request bodies that are read while they arrive: imports.
//!
//! A body that stalls is given up, and no more of it is kept than what was allowed: a record that is
//! too long is refused before it is there.

use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memchr;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::service::uploads::Seat;

/// What uploads come as.
pub const MEDIA_TYPES: [&str; 5] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/json",
    "text/csv",
    "application/octet-stream",
];

/// Chunks that wait to be read; the sender waits while there are as many.
const QUEUE: usize = 4;

/// So much must arrive in the time that a body may stall. A byte now and then is as good as nothing.
const PROGRESS: usize = 1024;

/// The byte order mark of UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

#[derive(Debug)]
enum Piece {
    Chunk(Bytes),
    End,
}

/// A body on its way in.
#[derive(Debug)]
pub struct Upload {
    pieces: mpsc::Receiver<Piece>,
    /// Read and not yet asked for.
    rest: BytesMut,
    /// A byte order mark may stand where it begins; it is no part of the text.
    may_have_mark: bool,
    ended: bool,
    held: Option<Held>,
}

/// What a body is held to.
#[derive(Debug)]
struct Held {
    seat: Seat,
    patience: Duration,
    /// How long it was waited for since it last made progress, and what arrived meanwhile.
    waited: Duration,
    arrived: usize,
}

/// The sender's end. Dropped before its [`end`](UploadSender::end), the body counts as cut off.
#[derive(Debug, Clone)]
pub struct UploadSender(mpsc::Sender<Piece>);

impl UploadSender {
    /// Waits until there is room. `false` once nobody reads any more.
    pub async fn send(&self, chunk: Bytes) -> bool {
        self.0.send(Piece::Chunk(chunk)).await.is_ok()
    }

    /// The body is whole.
    pub async fn end(&self) {
        let _ = self.0.send(Piece::End).await;
    }
}

impl Upload {
    /// A body that is still to come.
    pub fn channel() -> (UploadSender, Self) {
        let (sender, pieces) = mpsc::channel(QUEUE);
        let rest = BytesMut::new();
        let upload = Self { pieces, rest, may_have_mark: false, ended: false, held: None };
        (UploadSender(sender), upload)
    }

    /// A body that is there.
    pub fn whole(body: &[u8]) -> Self {
        let (_, pieces) = mpsc::channel(1);
        let rest = BytesMut::from(body);
        Self { pieces, rest, may_have_mark: false, ended: true, held: None }
    }

    /// The same body, which may keep its reader waiting this long, and keep what its seat allows.
    #[must_use]
    pub fn held_to(mut self, seat: Seat, patience: Duration) -> Self {
        self.held = Some(Held { seat, patience, waited: Duration::ZERO, arrived: 0 });
        self
    }

    /// The same body, which is text.
    #[must_use]
    pub fn text(self) -> Self {
        Self { may_have_mark: true, ..self }
    }

    /// Passes over a byte order mark.
    async fn begin(&mut self) -> Result<()> {
        while self.may_have_mark {
            if self.rest.starts_with(MARK) {
                self.rest.advance(MARK.len());
            } else if MARK.starts_with(&self.rest) && !self.ended {
                match self.piece().await? {
                    Some(chunk) => self.rest.extend_from_slice(&chunk),
                    None => self.ended = true,
                }
                continue;
            }
            self.may_have_mark = false;
        }
        Ok(())
    }

    /// Says how many bytes of a record that is not whole yet its reader keeps.
    pub fn keep(&mut self, bytes: usize) -> Result<()> {
        match &mut self.held {
            Some(held) => held.seat.keep(bytes),
            None => Ok(()),
        }
    }

    /// The next bytes; `None` at the end. Fails where the body was cut off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.begin().await?;
        if !self.rest.is_empty() {
            return Ok(Some(self.rest.split().freeze()));
        }
        while !self.ended {
            match self.piece().await? {
                Some(chunk) if chunk.is_empty() => {}
                Some(chunk) => return Ok(Some(chunk)),
                None => self.ended = true,
            }
        }
        Ok(None)
    }

    /// What arrives next; `None` at the end. Nothing is lost where the caller gives up.
    async fn piece(&mut self) -> Result<Option<Bytes>> {
        let began = Instant::now();
        let received = match &self.held {
            Some(held) => {
                let left = held.patience.saturating_sub(held.waited);
                match tokio::time::timeout(left, self.pieces.recv()).await {
                    Ok(received) => received,
                    Err(_) => return Err(stalled(held.patience)),
                }
            }
            None => self.pieces.recv().await,
        };
        match received {
            Some(Piece::Chunk(chunk)) => {
                if let Some(held) = &mut self.held {
                    held.arrived(chunk.len(), began.elapsed());
                }
                Ok(Some(chunk))
            }
            Some(Piece::End) => Ok(None),
            None => Err(cut_off()),
        }
    }

    /// The next line without its end; `None` after the last. A line over `limit` bytes is refused.
    pub async fn line(&mut self, limit: usize) -> Result<Option<Bytes>> {
        self.begin().await?;
        let mut searched = 0;
        loop {
            if let Some(at) = memchr(b'\n', &self.rest[searched..]) {
                let mut line = self.rest.split_to(searched + at + 1).freeze();
                line.truncate(line.len() - 1);
                if line.last() == Some(&b'\r') {
                    line.truncate(line.len() - 1);
                }
                self.keep(self.rest.len())?;
                return Ok(Some(line));
            }
            searched = self.rest.len();
            if searched > limit {
                return Err(too_long(limit));
            }
            if self.ended {
                let last = self.rest.split().freeze();
                self.keep(0)?;
                return Ok(Some(last).filter(|last| !last.is_empty()));
            }
            let Some(chunk) = self.piece().await? else {
                self.ended = true;
                continue;
            };
            // Looked at before it is kept.
            let line = memchr(b'\n', &chunk).unwrap_or(chunk.len());
            if searched + line > limit {
                return Err(too_long(limit));
            }
            self.keep(searched + chunk.len())?;
            self.rest.extend_from_slice(&chunk);
        }
    }
}

impl Held {
    fn arrived(&mut self, bytes: usize, after: Duration) {
        self.arrived += bytes;
        self.waited += after;
        if self.arrived >= PROGRESS {
            (self.waited, self.arrived) = (Duration::ZERO, 0);
        }
    }
}

fn too_long(limit: usize) -> Error {
    let message = format!("a line of the body is longer than {limit} bytes");
    Error::too_large(message)
}

fn stalled(patience: Duration) -> Error {
    let message = format!(
        "the body stopped arriving: less than {PROGRESS} bytes came in {} s; send it again, or go on \
         where it stopped",
        patience.as_secs_f64()
    );
    Error::timeout(message, Outcome::NotApplied)
}

fn cut_off() -> Error {
    Error::validation("the body was cut off before its end")
}

/// What is read of a body that arrives in these pieces. It is handed over, so that the sender learns when
/// nobody reads any more.
#[cfg(test)]
pub(crate) async fn read_in_pieces<'p, R: Future>(
    pieces: impl IntoIterator<Item = &'p [u8]>,
    read: impl FnOnce(Upload) -> R,
) -> R::Output {
    let (sender, body) = Upload::channel();
    let sending = async {
        for piece in pieces {
            sender.send(Bytes::copy_from_slice(piece)).await;
        }
        sender.end().await;
    };
    futures_util::future::join(sending, read(body)).await.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::service::uploads::Uploads;
    use futures_util::FutureExt as _;
    use proptest::prelude::*;

    async fn lines(mut upload: Upload) -> Vec<Bytes> {
        let mut lines = Vec::new();
        while let Some(line) = upload.line(1 << 20).await.unwrap() {
            lines.push(line);
        }
        lines
    }

    #[tokio::test]
    async fn a_byte_order_mark_is_no_part_of_a_text() {
        let mark = std::str::from_utf8(MARK).unwrap();
        for (text, expected) in [
            (format!("{mark}a\nb\n"), "a|b"),
            (format!("{mark}{mark}a"), "\u{feff}a"),
            (mark.to_owned(), ""),
            ("é\n".to_owned(), "é"),
            (String::new(), ""),
        ] {
            for size in [1, 2, 99] {
                let pieces = text.as_bytes().chunks(size);
                let read = read_in_pieces(pieces, |upload| lines(upload.text())).await;
                assert_eq!(read.join(&b'|'), expected.as_bytes(), "{text:?} by {size}");
            }
            let read = lines(Upload::whole(text.as_bytes()).text()).await;
            assert_eq!(read.join(&b'|'), expected.as_bytes(), "{text:?}");
        }
        // Bytes that are no text are as they are.
        let read = lines(Upload::whole(MARK)).await;
        assert_eq!(read, [MARK]);
    }

    #[tokio::test]
    async fn a_body_that_stops_without_an_end_is_an_error() {
        let (sender, mut upload) = Upload::channel();
        assert!(sender.send("a\nb".into()).await);
        drop(sender);
        assert_eq!(upload.line(10).await.unwrap().unwrap(), "a");
        assert!(upload.line(10).await.is_err());
    }

    #[tokio::test]
    async fn a_line_without_end_does_not_fill_the_memory() {
        let (sender, mut upload) = Upload::channel();
        assert!(sender.send(vec![b'a'; 100].into()).await);
        let error = upload.line(10).await.unwrap_err();
        assert_eq!(error.code(), Code::PayloadTooLarge);
    }

    fn held(upload: Upload, patience: Duration) -> (Uploads, Upload) {
        let uploads = Uploads::default();
        let seat = uploads.enter(Some("anna")).unwrap();
        (uploads, upload.held_to(seat, patience))
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_refused_before_it_is_kept() {
        let (sender, mut upload) = Upload::channel();
        assert!(sender.send("abc".into()).await);
        assert!(sender.send(vec![b'a'; 1 << 20].into()).await);
        assert_eq!(upload.line(10).await.unwrap_err().code(), Code::PayloadTooLarge);
        assert_eq!(upload.rest, "abc"[..]);
        // What belongs to later lines does not count.
        let (sender, mut upload) = Upload::channel();
        assert!(sender.send("abc\n".repeat(100).into()).await);
        assert_eq!(upload.line(10).await.unwrap().unwrap(), "abc");
    }

    #[tokio::test]
    async fn a_body_that_stalls_is_given_up() {
        let (sender, upload) = Upload::channel();
        let (_uploads, mut upload) = held(upload, Duration::from_millis(20));
        assert!(sender.send("a".into()).await);
        assert_eq!(upload.line(10).await.unwrap_err().code(), Code::DbTimeout);
        drop(upload);
        assert!(!sender.send("a".into()).await);
    }

    #[test]
    fn a_byte_now_and_then_is_a_stall_and_a_slow_body_is_none() {
        let of = |bytes: usize| {
            let uploads = Uploads::default();
            let seat = uploads.enter(None).unwrap();
            let mut held = Held {
                seat,
                patience: Duration::from_secs(30),
                waited: Duration::ZERO,
                arrived: 0,
            };
            for _ in 0..50 {
                held.arrived(bytes, Duration::from_secs(25));
            }
            held.waited >= held.patience
        };
        assert!(of(1) && of(10));
        assert!(!of(PROGRESS) && !of(64 * 1024));
    }

    #[tokio::test]
    async fn what_all_bodies_of_a_user_keep_is_bounded() {
        let uploads = Uploads::default();
        let long = vec![b'a'; 8 << 20];
        let (mut kept, mut refused) = (Vec::new(), 0);
        for _ in 0..8 {
            let (sender, upload) = Upload::channel();
            let mut upload =
                upload.held_to(uploads.enter(Some("anna")).unwrap(), Duration::from_secs(30));
            for _ in 0..4 {
                assert!(sender.send(long.clone().into()).await);
            }
            // Nobody ends the line.
            let read = upload.line(64 << 20).now_or_never();
            refused += usize::from(matches!(read, Some(Err(_))));
            kept.push((sender, upload));
        }
        assert!(refused >= 3, "{refused}");
        let bytes: usize = kept.iter().map(|(_, upload)| upload.rest.len()).sum();
        assert!(bytes <= 136 << 20, "{bytes}");
    }

    #[tokio::test]
    async fn a_sender_learns_that_nobody_reads() {
        let (sender, upload) = Upload::channel();
        drop(upload);
        assert!(!sender.send("a".into()).await);
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_they_are_cut(
            text in "[ab\n]{0,40}", cuts in proptest::collection::vec(0_usize..40, 0..6)
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let bytes = text.as_bytes();
                let mut cuts: Vec<usize> = cuts.into_iter().map(|at| at.min(bytes.len())).collect();
                cuts.sort_unstable();
                let starts = std::iter::once(0).chain(cuts.iter().copied());
                let ends = cuts.iter().copied().chain([bytes.len()]);
                let pieces = starts.zip(ends).map(|(start, end)| &bytes[start..end]);
                assert_eq!(read_in_pieces(pieces, lines).await, lines(Upload::whole(bytes)).await);
            });
        }
    }
}
