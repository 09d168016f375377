//! Trying a target step by step, so that a failure says how far it came.

use std::future::Future;
use std::time::Instant;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::outcome::Outcome;

/// One step of a connection test.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "TestStep")]
pub struct Step {
    /// What was tried.
    #[schemars(extend("enum" = ["resolve", "connect", "tls", "auth", "ping", "capabilities"]))]
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
    pub(super) steps: Vec<Step>,
    pub(super) facts: Map<String, Value>,
}

impl Probe {
    /// A test that has taken no step yet.
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
    pub fn fact(&mut self, name: &str, value: impl Serialize) {
        self.facts.insert(name.to_owned(), json!(value));
    }
}
