//! Testing a connection: its target's own probe, and what that found.

use std::time::Instant;

use serde::Serialize;
use serde_json::{Map, Value};

use super::probe::{Probe, Step};
use super::{ConnectOptions, client};
use crate::deadline::Deadline;
use crate::error::Code;
use crate::target::Target;

/// The answer of a connection test.
#[derive(Debug, Serialize)]
pub struct TestResult {
    /// Whether the connection can be used.
    pub success: bool,
    /// How long the `ping` step took, else the whole test, in milliseconds.
    pub latency_ms: f64,
    /// Version of the server.
    pub version: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The error code of the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The steps, in order. The last one is the one that the test failed at, if it did. `tls` may
    /// be not `ok` in a test that succeeds: the server has none, and the target does not insist.
    pub steps: Vec<Step>,
    /// What only this kind of server has: `mode`, `topology`, `server_encoding`, …
    #[serde(flatten)]
    pub facts: Map<String, Value>,
}

impl TestResult {
    /// The code of the failure, where there was one.
    #[must_use]
    pub fn failure(&self) -> Option<Code> {
        Code::ALL.into_iter().find(|code| Some(code.as_str()) == self.code)
    }
}

/// Tries a target. A target that cannot be reached is an answer, not an error.
pub async fn test_connection(
    target: &Target,
    options: &ConnectOptions,
    deadline: Deadline,
) -> TestResult {
    let started = Instant::now();
    let mut probe = Probe::new(deadline);
    let result = client::probe(target, options, &mut probe).await;
    let whole = (started.elapsed().as_secs_f64() * 100_000.0).round() / 100.0;
    let ping = probe.steps.iter().find(|s| s.name == "ping" && s.ok).map(|s| s.ms);
    let error = result.err();
    let mut facts = probe.facts;
    let version = facts.shift_remove("version").and_then(|v| v.as_str().map(str::to_owned));
    TestResult {
        success: error.is_none(),
        latency_ms: ping.unwrap_or(whole),
        version,
        code: error.as_ref().map(|e| e.code().as_str()),
        error: error.map(|e| e.message().to_owned()),
        steps: probe.steps,
        facts,
    }
}
