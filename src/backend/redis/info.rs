//! `INFO` as typed JSON: of one server, or summed over the primaries of a cluster.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde::Serialize;

use super::commands::{Commands, Effect};
use super::{Client, Nodes, failure, reply};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::json::Writer;
use crate::target::RedisTopology;

/// The sections of `INFO` as the server names and fills them.
type Raw = BTreeMap<String, BTreeMap<String, String>>;

/// What a server says of itself.
#[derive(Debug, Clone, Serialize)]
pub struct Info {
    server: Server,
    memory: Memory,
    stats: Stats,
    clients: Clients,
    persistence: Persistence,
    replication: Replication,
    keyspace: Vec<Keyspace>,
    /// The primaries of a cluster, each on its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nodes: Vec<NodeInfo>,
    /// Everything, as text; of a cluster it is with each node.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    raw: Raw,
}

/// A primary of a cluster.
#[derive(Debug, Clone, Serialize)]
struct NodeInfo {
    id: String,
    host: String,
    port: u16,
    #[serde(flatten)]
    info: Info,
}

#[derive(Debug, Clone, Serialize)]
struct Server {
    /// `redis` or `valkey`.
    name: &'static str,
    version: String,
    mode: String,
    uptime_seconds: u64,
}

#[allow(clippy::struct_field_names)] // The names of the answer.
#[derive(Debug, Clone, Serialize)]
struct Memory {
    used_memory: u64,
    used_memory_human: String,
    max_memory: u64,
    eviction_policy: String,
}

#[derive(Debug, Clone, Serialize)]
struct Stats {
    total_commands_processed: u64,
    ops_per_sec: u64,
    keyspace_hits: u64,
    keyspace_misses: u64,
    /// Between 0 and 1; `null` before the first look-up.
    hit_rate: Option<f64>,
}

#[derive(Debug, Clone, Serialize)]
struct Clients {
    connected_clients: u64,
    blocked_clients: u64,
}

#[derive(Debug, Clone, Serialize)]
struct Persistence {
    /// Seconds since 1970.
    rdb_last_save_time: u64,
    aof_enabled: bool,
}

#[derive(Debug, Clone, Serialize)]
struct Replication {
    role: String,
    connected_slaves: u64,
}

#[derive(Debug, Clone, Serialize)]
struct Keyspace {
    db: u32,
    keys: u64,
    expires: u64,
}

impl Client {
    /// What the server, or the cluster, says of itself.
    pub async fn info(&self, deadline: Deadline) -> Result<Info> {
        let ask = Commands::one(Effect::Read, 0, &[b"INFO"]);
        match &self.nodes {
            Nodes::One(_) => {
                let mut info = read(&self.run_one(&ask, deadline).await?)?;
                if matches!(self.topology, RedisTopology::Sentinel { .. }) {
                    "sentinel".clone_into(&mut info.server.mode);
                }
                Ok(info)
            }
            Nodes::Cluster(cluster) => {
                let map = cluster.map();
                let asking = map.primaries.iter().map(|primary| async {
                    let mut results = self.run(&ask, Some(&primary.node), deadline).await;
                    let reply = results.pop().unwrap_or(Ok(redis::Value::Nil));
                    let info = read(&reply.and_then(failure::check)?)?;
                    let endpoint = primary.node.endpoint.as_ref();
                    let host = endpoint.map_or(String::new(), |e| e.host.clone());
                    let port = endpoint.map_or(0, |e| e.port);
                    Ok(NodeInfo { id: primary.id.clone(), host, port, info })
                });
                let nodes = join_all(asking).await.into_iter().collect::<Result<Vec<_>>>()?;
                Ok(sum(nodes))
            }
        }
    }
}

