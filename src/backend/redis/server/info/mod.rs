//! `INFO` as typed JSON: of one server, or of a cluster's nodes and summed over its primaries.

mod fields;
pub mod figures;
pub(super) mod lists;
mod nodes;
mod section;
mod text;

use redis::Value;
use serde::Serialize;

use self::fields::{CLIENTS, CPU, MASTER, MEMORY, PERSISTENCE, REPLICATION, SERVER, STATS};
use self::lists::{CommandStats, ErrorCount, Keyspace, Module, ReplicaInfo};
use self::nodes::{NodeInfo, together};
use self::section::{Field, Section};
use self::text::Text;
use super::scalar::Scalar;
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::servers::members::{NodeName, Which};
use crate::backend::redis::wire::commands::{Commands, Effect};
use crate::backend::redis::wire::{failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Result};

/// What a server says of itself; nothing where its user may not ask.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Info {
    server: Option<Section>,
    memory: Option<Section>,
    stats: Option<Section>,
    clients: Option<Section>,
    persistence: Option<Section>,
    replication: Option<Replication>,
    cpu: Option<Section>,
    keyspace: Option<Vec<Keyspace>>,
    /// The most used first; only where all was asked for.
    commands: Option<Vec<CommandStats>>,
    errors: Option<Vec<ErrorCount>>,
    modules: Option<Vec<Module>>,
    /// The nodes of a cluster, primaries first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nodes: Vec<NodeInfo>,
    /// What could not be told, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Warnings>,
    /// Everything, as text; of a cluster it is with each node.
    #[serde(skip_serializing_if = "Text::is_empty")]
    raw: Text,
}

#[derive(Debug, Clone, Serialize)]
struct Replication {
    #[serde(flatten)]
    section: Section,
    /// Of a primary: those that follow it.
    replicas: Vec<ReplicaInfo>,
    /// Of a replica: whom it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
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
        for mut results in self.ask_each(&members, &ask, deadline).await {
            let result = results.pop().unwrap_or(Ok(Value::Nil));
            answers.push(result.and_then(failure::check).and_then(|reply| read(&reply)));
        }
        let mut warnings = Warnings::default();
        let names: Vec<NodeName> = members.into_iter().filter_map(|member| member.name).collect();
        let mut info = if names.is_empty() {
            let answer = answers.pop().unwrap_or_else(|| Err(failure::unexpected("INFO")));
            self.alone(answer, &mut warnings)?
        } else {
            together(names, answers, &mut warnings)?
        };
        info.warnings = Some(warnings);
        Ok(info)
    }

    /// One server. What its user may not ask is left out, with a warning.
    fn alone(&self, answer: Result<Info>, warnings: &mut Warnings) -> Result<Info> {
        match answer {
            Ok(mut info) => {
                if let Some(server) = info.server.as_mut().filter(|_| self.has_sentinels()) {
                    server.set("mode", Scalar::word("sentinel"));
                }
                Ok(info)
            }
            Err(error) if error.code() == Code::PermissionDenied => {
                warnings.add("info", error);
                Ok(Info::default())
            }
            Err(error) => Err(error),
        }
    }
}

impl Info {
    fn word(section: Option<&Section>, name: &str) -> Option<String> {
        match section?.get(name) {
            Scalar::Word(word) => Some(word.clone()),
            _ => None,
        }
    }

    /// Of the server; of a cluster, of its first node.
    #[must_use]
    pub fn version(&self) -> Option<String> {
        Self::word(self.server.as_ref(), "version")
    }

    /// `standalone` or `cluster`.
    #[must_use]
    pub fn mode(&self) -> Option<String> {
        Self::word(self.server.as_ref(), "mode")
    }

    pub(super) fn used_memory(&self) -> Option<String> {
        Self::word(self.memory.as_ref(), "used_memory_human")
    }
}

/// Reads a reply of `INFO`.
pub(super) fn read(reply: &Value) -> Result<Info> {
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

fn typed(text: Text) -> Info {
    let section = |fields: &'static [Field]| Section::read(fields, &text);
    let is_replica = text.get("role") == Some("slave");
    Info {
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
        nodes: Vec::new(),
        warnings: None,
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
