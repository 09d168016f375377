//! Entries that were delivered to a group and not acknowledged.

use redis::Value;
use schemars::JsonSchema;
use serde::Serialize;

use super::MAX_LISTED;
use crate::backend::redis::Client;
use crate::backend::redis::keyspace::cursor;
use crate::backend::redis::values::stream::{after, bound};
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::json::{Integer64, TextOrBytes};

/// Which pending entries.
#[derive(Debug, Clone, Default)]
pub struct PendingQuery {
    /// The group's name.
    pub group: Vec<u8>,
    /// Only those of this consumer.
    pub consumer: Option<Vec<u8>>,
    /// The lowest id, and the highest.
    pub min: Option<String>,
    /// See `min`.
    pub max: Option<String>,
    /// Only those that were idle for this many milliseconds.
    pub min_idle_ms: Option<u64>,
    /// The id that the last page ended with.
    pub cursor: Option<String>,
    /// How many, at least one.
    pub count: u64,
}

/// A page of a group's pending entries.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PendingPage {
    /// The key.
    key: TextOrBytes,
    summary: PendingSummary,
    /// Those that were asked for, by id.
    entries: Vec<PendingEntry>,
    /// Where to go on; `"0"` after the last page.
    cursor: String,
}

/// All pending entries of a group.
#[derive(Debug, Serialize, JsonSchema)]
struct PendingSummary {
    /// How many there are.
    pending: i64,
    /// The lowest id; `null` where nothing is pending.
    min_id: Option<String>,
    /// The highest id; `null` where nothing is pending.
    max_id: Option<String>,
    /// The first thousand of those that have any.
    consumers: Vec<ConsumerPending>,
}

/// How many pending entries a consumer has.
#[derive(Debug, Serialize, JsonSchema)]
struct ConsumerPending {
    name: TextOrBytes,
    pending: i64,
}

/// An entry that was delivered and not acknowledged.
#[derive(Debug, Serialize, JsonSchema)]
struct PendingEntry {
    id: String,
    /// To whom it was delivered.
    consumer: TextOrBytes,
    /// Milliseconds since it was.
    idle_ms: Integer64,
    /// How often it was.
    deliveries: Integer64,
}

impl Client {
    /// Of all pending entries of the group how many there are, and those that are wanted.
    pub async fn pending(
        &self,
        key: &[u8],
        wanted: &PendingQuery,
        deadline: Deadline,
    ) -> Result<PendingPage> {
        let min = match wanted.cursor.as_deref().filter(|&cursor| cursor != cursor::END) {
            Some(last) => after(last)?,
            None => bound(wanted.min.as_ref(), "-")?,
        };
        let max = bound(wanted.max.as_ref(), "+")?;
        let (idle, count) = (wanted.min_idle_ms.map(|ms| ms.to_string()), wanted.count.to_string());
        let mut args: Vec<&[u8]> = vec![&wanted.group];
        if let Some(idle) = &idle {
            args.extend([b"IDLE", idle.as_bytes()]);
        }
        args.extend([min.as_bytes(), max.as_bytes(), count.as_bytes()]);
        args.extend(wanted.consumer.as_deref());
        let mut commands = Commands::with_capacity(2);
        commands.push_about(Effect::Read, "XPENDING", key, &[&wanted.group]);
        commands.push_about(Effect::Read, "XPENDING", key, &args);
        let [summary, entries] = self.about_stream(key, &commands, deadline).await?;
        let read = || {
            let entries = reply::elements(entries)?.into_iter().map(pending_entry);
            Some((pending_summary(summary)?, entries.collect::<Option<Vec<_>>>()?))
        };
        let (summary, entries) = read().ok_or_else(|| failure::unexpected("XPENDING"))?;
        let cursor = match entries.last() {
            Some(last) if entries.len() as u64 >= wanted.count => last.id.clone(),
            _ => cursor::END.to_owned(),
        };
        Ok(PendingPage { key: TextOrBytes(key.to_vec()), summary, entries, cursor })
    }
}

fn pending_summary(summary: Value) -> Option<PendingSummary> {
    let [pending, min, max, consumers] = <[Value; 4]>::try_from(reply::elements(summary)?).ok()?;
    let consumer = |consumer| {
        let [name, pending] = <[Value; 2]>::try_from(reply::elements(consumer)?).ok()?;
        let name = TextOrBytes(reply::into_bytes(name)?);
        Some(ConsumerPending { name, pending: reply::integer(&pending)? })
    };
    // Nil where nothing is pending.
    let consumers = reply::elements(consumers).unwrap_or_default().into_iter().take(MAX_LISTED);
    Some(PendingSummary {
        pending: reply::integer(&pending)?,
        min_id: reply::text(&min),
        max_id: reply::text(&max),
        consumers: consumers.map(consumer).collect::<Option<_>>()?,
    })
}

fn pending_entry(entry: Value) -> Option<PendingEntry> {
    let [id, consumer, idle, deliveries] = <[Value; 4]>::try_from(reply::elements(entry)?).ok()?;
    Some(PendingEntry {
        id: reply::text(&id)?,
        consumer: TextOrBytes(reply::into_bytes(consumer)?),
        idle_ms: Integer64(reply::integer(&idle)?),
        deliveries: Integer64(reply::integer(&deliveries)?),
    })
}
