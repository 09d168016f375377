//! `…/explain`.

use mongodb::bson;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::backend::mongodb::{
    Explained, Node, Selection, Statement, Summary, Verbosity, plan, summarize,
};
use crate::ejson::{Document, Mode, Pipeline, Update, json_of};
use crate::error::{Error, Result};
use crate::operations::mongodb::aggregate::{RunOptions, allowed};
use crate::operations::mongodb::collection::readable;
use crate::operations::mongodb::gated::{checked, of_update};
use crate::request::context::Context;
use crate::request::reply::Reply;

/// What to explain: exactly one of `find`, `aggregate`, `count`, `distinct`, `update` and `delete`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExplainInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// A query.
    find: Option<ExplainedFind>,
    /// A pipeline.
    aggregate: Option<ExplainedAggregate>,
    /// A count.
    count: Option<ExplainedCount>,
    /// The different values of a field.
    distinct: Option<ExplainedDistinct>,
    /// An update; nothing is written.
    update: Option<ExplainedUpdate>,
    /// A delete; nothing is deleted.
    delete: Option<ExplainedDelete>,
    /// `queryPlanner`, which is the default and runs nothing, `executionStats` or
    /// `allPlansExecution`.
    #[serde(default)]
    verbosity: Verbosity,
    /// How to read.
    #[serde(default)]
    options: RunOptions,
    /// Whether to return the server's own explanation too; it does unless this is `false`.
    raw: Option<bool>,
}

/// A query.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExplainedFind {
    /// Which documents.
    #[serde(default)]
    filter: Document,
    /// Which of their fields.
    projection: Option<Document>,
    /// In which order.
    sort: Option<Document>,
    /// How many to pass over.
    skip: Option<u32>,
    /// How many at most.
    limit: Option<u32>,
}

/// A pipeline.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExplainedAggregate {
    /// The stages.
    pipeline: Pipeline,
}

/// A count.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExplainedCount {
    /// Of which documents.
    #[serde(default)]
    filter: Document,
}

/// The different values of a field.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExplainedDistinct {
    /// Path of the field.
    key: String,
    /// In which documents.
    #[serde(default)]
    filter: Document,
}

/// An update.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExplainedUpdate {
    /// Of which documents.
    #[serde(default)]
    filter: Document,
    /// Update operators, or an array of stages.
    update: Update,
    /// All of them, and not the first.
    #[serde(default)]
    multi: bool,
    /// Make a document where there is none.
    #[serde(default)]
    upsert: bool,
}

/// A delete.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExplainedDelete {
    /// Of which documents.
    #[serde(default)]
    filter: Document,
    /// All of them, and not the first.
    #[serde(default)]
    multi: bool,
}

/// How the server finds what is asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Explanation {
    /// Whether it was run.
    executed: bool,
    /// What that means, for people; `null` if it was not run.
    note: Option<&'static str>,
    summary: Summary,
    /// The stage that gives the result, with those that feed it; `null` if the server's explanation
    /// holds none.
    plan: Option<Node>,
    /// The server's own explanation; `null` if it was not asked for, or is larger than an answer may
    /// be.
    #[schemars(with = "Option<crate::ejson::ShownDocument>")]
    raw: Option<Box<RawValue>>,
}

pub(super) async fn explain(cx: &Context, input: ExplainInput) -> Result<Reply<Explanation>> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let verbosity = input.verbosity;
    let options = input.options.checked()?;
    let selection = |filter: &Document, many| -> Result<Selection> {
        Ok(Selection { filter: checked(filter)?, many, reading: options.reading.clone() })
    };
    let operation =
        (input.find, input.aggregate, input.count, input.distinct, input.update, input.delete);
    let explained = match operation {
        (Some(find), None, None, None, None, None) => Explained::Find {
            filter: checked(&find.filter)?,
            projection: find.projection.as_ref().map(checked).transpose()?,
            sort: find.sort.as_ref().map(checked).transpose()?,
            skip: find.skip.map(i64::from),
            limit: find.limit.map(i64::from),
        },
        (None, Some(aggregate), None, None, None, None) => {
            Explained::Aggregate(explainable(cx, &aggregate.pipeline, namespace.db(), verbosity)?)
        }
        (None, None, Some(count), None, None, None) => Explained::Count(checked(&count.filter)?),
        (None, None, None, Some(distinct), None, None) => {
            Explained::Distinct { key: distinct.key, filter: checked(&distinct.filter)? }
        }
        (None, None, None, None, Some(update), None) => {
            let ExplainedUpdate { filter, update, multi, upsert } = update;
            let change = of_update(update, &[])?;
            Explained::Write(Statement::update(&selection(&filter, multi)?, change, upsert)?)
        }
        (None, None, None, None, None, Some(delete)) => {
            Explained::Write(Statement::delete(&selection(&delete.filter, delete.multi)?)?)
        }
        _ => {
            return Err(Error::validation(
                "give exactly one of `find`, `aggregate`, `count`, `distinct`, `update` and `delete`",
            ));
        }
    };
    let note = note(verbosity, matches!(explained, Explained::Write(_)));
    let client = cx.mongodb().await?;
    let call = input.options.read.call(cx, &client);
    let answer = call.explain(&namespace, explained, options, verbosity).await?;
    let most = cx.service.config.max_result_bytes;
    let tree = plan(&answer);
    let raw = input.raw.unwrap_or(true).then(|| json_of(&answer, Mode::Relaxed)).transpose()?;
    let mut explanation = Explanation {
        executed: note.is_some(),
        note,
        summary: summarize(&answer, tree.as_ref()),
        plan: tree,
        raw,
    };
    Reply::write(|writer| {
        let begin = writer.len();
        writer.value(&explanation)?;
        if writer.len() > most && explanation.raw.take().is_some() {
            writer.buffer().truncate(begin);
            writer.value(&explanation)?;
        }
        Ok(())
    })
}

fn note(verbosity: Verbosity, writes: bool) -> Option<&'static str> {
    match (verbosity.runs(), writes) {
        (false, _) => None,
        (true, false) => Some("the query was run to find this out"),
        (true, true) => Some("all but the writing was done to find this out; nothing was changed"),
    }
}

/// A pipeline that may be explained. One that writes may not be run for that.
fn explainable(
    cx: &Context,
    pipeline: &Pipeline,
    db: &str,
    verbosity: Verbosity,
) -> Result<Vec<bson::Document>> {
    let (stages, needs) = allowed(cx, pipeline, db)?;
    if needs.write && verbosity.runs() {
        return Err(Error::not_allowed(
            "a pipeline that ends in `$out` or `$merge` is explained with `queryPlanner` only",
        ));
    }
    Ok(stages)
}
