//! Values that are read and put together chunk by chunk.

use std::slice;

use super::super::super::problems::is_gone;
use super::batch::{Batch, Key};
use super::{Copy, target};
use crate::backend::redis::Client;
use crate::backend::redis::transfer::assembly::Assembly;
use crate::backend::redis::transfer::chunked::ChunkedRead;
use crate::backend::redis::transfer::store::Stored;
use crate::backend::redis::values::{NativeType, NewValue};
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::request::context::Context;

/// Why a value is not whole.
enum Cut {
    /// It can't be read.
    Unread(Error),
    /// It can't be written; what is there is as it was.
    Unwritten(Error),
    /// It changed so that what was read is none of its values.
    Torn,
    /// The work is over.
    Over,
}

impl Copy {
    /// Copies one value. Whatever goes wrong before its last step leaves the other server as it was.
    pub(super) async fn large(
        &mut self,
        cx: &Context,
        from: &Client,
        key: Key,
        batch: &mut Batch,
        is_over: &(dyn Fn() -> bool + Sync),
    ) {
        let Some(kind) = NativeType::named(&key.is.type_name) else { return };
        if self.to.has_passed(key.expires_at()) {
            return batch.settled.add(key.name, Ok(false));
        }
        let mut assembly = Assembly::new(&key.name, &target::token());
        let assembled = self.assemble(cx, from, &key, kind, &mut assembly, is_over).await;
        let now = from.describe(slice::from_ref(&key.name), false, cx.step()).await;
        let now = now.into_iter().next().unwrap_or(Ok(None));
        let cut = match assembled {
            Ok(()) => {
                let Some(key) = batch.confirm(key, now, from.tells_exact_times()) else {
                    return assembly.discard(&self.to.client, cx.step()).await;
                };
                let stored = self.finish(cx, assembly, key.expires_at()).await;
                return match stored {
                    Ok(stored) => self.settle(cx, key.name, stored, &mut batch.settled),
                    Err(error) if is_gone(&error) => batch.settled.end(key.name, error),
                    Err(error) => batch.settled.unwritten(key.name, error),
                };
            }
            Err(cut) => cut,
        };
        assembly.discard(&self.to.client, cx.step()).await;
        match cut {
            Cut::Over => {}
            Cut::Torn => batch.again(key, now),
            Cut::Unread(error) => match error.code() {
                Code::DbNotFound => batch.settled.add(key.name, Ok(false)),
                Code::WrongType => batch.again(key, now),
                _ if is_gone(&error) => batch.settled.end(key.name, error),
                _ => batch.settled.add(key.name, Err(error)),
            },
            Cut::Unwritten(error) if is_gone(&error) => batch.settled.end(key.name, error),
            Cut::Unwritten(error) => {
                batch.settled.unwritten(key.name, error.outcome(Outcome::NotApplied));
            }
        }
    }

    async fn assemble(
        &self,
        cx: &Context,
        from: &Client,
        key: &Key,
        kind: NativeType,
        assembly: &mut Assembly,
        is_over: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), Cut> {
        let to: &Client = &self.to.client;
        let unwritten = |error| Cut::Unwritten(self.to.failed(cx, error));
        let mut chunks = ChunkedRead::new(&key.name, kind);
        let mut state = None;
        if kind == NativeType::Stream {
            let found = from.stream_state(&key.name, cx.step()).await.map_err(unread)?;
            chunks = chunks.until(&found.last_id);
            state = Some(found);
        }
        while !chunks.is_over() {
            if is_over() {
                return Err(Cut::Over);
            }
            let chunk = chunks.next(from, cx.step()).await.map_err(unread)?;
            let mut expiries = Ok(Vec::new());
            if let NewValue::Hash(fields) = &chunk
                && !fields.is_empty()
            {
                let asked = [(key.name.as_slice(), fields.as_slice())];
                let mut found = from.field_expiries(&asked, cx.step()).await;
                expiries = found.pop().unwrap_or(expiries);
            }
            let expiries = expiries.map_err(unread)?;
            assembly.add(to, &chunk, &expiries, cx.step()).await.map_err(unwritten)?;
        }
        let Some(state) = state else {
            return if chunks.changed() { Err(Cut::Torn) } else { Ok(()) };
        };
        // A stream may grow meanwhile: it is copied up to what was its last entry.
        assembly.set_state(to, &state, cx.step()).await.map_err(unwritten)?;
        let now = from.now(cx.step()).await;
        for group in state.groups.iter().filter(|group| group.pending > 0) {
            let mut from_id = Some("-".to_owned());
            while let Some(begin) = from_id {
                if is_over() {
                    return Err(Cut::Over);
                }
                let page = from.deliveries(&key.name, &group.name, &begin, now, cx.step()).await;
                let (deliveries, next) = page.map_err(unread)?;
                let added = assembly.add_deliveries(to, &group.name, &deliveries, cx.step()).await;
                added.map_err(unwritten)?;
                from_id = next;
            }
        }
        Ok(())
    }

    async fn finish(
        &self,
        cx: &Context,
        assembly: Assembly,
        expires_at: Option<i64>,
    ) -> Result<Stored> {
        let conflict = self.on_conflict.into();
        let stored = assembly.finish(&self.to.client, expires_at, conflict, cx.step()).await;
        stored.map_err(|error| self.to.failed(cx, error))
    }
}

fn unread(error: Error) -> Cut {
    let vanished = error.message().contains("no such key");
    Cut::Unread(if vanished { Error::not_found("the key has vanished") } else { error })
}
