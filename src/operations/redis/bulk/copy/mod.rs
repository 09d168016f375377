//! Copying keys to another connection.
//!
//! A value is read and made again, and appears under its name at once, with the time at which it
//! expires. It does not go as the server itself writes it (`DUMP`, `RESTORE`): whoever may register a
//! server could have it answer with what crashes the one that restores it. So what only a module can
//! read stays where it is.
//!
//! What changes while it is read is read again: its time must belong to its value.

mod batch;
mod large;
mod target;

use super::preview::DryRun;
use super::record::KeysBulk;
use crate::backend::redis::Client;
use crate::backend::redis::transfer::describe::Description;
use crate::backend::redis::transfer::small::SmallValue;
use crate::backend::redis::transfer::store::{Content, NewKey, Stored};
use crate::backend::redis::values::NativeType;
use crate::error::{Code, Error, Result};
use crate::operations::transfer::{OnConflict, Work};
use crate::request::context::Context;
use batch::Key;
pub(super) use batch::{Batch, Settled};
pub(super) use target::Target;

/// Values up to this size, as the server estimates it, are made again whole; larger ones chunk by chunk.
const WHOLE: u64 = 256 << 10;

/// What goes together, but for one that is larger.
const TOGETHER: u64 = 1 << 20;

/// The way of keys to another connection.
pub(super) struct Copy {
    pub(super) to: Target,
    on_conflict: OnConflict,
    /// Where nothing is to be written.
    dry_run: Option<DryRun>,
}

/// How a value gets across.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    SmallValue,
    Pieces,
    /// Not at all: it has become one of a module.
    None,
}

impl Copy {
    pub(super) fn new(to: Target, on_conflict: OnConflict, dry_run: bool) -> Self {
        Self { to, on_conflict, dry_run: dry_run.then(DryRun::default) }
    }

    /// Looks what the keys are, and which of them the other connection has already.
    pub(super) async fn look(
        &mut self,
        cx: &Context,
        from: &Client,
        keys: &[Vec<u8>],
        work: &mut Work<'_, KeysBulk>,
    ) -> Result<Batch> {
        let (described, there) =
            tokio::join!(from.describe(keys, true, cx.step()), self.to.has(cx, keys));
        let mut batch = Batch::default();
        for ((name, is), there) in keys.iter().zip(described).zip(there) {
            let (name, settled) = (name.clone(), &mut batch.settled);
            match (is, there) {
                (Ok(None), _) => settled.add(name, Ok(false)),
                (Ok(Some(_)), Ok(true)) if self.on_conflict == OnConflict::Fail => {
                    // Of all these keys none is written.
                    let mut conflict = Batch::default();
                    self.settle(cx, name, Stored::Kept, &mut conflict.settled);
                    return Ok(conflict);
                }
                (Ok(Some(_)), Ok(true)) if self.on_conflict != OnConflict::Replace => {
                    self.settle(cx, name, Stored::Kept, settled);
                }
                (Ok(Some(Description { expires_at: Err(error), .. })), Ok(_))
                | (Err(error), _)
                | (_, Err(error)) => settled.add(name, Err(error)),
                (Ok(Some(is)), Ok(_)) if NativeType::named(&is.type_name).is_none() => {
                    settled.add(name, Err(of_a_module(&is.type_name)));
                }
                (Ok(Some(is)), Ok(_)) => batch.add(Key::new(name, is)),
            }
        }
        if let Some(dry_run) = &mut self.dry_run {
            for key in batch.take() {
                dry_run.show(&key.name, &key.is, work)?;
                batch.settled.add(key.name, Ok(true));
            }
        }
        Ok(batch)
    }

    /// Copies some of what is left. A large value is given up once `is_over`.
    pub(super) async fn step(
        &mut self,
        cx: &Context,
        from: &Client,
        batch: &mut Batch,
        is_over: &(dyn Fn() -> bool + Sync),
    ) {
        let (way, keys) = batch.next(TOGETHER, way_of);
        if let Err(error) = self.to.may_assemble(cx).await {
            for key in keys {
                batch.settled.unwritten(key.name, error.clone());
            }
            return;
        }
        match way {
            Some(Way::Pieces) => {
                for key in keys {
                    self.large(cx, from, key, batch, is_over).await;
                }
            }
            Some(Way::SmallValue) => self.small(cx, from, keys, batch).await,
            Some(Way::None) => {
                for key in keys {
                    batch.settled.add(key.name, Err(of_a_module(&key.is.type_name)));
                }
            }
            None => {}
        }
    }