impl Info {
    /// Writes the parts that change as further members of an object: `memory`, `stats`, `clients`,
    /// `keyspace`, and of a cluster the same of each primary.
    pub fn write_figures(&self, out: &mut Writer) -> Result<()> {
        out.raw(b",\"memory\":");
        out.value(&self.memory)?;
        out.raw(b",\"stats\":");
        out.value(&self.stats)?;
        out.raw(b",\"clients\":");
        out.value(&self.clients)?;
        out.raw(b",\"keyspace\":");
        out.value(&self.keyspace)?;
        out.raw(b",\"nodes\":[");
        let mut first = true;
        for node in &self.nodes {
            out.comma(&mut first);
            out.raw(b"{\"id\":");
            out.string(&node.id);
            node.info.write_figures(out)?;
            out.raw(b"}");
        }
        out.raw(b"]");
        Ok(())
    }

    /// Of the server; of a cluster, of its first node.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.server.version
    }

    /// `standalone` or `cluster`.
    #[must_use]
    pub fn mode(&self) -> &str {
        &self.server.mode
    }

    pub(super) fn used_memory(&self) -> &str {
        &self.memory.used_memory_human
    }
}

/// Reads a reply of `INFO`.
pub(super) fn read(reply: &redis::Value) -> Result<Info> {
    let text = reply::text(reply).ok_or_else(|| failure::unexpected("INFO"))?;
    Ok(typed(sections(&text)))
}

fn sections(text: &str) -> Raw {
    let mut sections = Raw::new();
    let mut current = String::new();
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix('#') {
            current = name.trim().to_ascii_lowercase();
        } else if let Some((name, value)) = line.split_once(':') {
            let section = sections.entry(current.clone()).or_default();
            section.insert(name.to_owned(), value.to_owned());
        }
    }
    sections
}

fn typed(raw: Raw) -> Info {
    let find =
        |name: &str| raw.values().find_map(|section| section.get(name)).map_or("", String::as_str);
    let text = |name: &str| find(name).to_owned();
    let number = |name: &str| find(name).parse::<u64>().unwrap_or(0);
    let (name, version) = match find("valkey_version") {
        "" => ("redis", text("redis_version")),
        version => ("valkey", version.to_owned()),
    };
    let mode = match (find("redis_mode"), find("server_mode")) {
        ("", mode) | (mode, _) => mode.to_owned(),
    };
    let (hits, misses) = (number("keyspace_hits"), number("keyspace_misses"));
    let keyspace = raw.get("keyspace").map(keyspace).unwrap_or_default();
    Info {
        server: Server { name, version, mode, uptime_seconds: number("uptime_in_seconds") },
        memory: Memory {
            used_memory: number("used_memory"),
            used_memory_human: text("used_memory_human"),
            max_memory: number("maxmemory"),
            eviction_policy: text("maxmemory_policy"),
        },
        stats: Stats {
            total_commands_processed: number("total_commands_processed"),
            ops_per_sec: number("instantaneous_ops_per_sec"),
            keyspace_hits: hits,
            keyspace_misses: misses,
            hit_rate: hit_rate(hits, misses),
        },
        clients: Clients {
            connected_clients: number("connected_clients"),
            blocked_clients: number("blocked_clients"),
        },
        persistence: Persistence {
            rdb_last_save_time: number("rdb_last_save_time"),
            aof_enabled: find("aof_enabled") == "1",
        },
        replication: Replication {
            role: text("role"),
            connected_slaves: number("connected_slaves"),
        },
        keyspace,
        nodes: Vec::new(),
        raw,
    }
}

/// `db0:keys=2,expires=0,avg_ttl=0`
fn keyspace(section: &BTreeMap<String, String>) -> Vec<Keyspace> {
    let read = |(name, value): (&String, &String)| {
        let field = |wanted: &str| {
            let mut fields = value.split(',').filter_map(|field| field.split_once('='));
            fields.find(|(name, _)| *name == wanted)?.1.parse().ok()
        };
        let db = name.strip_prefix("db")?.parse().ok()?;
        Some(Keyspace { db, keys: field("keys")?, expires: field("expires")? })
    };
    let mut databases: Vec<Keyspace> = section.iter().filter_map(read).collect();
    databases.sort_by_key(|database| database.db);
    databases
}

