//! Keys as lines: small ones together, large ones part by part.

use super::super::visits::{Fate, Visits};
use super::encode;
use super::ledger::Ledger;
use super::sealed::Seals;
use crate::backend::Warning;
use crate::backend::redis::Client;
use crate::backend::redis::transfer::chunked::ChunkedRead;
use crate::backend::redis::transfer::describe::Description;
use crate::backend::redis::transfer::small::{FieldExpiries, SmallValue};
use crate::backend::redis::transfer::stream_state::StreamState;
use crate::backend::redis::values::{NativeType, NewValue};
use crate::error::{Cause, Code, Error, Result};
use crate::json::{Object, Writer};
use crate::request::context::Context;
use crate::request::feed::Sink;

/// Values up to this size, as the server estimates it, are read whole …
const SMALL: u64 = 32 << 10;

/// … together with others, up to this sum.
const TOGETHER: u64 = 1 << 20;

/// How often a key is read again because it became another meanwhile.
const MAX_TRIES: usize = 3;

/// Writes keys as lines.
pub(super) struct Values<'a> {
    pub(super) cx: &'a Context,
    pub(super) client: &'a Client,
    pub(super) sink: &'a mut Sink,
    pub(super) ledger: Ledger,
    seals: Seals,
    visits: Visits,
    /// A key that was told as skipped is there after all.
    has_skipped_one_too: bool,
    warned: Vec<&'static str>,
}

/// A key that is there.
struct Key<'a> {
    name: &'a [u8],
    is: Description,
}

impl<'a> Values<'a> {
    pub(super) fn new(
        cx: &'a Context,
        client: &'a Client,
        sink: &'a mut Sink,
        seals: Seals,
    ) -> Self {
        let (ledger, visits, warned) = (Ledger::default(), Visits::default(), Vec::new());
        Self { cx, client, sink, ledger, seals, visits, has_skipped_one_too: false, warned }
    }

    /// Whether no key can be there, or be counted, twice.
    pub(super) fn has_each_once(&self) -> bool {
        self.visits.is_exact && !self.has_skipped_one_too
    }

    /// A key that is there as a whole. What was told of it before stays in the file, and counts too.
    fn written(&mut self, key: &[u8]) {
        self.ledger.keys += 1;
        self.has_skipped_one_too |= self.visits.note(key, Fate::Done).0.is_some();
    }

    /// Writes all of the keys that are still there.
    pub(super) async fn keys(&mut self, keys: &[Vec<u8>]) -> Result<()> {
        let left = keys.iter().filter(|key| !self.visits.is_done(key)).cloned();
        let keys: Vec<Vec<u8>> = left.collect();
        let described = self.client.describe(&keys, true, self.cx.step()).await;
        let (mut small, mut sum, mut large) = (Vec::new(), 0, Vec::new());
        for (name, is) in keys.iter().zip(described) {
            let is = match is {
                Ok(Some(is)) => is,
                Ok(None) => continue,
                Err(error) => {
                    self.skip(name, None, error).await?;
                    continue;
                }
            };
            let size = is.size.unwrap_or(u64::MAX);
            match NativeType::named(&is.type_name) {
                Some(kind) if kind != NativeType::Stream && size <= SMALL => {
                    small.push((Key { name, is }, kind));
                    sum += size;
                }
                _ => large.push(Key { name, is }),
            }
            if sum > TOGETHER {
                large.extend(self.small(std::mem::take(&mut small)).await?);
                sum = 0;
            }
        }
        large.extend(self.small(small).await?);
        for key in large {
            self.large(key).await?;
        }
        Ok(())
    }

