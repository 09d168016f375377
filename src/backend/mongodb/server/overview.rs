//! A server at a glance: its version, its place among others, its figures.

use futures_util::future::{join, join3};
use mongodb::bson::{Document, doc};
use schemars::JsonSchema;
use serde::Serialize;

use super::replication::{Replication, Shard};
use super::status::{self, Status};
use crate::backend::mongodb::client::Client;
use crate::backend::mongodb::command::{Call, integer};
use crate::backend::mongodb::driver::MongoTopology;
use crate::backend::{Gauge, Warnings};
use crate::error::Result;

/// What a server says of itself. What the connection's user may not know is `null`, and `warnings` has
/// why.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MongoServer")]
pub struct Server {
    /// `7.0.14`.
    pub version: Option<String>,
    /// The commit that it was built from.
    pub git_version: Option<String>,
    /// `enterprise`, where it is.
    pub modules: Vec<String>,
    /// Its memory allocator.
    pub allocator: Option<String>,
    /// Bits of its processor's addresses.
    pub bits: Option<i64>,
    /// Bytes of a document at most.
    pub max_document_bytes: Option<i64>,
    /// How it stands to others.
    pub topology: MongoTopology,
    /// Its figures.
    #[serde(flatten)]
    pub status: Status,
    /// The replica set that it is a member of, if it is.
    pub replication: Option<Replication>,
    /// The shards behind it, if it is a router.
    pub shards: Option<Vec<Shard>>,
    /// Our own connections to it.
    pub pool: Pool,
    /// What the connection's user may not know.
    pub warnings: Warnings,
}

/// Connections of our own.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[schemars(rename = "MongoPool")]
pub struct Pool {
    #[serde(flatten)]
    gauge: Gauge,
    /// How many may be open.
    max: u32,
}

impl Client {
    fn pool(&self) -> Pool {
        Pool { gauge: self.gauge(), max: self.meter.max_connections() }
    }
}

impl Call<'_> {
    /// What the server says of itself, as far as the connection's user may know it.
    pub async fn server(&self) -> Result<Server> {
        let (hello, build, status) = join3(
            self.command("admin", doc! { "hello": 1 }),
            self.command("admin", doc! { "buildInfo": 1 }),
            self.command("admin", status::command()),
        )
        .await;
        // Every user may say hello.
        let hello = hello?;
        let mut warnings = Warnings::default();
        let mut told = |field, answer: Result<Document>| match answer {
            Ok(answer) => answer,
            Err(error) => {
                warnings.add(field, error);
                Document::new()
            }
        };
        let build = told("build", build);
        let status = told("status", status);
        let topology = MongoTopology::of(hello.get_str("msg").ok(), hello.get_str("setName").ok());
        let (members, shards) = join(
            self.command_if(topology == MongoTopology::ReplicaSet, doc! { "replSetGetStatus": 1 }),
            self.command_if(topology == MongoTopology::Sharded, doc! { "listShards": 1 }),
        )
        .await;
        let members = members.map(|answer| told("members", answer));
        let shards = shards.map(|answer| told("shards", answer));
        let text = |name| build.get_str(name).ok().map(str::to_owned);
        let modules = build.get_array("modules").cloned().unwrap_or_default();
        Ok(Server {
            version: text("version"),
            git_version: text("gitVersion"),
            modules: modules.iter().filter_map(|m| Some(m.as_str()?.to_owned())).collect(),
            allocator: text("allocator"),
            bits: integer(&build, "bits"),
            max_document_bytes: integer(&build, "maxBsonObjectSize"),
            topology,
            status: Status::of(&status),
            replication: members.map(|members| Replication::of(&hello, &members)),
            shards: shards.map(|shards| Shard::all(&shards)),
            pool: self.client.pool(),
            warnings,
        })
    }

    async fn command_if(&self, wanted: bool, command: Document) -> Option<Result<Document>> {
        if wanted { Some(self.command("admin", command).await) } else { None }
    }
}
