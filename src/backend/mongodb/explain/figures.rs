//! What a stage did, where the explanation says it.

use std::collections::HashMap;

use mongodb::bson::{Bson, Document};

use crate::backend::mongodb::command::integer;

/// Where stages have those that feed them.
const INPUTS: [&str; 5] = ["inputStage", "outerStage", "innerStage", "thenStage", "elseStage"];

/// The stages that feed a stage, in order.
pub(super) fn inputs(stage: &Document) -> impl Iterator<Item = &Document> {
    let single = INPUTS.iter().filter_map(|name| stage.get_document(name).ok());
    let several = stage.get_array("inputStages").into_iter().flatten();
    single.chain(several.filter_map(Bson::as_document))
}

/// The figures of one stage.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    pub(super) docs_examined: Option<i64>,
    pub(super) keys_examined: Option<i64>,
    pub(super) returned: Option<i64>,
    pub(super) ms: Option<i64>,
    pub(super) used_disk: bool,
}

impl Figures {
    /// Of a stage of the classic engine, or of a pipeline.
    pub(super) fn of(stage: &Document) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| integer(stage, name));
        Self {
            docs_examined: first(&["docsExamined", "totalDocsExamined"]),
            keys_examined: first(&["keysExamined", "totalKeysExamined"]),
            // Counts and writes return nothing, but say how many documents they were about.
            returned: first(&["nCounted", "nMatched", "nWouldDelete", "nReturned"]),
            ms: first(&["executionTimeMillisEstimate", "executionTimeMillis"]),
            used_disk: stage.get_bool("usedDisk").unwrap_or(false),
        }
    }
}

/// The slot-based engine runs many small stages for one stage of the plan; what they did, by the
/// stage of the plan that they belong to.
#[derive(Debug, Default)]
pub(super) struct BySlots(HashMap<i64, Figures>);

impl BySlots {
    pub(super) fn of(stages: &Document) -> Self {
        let mut found = Self::default();
        found.add(stages);
        found
    }

    pub(super) fn get(&self, plan_node: i64) -> Option<Figures> {
        self.0.get(&plan_node).copied()
    }

    fn add(&mut self, stage: &Document) {
        if let Some(node) = integer(stage, "planNodeId") {
            let name = stage.get_str("stage").unwrap_or_default();
            // The first that is met is the outermost: it returns what the stage of the plan returns.
            let figures = self.0.entry(node).or_insert_with(|| Figures {
                returned: integer(stage, "nReturned"),
                ms: integer(stage, "executionTimeMillisEstimate"),
                ..Figures::default()
            });
            let reads = integer(stage, "numReads");
            if name.starts_with("ix") {
                let keys = integer(stage, "keysExamined").or(reads);
                figures.keys_examined = sum(figures.keys_examined, keys);
            } else {
                figures.docs_examined = sum(figures.docs_examined, reads);
            }
            figures.used_disk |= stage.get_bool("usedDisk").unwrap_or(false);
        }
        for input in inputs(stage) {
            self.add(input);
        }
    }
}

/// A figure is not known if neither part is.
pub(super) fn sum(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (one, other) => one.or(other),
    }
}
