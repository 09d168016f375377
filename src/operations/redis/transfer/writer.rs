//! Keys on their way into a server: whole ones in batches, those in parts one after the other.

use serde_json::value::RawValue;
use uuid::Uuid;

use super::super::problems::ends_writing;
use super::content;
use super::line::{KeyContent, KeyLine};
use super::report::KeysImport;
use super::sealed::Seals;
use crate::backend::redis::Client;
use crate::backend::redis::transfer::assembly::Assembly;
use crate::backend::redis::transfer::small::FieldExpiries;
use crate::backend::redis::transfer::store::{Content, NewKey, Stored};
use crate::backend::redis::transfer::stream_state::{PendingEntry, StreamState};
use crate::backend::redis::values::{NativeType, NewValue};
use crate::error::{Code, Error, Result};
use crate::operations::transfer::{OnConflict, Work};
use crate::outcome::Outcome;
use crate::request::context::Context;

/// Keys that are written together, and about how many bytes.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 1 << 20;

/// Writes keys, and tells what became of each.
pub(super) struct KeyWriter<'a> {
    pub(super) cx: &'a Context,
    client: &'a Client,
    pub(super) work: Work<'a, KeysImport>,
    /// The line that is read.
    pub(super) line: u64,
    /// Keys whose time was over.
    pub(super) expired: u64,
    policy: OnConflict,
    seals: Seals,
    /// Nothing is written; what would be is counted.
    dry_run: bool,
    /// Tells temporary names of this import from others'.
    token: String,
    batch: Vec<(u64, NewKey)>,
    bytes: usize,
    open: Option<Open>,
}

/// A key whose value goes on in the next line.
struct Open {
    line: u64,
    key: Vec<u8>,
    expires_at: Option<i64>,
    kind: NativeType,
    fate: Fate,
}

/// What happens to a key in parts.
enum Fate {
    Assembled {
        assembly: Assembly,
        /// Set once all entries are there.
        state: Option<StreamState>,
    },
    /// It is read and not written, and counts as this.
    Ignored(Stored),
    /// It was told of.
    Refused,
}

impl<'a> KeyWriter<'a> {
    pub(super) fn new(
        cx: &'a Context,
        client: &'a Client,
        work: Work<'a, KeysImport>,
        policy: OnConflict,
        dry_run: bool,
    ) -> Result<Self> {
        Ok(Self {
            cx,
            client,
            work,
            line: 0,
            expired: 0,
            policy,
            seals: Seals::of(cx)?,
            dry_run,
            token: Uuid::new_v4().simple().to_string(),
            batch: Vec::new(),
            bytes: 0,
            open: None,
        })
    }

    /// Tells of a line that can't be read, or of a key that can't be written.
    pub(super) fn refuse(&mut self, line: u64, key: Option<&[u8]>, reason: &str) {
        self.work.fail(line, key, &Error::validation(reason));
    }

    /// Tells of a key that is there already and ends the import.
    fn ends_at(&mut self, line: u64, key: &[u8]) -> Error {
        self.work.fail(line, Some(key), &is_there());
        let key = String::from_utf8_lossy(&key[..key.len().min(100)]);
        let message = format!("line {line}: the key {key:?} exists already; the import ends here");
        Error::new(Code::Conflict, message).detail("number", line)
    }

    /// The first line whose key is not settled.
    pub(super) fn unsettled(&self) -> u64 {
        let first = self.batch.first().map(|(line, _)| *line);
        let open = self.open.as_ref().filter(|open| !matches!(open.fate, Fate::Refused));
        first.or(open.map(|open| open.line)).unwrap_or(self.line + 1)
    }

