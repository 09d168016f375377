//! Who consumes a stream: groups, their consumers, and entries that were delivered and not
//! acknowledged.

use redis::Value;

use super::stream::{after, bound};
use crate::backend::redis::Client;
use crate::backend::redis::keyspace::cursor;
use crate::backend::redis::wire::commands::{Commands, Effect, NO_ARGS};
use crate::backend::redis::wire::{failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::json::Writer;

/// Groups or consumers of one answer, at most. The server has no pages of them.
const MAX_LISTED: usize = 1000;

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

impl Client {
    /// Writes `{ key, stream, groups, truncated }`: what `XINFO STREAM` says but for entries, and
    /// for each group what `XINFO GROUPS` says, in words of the server with `_` for `-`. What an
    /// older server does not know is not there.
    pub async fn groups(&self, key: &[u8], out: &mut Writer, deadline: Deadline) -> Result<()> {
        let mut commands = Commands::with_capacity(2);
        commands.push_about(Effect::Read, "XINFO STREAM", key, NO_ARGS);
        commands.push_about(Effect::Read, "XINFO GROUPS", key, NO_ARGS);
        let [stream, groups] = self.about_stream(key, &commands, deadline).await?;
        out.raw(b"{\"key\":");
        out.text_or_bytes(key);
        out.raw(b",\"stream\":");
        write_facts(out, stream, &[]);
        out.raw(b",\"groups\":");
        write_list(out, groups, &[]);
        out.raw(b"}");
        Ok(())
    }

    /// Writes `{ key, consumers, truncated }`: for each `{ name, pending, idle_ms, inactive_ms }`.
    pub async fn consumers(
        &self,
        key: &[u8],
        group: &[u8],
        out: &mut Writer,
        deadline: Deadline,
    ) -> Result<()> {
        let mut commands = Commands::with_capacity(1);
        commands.push_about(Effect::Read, "XINFO CONSUMERS", key, &[group]);
        let [consumers] = self.about_stream(key, &commands, deadline).await?;
        out.raw(b"{\"key\":");
        out.text_or_bytes(key);
        out.raw(b",\"consumers\":");
        write_list(out, consumers, &[("idle", "idle_ms"), ("inactive", "inactive_ms")]);
        out.raw(b"}");
        Ok(())
    }

    /// Writes `{ key, summary, entries, cursor }`: of all pending entries of the group `{ pending,
    /// min_id, max_id, consumers: [{ name, pending }] }`, and those asked for as `{ id, consumer,
    /// idle_ms, deliveries }`.
    pub async fn pending(
        &self,
        key: &[u8],
        wanted: &PendingQuery,
        out: &mut Writer,
        deadline: Deadline,
    ) -> Result<()> {
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
        out.raw(b"{\"key\":");
        out.text_or_bytes(key);
        out.raw(b",\"summary\":");
        write_summary(out, summary).ok_or_else(|| failure::unexpected("XPENDING"))?;
        let entries = reply::elements(entries).ok_or_else(|| failure::unexpected("XPENDING"))?;
        let full = entries.len() as u64 >= wanted.count;
        let mut last = cursor::END.to_owned();
        out.raw(b",\"entries\":[");
        let mut first = true;
        for entry in entries {
            out.comma(&mut first);
            last = write_pending(out, entry).ok_or_else(|| failure::unexpected("XPENDING"))?;
        }
        out.raw(b"],\"cursor\":");
        out.string(if full { &last } else { cursor::END });
        out.raw(b"}");
        Ok(())
    }

    /// Runs reads that fail if there is no such stream.
    async fn about_stream<const N: usize>(
        &self,
        key: &[u8],
        commands: &Commands,
        deadline: Deadline,
    ) -> Result<[Value; N]> {
        let mut replies = Vec::with_capacity(N);
        for reply in self.run_all(commands, deadline).await? {
            match failure::check(reply) {
                Ok(reply) => replies.push(reply),
                Err(error) if error.code() == Code::WrongType => {
                    return Err(self.wrong_type(key, "stream", deadline).await);
                }
                Err(error) if error.message().contains("no such key") => {
                    return Err(failure::not_found(key));
                }
                Err(error) => return Err(error),
            }
        }
        replies.try_into().map_err(|_| Error::internal("a reply is missing"))
    }
}

/// Writes a list of maps as objects, and after it whether some were left out.
fn write_list(out: &mut Writer, list: Value, renamed: &[(&str, &str)]) {
    let listed = reply::elements(list).unwrap_or_default();
    let truncated = listed.len() > MAX_LISTED;
    out.list(listed.into_iter().take(MAX_LISTED), |out, facts| write_facts(out, facts, renamed));
    out.raw(b",\"truncated\":");
    out.boolean(truncated);
}

/// Writes the words and numbers of a map as an object; what is nested is left out.
fn write_facts(out: &mut Writer, facts: Value, renamed: &[(&str, &str)]) {
    let facts = reply::elements(facts).unwrap_or_default();
    out.raw(b"{");
    let mut first = true;
    for fact in facts.chunks_exact(2) {
        let Some(name) = reply::text(&fact[0]) else { continue };
        if matches!(fact[1], Value::Array(_) | Value::Map(_)) || name.ends_with("-entry") {
            continue;
        }
        out.comma(&mut first);
        let renamed = renamed.iter().find(|(old, _)| *old == name).map(|(_, new)| *new);
        out.string(renamed.unwrap_or(&name.replace('-', "_")));
        out.raw(b":");
        crate::backend::redis::wire::json::write(out, &fact[1]);
    }
    out.raw(b"}");
}

fn write_summary(out: &mut Writer, summary: Value) -> Option<()> {
    let [pending, min, max, consumers] = <[Value; 4]>::try_from(reply::elements(summary)?).ok()?;
    out.raw(b"{\"pending\":");
    out.integer(reply::integer(&pending)?);
    out.raw(b",\"min_id\":");
    crate::backend::redis::wire::json::write(out, &min);
    out.raw(b",\"max_id\":");
    crate::backend::redis::wire::json::write(out, &max);
    out.raw(b",\"consumers\":[");
    let mut first = true;
    // Nil where nothing is pending.
    for consumer in reply::elements(consumers).unwrap_or_default().into_iter().take(MAX_LISTED) {
        let [name, pending] = <[Value; 2]>::try_from(reply::elements(consumer)?).ok()?;
        out.comma(&mut first);
        out.raw(b"{\"name\":");
        crate::backend::redis::wire::json::write(out, &name);
        out.raw(b",\"pending\":");
        out.integer(reply::integer(&pending)?);
        out.raw(b"}");
    }
    out.raw(b"]}");
    Some(())
}

/// Writes a pending entry and returns its id.
fn write_pending(out: &mut Writer, entry: Value) -> Option<String> {
    let [id, consumer, idle, deliveries] = <[Value; 4]>::try_from(reply::elements(entry)?).ok()?;
    let id = reply::text(&id)?;
    out.raw(b"{\"id\":");
    out.string(&id);
    out.raw(b",\"consumer\":");
    crate::backend::redis::wire::json::write(out, &consumer);
    out.raw(b",\"idle_ms\":");
    out.integer(reply::integer(&idle)?);
    out.raw(b",\"deliveries\":");
    out.integer(reply::integer(&deliveries)?);
    out.raw(b"}");
    Some(id)
}
