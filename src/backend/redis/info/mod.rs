//! `INFO` as typed JSON: of one server, or of a cluster's nodes and summed over its primaries.

mod fields;
pub mod figures;
pub(super) mod lists;
mod section;
mod text;

use redis::Value;
use serde::Serialize;

use self::fields::{CLIENTS, CPU, MASTER, MEMORY, PERSISTENCE, REPLICATION, SERVER, STATS};
use self::lists::{CommandStats, ErrorCount, Keyspace, Module, Replica};
use self::section::{Field, Section};
use self::text::Text;
use super::commands::{Commands, Effect};
use super::members::{NodeName, Which};

use super::scalar::Scalar;
use super::{Client, failure, reply};
use crate::backend::Warnings;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};

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

/// A node of a cluster.
#[derive(Debug, Clone, Serialize)]
struct NodeInfo {
    #[serde(flatten)]
    name: NodeName,
    /// Why nothing is told of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Unreached>,
    #[serde(flatten)]
    info: Info,
}

#[derive(Debug, Clone, Serialize)]
struct Unreached {
    code: &'static str,
    message: String,
}

#[derive(Debug, Clone, Serialize)]
struct Replication {
    #[serde(flatten)]
    section: Section,
    /// Of a primary: those that follow it.
    replicas: Vec<Replica>,
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

/// A cluster. A node that can't be reached or denies us takes nothing from what is told of the
/// others; only where none answers is that a failure.
fn together(
    names: Vec<NodeName>,
    answers: Vec<Result<Info>>,
    warnings: &mut Warnings,
) -> Result<Info> {
    let failed = |answer: &Result<Info>| {
        answer.as_ref().is_err_and(|error| error.code() != Code::PermissionDenied)
    };
    if answers.iter().all(failed)
        && let Some(Err(error)) = answers.first()
    {
        return Err(error.clone());
    }
    let answered = names.into_iter().zip(answers);
    let nodes: Vec<NodeInfo> =
        answered.map(|(name, answer)| node(name, answer, warnings)).collect();
    let primaries: Vec<&Info> = nodes
        .iter()
        .filter(|node| node.name.role == "master" && node.error.is_none())
        .map(|node| &node.info)
        .collect();
    let all = |fields: &'static [Field], pick: fn(&Info) -> Option<&Section>| {
        let sections: Vec<&Section> = primaries.iter().filter_map(|info| pick(info)).collect();
        (!sections.is_empty()).then(|| Section::together(fields, &sections))
    };
    let replication = all(REPLICATION, |info| info.replication.as_ref().map(|r| &r.section));
    Ok(Info {
        server: all(SERVER, |info| info.server.as_ref()),
        memory: all(MEMORY, |info| info.memory.as_ref()),
        stats: all(STATS, |info| info.stats.as_ref()),
        clients: all(CLIENTS, |info| info.clients.as_ref()),
        persistence: all(PERSISTENCE, |info| info.persistence.as_ref()),
        replication: replication.map(|section| {
            let replicas = primaries.iter().filter_map(|info| info.replication.as_ref());
            let replicas = replicas.flat_map(|r| r.replicas.iter().cloned()).collect();
            Replication { section, replicas, master: None }
        }),
        cpu: all(CPU, |info| info.cpu.as_ref()),
        keyspace: joined(&primaries, |info| info.keyspace.as_ref(), lists::keyspace_together),
        commands: joined(&primaries, |info| info.commands.as_ref(), lists::commands_together),
        errors: joined(&primaries, |info| info.errors.as_ref(), lists::errors_together),
        modules: primaries.first().and_then(|info| info.modules.clone()),
        nodes,
        warnings: None,
        raw: Text::default(),
    })
}