#[allow(clippy::cast_precision_loss)]
fn hit_rate(hits: u64, misses: u64) -> Option<f64> {
    let lookups = hits + misses;
    (lookups > 0).then(|| hits as f64 / lookups as f64)
}

fn sum(nodes: Vec<NodeInfo>) -> Info {
    let add = |pick: fn(&Info) -> u64| nodes.iter().map(|node| pick(&node.info)).sum::<u64>();
    let first = |pick: fn(&Info) -> &str| {
        nodes.first().map_or(String::new(), |node| pick(&node.info).to_owned())
    };
    let used_memory = add(|i| i.memory.used_memory);
    let (hits, misses) = (add(|i| i.stats.keyspace_hits), add(|i| i.stats.keyspace_misses));
    let keyspaces = || nodes.iter().flat_map(|node| &node.info.keyspace);
    let name = nodes.first().map_or("redis", |node| node.info.server.name);
    Info {
        server: Server {
            name,
            version: first(|i| &i.server.version),
            mode: "cluster".to_owned(),
            uptime_seconds: nodes.iter().map(|n| n.info.server.uptime_seconds).min().unwrap_or(0),
        },
        memory: Memory {
            used_memory,
            used_memory_human: human(used_memory),
            max_memory: add(|i| i.memory.max_memory),
            eviction_policy: first(|i| &i.memory.eviction_policy),
        },
        stats: Stats {
            total_commands_processed: add(|i| i.stats.total_commands_processed),
            ops_per_sec: add(|i| i.stats.ops_per_sec),
            keyspace_hits: hits,
            keyspace_misses: misses,
            hit_rate: hit_rate(hits, misses),
        },
        clients: Clients {
            connected_clients: add(|i| i.clients.connected_clients),
            blocked_clients: add(|i| i.clients.blocked_clients),
        },
        persistence: Persistence {
            // The oldest: what every node has saved at least.
            rdb_last_save_time: nodes
                .iter()
                .map(|n| n.info.persistence.rdb_last_save_time)
                .min()
                .unwrap_or(0),
            aof_enabled: nodes.iter().all(|n| n.info.persistence.aof_enabled),
        },
        replication: Replication {
            role: "master".to_owned(),
            connected_slaves: add(|i| i.replication.connected_slaves),
        },
        keyspace: vec![Keyspace {
            db: 0,
            keys: keyspaces().map(|k| k.keys).sum(),
            expires: keyspaces().map(|k| k.expires).sum(),
        }],
        nodes,
        raw: Raw::new(),
    }
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
mod tests {
    use super::*;

    const TEXT: &str = "# Server\r\nredis_version:7.2.4\r\nredis_mode:standalone\r\n\r\n\
        # Stats\r\nkeyspace_hits:0\r\nkeyspace_misses:0\r\n# Keyspace\r\n\
        db10:keys=1,expires=0,avg_ttl=0\r\ndb2:keys=3,expires=1,avg_ttl=5,subexpiry=0\r\n";

    #[test]
    fn the_hit_rate_is_null_before_the_first_look_up() {
        let info = serde_json::to_value(typed(sections(TEXT))).unwrap();
        assert!(info["stats"]["hit_rate"].is_null());
        assert_eq!(info["server"]["version"], "7.2.4");
        assert_eq!(info["raw"]["stats"]["keyspace_hits"], "0");
    }

    #[test]
    fn databases_are_in_the_order_of_their_numbers() {
        let databases: Vec<u32> = typed(sections(TEXT)).keyspace.iter().map(|k| k.db).collect();
        assert_eq!(databases, [2, 10]);
    }

    #[test]
    fn bytes_are_written_as_redis_writes_them() {
        assert_eq!([0, 1023, 1536, 3 << 30].map(human), ["0B", "1023B", "1.50K", "3.00G"]);
    }
}
