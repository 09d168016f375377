//! Copying keys to another connection.
//!
//! A value goes as the server itself writes it (`DUMP`, `RESTORE`) where that can be, else it is read
//! and made again: where the other server is of an older generation, where one of the users may not
//! use these commands, and where a value is so large that a server would be held up. Either way it
//! appears under its name at once, with the time at which it expires.
//!
//! What changes while it is read is read again: its time must belong to its value.

mod batch;
mod large;
mod target;

use super::super::conflict::OnConflict;
use super::preview::Preview;
use crate::api::context::Context;
use crate::api::stream::Sink;
use crate::backend::redis::Client;
use crate::backend::redis::dump::{self, Dumped};
use crate::backend::redis::kind::Kind;
use crate::backend::redis::put::{Content, Entry, Put};
use crate::backend::redis::survey::Surveyed;
use crate::backend::redis::whole::Whole;
use crate::error::{Code, Error, Result};
use batch::Key;
pub(super) use batch::{Batch, Settled};
pub(super) use target::Target;

/// Values up to this size, as the server estimates it, are dumped: both servers do nothing else
/// meanwhile.
const DUMPED: u64 = 8 << 20;

/// Those up to this size are made again whole; larger ones piece by piece.
const WHOLE: u64 = 32 << 10;

/// What goes together, but for one that is larger.
const TOGETHER: u64 = 1 << 20;

/// The way of keys to another connection.
pub(super) struct Copy {
    to: Target,
    on_conflict: OnConflict,
    /// Whether dumps get across, as far as is known.
    dumps: bool,
    /// Where nothing is to be written.
    preview: Option<Preview>,
}

/// How a value gets across.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Dump,
    Whole,
    Pieces,
}

impl Copy {
    pub(super) fn new(to: Target, on_conflict: OnConflict, dry_run: bool) -> Self {
        Self { to, on_conflict, dumps: true, preview: dry_run.then(Preview::default) }
    }

    /// The connection that keys are copied to.
    pub(super) fn to(&self) -> &Target {
        &self.to
    }

    /// Looks what the keys are, and which of them the other connection has already: what that settles,
    /// and what is left to do.
    pub(super) async fn look(
        &mut self,
        cx: &Context,
        from: &Client,
        keys: &[Vec<u8>],
        sink: &mut Sink,
    ) -> Result<(Settled, Batch)> {
        let (surveyed, there) =
            tokio::join!(from.survey(keys, true, cx.step()), self.to.has(cx, keys));
        let (mut settled, mut batch) = (Settled::default(), Batch::default());
        for ((name, is), there) in keys.iter().zip(surveyed).zip(there) {
            let name = name.clone();
            match (is, there) {
                (Ok(None), _) => settled.add(name, Ok(false)),
                (Ok(Some(_)), Ok(true)) if self.on_conflict == OnConflict::Skip => {
                    settled.add(name, Ok(false));
                }
                (Ok(Some(_)), Ok(true)) if self.on_conflict == OnConflict::Fail => {
                    // Of all these keys none is written.
                    let mut conflict = Settled::default();
                    conflict.end(name.clone(), self.to.has_it(cx, &name));
                    return Ok((conflict, Batch::default()));
                }
                (Ok(Some(Surveyed { expires_at: Err(error), .. })), Ok(_))
                | (Err(error), _)
                | (_, Err(error)) => settled.add(name, Err(error)),
                (Ok(Some(is)), Ok(_)) => batch.add(Key::new(name, is)),
            }
        }
        if let Some(preview) = &mut self.preview {
            for key in batch.take() {
                preview.show(&key.name, &key.is, sink).await?;
                settled.add(key.name, Ok(true));
            }
        }
        Ok((settled, batch))
    }

    /// Copies some of what is left. A large value is given up once `is_over`.
    pub(super) async fn step(
        &mut self,
        cx: &Context,
        from: &Client,
        batch: &mut Batch,
        is_over: &(dyn Fn() -> bool + Sync),
    ) -> Settled {
        let mut settled = Settled::default();
        let (way, keys) = batch.next(TOGETHER, |key| self.way(key));
        if way != Some(Way::Dump)
            && let Err(error) = self.to.may_assemble(cx).await
        {
            for key in keys {
                settled.add(key.name, Err(error.clone()));
            }
            return settled;
        }
        match way {
            Some(Way::Pieces) => {
                for key in keys {
                    self.large(cx, from, key, batch, is_over, &mut settled).await;
                }
            }
            Some(way) => self.small(cx, from, way, keys, batch, &mut settled).await,
            None => {}
        }
        settled
    }

