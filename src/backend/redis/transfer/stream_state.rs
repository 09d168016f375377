//! What a stream is besides its entries: counters, consumer groups, and what these have pending.
//!
//! Kept are the last id and the counters; each group with how far it was delivered and read; and each
//! delivery that was not acknowledged, with its consumer, time and count. Consumers that have nothing
//! pending are not kept: they come back by themselves when they read again.

use std::collections::HashMap;

use redis::Value;

use crate::backend::redis::Client;
use crate::backend::redis::run::exactly;
use crate::backend::redis::values::stream::after;
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::Result;

/// Deliveries that are read together.
const PAGE: u64 = 1_000;

/// A stream without its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamState {
    /// The id of the last entry there ever was.
    pub last_id: String,
    /// How many entries there ever were; `None` on servers before 7.0.
    pub entries_added: Option<i64>,
    /// The greatest id that was deleted; `None` on servers before 7.0.
    pub max_deleted_id: Option<String>,
    /// Consumer groups.
    pub groups: Vec<ConsumerGroup>,
}

/// A consumer group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroup {
    /// Its name.
    pub name: Vec<u8>,
    /// The id of the last entry that it was given.
    pub last_delivered_id: String,
    /// How many entries it has read; `None` where the server does not know.
    pub entries_read: Option<i64>,
    /// How many deliveries are not acknowledged.
    pub pending: u64,
}

/// A delivery that was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingEntry {
    /// The entry.
    pub id: String,
    /// Who was given it.
    pub consumer: Vec<u8>,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// How often.
    pub count: i64,
}

impl Client {
    /// The state of a stream.
    pub async fn stream_state(&self, key: &[u8], deadline: Deadline) -> Result<StreamState> {
        let mut commands = Commands::with_capacity(2);
        commands.push(Effect::Read, 2, &[b"XINFO", b"STREAM", key]);
        commands.push(Effect::Read, 2, &[b"XINFO", b"GROUPS", key]);
        let [stream, groups] = exactly(self.run_patiently(&commands, deadline).await);
        let (stream, groups) = (failure::check(stream?)?, failure::check(groups?)?);
        let state = || {
            let mut stream = members(stream)?;
            let groups = reply::elements(groups)?.into_iter().map(group).collect::<Option<_>>()?;
            Some(StreamState {
                last_id: reply::text(&stream.remove("last-generated-id")?)?,
                entries_added: stream.get("entries-added").and_then(reply::integer),
                max_deleted_id: stream.get("max-deleted-entry-id").and_then(reply::text),
                groups,
            })
        };
        state().ok_or_else(|| failure::unexpected("XINFO"))
    }

    /// A page of a group's deliveries, from an id on (`-` is the first); and where to go on, if there
    /// is more. `now` is the server's time.
    pub async fn deliveries(
        &self,
        key: &[u8],
        group: &[u8],
        from: &str,
        now: i64,
        deadline: Deadline,
    ) -> Result<(Vec<PendingEntry>, Option<String>)> {
        let count = PAGE.to_string();
        let args: [&[u8]; 6] = [b"XPENDING", key, group, from.as_bytes(), b"+", count.as_bytes()];
        let commands = Commands::one(Effect::Read, 1, &args);
        let [page] = exactly(self.run_patiently(&commands, deadline).await);
        let page = reply::elements(failure::check(page?)?);
        let page = page.and_then(|page| page.into_iter().map(|d| delivery(d, now)).collect());
        let page: Vec<PendingEntry> = page.ok_or_else(|| failure::unexpected("XPENDING"))?;
        let next = match page.last() {
            Some(last) if page.len() as u64 >= PAGE => Some(after(&last.id)?),
            _ => None,
        };
        Ok((page, next))
    }
}

/// Names and values, however the protocol pairs them.
fn members(reply: Value) -> Option<HashMap<String, Value>> {
    let mut elements = reply::elements(reply)?.into_iter();
    let mut members = HashMap::new();
    while let (Some(name), Some(value)) = (elements.next(), elements.next()) {
        members.insert(reply::text(&name)?, value);
    }
    Some(members)
}

fn group(reply: Value) -> Option<ConsumerGroup> {
    let mut group = members(reply)?;
    Some(ConsumerGroup {
        name: reply::into_bytes(group.remove("name")?)?,
        last_delivered_id: reply::text(&group.remove("last-delivered-id")?)?,
        entries_read: group.get("entries-read").and_then(reply::integer),
        pending: group.get("pending").and_then(reply::count)?,
    })
}

fn delivery(reply: Value, now: i64) -> Option<PendingEntry> {
    let [id, consumer, idle, count] = <[Value; 4]>::try_from(reply::elements(reply)?).ok()?;
    Some(PendingEntry {
        id: reply::text(&id)?,
        consumer: reply::into_bytes(consumer)?,
        at: now.saturating_sub(reply::integer(&idle)?),
        count: reply::integer(&count)?,
    })
}