    /// Reads values whole. Returns the keys that are to be read by themselves after all.
    async fn small<'k>(&mut self, keys: Vec<(Key<'k>, NativeType)>) -> Result<Vec<Key<'k>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let asked: Vec<(&[u8], NativeType)> =
            keys.iter().map(|(key, kind)| (key.name, *kind)).collect();
        let values = self.client.read_small_with_times(&asked, self.cx.step()).await;
        let mut again = Vec::new();
        for ((key, _), value) in keys.into_iter().zip(values) {
            let SmallValue { value, field_expiries } = match value {
                Ok(Some(whole)) => whole,
                Ok(None) => continue,
                // Larger than estimated, or another type meanwhile.
                Err(error) if matches!(error.code(), Code::PayloadTooLarge | Code::WrongType) => {
                    again.push(key);
                    continue;
                }
                Err(error) => {
                    self.skip(key.name, Some(&key.is.type_name), error).await?;
                    continue;
                }
            };
            let expiries = self.or_warn("field_expires", field_expiries).await?;
            let expires_at = self.expires_at(&key.is).await?;
            self.ledger
                .line(self.sink, |out| {
                    let mut line = begin(out, &key, expires_at);
                    encode::value(line.key("value"), &value);
                    encode::field_expiries(&mut line, &expiries);
                    line.close();
                    Ok(())
                })
                .await?;
            self.written(key.name);
        }
        Ok(again)
    }

    /// Reads a value by itself; again if it became another.
    async fn large(&mut self, key: Key<'_>) -> Result<()> {
        let Key { name, is } = key;
        let mut is = Some(is);
        for _ in 0..MAX_TRIES {
            let Some(found) = is else { return Ok(()) };
            let key = Key { name, is: found };
            let lines = self.ledger.lines;
            let read = match NativeType::named(&key.is.type_name) {
                None => self.module(&key).await,
                Some(NativeType::Stream) => self.stream(&key).await,
                Some(kind) => {
                    let read = self.parts(&key, ChunkedRead::new(name, kind), None, false).await;
                    read.map(|()| self.written(name))
                }
            };
            let Err(error) = read else { return Ok(()) };
            if error.code().retryable() || self.sink.is_closed() {
                return Err(error);
            }
            if self.ledger.lines > lines {
                self.ledger.member(self.sink, "gone", &true).await?;
            }
            match error.code() {
                Code::DbNotFound => return Ok(()),
                Code::WrongType => {
                    let keys = [name.to_vec()];
                    let described = self.client.describe(&keys, true, self.cx.step()).await;
                    is = described.into_iter().next().unwrap_or(Ok(None))?;
                }
                _ => return self.skip(name, Some(&key.is.type_name), error).await,
            }
        }
        let error = Error::new(Code::Conflict, "the key became another each time it was read");
        self.skip(name, None, error).await
    }

    /// A value in as many lines as it takes, and after them others of the same key if it `goes_on`.
    async fn parts(
        &mut self,
        key: &Key<'_>,
        mut chunks: ChunkedRead,
        state: Option<&StreamState>,
        goes_on: bool,
    ) -> Result<()> {
        let mut first = true;
        while !chunks.is_over() {
            let chunk = chunks.next(self.client, self.cx.step()).await?;
            let expiries = self.expiries_of(key.name, &chunk).await?;
            let expires_at = self.expires_at(&key.is).await?;
            let (more, changed) = (!chunks.is_over() || goes_on, chunks.changed());
            self.ledger
                .line(self.sink, |out| {
                    let (mut line, name) = if std::mem::take(&mut first) {
                        (begin(out, key, expires_at), "value")
                    } else {
                        (Object::open(out), "part")
                    };
                    if let Some(state) = state.filter(|_| name == "value") {
                        encode::stream_state(&mut line, state);
                    }
                    encode::value(line.key(name), &chunk);
                    encode::field_expiries(&mut line, &expiries);
                    end(line, more, changed);
                    Ok(())
                })
                .await?;
        }
        Ok(())
    }

    /// A stream: its entries up to the last one that its state knows, then what is pending.
    async fn stream(&mut self, key: &Key<'_>) -> Result<()> {
        let (cx, client) = (self.cx, self.client);
        let state = match client.stream_state(key.name, cx.step()).await {
            Err(error) if error.message().contains("no such key") => {
                return Err(Error::not_found("the stream has vanished"));
            }
            Ok(state) => Some(state),
            state => self.or_warn("stream", state.map(Some)).await?,
        };
        let mut chunks = ChunkedRead::new(key.name, NativeType::Stream);
        if let Some(state) = &state {
            chunks = chunks.until(&state.last_id);
        }
        let now = client.now(cx.step()).await;
        let groups = state.iter().flat_map(|state| &state.groups);
        let mut groups: Vec<_> = groups.filter(|group| group.pending > 0).collect();
        groups.reverse();
        self.parts(key, chunks, state.as_ref(), !groups.is_empty()).await?;
        while let Some(group) = groups.pop() {
            let mut from = Some("-".to_owned());
            while let Some(begin) = from {
                let step = cx.step();
                let page = client.deliveries(key.name, &group.name, &begin, now, step).await;
                let (deliveries, next) = self.or_warn("pending", page).await?;
                let more = next.is_some() || !groups.is_empty();
                self.ledger
                    .line(self.sink, |out| {
                        let mut line = Object::open(out);
                        encode::pending(&mut line, &group.name, &deliveries);
                        end(line, more, false);
                        Ok(())
                    })
                    .await?;
                from = next;
            }
        }
        self.written(key.name);
        Ok(())
    }

    async fn module(&mut self, key: &Key<'_>) -> Result<()> {
        let dumped = self.client.dump(&[key.name], self.cx.step()).await;
        let Some(dump) = dumped.into_iter().next().unwrap_or(Ok(None))? else { return Ok(()) };
        let expires_at = self.expires_at(&key.is).await?;
        let seal = self.seals.seal(key.name, &key.is.type_name, &dump);
        self.ledger
            .line(self.sink, |out| {
                let mut line = begin(out, key, expires_at);
                line.key("dump").base64(&dump);
                if let Some(seal) = &seal {
                    line.key("seal").string(seal);
                }
                line.close();
                Ok(())
            })
            .await?;
        self.written(key.name);
        Ok(())
    }

    async fn expiries_of(&mut self, key: &[u8], chunk: &NewValue) -> Result<FieldExpiries> {
        let NewValue::Hash(fields) = chunk else { return Ok(Vec::new()) };
        if fields.is_empty() {
            return Ok(Vec::new());
        }
        let expiries = self.client.field_expiries(&[(key, fields)], self.cx.step()).await.pop();
        self.or_warn("field_expires", expiries.unwrap_or(Ok(Vec::new()))).await
    }

    async fn expires_at(&mut self, is: &Description) -> Result<Option<i64>> {
        self.or_warn("expires_at", is.expires_at.clone()).await
    }

    /// What the user may not read is left out, with a warning the first time.
    async fn or_warn<T: Default>(&mut self, field: &'static str, read: Result<T>) -> Result<T> {
        let error = match read {
            Err(error) if error.code() == Code::PermissionDenied => error,
            read => return read,
        };
        if !self.warned.contains(&field) {
            self.warned.push(field);
            self.ledger.member(self.sink, "warning", &Warning::new(field, error)).await?;
        }
        Ok(T::default())
    }

    /// A key that can't be read. Where no server can be reached there is no use in going on.
    async fn skip(&mut self, key: &[u8], type_name: Option<&str>, error: Error) -> Result<()> {
        if error.code().retryable() {
            return Err(error);
        }
        if self.visits.note(key, Fate::Failed).0.is_some() {
            return Ok(());
        }
        self.ledger.skipped += 1;
        self.ledger
            .line(self.sink, |out| {
                let mut line = Object::open(out);
                let mut problem = Object::open(line.key("problem"));
                encode::text_or_bytes(problem.key("key"), key);
                problem.member("type", &type_name)?;
                problem.members(&Cause::from(error))?;
                problem.close();
                line.close();
                Ok(())
            })
            .await
    }
}

fn begin<'w>(out: &'w mut Writer, key: &Key<'_>, expires_at: Option<i64>) -> Object<'w> {
    let mut line = Object::open(out);
    encode::text_or_bytes(line.key("key"), key.name);
    line.key("type").string(&key.is.type_name);
    if let Some(at) = expires_at {
        line.key("expires_at").integer(at);
    }
    line
}

fn end(mut line: Object<'_>, more: bool, changed: bool) {
    if more {
        line.key("more").boolean(true);
    }
    if changed {
        line.key("changed").boolean(true);
    }
    line.close();
}
