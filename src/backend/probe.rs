//! Trying a target step by step, so that a failure says how far it came.

use std::future::Future;
use std::time::Instant;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{ConnectOptions, http, mongodb, postgres, redis};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::target::Target;

/// One step of a connection test.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// `resolve`, `connect`, `tls`, `auth`, `ping` or `capabilities`.
    pub name: &'static str,
    /// Whether it succeeded.
    pub ok: bool,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// Why it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The steps taken so far, and the deadline they share.
#[derive(Debug)]
pub struct Probe {
    /// By when the whole test must have ended.
    pub deadline: Deadline,
    steps: Vec<Step>,
    facts: Map<String, Value>,
}

impl Probe {
    /// A test that has taken no step yet.
    #[must_use]
    pub fn new(deadline: Deadline) -> Self {
        Self { deadline, steps: Vec::new(), facts: Map::new() }
    }

    /// Takes one step, and notes how it went.
    pub async fn step<T>(
        &mut self,
        name: &'static str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let started = Instant::now();
        let result = self.deadline.run(work).await.unwrap_or_else(|| {
            Err(Error::timeout(format!("the {name} step took too long"), Outcome::NotApplied))
        });
        self.steps.push(Step {
            name,
            ok: result.is_ok(),
            ms: (started.elapsed().as_secs_f64() * 100_000.0).round() / 100.0,
            message: result.as_ref().err().map(|e| e.message().to_owned()),
        });
        result
    }

    /// The last step came to nothing, and the test goes on without: the target does not insist.
    pub fn do_without(&mut self, why: &str) {
        if let Some(step) = self.steps.last_mut() {
            step.ok = false;
            step.message = Some(why.to_owned());
        }
    }

    /// Something learned about the server: `version`, `mode`, `topology`, …
    pub fn fact(&mut self, name: &str, value: impl Into<Value>) {
        self.facts.insert(name.to_owned(), value.into());
    }
}

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
pub async fn test(target: &Target, options: &ConnectOptions, deadline: Deadline) -> TestResult {
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
        code: error.as_ref().map(|e| e.code().as_str()),
        error: error.map(|e| e.message().to_owned()),
        steps: probe.steps,
        facts,
    }
}
