//! An explanation as one tree of stages.

use mongodb::bson::{Bson, Document, doc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::figures::{BySlots, Figures, inputs};
use crate::backend::mongodb::command::as_value;

/// A stage of a plan. Documents come from its children and go to its parent; the root gives the
/// result.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[schemars(rename = "PlanStage")]
pub struct Node {
    /// What it does: `IXSCAN`, `FETCH`, `SORT`, `$group`…
    pub stage: String,
    /// The shard that it runs on, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// The index it reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<Index>,
    /// Which part of the index, as the server writes it: by field `["[1, 5]"]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Value>,
    /// `forward` or `backward`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// What it is told: a filter, a sort order, a limit…
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Value>,
    /// Documents it read; `null` if it was not run, as for the figures below.
    pub docs_examined: Option<i64>,
    /// Index keys it read.
    pub keys_examined: Option<i64>,
    /// Documents it gave to its parent.
    pub returned: Option<i64>,
    /// Milliseconds, with those of its children.
    pub ms: Option<i64>,
    /// Its memory was not enough; not there otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub used_disk: bool,
    /// Where its documents come from.
    pub children: Vec<Node>,
}

/// An index.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "PlanIndex")]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its keys; as text where the server writes them as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<Value>,
}

impl Node {
    /// This stage and all below it.
    pub fn walk(&self, visit: &mut impl FnMut(&Self)) {
        visit(self);
        for child in &self.children {
            child.walk(visit);
        }
    }

    fn named(stage: &str) -> Self {
        Self { stage: stage.to_owned(), ..Self::default() }
    }

    fn set(&mut self, figures: Figures) {
        self.docs_examined = figures.docs_examined;
        self.keys_examined = figures.keys_examined;
        self.returned = figures.returned;
        self.ms = figures.ms;
        self.used_disk = figures.used_disk;
    }
}

/// What stages are told, as it is shown.
const DETAILS: [&str; 12] = [
    "filter",
    "sortPattern",
    "limitAmount",
    "skipAmount",
    "transformBy",
    "parsedTextQuery",
    "namespace",
    "foreignCollection",
    "localField",
    "foreignField",
    "asField",
    "strategy",
];

/// The tree of an explanation, of whatever shape; `None` if it holds no plan.
pub fn plan(explanation: &Document) -> Option<Node> {
    if let Ok(stages) = explanation.get_array("stages") {
        return pipeline(stages);
    }
    if let Ok(shards) = explanation.get_document("shards") {
        return Some(sharded_pipeline(explanation, shards));
    }
    let planner = explanation.get_document("queryPlanner").ok()?;
    let stats = explanation.get_document("executionStats");
    let executed = stats.and_then(|stats| stats.get_document("executionStages")).ok();
    Some(query(planner.get_document("winningPlan").ok()?, executed))
}

/// The plan of a query, or of the part of a pipeline that is done as one.
fn query(winning: &Document, executed: Option<&Document>) -> Node {
    // What is asked of several shards has the shards in both places.
    if let Ok(shards) = winning.get_array("shards") {
        return sharded_query(winning, shards, executed);
    }
    match winning.get_document("queryPlan") {
        Ok(plan) => by_slots(plan, executed.map(BySlots::of).as_ref()),
        Err(_) => classic(winning, executed),
    }
}

/// The classic engine repeats the plan, stage by stage, with what each did.
fn classic(planned: &Document, executed: Option<&Document>) -> Node {
    let mut node = described(planned);
    let same = |executed: &&Document| executed.get_str("stage").is_ok_and(|s| s == node.stage);
    let Some(ran) = executed.filter(same) else {
        // A server may leave out what is on top of the plan.
        node.children = inputs(planned).map(|input| classic(input, executed)).collect();
        return node;
    };
    node.set(Figures::of(ran));
    let (planned, ran): (Vec<_>, Vec<_>) = (inputs(planned).collect(), inputs(ran).collect());
    node.children = if ran.len() > planned.len() {
        // How many parts a search for what is near has is known once it was done.
        ran.into_iter().map(|ran| classic(ran, Some(ran))).collect()
    } else {
        let ran = ran.into_iter().map(Some).chain(std::iter::repeat(None));
        planned.into_iter().zip(ran).map(|(planned, ran)| classic(planned, ran)).collect()
    };
    node
}

fn by_slots(stage: &Document, figures: Option<&BySlots>) -> Node {
    let mut node = described(stage);
    let id = crate::backend::mongodb::command::integer(stage, "planNodeId");
    if let Some(figures) = id.and_then(|id| figures?.get(id)) {
        node.set(figures);
    }
    node.children = inputs(stage).map(|input| by_slots(input, figures)).collect();
    node
}

