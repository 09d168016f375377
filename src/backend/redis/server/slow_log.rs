//! The log of slow commands.

use std::cmp::Reverse;

use redis::Value;
use schemars::JsonSchema;
use serde::Serialize;

use super::redact;
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::servers::{NodeName, Which};
use crate::backend::redis::wire::{Commands, Effect, reply};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::json::TextOrBytes;

/// What was slow, the latest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SlowLog {
    /// `null` where the user may not know.
    entries: Option<Vec<LoggedCommand>>,
    /// How many the servers keep; `null` where the user may not know.
    total: Option<i64>,
    /// From how many microseconds on a command is logged; −1 logs none. `null` where the user may not
    /// know.
    threshold_us: Option<i64>,
    warnings: Warnings,
}

/// A command that was slow.
#[derive(Debug, Serialize, JsonSchema)]
struct LoggedCommand {
    /// Unique on its server.
    id: i64,
    /// Milliseconds since 1970; the server knows the second.
    at: i64,
    duration_us: i64,
    /// Without secrets. The server shortens long arguments, and long lists of them, and says so.
    args: Vec<TextOrBytes>,
    /// Its address.
    client: Option<TextOrBytes>,
    /// Empty where it gave itself none.
    client_name: Option<TextOrBytes>,
    /// The node of a cluster that ran it.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<NodeName>,
}

impl Client {
    /// The latest `limit` entries; of a cluster, of all its nodes.
    pub async fn slow_log(&self, limit: usize, deadline: Deadline) -> Result<SlowLog> {
        let count = limit.to_string();
        let mut ask = Commands::with_capacity(3);
        ask.push(Effect::Read, 0, &[b"SLOWLOG", b"GET", count.as_bytes()]);
        ask.push(Effect::Read, 0, &[b"SLOWLOG", b"LEN"]);
        ask.push(Effect::Read, 0, &[b"CONFIG", b"GET", b"slowlog-log-slower-than"]);
        let fields = ["entries", "total", "threshold_us"];
        let answers = self.ask_all(Which::All, &fields, &ask, deadline).await?;
        let (mut entries, mut total, mut threshold_us) =
            (None::<Vec<LoggedCommand>>, None::<i64>, None);
        for (node, replies) in answers.from {
            let mut replies = replies.into_iter();
            let mut next = || replies.next().flatten();
            if let Some(logged) = next().and_then(reply::elements) {
                let logged = logged.into_iter().filter_map(|logged| entry(logged, node.clone()));
                entries.get_or_insert_default().extend(logged);
            }
            if let Some(length) = next().as_ref().and_then(reply::integer) {
                total = Some(total.unwrap_or(0) + length);
            }
            let setting = next().and_then(reply::elements);
            let setting = setting.as_deref().and_then(|pair| reply::integer(pair.get(1)?));
            threshold_us = threshold_us.or(setting);
        }
        if let Some(entries) = &mut entries {
            entries.sort_by_key(|entry| Reverse((entry.at, entry.id)));
            entries.truncate(limit);
        }
        Ok(SlowLog { entries, total, threshold_us, warnings: answers.warnings })
    }
}

/// `[id, time, microseconds, arguments, address, name]`
fn entry(entry: Value, node: Option<NodeName>) -> Option<LoggedCommand> {
    let mut parts = reply::elements(entry)?.into_iter();
    let mut number = || reply::integer(&parts.next()?);
    let (id, seconds, duration_us) = (number()?, number()?, number()?);
    let mut args = reply::elements(parts.next()?)?;
    redact::arguments(&mut args);
    let bytes = |value: &Value| Some(TextOrBytes(reply::bytes(value)?.to_vec()));
    let args = args.iter().filter_map(bytes).collect();
    let mut word = || parts.next().as_ref().and_then(bytes);
    let at = seconds * 1000;
    Some(LoggedCommand { id, at, duration_us, args, client: word(), client_name: word(), node })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::redis::wire::resp::decoded;

    #[test]
    fn arguments_stay_apart_and_without_secrets() {
        let wire =
            b"*6\r\n:5\r\n:1700000000\r\n:12000\r\n*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$6\r\ns3cret\r\n\
            $11\r\n127.0.0.1:1\r\n$0\r\n\r\n";
        let entry = serde_json::to_value(entry(decoded(wire), None)).unwrap();
        assert_eq!(entry["args"], serde_json::json!(["AUTH", "(redacted)", "(redacted)"]));
        assert_eq!((&entry["id"], &entry["duration_us"]), (&5.into(), &12000.into()));
        assert_eq!(entry["at"], 1_700_000_000_000_i64);
        assert_eq!(entry["client"], "127.0.0.1:1");
    }
}