    /// Copies values that are read and written in one go each.
    async fn small(&mut self, cx: &Context, from: &Client, keys: Vec<Key>, batch: &mut Batch) {
        let names: Vec<Vec<u8>> = keys.iter().map(|key| key.name.clone()).collect();
        let contents = whole(cx, from, &keys).await;
        let now = from.describe(&names, false, cx.step()).await;
        let (mut entries, mut sent) = (Vec::new(), Vec::new());
        for ((key, content), now) in keys.into_iter().zip(contents).zip(now) {
            let content = match content {
                Ok(Some(content)) => content,
                Ok(None) => {
                    batch.settled.add(key.name, Ok(false));
                    continue;
                }
                Err(error) => {
                    unread(key, error, now, batch);
                    continue;
                }
            };
            let Some(key) = batch.confirm(key, now, from.tells_exact_times()) else { continue };
            let expires_at = key.expires_at();
            if self.to.has_passed(expires_at) {
                batch.settled.add(key.name, Ok(false));
                continue;
            }
            entries.push(NewKey { key: key.name.clone(), content, expires_at });
            sent.push(key);
        }
        let stored = self.to.store(cx, &entries, self.on_conflict.into()).await;
        for (key, stored) in sent.into_iter().zip(stored) {
            match stored {
                Err(error) => batch.settled.unwritten(key.name, self.to.failed(cx, error)),
                Ok(stored) => self.settle(cx, key.name, stored, &mut batch.settled),
            }
        }
    }

    /// Notes what became of a key.
    fn settle(&self, cx: &Context, name: Vec<u8>, stored: Stored, settled: &mut Settled) {
        match stored {
            Stored::Written => settled.add(name, Ok(true)),
            Stored::Kept if self.on_conflict == OnConflict::Fail => {
                let error = self.to.has_it(cx, &name, true);
                settled.end(name, error);
            }
            Stored::Kept if self.on_conflict == OnConflict::Refuse => {
                let error = self.to.has_it(cx, &name, false);
                settled.add(name, Err(error));
            }
            Stored::Kept | Stored::Expired => settled.add(name, Ok(false)),
        }
    }
}

fn way_of(key: &Key) -> Way {
    let size = key.is.size.unwrap_or(u64::MAX);
    match NativeType::named(&key.is.type_name) {
        None => Way::None,
        Some(kind) if kind != NativeType::Stream && size <= WHOLE => Way::SmallValue,
        Some(_) => Way::Pieces,
    }
}

/// Another way for a value that could not be read, if there is one.
fn unread(mut key: Key, error: Error, now: Result<Option<Description>>, batch: &mut Batch) {
    match error.code() {
        // Larger than it was estimated.
        Code::PayloadTooLarge => {
            key.is.size = None;
            batch.add(key);
        }
        Code::WrongType => batch.again(key, now),
        _ => batch.settled.add(key.name, Err(error)),
    }
}

fn of_a_module(type_name: &str) -> Error {
    let message = format!(
        "a {type_name} is of a module, and only its dump could be copied, which is not restored on \
         another server because it can be made to crash that; use the module's own commands"
    );
    Error::not_allowed(message)
}

async fn whole(cx: &Context, from: &Client, keys: &[Key]) -> Vec<Result<Option<Content>>> {
    let asked: Vec<(&[u8], NativeType)> = keys
        .iter()
        .filter_map(|key| Some((key.name.as_slice(), NativeType::named(&key.is.type_name)?)))
        .collect();
    let content = |whole: Result<Option<SmallValue>>| {
        let Some(SmallValue { value, field_expiries }) = whole? else { return Ok(None) };
        Ok(Some(Content::Value(value, field_expiries?)))
    };
    from.read_small_with_times(&asked, cx.step()).await.into_iter().map(content).collect()
}