fn sharded_query(winning: &Document, shards: &[Bson], executed: Option<&Document>) -> Node {
    let mut node = described(winning);
    if let Some(executed) = executed {
        node.set(Figures::of(executed));
    }
    let ran: Vec<&Document> = executed
        .and_then(|stage| stage.get_array("shards").ok())
        .into_iter()
        .flatten()
        .filter_map(Bson::as_document)
        .collect();
    let on_shard = |shard: &Document| {
        let name = shard.get_str("shardName").ok()?;
        let same = |ran: &&&Document| ran.get_str("shardName").is_ok_and(|ran| ran == name);
        let executed = ran.iter().find(same).and_then(|s| s.get_document("executionStages").ok());
        let mut node = query(shard.get_document("winningPlan").ok()?, executed);
        node.shard = Some(name.to_owned());
        Some(node)
    };
    node.children = shards.iter().filter_map(Bson::as_document).filter_map(on_shard).collect();
    node
}

/// A stage without its figures and inputs.
fn described(stage: &Document) -> Node {
    let name = stage.get_str("stage").unwrap_or("UNKNOWN");
    let mut node = Node::named(name);
    node.index = index(name, stage);
    node.bounds = stage.get_document("indexBounds").ok().map(as_value);
    node.direction = stage.get_str("direction").ok().map(str::to_owned);
    let shown = |name: &&str| Some(((*name).to_owned(), stage.get(*name)?.clone()));
    let detail: Document = DETAILS.iter().filter_map(shown).collect();
    let detail: Document =
        detail.into_iter().filter(|(_, value)| value != &Bson::Document(doc! {})).collect();
    node.detail = (!detail.is_empty()).then(|| as_value(&detail));
    node
}

fn index(stage_name: &str, stage: &Document) -> Option<Index> {
    let keys = stage.get("keyPattern").or_else(|| stage.get("indexKeyPattern"));
    let keys = keys.map(|keys| match keys {
        Bson::Document(keys) => as_value(keys),
        // The fast path for single documents writes them as text.
        other => Value::String(other.as_str().unwrap_or_default().to_owned()),
    });
    let name = match stage.get_str("indexName") {
        Ok(name) => name,
        Err(_) if stage_name == "IDHACK" => "_id_",
        Err(_) => return None,
    };
    Some(Index { name: name.to_owned(), keys })
}

/// The stages of a pipeline: each feeds the next one, and the last gives the result.
fn pipeline(stages: &[Bson]) -> Option<Node> {
    let mut below: Option<Node> = None;
    for stage in stages.iter().filter_map(Bson::as_document) {
        let Some((name, argument)) = stage.iter().find(|(name, _)| name.starts_with('$')) else {
            continue;
        };
        let source = argument.as_document().filter(|a| a.contains_key("queryPlanner"));
        if let Some(source) = source {
            below = plan(source).or(below);
            continue;
        }
        let mut node = Node::named(name);
        node.set(Figures::of(stage));
        node.detail = Some(told(argument));
        node.children.extend(below.take());
        node.children.extend(united(name, argument));
        below = Some(node);
    }
    below
}

/// The plan of the pipeline inside `$unionWith`.
fn united(name: &str, argument: &Bson) -> Option<Node> {
    let inner = argument.as_document().filter(|_| name == "$unionWith")?.get("pipeline")?;
    match inner {
        Bson::Array(stages) => pipeline(stages),
        Bson::Document(explanation) => plan(explanation),
        _ => None,
    }
}

/// What a stage of a pipeline is told.
fn told(argument: &Bson) -> Value {
    as_value(&doc! { "told": argument.clone() })["told"].take()
}

fn sharded_pipeline(explanation: &Document, shards: &Document) -> Node {
    let mut merged = Node::named(if shards.len() == 1 { "SINGLE_SHARD" } else { "SHARD_MERGE" });
    let on_shard = |(name, explanation): (&String, &Bson)| {
        let mut node = plan(explanation.as_document()?)?;
        node.shard = Some(name.clone());
        Some(node)
    };
    merged.children = shards.iter().filter_map(on_shard).collect();
    if let [only] = merged.children.as_slice() {
        merged.returned = only.returned;
    }
    let split = explanation.get_document("splitPipeline").ok();
    let after = split.and_then(|split| split.get_array("mergerPart").ok());
    let mut below = merged;
    for stage in after.into_iter().flatten().filter_map(Bson::as_document) {
        let Some((name, argument)) = stage.iter().next() else { continue };
        // That results come from shards is told already.
        if name == "$mergeCursors" {
            continue;
        }
        let mut node = Node::named(name);
        node.detail = Some(told(argument));
        node.children.push(below);
        below = node;
    }
    below
}
