//! The servers behind a client, each for itself.

use std::sync::Arc;

use futures_util::future::join_all;
use redis::Value;
use schemars::JsonSchema;
use serde::Serialize;

use super::identity;
use super::node::Node;
use crate::backend::redis::Client;
use crate::backend::redis::client::Nodes;
use crate::backend::redis::wire::{Commands, failure};
use crate::deadline::Deadline;
use crate::error::{Error, Result};

/// Which server of a cluster something is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ClusterNode")]
pub(crate) struct NodeName {
    /// Its node id: 40 hexadecimal digits.
    pub(crate) id: String,
    /// Its name or address.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    /// As `INFO` has it.
    pub(crate) role: NodeRole,
    /// The node id of its primary, for a replica.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) primary: Option<String>,
}

/// What a server of a cluster is to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NodeRole {
    /// It serves writes.
    Master,
    /// It follows a primary.
    Slave,
}

/// A server.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// `None` where there is only this one.
    pub(crate) name: Option<NodeName>,
    pub(crate) node: Arc<Node>,
}

/// Which servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those that serve writes.
    Primaries,
    /// And those that follow them, in a cluster.
    All,
}

impl Client {
    /// The servers, at this moment.
    pub(crate) fn members(&self, which: Which) -> Vec<Member> {
        let cluster = match &self.nodes {
            Nodes::One(node) => return vec![Member { name: None, node: node.clone() }],
            Nodes::Cluster(cluster) => cluster,
        };
        let map = cluster.map();
        let mut members: Vec<Member> =
            map.primaries.iter().map(|p| member(&p.id, None, &p.node)).collect();
        if which == Which::All {
            let replicas = map.replicas.iter();
            members.extend(replicas.map(|r| member(&r.id, Some(&r.of), &r.node)));
        }
        members
    }

    /// Changes whenever a slot of the cluster moves.
    pub(crate) fn fingerprint(&self) -> u32 {
        match &self.nodes {
            Nodes::One(_) => 0,
            Nodes::Cluster(cluster) => cluster.map().fingerprint,
        }
    }

    /// The server of that node id or `host:port`.
    pub(crate) fn member(&self, wanted: &str) -> Result<Member> {
        let members = self.members(Which::All);
        let names: Vec<String> = members
            .iter()
            .filter_map(|member| member.name.as_ref())
            .map(|name| format!("{}:{}", name.host, name.port))
            .collect();
        if names.is_empty() {
            return Err(Error::validation("`node` is for clusters, and this is one server"));
        }
        let found = members.into_iter().zip(&names).find(|(member, address)| {
            let id = member.name.as_ref().map(|name| name.id.as_str());
            id == Some(wanted) || *address == wanted
        });
        found.map(|(member, _)| member).ok_or_else(|| {
            Error::validation(format!("{wanted:?} is not a node of this cluster"))
                .detail("nodes", names)
        })
    }

    /// Whether both clients reach the same keys, however they are addressed: the same database of the
    /// same server. `None` where one of the users may not ask.
    pub async fn shares_keys_with(&self, other: &Self, deadline: Deadline) -> Option<bool> {
        let (mine, theirs) = tokio::join!(self.processes(deadline), other.processes(deadline));
        let (mine, theirs) = (mine?, theirs?);
        Some(self.db == other.db && mine.iter().any(|id| theirs.contains(id)))
    }

    /// The id of each primary's process.
    async fn processes(&self, deadline: Deadline) -> Option<Vec<String>> {
        let mut ask = Commands::with_capacity(1);
        identity::push_process(&mut ask);
        let answers = self.ask_each(&self.members(Which::Primaries), &ask, deadline).await;
        let id = |answer: Result<Value>| identity::run_id(&failure::check(answer.ok()?).ok()?);
        answers.into_iter().flatten().map(id).collect()
    }

    /// Runs the commands on each server, at the same time.
    pub(crate) async fn ask_each(
        &self,
        members: &[Member],
        commands: &Commands,
        deadline: Deadline,
    ) -> Vec<Vec<Result<Value>>> {
        let asking = members.iter().map(|member| self.run(commands, Some(&member.node), deadline));
        join_all(asking).await
    }
}

fn member(id: &str, primary: Option<&String>, node: &Arc<Node>) -> Member {
    let endpoint = node.endpoint.as_ref();
    let name = NodeName {
        id: id.to_owned(),
        host: endpoint.map_or_else(String::new, |endpoint| endpoint.host.clone()),
        port: endpoint.map_or(0, |endpoint| endpoint.port),
        role: if primary.is_some() { NodeRole::Slave } else { NodeRole::Master },
        primary: primary.cloned(),
    };
    Member { name: Some(name), node: node.clone() }
}
