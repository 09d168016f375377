//! How often indexes were used.

use mongodb::bson::{DateTime, Document, doc};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::backend::mongodb::command::{Call, integer};
use crate::backend::mongodb::names::Namespace;
use crate::error::Result;

/// How often an index was used. Each server counts for itself, from when it was started or the index
/// was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "IndexUsage")]
pub struct Usage {
    /// Operations on all servers that were asked.
    pub ops: i64,
    /// All of them have counted since then; `null` where one does not tell.
    #[serde(serialize_with = "rfc3339")]
    #[schemars(with = "Option<String>")]
    pub since: Option<DateTime>,
    /// Server by server.
    pub hosts: Vec<HostUsage>,
    /// It is being built on one of them.
    #[serde(skip)]
    pub(super) building: bool,
}

/// How often one server used an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "IndexHostUsage")]
pub struct HostUsage {
    /// The server.
    pub host: String,
    /// Its shard, in a sharded cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// Operations.
    pub ops: i64,
    /// It has counted since then; `null` where it does not tell.
    #[serde(serialize_with = "rfc3339")]
    #[schemars(with = "Option<String>")]
    pub since: Option<DateTime>,
}

/// What servers told of all indexes of a collection.
#[derive(Debug)]
pub(super) struct Usages(Vec<Document>);

impl Usages {
    /// Whether an index is being built.
    pub(super) fn building(&self) -> bool {
        self.0.iter().any(is_building)
    }

    /// How often the index with this name was used.
    pub(super) fn of(&self, name: &str) -> Option<Usage> {
        let of_it = || self.0.iter().filter(|told| told.get_str("name").is_ok_and(|n| n == name));
        let hosts: Vec<HostUsage> = of_it().map(host).collect();
        if hosts.is_empty() {
            return None;
        }
        let since = hosts.iter().map(|host| host.since).collect::<Option<Vec<_>>>();
        Some(Usage {
            ops: hosts.iter().map(|host| host.ops).sum(),
            since: since.and_then(|times| times.into_iter().max()),
            building: of_it().any(is_building),
            hosts,
        })
    }
}

impl Call<'_> {
    pub(super) async fn index_usage(&self, namespace: &Namespace) -> Result<Usages> {
        let command = doc! {
            "aggregate": namespace.coll(),
            "pipeline": [{ "$indexStats": {} }],
            "cursor": {},
        };
        self.trees(namespace.db(), command, "the usage of an index").await.map(Usages)
    }
}

fn host(told: &Document) -> HostUsage {
    let accesses = told.get_document("accesses").ok();
    HostUsage {
        host: told.get_str("host").unwrap_or_default().to_owned(),
        shard: told.get_str("shard").ok().map(str::to_owned),
        ops: accesses.and_then(|a| integer(a, "ops")).unwrap_or(0),
        since: accesses.and_then(|a| a.get_datetime("since").ok().copied()),
    }
}

fn is_building(told: &Document) -> bool {
    told.get_bool("building").unwrap_or(false)
}

#[allow(clippy::ref_option, reason = "the shape that serde wants")]
fn rfc3339<S: Serializer>(time: &Option<DateTime>, serializer: S) -> Result<S::Ok, S::Error> {
    time.and_then(|time| time.try_to_rfc3339_string().ok()).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime {
        DateTime::from_millis(millis)
    }

    #[test]
    fn usage_is_summed_over_the_servers_that_tell_it() {
        let told = |host: &str, ops: i64, since: i64| {
            doc! { "name": "a_1", "key": { "a": 1 }, "host": host, "shard": "s0",
            "accesses": { "ops": ops, "since": at(since) }, "spec": {} }
        };
        let usages = Usages(vec![told("h1:27018", 3, 1000), told("h2:27018", 4, 2000)]);
        let usage = usages.of("a_1").unwrap();
        assert_eq!((usage.ops, usage.since), (7, Some(at(2000))));
        assert_eq!(usage.hosts[1].host, "h2:27018");
        assert!(usages.of("b_1").is_none() && !usages.building());
    }

    #[test]
    fn an_index_that_is_being_built_says_so() {
        let told = doc! { "name": "a_1", "host": "h", "building": true,
        "accesses": { "ops": 0_i64, "since": at(0) } };
        assert!(Usages(vec![told]).of("a_1").unwrap().building);
    }

    #[test]
    fn times_are_told_as_text() {
        let usage = Usage { ops: 0, since: Some(at(0)), hosts: Vec::new(), building: false };
        let json = serde_json::to_value(&usage).unwrap();
        assert_eq!(json["since"], "1970-01-01T00:00:00Z");
    }
}