    /// Whether the value of the last key goes on.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// A key, or its beginning. `expired` says that its time is over.
    pub(super) async fn key(
        &mut self,
        line: u64,
        length: usize,
        key: KeyLine,
        expired: bool,
    ) -> Result<()> {
        let KeyLine { key, expires_at, content, more } = key;
        let content = match content {
            KeyContent::Value { kind, value, field_expires, stream }
                if more || kind == NativeType::Stream =>
            {
                // Lines stay in order where a key occurs twice.
                self.flush().await?;
                let fate = self.fate(line, &key, stream, expired).await?;
                self.open = Some(Open { line, key, expires_at, kind, fate });
                self.add(&value, &field_expires).await?;
                return if more { Ok(()) } else { self.close().await };
            }
            KeyContent::Value { kind, value, .. }
                if kind != NativeType::String && value.is_empty() =>
            {
                self.refuse(line, Some(&key), "Redis has no empty collections");
                return Ok(());
            }
            KeyContent::Value { value, field_expires, .. } => Content::Value(value, field_expires),
            KeyContent::Dump { type_name, bytes, seal } => {
                match self.seals.open(&key, &type_name, bytes, seal.as_deref()) {
                    Ok(dump) => Content::Dump(dump),
                    Err(reason) => {
                        self.refuse(line, Some(&key), reason);
                        return Ok(());
                    }
                }
            }
        };
        if expired {
            self.expired += 1;
            return Ok(());
        }
        self.batch.push((line, NewKey { key, content, expires_at }));
        self.bytes += length;
        if self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES {
            self.flush().await
        } else {
            Ok(())
        }
    }

    /// A part of the value that goes on.
    pub(super) async fn part(
        &mut self,
        raw: &RawValue,
        field_expires: &FieldExpiries,
        more: bool,
    ) -> Result<()> {
        let Some(open) = &self.open else { return Ok(()) };
        match content::value(open.kind, raw) {
            Ok(value) => self.add(&value, field_expires).await?,
            Err(reason) => {
                let reason = format!("line {}: {reason}", self.line);
                self.refuse_open(&Error::validation(reason)).await;
            }
        }
        if more { Ok(()) } else { self.close().await }
    }

    /// What a group of the stream that goes on has pending.
    pub(super) async fn pending(
        &mut self,
        group: &[u8],
        deliveries: &[PendingEntry],
        more: bool,
    ) -> Result<()> {
        self.set_state().await?;
        if let Some(Open { fate: Fate::Assembled { assembly, .. }, .. }) = &mut self.open {
            let step = self.cx.step();
            let added = assembly.add_deliveries(self.client, group, deliveries, step).await;
            self.settle_step(added).await?;
        }
        if more { Ok(()) } else { self.close().await }
    }

    /// The key that was begun can't be completed.
    pub(super) async fn refuse_open(&mut self, error: &Error) {
        let Some(open) = &mut self.open else { return };
        if matches!(open.fate, Fate::Refused) {
            return;
        }
        self.work.fail(open.line, Some(&open.key), error);
        let fate = std::mem::replace(&mut open.fate, Fate::Refused);
        if let Fate::Assembled { assembly, .. } = fate {
            assembly.discard(self.client, self.cx.step()).await;
        }
    }

    /// The value of the last key does not go on where it should.
    pub(super) async fn interrupt(&mut self) {
        if !self.is_open() {
            return;
        }
        let reason = format!("its value should go on in line {}", self.line);
        self.refuse_open(&Error::validation(reason)).await;
        self.abandon().await;
    }

    /// Leaves the key that was begun as it was, without a word.
    pub(super) async fn abandon(&mut self) {
        if let Some(Open { fate: Fate::Assembled { assembly, .. }, .. }) = self.open.take() {
            assembly.discard(self.client, self.cx.step()).await;
        }
    }

    /// What is to be done with a key whose value comes in parts.
    async fn fate(
        &mut self,
        line: u64,
        key: &[u8],
        state: Option<StreamState>,
        expired: bool,
    ) -> Result<Fate> {
        if expired {
            return Ok(Fate::Ignored(Stored::Expired));
        }
        if self.policy != OnConflict::Replace {
            let there = self.client.exist(&[key], self.cx.step()).await;
            if there.into_iter().next().unwrap_or(Ok(false))? {
                if self.policy == OnConflict::Fail {
                    return Err(self.ends_at(line, key));
                }
                return Ok(Fate::Ignored(Stored::Kept));
            }
        }
        if self.dry_run {
            return Ok(Fate::Ignored(Stored::Written));
        }
        Ok(Fate::Assembled { assembly: Assembly::new(key, &self.token), state })
    }

