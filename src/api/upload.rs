//! Request bodies that are read while they arrive: imports.

use bytes::{Bytes, BytesMut};
use memchr::memchr;
use tokio::sync::mpsc;

use crate::error::{Code, Error, Result};

/// Chunks that wait to be read; the sender waits while there are as many.
const QUEUE: usize = 4;

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
    ended: bool,
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
    #[must_use]
    pub fn channel() -> (UploadSender, Self) {
        let (sender, pieces) = mpsc::channel(QUEUE);
        (UploadSender(sender), Self { pieces, rest: BytesMut::new(), ended: false })
    }

    /// A body that is there.
    #[must_use]
    pub fn whole(body: &[u8]) -> Self {
        let (_, pieces) = mpsc::channel(1);
        Self { pieces, rest: BytesMut::from(body), ended: true }
    }

    /// The next bytes; `None` at the end. Fails where the body was cut off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        if !self.rest.is_empty() {
            return Ok(Some(self.rest.split().freeze()));
        }
        while !self.ended {
            match self.pieces.recv().await {
                Some(Piece::Chunk(chunk)) if chunk.is_empty() => {}
                Some(Piece::Chunk(chunk)) => return Ok(Some(chunk)),
                Some(Piece::End) => self.ended = true,
                None => return Err(cut_off()),
            }
        }
        Ok(None)
    }

    /// The next line without its end; `None` after the last. A line over `limit` bytes is refused.
    pub async fn line(&mut self, limit: usize) -> Result<Option<Bytes>> {
        let mut searched = 0;
        loop {
            if let Some(at) = memchr(b'\n', &self.rest[searched..]) {
                let mut line = self.rest.split_to(searched + at + 1).freeze();
                line.truncate(line.len() - 1);
                if line.last() == Some(&b'\r') {
                    line.truncate(line.len() - 1);
                }
                return Ok(Some(line));
            }
            searched = self.rest.len();
            if searched > limit {
                let message = format!("a line of the body is longer than {limit} bytes");
                return Err(Error::new(Code::PayloadTooLarge, message));
            }
            if self.ended {
                let last = self.rest.split().freeze();
                return Ok(Some(last).filter(|last| !last.is_empty()));
            }
            match self.pieces.recv().await {
                Some(Piece::Chunk(chunk)) => self.rest.extend_from_slice(&chunk),
                Some(Piece::End) => self.ended = true,
                None => return Err(cut_off()),
            }
        }
    }
}

fn cut_off() -> Error {
    Error::validation("the body was cut off before its end")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    async fn lines(upload: &mut Upload) -> Vec<Bytes> {
        let mut lines = Vec::new();
        while let Some(line) = upload.line(1 << 20).await.unwrap() {
            lines.push(line);
        }
        lines
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
                let (sender, mut cut) = Upload::channel();
                let bytes = Bytes::from(text.clone());
                let sending = async {
                    let mut start = 0;
                    let mut cuts = cuts;
                    cuts.sort_unstable();
                    for at in cuts {
                        let at = at.min(bytes.len());
                        sender.send(bytes.slice(start.min(at)..at)).await;
                        start = start.max(at);
                    }
                    sender.send(bytes.slice(start..)).await;
                    sender.end().await;
                };
                let reading = lines(&mut cut);
                let ((), read) = futures_util::future::join(sending, reading).await;
                let whole = lines(&mut Upload::whole(text.as_bytes())).await;
                assert_eq!(read, whole);
            });
        }
    }
}
