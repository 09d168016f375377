//! Parts of `INFO` that have a line per thing.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::text::{Pairs, Text};

/// The keys of a database.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Keyspace {
    /// The database's number.
    pub(super) db: u32,
    pub(super) keys: u64,
    /// Keys that expire.
    pub(super) expires: u64,
    /// Milliseconds that are left on average, of the keys that expire; of a cluster, weighted by their number.
    avg_ttl_ms: u64,
}

/// A server that follows this one.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct ReplicaInfo {
    /// Its name or address.
    host: String,
    port: Option<u16>,
    /// `online`, `wait_bgsave`, `send_bulk`, …
    state: String,
    /// How many bytes of the primary's changes it has confirmed.
    offset: Option<i64>,
    /// Seconds since it last confirmed its offset.
    lag_seconds: Option<i64>,
    /// Bytes that it has not confirmed yet.
    lag_bytes: Option<i64>,
}

/// How often a command was called, and how long it took.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct CommandStats {
    /// `get`, `config|get`.
    command: String,
    calls: u64,
    /// Microseconds of all calls.
    usec: u64,
    usec_per_call: Option<f64>,
    /// Calls that were refused before they ran.
    rejected_calls: Option<u64>,
    /// Calls that failed while they ran.
    failed_calls: Option<u64>,
    /// Microseconds by percentile, such as `p99.9`; of a cluster they are with each node.
    #[serde(skip_serializing_if = "Option::is_none")]
    percentiles_usec: Option<BTreeMap<String, f64>>,
}

/// How often an error was answered.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct ErrorCount {
    /// The word that the server's errors begin with: `ERR`, `WRONGTYPE`.
    code: String,
    count: u64,
}

/// A module that is loaded.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "RedisModule")]
pub(super) struct Module {
    name: String,
    /// As the module counts them: `20813` may be 2.8.13.
    version: Option<i64>,
}

/// `db0:keys=2,expires=0,avg_ttl=0`
pub(super) fn keyspace(text: &Text) -> Vec<Keyspace> {
    let database = |(db, line): (&str, Pairs<'_>)| {
        Some(Keyspace {
            db: db.parse().ok()?,
            keys: line.number("keys")?,
            expires: line.number("expires")?,
            avg_ttl_ms: line.number("avg_ttl").unwrap_or(0),
        })
    };
    let mut databases: Vec<_> = text.lines("keyspace", "db").filter_map(database).collect();
    databases.sort_by_key(|database| database.db);
    databases
}

/// The keyspace of a cluster.
pub(crate) fn keyspace_together<'k>(of: impl Iterator<Item = &'k Keyspace>) -> Vec<Keyspace> {
    let mut databases = BTreeMap::<u32, Keyspace>::new();
    for one in of {
        let all = databases.entry(one.db).or_insert(Keyspace { keys: 0, expires: 0, ..*one });
        let expires = all.expires + one.expires;
        let weight = |k: &Keyspace| u128::from(k.avg_ttl_ms) * u128::from(k.expires);
        let average = (weight(all) + weight(one)).checked_div(u128::from(expires)).unwrap_or(0);
        *all = Keyspace {
            db: one.db,
            keys: all.keys + one.keys,
            expires,
            avg_ttl_ms: u64::try_from(average).unwrap_or(u64::MAX),
        };
    }
    databases.into_values().collect()
}

/// `slave0:ip=10.0.0.2,port=6379,state=online,offset=98,lag=0`
pub(super) fn replicas(text: &Text) -> Vec<ReplicaInfo> {
    let sent: Option<i64> = text.get("master_repl_offset").and_then(|offset| offset.parse().ok());
    let replica = |(_, line): (&str, Pairs<'_>)| {
        let offset: Option<i64> = line.number("offset");
        Some(ReplicaInfo {
            host: line.get("ip")?.to_owned(),
            port: line.number("port"),
            state: line.get("state")?.to_owned(),
            offset,
            lag_seconds: line.number("lag"),
            lag_bytes: sent.zip(offset).map(|(sent, offset)| (sent - offset).max(0)),
        })
    };
    text.lines("replication", "slave").filter_map(replica).collect()
}

/// `cmdstat_get:calls=21,usec=175,usec_per_call=8.33,rejected_calls=0,failed_calls=0`, with the
/// percentiles of `latency_percentiles_usec_get:p50=4.0,p99=9.0`.
pub(super) fn commands(text: &Text) -> Vec<CommandStats> {
    let mut percentiles: BTreeMap<&str, BTreeMap<String, f64>> = text
        .lines("latencystats", "latency_percentiles_usec_")
        .map(|(command, line)| (command, line.floats()))
        .collect();
    let commands = text.lines("commandstats", "cmdstat_").filter_map(|(command, line)| {
        Some(CommandStats {
            command: command.to_owned(),
            calls: line.number("calls")?,
            usec: line.number("usec")?,
            usec_per_call: line.number("usec_per_call"),
            rejected_calls: line.number("rejected_calls"),
            failed_calls: line.number("failed_calls"),
            percentiles_usec: percentiles.remove(command),
        })
    });
    most_used_first(commands.collect())
}

#[allow(clippy::cast_precision_loss)]
pub(super) fn commands_together<'c>(
    of: impl Iterator<Item = &'c CommandStats>,
) -> Vec<CommandStats> {
    let mut commands = BTreeMap::<&str, CommandStats>::new();
    let add = |a: Option<u64>, b: Option<u64>| a.zip(b).map(|(a, b)| a + b);
    for one in of {
        commands
            .entry(&one.command)
            .and_modify(|all| {
                all.calls += one.calls;
                all.usec += one.usec;
                all.usec_per_call = (all.calls > 0).then(|| all.usec as f64 / all.calls as f64);
                all.rejected_calls = add(all.rejected_calls, one.rejected_calls);
                all.failed_calls = add(all.failed_calls, one.failed_calls);
            })
            .or_insert_with(|| CommandStats { percentiles_usec: None, ..one.clone() });
    }
    most_used_first(commands.into_values().collect())
}

fn most_used_first(mut commands: Vec<CommandStats>) -> Vec<CommandStats> {
    commands.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.command.cmp(&b.command)));
    commands
}

/// `errorstat_ERR:count=12`
pub(super) fn errors(text: &Text) -> Vec<ErrorCount> {
    let error = |(code, line): (&str, Pairs<'_>)| {
        Some(ErrorCount { code: code.to_owned(), count: line.number("count")? })
    };
    text.lines("errorstats", "errorstat_").filter_map(error).collect()
}

pub(super) fn errors_together<'e>(of: impl Iterator<Item = &'e ErrorCount>) -> Vec<ErrorCount> {
    let mut errors = BTreeMap::<&str, u64>::new();
    for error in of {
        *errors.entry(&error.code).or_default() += error.count;
    }
    let count = |(code, count): (&str, u64)| ErrorCount { code: code.to_owned(), count };
    errors.into_iter().map(count).collect()
}

/// `module:name=search,ver=20813`
pub(super) fn modules(text: &Text) -> Vec<Module> {
    let module = |(_, line): (&str, Pairs<'_>)| {
        Some(Module { name: line.get("name")?.to_owned(), version: line.number("ver") })
    };
    text.lines("modules", "module").filter_map(module).collect()
}
