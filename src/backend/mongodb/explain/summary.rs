//! What matters of an explanation.

use mongodb::bson::{Bson, Document};
use schemars::JsonSchema;
use serde::Serialize;

use super::figures::sum;
use super::tree::Node;
use crate::backend::mongodb::command::integer;

/// A query that examined fewer than this is no problem, however few it returned.
const FEW: i64 = 100;
/// Examining this many times what is returned is worth a warning.
const TIMES: i64 = 10;

const LOOKED_UP_WHOLE: &str =
    "the other collection is read whole for each document; index its foreign field";

/// An explanation in short.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[schemars(rename = "PlanSummary")]
pub struct Summary {
    /// `null` where the explanation does not tell.
    pub engine: Option<Engine>,
    /// Documents in the result; `null` if it was not run, or merged from several shards.
    pub returned: Option<i64>,
    /// Documents read from collections; `null` if it was not run, as for the figures below.
    pub docs_examined: Option<i64>,
    /// Index keys read.
    pub keys_examined: Option<i64>,
    /// Milliseconds; of several shards the slowest.
    pub ms: Option<i64>,
    /// Names of the indexes used.
    pub indexes: Vec<String>,
    /// Whether all that is asked for is in the index, and no document was read.
    pub covered: bool,
    /// Plans that were considered and not chosen.
    pub rejected_plans: usize,
    /// What makes it slow, or will.
    pub warnings: Vec<Warning>,
}

/// What runs a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "PlanEngine")]
pub enum Engine {
    /// The classic engine.
    Classic,
    /// The slot-based engine.
    Sbe,
    /// One on some shards, the other on others.
    Mixed,
}

/// Something that makes an operation slow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PlanWarning")]
pub struct Warning {
    /// For programs.
    pub code: WarningCode,
    /// For people.
    pub message: String,
    /// The stage it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
}

/// What makes an operation slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PlanWarningCode")]
pub enum WarningCode {
    /// All documents of a collection are read.
    CollectionScan,
    /// No index has the order that is asked for.
    InMemorySort,
    /// A stage needs more memory than it may have.
    SpilledToDisk,
    /// Many more documents were read than returned.
    ExaminedMoreThanReturned,
    /// Many more keys of an index were read than documents returned.
    IndexExaminedMoreThanReturned,
    /// No index finds the documents that are looked up.
    LookupWithoutIndex,
}

/// The summary of an explanation and its tree.
pub fn summarize(explanation: &Document, tree: Option<&Node>) -> Summary {
    let mut found = Traits::default();
    found.look(explanation);
    let mut summary = Summary { engine: found.engine(), ..found.summary };
    let of_explanation = std::mem::take(&mut summary.warnings);
    if let Some(tree) = tree {
        summary.returned = tree.returned;
        summary.ms = summary.ms.max(tree.ms);
        tree.walk(&mut |node| {
            let name = node.index.as_ref().map(|index| &index.name);
            summary.indexes.extend(name.cloned());
        });
        warn(tree, &mut summary.warnings);
    }
    summary.indexes.sort_unstable();
    summary.indexes.dedup();
    summary.warnings.extend(of_explanation);
    summary.covered = summary.docs_examined == Some(0)
        && summary.keys_examined.is_some_and(|keys| keys > 0)
        && summary.returned.is_some_and(|returned| returned > 0);
    summary
}

/// What is found all over an explanation.
#[derive(Debug, Default)]
struct Traits {
    classic: bool,
    slots: bool,
    summary: Summary,
}

impl Traits {
    fn engine(&self) -> Option<Engine> {
        match (self.classic, self.slots) {
            (true, true) => Some(Engine::Mixed),
            (true, false) => Some(Engine::Classic),
            (false, true) => Some(Engine::Sbe),
            (false, false) => None,
        }
    }

    /// Finds the parts that say something of a whole query, wherever the topology puts them.
    fn look(&mut self, document: &Document) {
        let planner = document.get_document("queryPlanner");
        // Where there are stages, the first of them says the same.
        if let Ok(planner) = planner
            && !document.contains_key("stages")
        {
            self.planner(planner);
            if let Ok(stats) = document.get_document("executionStats") {
                self.stats(stats);
            }
        }
        for name in ["stages", "pipeline"] {
            for stage in document.get_array(name).into_iter().flatten() {
                if let Some(stage) = stage.as_document() {
                    self.stage(stage);
                }
            }
        }
        for shard in document.get_document("shards").into_iter().flat_map(Document::values) {
            if let Some(shard) = shard.as_document() {
                self.look(shard);
            }
        }
    }

