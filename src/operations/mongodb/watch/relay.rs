//! Events on their way from a change stream to a reader.

use std::time::Duration;

use mongodb::bson::{RawDocument, RawDocumentBuf};
use tokio::time::Instant;

use crate::backend::mongodb::{Changes, News, history_is_lost};
use crate::ejson::{Mode, write_document};
use crate::error::{Error, Result};
use crate::fanout::{Encoder, Outbox};
use crate::json::Writer;

/// Messages are handed over in pieces of this size.
const PIECE: usize = 64 << 10;

/// How often a reader is told of a newer token at most, where there is nothing else to tell.
const PROGRESS: Duration = Duration::from_secs(1);

/// Encodes what a change stream tells for one reader.
pub(super) struct Relay {
    outbox: Outbox,
    ejson: Mode,
    encoder: Encoder,
    /// The token that the reader was told last.
    token: Option<RawDocumentBuf>,
    /// When that was; never before the first message, nor since the server was lost.
    told: Option<Instant>,
    lost: bool,
}

impl Relay {
    pub(super) fn new(outbox: Outbox, ejson: Mode) -> Self {
        Self { outbox, ejson, encoder: Encoder::default(), token: None, told: None, lost: false }
    }

    /// Tells the reader what there is to know; `false` if nothing will follow.
    pub(super) async fn pass_on(&mut self, news: Result<News>) -> Result<bool> {
        let goes_on = match news {
            Ok(News::Changes(changes)) => self.changes(&changes).await?,
            Ok(News::Lost(error)) => {
                self.disconnected(&error)?;
                true
            }
            Err(error) => {
                if history_is_lost(&error) {
                    self.say("gap", ",\"reason\":\"history_lost\"")?;
                }
                self.flush().await;
                return Err(error);
            }
        };
        self.flush().await;
        Ok(goes_on)
    }

    async fn changes(&mut self, changes: &Changes) -> Result<bool> {
        self.lost = false;
        for event in changes.events()? {
            let (event, token) = event?;
            if event.get_str("operationType").is_ok_and(|kind| kind == "invalidate") {
                self.token = Some(token.to_owned());
                self.say("invalidate", "")?;
                return Ok(false);
            }
            let ejson = self.ejson;
            self.encoder.message(|out| {
                out.raw("{\"type\":\"change\",\"change\":");
                write_document(out, event, ejson)?;
                resume_token(out, Some(token))
            })?;
            if self.encoder.len() >= PIECE {
                self.flush().await;
            }
            self.token = Some(token.to_owned());
            self.told = Some(Instant::now());
        }
        if changes.is_last() {
            // The pipeline let everything pass but the event that says why.
            self.token = changes.resume_token().map(RawDocument::to_owned);
            self.say("invalidate", "")?;
            return Ok(false);
        }
        let token = changes.resume_token();
        let is_newer = token.is_some() && token != self.token.as_deref();
        // Where nothing has been told yet, the reader learns that its stream has begun.
        if self.told.is_none_or(|told| is_newer && told.elapsed() >= PROGRESS) {
            if is_newer {
                self.token = token.map(RawDocument::to_owned);
            }
            self.say("progress", "")?;
        }
        Ok(true)
    }

    fn disconnected(&mut self, error: &Error) -> Result<()> {
        if std::mem::replace(&mut self.lost, true) {
            return Ok(());
        }
        self.told = None;
        self.encoder.message(|out| {
            out.raw("{\"type\":\"disconnected\",\"code\":");
            out.string(error.code().as_str());
            out.raw(",\"message\":");
            out.string(error.message());
            out.raw("}");
            Ok(())
        })
    }

    /// A message that is about the token.
    fn say(&mut self, kind: &str, more: &str) -> Result<()> {
        let token = self.token.as_deref();
        self.encoder.message(|out| {
            out.raw("{\"type\":");
            out.string(kind);
            out.raw(more);
            resume_token(out, token)
        })?;
        self.told = Some(Instant::now());
        Ok(())
    }

    /// Waits for the reader. A change stream can wait, and is not read while it does: the server keeps
    /// its history for hours and days, so that a slow reader gets everything late instead of a gap.
    async fn flush(&mut self) {
        if !self.encoder.is_empty() {
            let frames = self.encoder.finish();
            self.outbox.send(&frames).await;
        }
    }
}

/// The end of a message. Tokens go back to the server, so they keep their types.
fn resume_token(out: &mut Writer, token: Option<&RawDocument>) -> Result<()> {
    out.raw(",\"resume_token\":");
    match token {
        Some(token) => write_document(out, token, Mode::Canonical)?,
        None => out.raw("null"),
    }
    out.raw("}");
    Ok(())
}