fn joined<'i, T: 'i>(
    infos: &[&'i Info],
    pick: fn(&Info) -> Option<&Vec<T>>,
    join: fn(Box<dyn Iterator<Item = &'i T> + 'i>) -> Vec<T>,
) -> Option<Vec<T>> {
    let lists: Vec<&Vec<T>> = infos.iter().filter_map(|info| pick(info)).collect();
    (!lists.is_empty()).then(|| join(Box::new(lists.into_iter().flatten())))
}

fn node(name: NodeName, answer: Result<Info>, warnings: &mut Warnings) -> NodeInfo {
    let (info, error) = match answer {
        Ok(info) => (info, None),
        Err(error) => {
            let told = unreached(&error);
            warnings.add("nodes", error);
            (Info::default(), Some(told))
        }
    };
    NodeInfo { name, error, info }
}

fn unreached(error: &Error) -> Unreached {
    Unreached { code: error.code().as_str(), message: error.message().to_owned() }
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
    use serde_json::{Value as Json, json};

    const PRIMARY: &str = "# Server\r\nredis_version:7.2.4\r\nredis_mode:cluster\r\n\
        uptime_in_seconds:50\r\n# Memory\r\nused_memory:1024\r\nused_memory_rss:2048\r\n\
        maxmemory:0\r\nmaxmemory_policy:allkeys-lfu\r\n# Stats\r\nkeyspace_hits:3\r\n\
        keyspace_misses:1\r\ntotal_net_input_bytes:9007199254740992\r\n# Persistence\r\n\
        rdb_last_save_time:200\r\naof_enabled:1\r\n# Replication\r\nrole:master\r\n\
        connected_slaves:1\r\nmaster_repl_offset:100\r\n\
        slave0:ip=10.0.0.2,port=6379,state=online,offset=90,lag=1\r\n# Commandstats\r\n\
        cmdstat_get:calls=2,usec=10,usec_per_call=5.00,rejected_calls=0,failed_calls=1\r\n\
        cmdstat_config|get:calls=9,usec=9,usec_per_call=1.00\r\n# Latencystats\r\n\
        latency_percentiles_usec_get:p50=1.003,p99.9=6.015\r\n# Errorstats\r\n\
        errorstat_ERR:count=12\r\n# Keyspace\r\ndb10:keys=1,expires=0,avg_ttl=0\r\n\
        db0:keys=3,expires=1,avg_ttl=500,subexpiry=0\r\n";

    const REPLICA: &str = "# Replication\r\nrole:slave\r\nmaster_host:10.0.0.1\r\n\
        master_port:6379\r\nmaster_link_status:up\r\nslave_repl_offset:90\r\nslave_read_only:1\r\n";

    fn parse(text: &str) -> Info {
        typed(Text::parse(text))
    }

    fn json(info: &Info) -> Json {
        serde_json::to_value(info).unwrap()
    }

    #[test]
    fn sections_are_typed_and_the_text_is_kept() {
        let info = json(&parse(PRIMARY));
        assert_eq!(info["server"]["version"], "7.2.4");
        assert_eq!(info["memory"]["used_memory_human"], "1.00K");
        assert_eq!(info["memory"]["fragmentation_ratio"], 2.0);
        assert_eq!(info["stats"]["hit_rate"], 0.75);
        assert_eq!(info["persistence"]["aof_enabled"], true);
        let long = json!({ "$numberLong": "9007199254740992" });
        assert_eq!(info["stats"]["total_net_input_bytes"], long);
        assert_eq!(info["raw"]["stats"]["keyspace_hits"], "3");
        // What this server doesn't tell is not made up.
        assert_eq!(info["memory"]["used_memory_peak"], Json::Null);
    }

    #[test]
    fn a_primary_names_its_replicas_and_how_far_they_are_behind() {
        let replication = json(&parse(PRIMARY))["replication"].take();
        let replica = json!({
            "host": "10.0.0.2", "port": 6379, "state": "online", "offset": 90, "lag_seconds": 1,
            "lag_bytes": 10,
        });
        assert_eq!(replication["replicas"], json!([replica]));
        assert_eq!(replication["master"], Json::Null);
    }

    #[test]
    fn a_replica_names_its_primary() {
        let replication = json(&parse(REPLICA))["replication"].take();
        assert_eq!(replication["role"], "slave");
        assert_eq!(replication["master"]["host"], "10.0.0.1");
        assert_eq!(replication["master"]["read_only"], true);
    }

    #[test]
    fn commands_are_told_with_their_percentiles_the_most_used_first() {
        let info = json(&parse(PRIMARY));
        assert_eq!(info["commands"][0]["command"], "config|get");
        assert_eq!(info["commands"][0]["failed_calls"], Json::Null);
        assert_eq!(info["commands"][1]["percentiles_usec"]["p99.9"], 6.015);
        assert_eq!(info["errors"], json!([{ "code": "ERR", "count": 12 }]));
    }

    #[test]
    fn databases_are_in_the_order_of_their_numbers() {
        let keyspace = json(&parse(PRIMARY))["keyspace"].take();
        assert_eq!((&keyspace[0]["db"], &keyspace[1]["db"]), (&json!(0), &json!(10)));
        assert_eq!(keyspace[0]["avg_ttl_ms"], 500);
    }

    #[test]
    fn the_hit_rate_is_null_before_the_first_look_up() {
        let info = json(&parse("# Stats\r\nkeyspace_hits:0\r\nkeyspace_misses:0\r\n"));
        assert!(info["stats"]["hit_rate"].is_null());
    }

    fn name(id: &str, role: &'static str) -> NodeName {
        NodeName { id: id.to_owned(), host: "h".to_owned(), port: 1, role, primary: None }
    }

    #[test]
    fn a_cluster_is_the_sum_of_its_primaries() {
        let names = vec![name("a", "master"), name("b", "master"), name("c", "slave")];
        let answers = vec![Ok(parse(PRIMARY)), Ok(parse(PRIMARY)), Ok(parse(REPLICA))];
        let info = json(&together(names, answers, &mut Warnings::default()).unwrap());
        assert_eq!(info["memory"]["used_memory"], 2048);
        assert_eq!(info["memory"]["used_memory_human"], "2.00K");
        assert_eq!(info["stats"]["hit_rate"], 0.75);
        assert_eq!(info["persistence"]["rdb_last_save_time"], 200);
        assert_eq!(info["replication"]["replicas"].as_array().unwrap().len(), 2);
        assert_eq!(info["keyspace"][0]["keys"], 6);
        assert_eq!(info["keyspace"][0]["avg_ttl_ms"], 500);
        assert_eq!(info["commands"][1]["calls"], 4);
        assert_eq!(info["commands"][1]["usec_per_call"], 5.0);
        assert_eq!(info["errors"][0]["count"], 24);
        assert_eq!(info["nodes"][2]["role"], "slave");
        let sum = json!({ "$numberLong": "18014398509481984" });
        assert_eq!(info["stats"]["total_net_input_bytes"], sum);
    }

    #[test]
    fn a_node_that_is_gone_does_not_hide_the_others() {
        let gone = || Err(Error::new(Code::DbConnectionFailed, "gone"));
        let names = vec![name("a", "master"), name("b", "slave")];
        let mut warnings = Warnings::default();
        let info = together(names.clone(), vec![Ok(parse(PRIMARY)), gone()], &mut warnings);
        let info = json(&info.unwrap());
        assert_eq!(info["nodes"][1]["error"]["code"], "DB_CONNECTION_FAILED");
        assert_eq!(serde_json::to_value(&warnings).unwrap()[0]["field"], "nodes");
        assert!(together(names, vec![gone(), gone()], &mut warnings).is_err());
    }

    #[test]
    fn bytes_are_written_as_redis_writes_them() {
        assert_eq!([0, 1023, 1536, 3 << 30].map(human), ["0B", "1023B", "1.50K", "3.00G"]);
    }
}
