//! How many keys each database has.

use redis::Value;
use schemars::JsonSchema;
use serde::Serialize;

use super::info;
use super::info::lists::Keyspace;
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::servers::{NodeName, Which};
use crate::backend::redis::wire::{Commands, Effect, reply};
use crate::deadline::Deadline;
use crate::error::Result;

/// The databases that have keys.
#[allow(clippy::struct_field_names)] // The names of the answer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RedisDatabases")]
pub struct Databases {
    /// Those that have keys; of a cluster, summed over its primaries; `null` where the user may not know.
    databases: Option<Vec<Keyspace>>,
    /// The database that the connection uses.
    current: Current,
    /// How many databases the server has, whether there are keys in them or not; `null` where the user
    /// may not know.
    count: Option<i64>,
    /// The primaries of a cluster; not there without one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nodes: Vec<NodeSize>,
    warnings: Warnings,
}

/// The database that a connection uses.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CurrentDatabase")]
struct Current {
    /// Its number.
    db: i64,
    /// `null` where the user may not know.
    keys: Option<i64>,
}

/// How many keys a node has.
#[derive(Debug, Serialize, JsonSchema)]
struct NodeSize {
    #[serde(flatten)]
    name: NodeName,
    /// `null` where the user may not know.
    keys: Option<i64>,
}

impl Client {
    /// The sizes of the databases.
    pub async fn databases(&self, deadline: Deadline) -> Result<Databases> {
        let mut ask = Commands::with_capacity(3);
        ask.push(Effect::Read, 0, &[b"DBSIZE"]);
        ask.push(Effect::Read, 0, &[b"INFO", b"keyspace"]);
        ask.push(Effect::Read, 0, &[b"CONFIG", b"GET", b"databases"]);
        let fields = ["current", "databases", "count"];
        let answers = self.ask_all(Which::Primaries, &fields, &ask, deadline).await?;
        let mut databases = Databases {
            databases: None,
            current: Current { db: self.db, keys: None },
            count: None,
            nodes: Vec::new(),
            warnings: answers.warnings,
        };
        let mut keyspaces = None::<Vec<Keyspace>>;
        for (name, replies) in answers.from {
            let mut replies = replies.into_iter();
            let mut next = || replies.next().flatten();
            let keys = next().as_ref().and_then(reply::integer);
            let known = databases.current.keys.into_iter().chain(keys);
            databases.current.keys = known.reduce(|all, one| all + one);
            if let Some(told) = next().as_ref().and_then(info::keyspace) {
                keyspaces.get_or_insert_default().extend(told);
            }
            databases.count = databases.count.or(next().and_then(count));
            databases.nodes.extend(name.map(|name| NodeSize { name, keys }));
        }
        databases.databases = keyspaces.map(|all| info::lists::keyspace_together(all.iter()));
        Ok(databases)
    }
}

fn count(setting: Value) -> Option<i64> {
    reply::integer(reply::elements(setting)?.get(1)?)
}