    async fn add(&mut self, value: &NewValue, field_expires: &FieldExpiries) -> Result<()> {
        let Some(Open { fate: Fate::Assembled { assembly, .. }, .. }) = &mut self.open else {
            return Ok(());
        };
        let added = assembly.add(self.client, value, field_expires, self.cx.step()).await;
        self.settle_step(added).await
    }

    async fn set_state(&mut self) -> Result<()> {
        let Some(Open { fate: Fate::Assembled { assembly, state }, .. }) = &mut self.open else {
            return Ok(());
        };
        let Some(state) = state.take() else { return Ok(()) };
        let set = assembly.set_state(self.client, &state, self.cx.step()).await;
        self.settle_step(set).await
    }

    /// A part that was not added ends the key, which is as it was; where nothing more would be written it
    /// ends the import.
    async fn settle_step(&mut self, added: Result<()>) -> Result<()> {
        match added {
            Ok(()) => Ok(()),
            Err(error) if ends_writing(&error) => Err(error),
            Err(error) => {
                self.refuse_open(&error.outcome(Outcome::NotApplied)).await;
                Ok(())
            }
        }
    }

    async fn close(&mut self) -> Result<()> {
        self.set_state().await?;
        let Some(Open { line, key, expires_at, fate, .. }) = self.open.take() else {
            return Ok(());
        };
        let stored = match fate {
            Fate::Refused => return Ok(()),
            Fate::Ignored(stored) => Ok(stored),
            Fate::Assembled { assembly, .. } => {
                let conflict = self.policy.into();
                assembly.finish(self.client, expires_at, conflict, self.cx.step()).await
            }
        };
        self.settle(line, &key, stored)
    }

    /// Writes what has gathered.
    pub(super) async fn flush(&mut self) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        if self.dry_run || self.policy == OnConflict::Fail {
            self.look().await?;
        }
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        if batch.is_empty() {
            return Ok(());
        }
        let (lines, entries): (Vec<u64>, Vec<NewKey>) = batch.into_iter().unzip();
        let conflict = self.policy.into();
        let stored = self.client.store(&entries, conflict, &self.token, self.cx.step()).await;
        let mut failure = None;
        for ((line, entry), stored) in lines.into_iter().zip(entries).zip(stored) {
            match stored {
                Err(error) if ends_writing(&error) => {
                    self.batch.push((line, entry));
                    failure = Some(error);
                }
                stored => {
                    if let Err(error) = self.settle(line, &entry.key, stored) {
                        failure.get_or_insert(error);
                    }
                }
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Looks which keys are there already. In a dry run that settles them; else one that is there
    /// ends the import before any of the batch is written.
    async fn look(&mut self) -> Result<()> {
        let keys: Vec<&[u8]> = self.batch.iter().map(|(_, entry)| entry.key.as_slice()).collect();
        let there = self.client.exist(&keys, self.cx.step()).await;
        let there = there.into_iter().collect::<Result<Vec<bool>>>()?;
        if self.policy == OnConflict::Fail
            && let Some(at) = there.iter().position(|&there| there)
        {
            let (line, key) = (self.batch[at].0, self.batch[at].1.key.clone());
            return Err(self.ends_at(line, &key));
        }
        if self.dry_run {
            for ((line, entry), there) in std::mem::take(&mut self.batch).into_iter().zip(there) {
                let is_kept = there && self.policy != OnConflict::Replace;
                let stored = if is_kept { Stored::Kept } else { Stored::Written };
                self.settle(line, &entry.key, Ok(stored))?;
            }
        }
        Ok(())
    }

    /// Notes what became of a key.
    fn settle(&mut self, line: u64, key: &[u8], stored: Result<Stored>) -> Result<()> {
        match stored {
            Ok(Stored::Written) => self.work.done += 1,
            Ok(Stored::Expired) => self.expired += 1,
            Ok(Stored::Kept) if self.policy == OnConflict::Fail => {
                return Err(self.ends_at(line, key));
            }
            Ok(Stored::Kept) if self.policy == OnConflict::Refuse => {
                self.work.fail(line, Some(key), &is_there());
            }
            Ok(Stored::Kept) => self.work.skipped += 1,
            Err(error) => {
                self.work.fail(line, Some(key), &error);
                if ends_writing(&error) {
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

fn is_there() -> Error {
    Error::new(Code::Conflict, "the key exists already")
}
