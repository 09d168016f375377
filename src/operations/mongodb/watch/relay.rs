//! Events on their way from a change stream to a reader.

use std::time::Duration;

use mongodb::bson::{RawDocument, RawDocumentBuf};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::Instant;

use crate::backend::mongodb::{Changes, News, history_is_lost};
use crate::ejson::{Document, Mode, write_document};
use crate::error::{Cause, Error, Result};
use crate::fanout::{Encoder, Outbox};
use crate::json::Object;

/// Messages are handed over in pieces of this size.
const PIECE: usize = 64 << 10;

/// How often a reader is told of a newer token at most, where there is nothing else to tell.
const PROGRESS: Duration = Duration::from_secs(1);

/// What a watcher is told. Tokens are canonical Extended JSON.
#[derive(JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(dead_code)] // it is written as it is read
pub(super) enum WatchMessage {
    /// Something was changed.
    Change {
        /// The server's event, with its `operationType`.
        change: Document,
        /// To begin after it.
        resume_token: Document,
    },
    /// There is nothing to tell: the first message where there are no changes at once, and from time to
    /// time where the token has become newer.
    Progress {
        /// To begin here.
        resume_token: Option<Document>,
    },
    /// The server can't be heard. What follows goes on where that was.
    Disconnected(Cause),
    /// What was watched was dropped or renamed. Nothing follows.
    Invalidate {
        /// For `startAfter`.
        resume_token: Option<Document>,
    },
    /// Changes are missing. Nothing follows.
    Gap {
        /// Why.
        reason: WatchGap,
        /// The last one that was told.
        resume_token: Option<Document>,
    },
}

/// Why changes are missing.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum WatchGap {
    /// The server no longer has the changes after the token.
    HistoryLost,
}

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
                self.disconnected(error)?;
                true
            }
            Err(error) => {
                if history_is_lost(&error) {
                    self.say("gap", Some(WatchGap::HistoryLost))?;
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
                self.say("invalidate", None)?;
                return Ok(false);
            }
            let ejson = self.ejson;
            self.message("change", |message| {
                write_document(message.key("change"), event, ejson)?;
                write_document(message.key("resume_token"), token, Mode::Canonical)
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
            self.say("invalidate", None)?;
            return Ok(false);
        }
        let token = changes.resume_token();
        let is_newer = token.is_some() && token != self.token.as_deref();
        // Where nothing has been told yet, the reader learns that its stream has begun.
        if self.told.is_none_or(|told| is_newer && told.elapsed() >= PROGRESS) {
            if is_newer {
                self.token = token.map(RawDocument::to_owned);
            }
            self.say("progress", None)?;
        }
        Ok(true)
    }

    fn disconnected(&mut self, error: Error) -> Result<()> {
        if std::mem::replace(&mut self.lost, true) {
            return Ok(());
        }
        self.told = None;
        self.message("disconnected", |message| message.members(&Cause::from(error)))
    }

    /// A message that is about the token. Tokens go back to the server, so they keep their types.
    fn say(&mut self, kind: &str, reason: Option<WatchGap>) -> Result<()> {
        let token = self.token.clone();
        self.message(kind, |message| {
            if let Some(reason) = reason {
                message.member("reason", &reason)?;
            }
            let out = message.key("resume_token");
            match &token {
                Some(token) => write_document(out, token, Mode::Canonical),
                None => out.value(&()),
            }
        })?;
        self.told = Some(Instant::now());
        Ok(())
    }

    fn message(
        &mut self,
        kind: &str,
        write: impl FnOnce(&mut Object<'_>) -> Result<()>,
    ) -> Result<()> {
        self.encoder.message(|out| {
            let mut message = Object::open(out);
            message.member("type", kind)?;
            write(&mut message)?;
            message.close();
            Ok(())
        })
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