    fn stage(&mut self, stage: &Document) {
        if stage.contains_key("$lookup") {
            self.examined(stage);
            let used = stage.get_array("indexesUsed").into_iter().flatten();
            self.summary.indexes.extend(used.filter_map(Bson::as_str).map(str::to_owned));
            if integer(stage, "collectionScans").is_some_and(|scans| scans > 0) {
                self.summary.warnings.push(Warning {
                    code: WarningCode::LookupWithoutIndex,
                    message: LOOKED_UP_WHOLE.to_owned(),
                    stage: Some("$lookup".to_owned()),
                });
            }
        }
        self.summary.ms = self.summary.ms.max(integer(stage, "executionTimeMillisEstimate"));
        for argument in stage.values().filter_map(Bson::as_document) {
            self.look(argument);
        }
    }

    fn planner(&mut self, planner: &Document) {
        let Ok(winning) = planner.get_document("winningPlan") else { return };
        if let Ok(shards) = winning.get_array("shards") {
            for shard in shards.iter().filter_map(Bson::as_document) {
                self.planner(shard);
            }
            return;
        }
        self.summary.rejected_plans += planner.get_array("rejectedPlans").map_or(0, Vec::len);
        if winning.contains_key("slotBasedPlan") {
            self.slots = true;
        } else {
            self.classic = true;
        }
    }

    fn examined(&mut self, told: &Document) {
        let Summary { docs_examined, keys_examined, .. } = &mut self.summary;
        *docs_examined = sum(*docs_examined, integer(told, "totalDocsExamined"));
        *keys_examined = sum(*keys_examined, integer(told, "totalKeysExamined"));
    }

    fn stats(&mut self, stats: &Document) {
        self.examined(stats);
        self.summary.ms = self.summary.ms.max(integer(stats, "executionTimeMillis"));
        let Ok(stages) = stats.get_document("executionStages") else { return };
        let docs = integer(stats, "totalDocsExamined").unwrap_or(0);
        let keys = integer(stats, "totalKeysExamined").unwrap_or(0);
        let about = ["nCounted", "nMatched", "nWouldDelete"];
        let returned = about.iter().find_map(|name| integer(stages, name));
        let returned = returned.or_else(|| integer(stats, "nReturned")).unwrap_or(0);
        if docs > FEW && docs / TIMES > returned {
            let message = format!("{docs} documents were read to find {returned}");
            let code = WarningCode::ExaminedMoreThanReturned;
            self.summary.warnings.push(Warning { code, message, stage: None });
        } else if keys > FEW && keys / TIMES > returned {
            let message = format!("{keys} index keys were read to find {returned}");
            let code = WarningCode::IndexExaminedMoreThanReturned;
            self.summary.warnings.push(Warning { code, message, stage: None });
        }
    }
}

fn warn(tree: &Node, warnings: &mut Vec<Warning>) {
    tree.walk(&mut |node| {
        let detail = |name: &str| node.detail.as_ref().and_then(|detail| detail.get(name));
        let slow = match node.stage.as_str() {
            "COLLSCAN" => {
                let message = match detail("filter") {
                    Some(_) => "no index is used: every document is compared with the filter",
                    None => "the whole collection is read",
                };
                Some((WarningCode::CollectionScan, message))
            }
            "SORT" | "$sort" => {
                let message = "no index has this order: results are sorted in memory";
                Some((WarningCode::InMemorySort, message))
            }
            "EQ_LOOKUP" if detail("strategy").is_some_and(|s| s == "NestedLoopJoin") => {
                Some((WarningCode::LookupWithoutIndex, LOOKED_UP_WHOLE))
            }
            _ => None,
        };
        let spilled = "its memory was not enough, and it went on on disk";
        let spilled = node.used_disk.then_some((WarningCode::SpilledToDisk, spilled));
        for (code, message) in slow.into_iter().chain(spilled) {
            let stage = Some(node.stage.clone());
            let warning = Warning { code, message: message.to_owned(), stage };
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
    });
}
