//! Reading an export line by line, and writing its keys as they come.

use std::ops::ControlFlow;
use std::time::Instant;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ledger::{Ledger, Sums};
use super::line::{KeyContent, KeyLine, Line};
use super::report::{Checksum, FileFindings, KeysImport, LinesRead};
use super::writer::KeyWriter;
use crate::error::{Error, Result};
use crate::operations::transfer::{EndedBy, ImportTerms, OnConflict, Record, Work};
use crate::request::context::Context;
use crate::request::effect::Effect;
use crate::request::reply::Reply;
use crate::request::upload::Upload;

/// Longest line. The exports of this package keep to less, unless one element is very large.
const MAX_LINE: usize = 64 << 20;

/// What becomes of the times at which keys expire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Ttl {
    /// They are kept; keys whose time is over are left out.
    #[default]
    Keep,
    /// They are dropped, those of fields too: everything lives for ever.
    None,
}

/// How to import. The body is what an export gave.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportInput {
    /// What happens to keys that are there already: `skip` (default), `replace`, `refuse` or `fail`.
    #[serde(default = "OnConflict::skip")]
    on_conflict: OnConflict,
    /// `keep` (default) or `none`.
    #[serde(default)]
    ttl: Ttl,
    /// Reads and checks everything, looks which keys are there, and writes nothing.
    #[serde(default)]
    dry_run: bool,
    /// The `resume` of an import that was cut off: the first line to write. The lines before it must be
    /// sent too; they are summed and not written.
    resume: Option<String>,
}

/// Reads the body and writes its keys.
pub(super) async fn run(cx: &Context, input: ImportInput) -> Result<Reply<Record<KeysImport>>> {
    let line = input.resume.as_ref().map(|line| line.parse()).transpose();
    let from = line.map_err(|_| Error::validation("`resume` is not what an import has told"))?;
    let effect = if input.dry_run { Effect::Reads } else { Effect::Writes };
    cx.will(effect, cx.operation.cost).await?;
    let upload = cx.upload()?;
    let client = cx.redis().await?;
    if !input.dry_run {
        client.require_transactions(cx.deadline).await?;
    }
    let now = client.now(cx.deadline).await;
    let began = Instant::now();
    let ImportInput { on_conflict, ttl, dry_run, .. } = input;
    Reply::stream_of_steps(cx, cx.records(), move |cx, sink| {
        Box::pin(async move {
            let work = Work::begin(cx, sink, dry_run, ImportTerms { on_conflict })?;
            let writer = KeyWriter::new(cx, &client, work, on_conflict, dry_run)?;
            let import = Import {
                upload,
                writer,
                ttl,
                from,
                now,
                began,
                segment: Ledger::default(),
                unread: false,
                bytes: 0,
                place: Place::Start,
                checksum: Checksum::Missing,
                ahead: None,
            };
            import.run().await
        })
    })
}

struct Import<'a> {
    upload: Upload,
    writer: KeyWriter<'a>,
    ttl: Ttl,
    /// The first line to write.
    from: Option<u64>,
    /// The server's time when the import began, and when that was.
    now: i64,
    began: Instant,
    /// The lines since the last header.
    segment: Ledger,
    /// Some of these can't be read, so that their keys can't be counted.
    unread: bool,
    /// Bytes of all lines that were read.
    bytes: u64,
    place: Place,
    checksum: Checksum,
    /// What was read to see whether a line is the last.
    ahead: Option<Next>,
}

/// Where in the file we are.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// The next line must be a header.
    Start,
    Body,
    /// The next line may be the header of the export that went on from here.
    Checkpoint(String),
    End,
}

/// The next line, or why there is none.
enum Next {
    Line(Bytes),
    End,
    Over(EndedBy),
}

