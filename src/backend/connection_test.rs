//! Testing a connection: its target's own probe, and what that found.

use std::time::Instant;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::probe::{Probe, Step};
use super::{ConnectOptions, http, mongodb, postgres, redis};
use crate::deadline::Deadline;
use crate::error::{Code, Error};
use crate::target::Target;

/// How a connection test went.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TestResult {
    /// Whether the connection can be used.
    pub success: bool,
    /// How long the `ping` step took, else the whole test, in milliseconds.
    pub latency_ms: f64,
    /// Version of the server; `null` where it was not told.
    pub version: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The error code of the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The steps, in order. The last one is the one that the test failed at, if it did. `tls` may
    /// be not `ok` in a test that succeeds: the server has none, and the target does not insist.
    pub steps: Vec<Step>,
    /// What only this kind of server has.
    #[serde(flatten)]
    #[schemars(with = "Facts")]
    pub facts: Map<String, Value>,
}

/// What a test learns of a server of its kind; where it fails, what it had learned before.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is noted as it is learned
struct Facts {
    /// Of Redis: `standalone`, `cluster` or `sentinel`.
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    /// Of Redis, for people: `1.23M`.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_used: Option<String>,
    /// Of MongoDB.
    #[serde(skip_serializing_if = "Option::is_none")]
    topology: Option<mongodb::MongoTopology>,
    /// Of MongoDB: the names of at most 1000 databases that the user may see.
    #[serde(skip_serializing_if = "Option::is_none")]
    databases: Option<Vec<String>>,
    /// Of PostgreSQL: whether the connection is.
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted: Option<bool>,
    /// Of PostgreSQL: `UTF8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    server_encoding: Option<String>,
    /// Of PostgreSQL: whether the role is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_superuser: Option<bool>,
    /// Of PostgreSQL: whether the server copies from another one, and takes no writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_standby: Option<bool>,
    /// Of PostgreSQL: what is not safe about a connection that works.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<String>>,
    /// Of a Bun API: the header of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
}

/// Tries a target. A target that cannot be reached is an answer, not an error.
pub async fn test_connection(
    target: &Target,
    options: &ConnectOptions,
    deadline: Deadline,
) -> TestResult {
    let started = Instant::now();
    let mut probe = Probe::new(deadline);
    let result = match target {
        Target::Redis(t) => redis::probe(t, options, &mut probe).await,
        Target::Mongodb(t) => mongodb::probe(t, options, &mut probe).await,
        Target::Postgres(t) => postgres::probe(t, options, &mut probe).await,
        Target::Http(t) => http::probe(t, options, &mut probe).await,
    };
    let whole = (started.elapsed().as_secs_f64() * 100_000.0).round() / 100.0;
    let ping = probe.steps.iter().find(|s| s.name == "ping" && s.ok).map(|s| s.ms);
    let error = result.err();
    let mut facts = probe.facts;
    let version = facts.shift_remove("version").and_then(|v| v.as_str().map(str::to_owned));
    TestResult {
        success: error.is_none(),
        latency_ms: ping.unwrap_or(whole),
        version,
        code: error.as_ref().map(Error::code),
        error: error.map(|e| e.message().to_owned()),
        steps: probe.steps,
        facts,
    }
}
