//! One request and answer of each operation. Each file is a scenario; the tests run it and compare.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};

const SCENARIOS: [&str; 6] = [
    include_str!("examples/redis.json"),
    include_str!("examples/mongodb.json"),
    include_str!("examples/postgres.json"),
    include_str!("examples/http.json"),
    include_str!("examples/registry.json"),
    include_str!("examples/service.json"),
];

/// What is shown of an operation. The files hold more, which is for the tests.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Example {
    /// `None` where a step only prepares what others show.
    operation: Option<String>,
    pub(super) input: Map<String, Value>,
    /// What is uploaded.
    pub(super) body: Option<String>,
    /// What the one JSON text holds.
    pub(super) answer: Option<Value>,
    /// The lines of a stream.
    records: Vec<Value>,
    /// The text of a file.
    pub(super) file: Option<String>,
    /// The messages that a socket sends.
    pub(super) sends: Vec<Value>,
    /// The messages that a socket hears.
    pub(super) hears: Vec<Value>,
    /// Steps while the stream or the socket is open.
    meanwhile: Vec<Example>,
}

impl Example {
    /// JSON line by line, where that is what is answered.
    pub(super) fn lines(&self) -> Option<String> {
        let records = self.records.iter().chain(&self.sends);
        let lines: String = records.flat_map(|record| [record.to_string(), "\n".into()]).collect();
        (!lines.is_empty()).then_some(lines)
    }
}

/// All of them, by the names of the operations.
pub(super) fn read() -> HashMap<String, Example> {
    let mut examples = HashMap::new();
    for scenario in SCENARIOS {
        keep(serde_json::from_str(scenario).expect("a scenario of ours is one"), &mut examples);
    }
    examples
}

fn keep(steps: Vec<Example>, examples: &mut HashMap<String, Example>) {
    for mut step in steps {
        keep(std::mem::take(&mut step.meanwhile), examples);
        if let Some(operation) = step.operation.take() {
            examples.insert(operation, step);
        }
    }
}