impl Import<'_> {
    async fn run(mut self) -> Result<()> {
        let ended = self.all().await;
        let read = self.read();
        self.writer.abandon().await;
        self.writer.work.end(ended, read, FileFindings { checksum: self.checksum }).await
    }

    fn read(&self) -> LinesRead {
        let KeyWriter { line, expired, .. } = self.writer;
        LinesRead { line, bytes: self.bytes, expired, resume: self.writer.unsettled().to_string() }
    }

    /// Reads the file to its end, unless something ends it before.
    async fn all(&mut self) -> Result<EndedBy> {
        loop {
            let line = match self.next().await? {
                Next::Line(line) => line,
                Next::Over(ended_by) => return Ok(ended_by),
                Next::End => break,
            };
            self.writer.line += 1;
            self.bytes += line.len() as u64 + 1;
            if !self.line(&line).await? {
                // It was cut off in the middle.
                self.writer.line -= 1;
                break;
            }
            if self.writer.work.is_news() {
                let read = self.read();
                self.writer.work.progress(read);
            }
        }
        if self.place != Place::End {
            // What came is whole lines, and is written; but it is not all.
            if !self.writer.is_open() {
                self.writer.flush().await?;
            }
            let message = if self.place == Place::Start {
                "the file is empty"
            } else {
                "the file was cut off: it has no end record; what it had is imported"
            };
            return Err(Error::validation(message));
        }
        self.writer.flush().await?;
        Ok(EndedBy::Completion)
    }

    async fn next(&mut self) -> Result<Next> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(ahead);
        }
        match self.writer.work.until_over(self.upload.line(MAX_LINE)).await {
            Ok(Ok(line)) => Ok(line.map_or(Next::End, Next::Line)),
            Ok(Err(error)) => {
                let number = self.writer.line + 1;
                Err(error.context(&format!("line {number}")).detail("number", number))
            }
            Err(ended_by) => Ok(Next::Over(ended_by)),
        }
    }

    /// Does what a line says; `false` where it is the last and not whole.
    async fn line(&mut self, text: &[u8]) -> Result<bool> {
        let number = self.writer.line;
        let line = match Line::read(text) {
            Ok(line) => line,
            Err(refused) if self.place == Place::Start => {
                let message = format!("line 1 is not the header of an export: {}", refused.reason);
                return Err(Error::validation(message));
            }
            Err(refused) => {
                let ahead = self.next().await?;
                if matches!(ahead, Next::End) && self.place != Place::End {
                    return Ok(false);
                }
                self.ahead = Some(ahead);
                self.segment.add(text);
                self.unread = true;
                let reason = "a line of its value can't be read";
                self.writer.refuse_open(&Error::validation(reason)).await;
                self.writer.refuse(number, refused.key.as_deref(), &refused.reason);
                return Ok(true);
            }
        };
        if let Line::Header { version, continues } = line {
            self.header(version, continues.as_deref()).await?;
            self.segment.add(text);
            return Ok(true);
        }
        if self.place == Place::Start {
            return Err(Error::validation("line 1 is not the header of an export"));
        }
        if self.place == Place::End {
            self.writer.refuse(number, None, "it comes after the end of the export");
            return Ok(true);
        }
        self.place = Place::Body;
        if let ControlFlow::Break(line) = self.frame(line).await? {
            self.content(text.len(), line).await?;
        }
        self.segment.add(text);
        Ok(true)
    }

    /// The first line, or the first of an export that went on where another was cut off.
    async fn header(&mut self, version: u64, continues: Option<&str>) -> Result<()> {
        let number = self.writer.line;
        if version != 1 {
            let message = format!("line {number}: the format has version {version}; 1 is known");
            return Err(Error::validation(message));
        }
        match &self.place {
            Place::Start => {}
            Place::Checkpoint(cursor) if Some(cursor.as_str()) == continues => {}
            _ => {
                let message = format!(
                    "line {number} is a second header, and does not go on from the line before; \
                     import the files one by one"
                );
                return Err(Error::validation(message));
            }
        }
        self.writer.flush().await?;
        (self.segment, self.unread) = (Ledger::default(), false);
        self.place = Place::Body;
        Ok(())
    }

    /// Lines that are about the file; gives those back that are about keys.
    async fn frame<'l>(&mut self, line: Line<'l>) -> Result<ControlFlow<Line<'l>>> {
        match line {
            Line::Checkpoint { cursor, sums } => {
                self.verify(&sums)?;
                self.place = Place::Checkpoint(cursor);
            }
            Line::End(sums) => {
                self.verify(&sums)?;
                self.checksum = Checksum::Right;
                self.place = Place::End;
            }
            Line::Error(message) => {
                self.writer.flush().await?;
                let number = self.writer.line;
                let message = format!("line {number}: the export itself failed: {message}");
                return Err(Error::validation(message));
            }
            Line::Skipped => self.segment.skipped += 1,
            Line::Warning => {}
            line => return Ok(ControlFlow::Break(line)),
        }
        self.writer.interrupt().await;
        Ok(ControlFlow::Continue(()))
    }

    /// Lines that are about keys.
    async fn content(&mut self, length: usize, line: Line<'_>) -> Result<()> {
        if let Line::Key(KeyLine { more, .. })
        | Line::Part { more, .. }
        | Line::Pending { more, .. } = &line
        {
            self.segment.keys += u64::from(!more);
        }
        let number = self.writer.line;
        let wanted = self.from.is_none_or(|from| number >= from);
        match line {
            Line::Key(key) => {
                self.writer.interrupt().await;
                if !wanted {
                    return Ok(());
                }
                let key = if self.ttl == Ttl::None { without_times(key) } else { key };
                let expired = key.expires_at.is_some_and(|at| at <= self.server_time());
                self.writer.key(number, length, key, expired).await
            }
            Line::Gone => {
                self.writer.abandon().await;
                Ok(())
            }
            Line::Part { .. } | Line::Pending { .. } if !self.writer.is_open() => {
                if self.from == Some(number) {
                    let message = format!(
                        "line {number} goes on with a value; begin at the line where its key is"
                    );
                    return Err(Error::validation(message));
                }
                if wanted {
                    let reason = "it goes on with a value that has not begun";
                    self.writer.refuse(number, None, reason);
                }
                Ok(())
            }
            Line::Part { value, field_expires, more } => {
                let kept = if self.ttl == Ttl::Keep { field_expires } else { Vec::new() };
                self.writer.part(value, &kept, more).await
            }
            Line::Pending { group, deliveries, more } => {
                self.writer.pending(&group, &deliveries, more).await
            }
            _ => Ok(()),
        }
    }

    /// Compares what was read with what was written. A difference ends the import: what follows can't
    /// be trusted either.
    fn verify(&mut self, sums: &Sums) -> Result<()> {
        let read = self.segment.sums();
        let counted = self.unread || (read.keys, read.skipped) == (sums.keys, sums.skipped);
        if counted && read.lines == sums.lines && read.sha256 == sums.sha256 {
            return Ok(());
        }
        self.checksum = Checksum::Wrong;
        let number = self.writer.line;
        let what = if read.lines == sums.lines { "changed" } else { "lost or added" };
        let message = format!(
            "line {number}: the lines before it are not those that were exported: something was \
             {what} since the last checkpoint"
        );
        Err(Error::validation(message))
    }

    fn server_time(&self) -> i64 {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.now.saturating_add(passed)
    }
}

fn without_times(mut key: KeyLine) -> KeyLine {
    key.expires_at = None;
    if let KeyContent::Value { field_expires, .. } = &mut key.content {
        field_expires.clear();
    }
    key
}
