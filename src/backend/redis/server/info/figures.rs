//! Figures that change, and what happened between two looks at them.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::Serialize;

use super::fields::{ClientsSection, CpuSection, MemorySection, StatsSection, ratio};
use super::lists::Keyspace;
use super::nodes::NodeInfo;
use super::section::Section;
use super::{Depth, Info, Sections};
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::servers::NodeName;
use crate::deadline::Deadline;
use crate::error::{Cause, Result};
use crate::json::Writer;

/// Looks at a server again and again.
#[derive(Debug, Default)]
pub struct StatsWatch {
    before: Option<(Instant, Info)>,
}

/// What there was to see at one moment.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RedisStats")]
pub struct Snapshot<'a> {
    /// Milliseconds since 1970.
    at: u64,
    #[serde(flatten)]
    figures: Figures<'a>,
    /// The nodes of a cluster, primaries first; else there are none.
    nodes: Vec<NodeFigures<'a>>,
    warnings: &'a Warnings,
}

/// What there was to see of a node.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NodeStats")]
struct NodeFigures<'a> {
    #[serde(flatten)]
    name: &'a NodeName,
    /// Why nothing is told of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: &'a Option<Cause>,
    #[serde(flatten)]
    figures: Figures<'a>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Figures<'a> {
    #[schemars(with = "Option<MemorySection>")]
    memory: &'a Option<Section>,
    #[schemars(with = "Option<StatsSection>")]
    stats: &'a Option<Section>,
    #[schemars(with = "Option<ClientsSection>")]
    clients: &'a Option<Section>,
    #[schemars(with = "Option<CpuSection>")]
    cpu: &'a Option<Section>,
    /// The databases that have keys.
    keyspace: &'a Option<Vec<Keyspace>>,
    /// What happened since the look before; `null` at the first one.
    interval: Option<Interval>,
}

/// What happened between two looks. A counter that went backwards, as after a restart, is `null`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StatsInterval")]
struct Interval {
    seconds: f64,
    commands: Option<i64>,
    ops_per_sec: Option<f64>,
    keyspace_hits: Option<i64>,
    keyspace_misses: Option<i64>,
    /// Of the look-ups of the interval; `null` without any.
    hit_rate: Option<f64>,
    net_input_bytes: Option<i64>,
    net_output_bytes: Option<i64>,
    net_input_bytes_per_sec: Option<f64>,
    net_output_bytes_per_sec: Option<f64>,
    expired_keys: Option<i64>,
    evicted_keys: Option<i64>,
    connections_received: Option<i64>,
    rejected_connections: Option<i64>,
    errors: Option<i64>,
    /// Of one processor; more than 100 where several were busy.
    cpu_percent: Option<f64>,
}

impl StatsWatch {
    /// Writes what there is to see now, as a [`Snapshot`].
    pub async fn look(
        &mut self,
        client: &Client,
        out: &mut Writer,
        deadline: Deadline,
    ) -> Result<()> {
        let info = client.info(Depth::Usual, deadline).await?;
        let now = Instant::now();
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let before = self.before.as_ref();
        let seconds = before.map_or(0.0, |(then, _)| (now - *then).as_secs_f64());
        let node_before = |node: &NodeInfo| {
            let nodes = &before?.1.nodes;
            nodes.iter().find(|known| known.name.id == node.name.id).map(|known| &known.sections)
        };
        let nodes = info.nodes.iter().map(|node| NodeFigures {
            name: &node.name,
            error: &node.error,
            figures: figures(&node.sections, node_before(node), seconds),
        });
        let snapshot = Snapshot {
            at: u64::try_from(at).unwrap_or(u64::MAX),
            figures: figures(&info.sections, before.map(|(_, info)| &info.sections), seconds),
            nodes: nodes.collect(),
            warnings: &info.warnings,
        };
        out.value(&snapshot)?;
        self.before = Some((now, info));
        Ok(())
    }
}

fn figures<'a>(info: &'a Sections, before: Option<&Sections>, seconds: f64) -> Figures<'a> {
    let Sections { memory, stats, clients, cpu, keyspace, .. } = info;
    let interval = before.and_then(|before| interval(info, before, seconds));
    Figures { memory, stats, clients, cpu, keyspace, interval }
}

fn interval(info: &Sections, before: &Sections, seconds: f64) -> Option<Interval> {
    let (now, then) = (info.stats.as_ref()?, before.stats.as_ref()?);
    let more = |name: &str| {
        let grown = now.integer(name)?.checked_sub(then.integer(name)?)?;
        (grown >= 0).then_some(grown)
    };
    #[allow(clippy::cast_precision_loss)]
    let float = |count: Option<i64>| count.map(|count| count as f64);
    let per_sec = |count: Option<i64>| float(count).filter(|_| seconds > 0.0).map(|c| c / seconds);
    let (hits, misses) = (more("keyspace_hits"), more("keyspace_misses"));
    let lookups = hits.zip(misses).map(|(hits, misses)| hits + misses);
    let commands = more("total_commands_processed");
    let input = more("total_net_input_bytes");
    let output = more("total_net_output_bytes");
    Some(Interval {
        seconds,
        commands,
        ops_per_sec: per_sec(commands),
        keyspace_hits: hits,
        keyspace_misses: misses,
        hit_rate: ratio(float(hits), float(lookups)),
        net_input_bytes: input,
        net_output_bytes: output,
        net_input_bytes_per_sec: per_sec(input),
        net_output_bytes_per_sec: per_sec(output),
        expired_keys: more("expired_keys"),
        evicted_keys: more("evicted_keys"),
        connections_received: more("total_connections_received"),
        rejected_connections: more("rejected_connections"),
        errors: more("total_error_replies"),
        cpu_percent: cpu_percent(info, before, seconds),
    })
}

fn cpu_percent(info: &Sections, before: &Sections, seconds: f64) -> Option<f64> {
    let used = |info: &Sections| {
        let cpu = info.cpu.as_ref()?;
        Some(cpu.number("used_cpu_sys")? + cpu.number("used_cpu_user")?)
    };
    let spent = used(info)? - used(before)?;
    (seconds > 0.0 && spent >= 0.0).then(|| spent / seconds * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::redis::server::info::{Text, typed};

    fn info(commands: u64, hits: u64, misses: u64, cpu: f64) -> Sections {
        typed(Text::parse(&format!(
            "# Stats\r\ntotal_commands_processed:{commands}\r\nkeyspace_hits:{hits}\r\n\
             keyspace_misses:{misses}\r\n# CPU\r\nused_cpu_sys:{cpu}\r\nused_cpu_user:0\r\n"
        )))
    }

    #[test]
    fn an_interval_tells_what_happened_in_it() {
        let interval = interval(&info(300, 40, 20, 1.5), &info(100, 10, 10, 1.0), 2.0).unwrap();
        assert_eq!((interval.commands, interval.ops_per_sec), (Some(200), Some(100.0)));
        assert_eq!(interval.hit_rate, Some(0.75));
        assert_eq!(interval.cpu_percent, Some(25.0));
        assert_eq!(interval.evicted_keys, None);
    }

    #[test]
    fn counters_that_went_backwards_tell_nothing() {
        let interval = interval(&info(1, 0, 0, 0.1), &info(100, 10, 10, 1.0), 2.0).unwrap();
        assert_eq!((interval.commands, interval.ops_per_sec), (None, None));
        assert_eq!((interval.hit_rate, interval.cpu_percent), (None, None));
    }
}