    fn way(&self, key: &Key) -> Way {
        let size = key.is.size.unwrap_or(u64::MAX);
        match Kind::named(&key.is.type_name) {
            // Nobody else can read what a module keeps.
            None => Way::Dump,
            Some(_) if self.dumps && !key.is_too_large && size <= DUMPED => Way::Dump,
            Some(kind) if kind != Kind::Stream && size <= WHOLE => Way::Whole,
            Some(_) => Way::Pieces,
        }
    }

    /// Copies values that are read and written in one go each.
    async fn small(
        &mut self,
        cx: &Context,
        from: &Client,
        way: Way,
        keys: Vec<Key>,
        batch: &mut Batch,
        settled: &mut Settled,
    ) {
        let names: Vec<Vec<u8>> = keys.iter().map(|key| key.name.clone()).collect();
        let (contents, now): (Vec<_>, Vec<_>) = match way {
            Way::Dump => {
                let dumped = from.dump_and_survey(&names, cx.step()).await;
                let content = |(dump, now): Dumped| (dump.map(|d| d.map(Content::Dump)), now);
                dumped.into_iter().map(content).unzip()
            }
            _ => (whole(cx, from, &keys).await, from.survey(&names, false, cx.step()).await),
        };
        let (mut entries, mut sent) = (Vec::new(), Vec::new());
        for ((key, content), now) in keys.into_iter().zip(contents).zip(now) {
            let content = match content {
                Ok(Some(content)) => content,
                Ok(None) => {
                    settled.add(key.name, Ok(false));
                    continue;
                }
                Err(error) => {
                    self.unread(way, key, error, now, batch, settled);
                    continue;
                }
            };
            let Some(key) = batch.confirm(key, now, from.tells_exact_times(), settled) else {
                continue;
            };
            let expires_at = key.expires_at();
            if self.to.has_passed(expires_at) {
                settled.add(key.name, Ok(false));
                continue;
            }
            entries.push(Entry { key: key.name.clone(), content, expires_at });
            sent.push(key);
        }
        let put = self.to.put(cx, &entries, self.on_conflict.conflict()).await;
        for (key, put) in sent.into_iter().zip(put) {
            match put {
                Err(error) => self.unwritten(cx, way, key, error, batch, settled),
                Ok(put) => self.settle(cx, key.name, put, settled),
            }
        }
    }

    /// Another way for a value that could not be read, if there is one.
    fn unread(
        &mut self,
        way: Way,
        mut key: Key,
        error: Error,
        now: Result<Option<Surveyed>>,
        batch: &mut Batch,
        settled: &mut Settled,
    ) {
        let is_module = Kind::named(&key.is.type_name).is_none();
        match error.code() {
            _ if is_module => settled.add(key.name, Err(error)),
            _ if way == Way::Dump && dump::is_unavailable(&error) => {
                self.dumps = false;
                batch.add(key);
            }
            // Larger than it was estimated.
            Code::PayloadTooLarge => {
                key.is_too_large = true;
                key.is.size = None;
                batch.add(key);
            }
            Code::WrongType => batch.again(key, now, settled),
            _ => settled.add(key.name, Err(error)),
        }
    }

    /// Another way for a value that could not be written, if there is one.
    fn unwritten(
        &mut self,
        cx: &Context,
        way: Way,
        key: Key,
        error: Error,
        batch: &mut Batch,
        settled: &mut Settled,
    ) {
        let is_dump = way == Way::Dump;
        if !is_dump || !(dump::is_unreadable(&error) || dump::is_unavailable(&error)) {
            return settled.add(key.name, Err(self.to.failed(cx, error)));
        }
        if Kind::named(&key.is.type_name).is_none() {
            let what = format!("only a server that knows {} can hold this", key.is.type_name);
            return settled.add(key.name, Err(self.to.failed(cx, error.context(&what))));
        }
        self.dumps = false;
        batch.add(key);
    }

    /// Notes what became of a key.
    fn settle(&self, cx: &Context, name: Vec<u8>, put: Put, settled: &mut Settled) {
        match put {
            Put::Written => settled.add(name, Ok(true)),
            Put::Kept if self.on_conflict == OnConflict::Fail => {
                let error = self.to.has_it(cx, &name);
                settled.end(name, error);
            }
            Put::Kept | Put::Expired => settled.add(name, Ok(false)),
        }
    }
}

async fn whole(cx: &Context, from: &Client, keys: &[Key]) -> Vec<Result<Option<Content>>> {
    let asked: Vec<(&[u8], Kind)> = keys
        .iter()
        .filter_map(|key| Some((key.name.as_slice(), Kind::named(&key.is.type_name)?)))
        .collect();
    let content = |whole: Result<Option<Whole>>| {
        let Some(Whole { value, field_expiries }) = whole? else { return Ok(None) };
        Ok(Some(Content::Value(value, field_expiries?)))
    };
    from.read_whole_with_times(&asked, cx.step()).await.into_iter().map(content).collect()
}
