//! `INFO` as typed JSON: of one server, or of a cluster's nodes and summed over its primaries.

mod fields;
pub mod figures;
pub(super) mod lists;
mod nodes;
mod section;
mod text;

use redis::Value;
use schemars::JsonSchema;
use serde::Serialize;

use self::fields::{
    CLIENTS, CPU, ClientsSection, CpuSection, MASTER, MEMORY, MemorySection, PERSISTENCE,
    PersistenceSection, PrimarySection, REPLICATION, ReplicationSection, SERVER, STATS,
    ServerSection, StatsSection,
};
use self::lists::{CommandStats, ErrorCount, Keyspace, Module, ReplicaInfo};
use self::nodes::{NodeInfo, together};
use self::section::{Field, Section};
use self::text::Text;
use super::scalar::Scalar;
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::run::exactly;
use crate::backend::redis::servers::{NodeName, Which};
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::Result;

/// What a server, or a cluster, says of itself.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "RedisInfo")]
pub struct Info {
    /// Of a cluster, summed over its primaries.
    #[serde(flatten)]
    pub(crate) sections: Sections,
    /// The nodes of a cluster, primaries first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nodes: Vec<NodeInfo>,
    warnings: Warnings,
}

/// What a server says of itself; all of it is `null` where its user may not ask.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(crate) struct Sections {
    #[schemars(with = "Option<ServerSection>")]
    server: Option<Section>,
    #[schemars(with = "Option<MemorySection>")]
    memory: Option<Section>,
    #[schemars(with = "Option<StatsSection>")]
    stats: Option<Section>,
    #[schemars(with = "Option<ClientsSection>")]
    clients: Option<Section>,
    #[schemars(with = "Option<PersistenceSection>")]
    persistence: Option<Section>,
    replication: Option<Replication>,
    #[schemars(with = "Option<CpuSection>")]
    cpu: Option<Section>,
    /// The databases that have keys.
    keyspace: Option<Vec<Keyspace>>,
    /// The most used first.
    commands: Option<Vec<CommandStats>>,
    errors: Option<Vec<ErrorCount>>,
    modules: Option<Vec<Module>>,
    /// Everything by section, as the server wrote it; of a cluster it is with each node.
    #[serde(skip_serializing_if = "Text::is_empty")]
    raw: Text,
}

/// Who follows whom.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Replication {
    #[serde(flatten)]
    #[schemars(with = "ReplicationSection")]
    section: Section,
    /// Of a primary: those that follow it.
    replicas: Vec<ReplicaInfo>,
    /// Of a replica: whom it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<PrimarySection>")]
    master: Option<Section>,
}

/// How much is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What servers tell unless asked for more.
    Usual,
    /// And what each command cost.
    Everything,
}

impl Client {
    /// What the server, or the cluster, says of itself.
    pub async fn info(&self, depth: Depth, deadline: Deadline) -> Result<Info> {
        let args: &[&[u8]] = match depth {
            Depth::Usual => &[b"INFO"],
            Depth::Everything => &[b"INFO", b"all"],
        };
        let ask = Commands::one(Effect::Read, 0, args);
        let members = self.members(Which::All);
        let mut answers = Vec::with_capacity(members.len());
        for results in self.ask_each(&members, &ask, deadline).await {
            let [result] = exactly(results);
            answers.push(result.and_then(failure::check).and_then(|reply| read(&reply)));
        }
        let mut warnings = Warnings::default();
        let names: Vec<NodeName> = members.into_iter().filter_map(|member| member.name).collect();
        let (sections, nodes) = if names.is_empty() {
            let answer = answers.pop().unwrap_or_else(|| Err(failure::unexpected("INFO")));
            (self.alone(answer, &mut warnings)?, Vec::new())
        } else {
            together(names, answers, &mut warnings)?
        };
        Ok(Info { sections, nodes, warnings })
    }

    /// One server. What its user may not ask is left out, with a warning.
    fn alone(&self, answer: Result<Sections>, warnings: &mut Warnings) -> Result<Sections> {
        let mut info = warnings.unless_denied("info", answer)?.unwrap_or_default();
        if let Some(server) = info.server.as_mut().filter(|_| self.has_sentinels()) {
            server.set("mode", Scalar::word("sentinel"));
        }
        Ok(info)
    }
}

impl Sections {
    fn word(section: Option<&Section>, name: &str) -> Option<String> {
        match section?.get(name) {
            Scalar::Word(word) => Some(word.clone()),
            _ => None,
        }
    }

    /// Of the server; of a cluster, of its first node.
    pub(crate) fn version(&self) -> Option<String> {
        Self::word(self.server.as_ref(), "version")
    }

    /// `standalone`, `cluster` or `sentinel`.
    pub(crate) fn mode(&self) -> Option<String> {
        Self::word(self.server.as_ref(), "mode")
    }

    pub(super) fn used_memory(&self) -> Option<String> {
        Self::word(self.memory.as_ref(), "used_memory_human")
    }
}

/// Reads a reply of `INFO`.
pub(super) fn read(reply: &Value) -> Result<Sections> {
    let text = reply::text(reply).ok_or_else(|| failure::unexpected("INFO"))?;
    Ok(typed(Text::parse(&text)))
}

/// The databases in a reply of `INFO keyspace`.
pub(super) fn keyspace(reply: &Value) -> Option<Vec<Keyspace>> {
    Some(lists::keyspace(&Text::parse(&reply::text(reply)?)))
}

/// The memory in use, and the eviction policy, in a reply of `INFO memory`.
pub(super) fn memory(reply: &Value) -> Option<(Option<i64>, Option<String>)> {
    let text = Text::parse(&reply::text(reply)?);
    let memory = Section::read(MEMORY, &text);
    let policy = text.get("maxmemory_policy").map(str::to_owned);
    Some((memory.integer("used_memory"), policy))
}

fn typed(text: Text) -> Sections {
    let section = |fields: &'static [Field]| Section::read(fields, &text);
    let is_replica = text.get("role") == Some("slave");
    Sections {
        server: Some(server(&text)),
        memory: Some(section(MEMORY)),
        stats: Some(section(STATS)),
        clients: Some(section(CLIENTS)),
        persistence: Some(section(PERSISTENCE)),
        replication: Some(Replication {
            section: section(REPLICATION),
            replicas: lists::replicas(&text),
            master: is_replica.then(|| section(MASTER)),
        }),
        cpu: Some(section(CPU)),
        keyspace: Some(lists::keyspace(&text)),
        commands: Some(lists::commands(&text)).filter(|commands| !commands.is_empty()),
        errors: Some(lists::errors(&text)),
        modules: Some(lists::modules(&text)),
        raw: text,
    }
}

fn server(text: &Text) -> Section {
    let mut server = Section::read(SERVER, text);
    let (name, version) = match text.get("valkey_version") {
        Some(version) => ("valkey", Some(version)),
        None => ("redis", text.get("redis_version")),
    };
    server.set("name", Scalar::word(name));
    server.set("version", version.map_or(Scalar::Null, Scalar::word));
    let mode = text.get("redis_mode").or_else(|| text.get("server_mode"));
    server.set("mode", mode.map_or(Scalar::Null, Scalar::word));
    server
}

/// Bytes as Redis writes them: `1.50M`.
#[allow(clippy::cast_precision_loss)]
fn human(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, "B");
    for next in ["K", "M", "G", "T", "P"] {
        if value < 1024.0 {
            break;
        }
        (value, unit) = (value / 1024.0, next);
    }
    if unit == "B" { format!("{bytes}B") } else { format!("{value:.2}{unit}") }
}

#[cfg(test)]
mod tests;
