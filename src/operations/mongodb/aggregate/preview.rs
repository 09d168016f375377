//! `…/aggregate/preview`: what each stage of a pipeline does.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use mongodb::bson;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{RunOptions, allowed, check_source};
use crate::backend::mongodb::{AggregateOptions, Call, Cap, End, Namespace, Preview, Step, gate};
use crate::ejson::{Mode, Pipeline, ShownDocument};
use crate::error::{Cause, Code, Error, Result};
use crate::json::{Object, Writer};
use crate::operations::mongodb::collection::readable;
use crate::request::context::Context;
use crate::request::params::within;
use crate::request::reply::Reply;

const SAMPLE: u32 = 1000;
const LARGEST_SAMPLE: u32 = 100_000;
const LIMIT: u32 = 10;
const MOST: u32 = 100;
const MOST_STAGES: usize = 100;
/// How long one stage may take, unless asked otherwise.
const BUDGET: Duration = Duration::from_secs(5);

/// What to show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// The stages, at most 100.
    pipeline: Pipeline,
    /// How many documents go through the pipeline; 1000 if not given, at most 100000.
    sample: Option<u32>,
    /// How many documents to show of each stage; 10 if not given, at most 100.
    limit: Option<u32>,
    /// How to run the stages. `maxTimeMS` is for each of them, and 5000 if not given.
    #[serde(default)]
    options: RunOptions,
    /// `relaxed` for display, which is the default, or `canonical` for editing.
    #[serde(default)]
    ejson: Mode,
}

/// What the stages of a pipeline do.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
pub(super) struct PipelinePreview {
    /// What the stages are shown on.
    sample: Sample,
    /// In the pipeline's order.
    stages: Vec<StagePreview>,
}

/// The documents that the stages are shown on.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PipelineSample")]
struct Sample {
    /// How many were asked for.
    size: u32,
    /// It is taken after so many stages.
    after: usize,
    /// How many there are; `null` if counting took too long.
    documents: Option<u64>,
    /// It holds everything, so that nothing misleads.
    whole: bool,
}

/// What one stage does.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
struct StagePreview {
    /// The first that it gives.
    documents: Vec<ShownDocument>,
    #[serde(flatten)]
    figures: StageFigures<'static>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct StageFigures<'a> {
    /// Its name: `$match`.
    stage: &'a str,
    /// It gives more documents than are shown.
    has_more: bool,
    /// How many it gives on the sample; `null` if counting took too long, and of a stage that was not run.
    count: Option<u64>,
    /// Milliseconds until its first documents were there; `null` of a stage that was not run.
    ms: Option<u128>,
    /// Why its result on a sample differs from that on everything.
    misleading: Option<&'a str>,
    /// Why it failed.
    error: Option<Cause>,
    /// Why it was not run: it writes, or a stage before it failed.
    skipped: Option<&'static str>,
}

pub(super) async fn preview(cx: &Context, input: PreviewInput) -> Result<Reply<PipelinePreview>> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let size = within("sample", input.sample.unwrap_or(SAMPLE), 1..=LARGEST_SAMPLE)?;
    let limit = within("limit", input.limit.unwrap_or(LIMIT), 1..=MOST)?;
    let (stages, needs) = allowed(cx, &input.pipeline, namespace.db())
        .map_err(|error| placed(error, &input.pipeline, namespace.db()))?;
    check_source(needs, false)?;
    if stages.len() > MOST_STAGES {
        return Err(Error::validation(format!("at most {MOST_STAGES} stages can be shown")));
    }
    let bytes = cx.service.config.max_result_bytes;
    let cap = Cap { documents: limit, bytes: bytes / stages.len().max(1) };
    let options = AggregateOptions { cap, ..input.options.checked()? };
    let preview = Preview::of(&stages, size);
    let client = cx.mongodb().await?;
    let call = cx.side_by_side(&client).await;
    let width = call.width();
    let budget = input.options.read.longest().unwrap_or(BUDGET);
    let run = &Run { call, budget, namespace, options, ejson: input.ejson };

    let sampled = run.count(preview.sample).await?;
    let whole = sampled.is_some_and(|sampled| sampled < u64::from(size));
    let mut writer = Reply::open();
    let mut object = Object::open(&mut writer);
    let after = preview.sampled_after;
    object.member("sample", &Sample { size, after, documents: sampled, whole })?;
    let pipelines: Vec<_> = preview.steps.iter().map(|step| step.pipeline.clone()).collect();
    let shown = stream::iter(pipelines).map(|pipeline| async move {
        match pipeline {
            Some(pipeline) => run.show(pipeline).await.map(Some),
            None => Ok(None),
        }
    });
    // In order, so that a failure is that of its stage; what runs after it is ended.
    let mut shown = shown.buffered(width);
    let stages = object.key("stages");
    stages.raw("[");
    let (mut first, mut failed) = (true, false);
    for step in &preview.steps {
        let result = if failed { None } else { shown.next().await };
        stages.comma(&mut first);
        failed |= write_step(stages, step, result, whole, bytes)?;
    }
    stages.raw("]");
    object.close();
    Ok(Reply::close(writer))
}

/// Says at which stage the gate refuses a pipeline.
fn placed(error: Error, pipeline: &Pipeline, db: &str) -> Error {
    let Ok(stages) = pipeline.trees() else { return error };
    let refused = (1..=stages.len()).find(|end| gate::pipeline(&stages[..*end], db).is_err());
    match refused {
        Some(end) => error.detail("stage", end - 1),
        None => error,
    }
}

/// What all stages are run with.
struct Run<'c> {
    call: Call<'c>,
    budget: Duration,
    namespace: Namespace,
    options: AggregateOptions,
    ejson: Mode,
}

/// What a stage gave.
struct Shown {
    documents: Writer,
    end: End,
    count: Option<u64>,
    took: Duration,
}

impl Run<'_> {
    async fn show(&self, pipeline: Vec<bson::Document>) -> Result<Shown> {
        let started = Instant::now();
        let mut limited = pipeline.clone();
        limited.push(bson::doc! { "$limit": i64::from(self.options.cap.documents) + 1 });
        let mut documents = Writer::new();
        let (call, options) = (self.call.within(self.budget), self.options.clone());
        let end =
            call.aggregate(&self.namespace, limited, options, self.ejson, &mut documents).await?;
        let took = started.elapsed();
        // A stage that gave all it has need not be counted.
        let count = if end.has_more { self.count(pipeline).await? } else { Some(end.returned) };
        Ok(Shown { documents, end, count, took })
    }

    /// How many documents a pipeline gives; `None` if that takes too long.
    async fn count(&self, pipeline: Vec<bson::Document>) -> Result<Option<u64>> {
        let call = self.call.within(self.budget);
        match call.count_results(&self.namespace, pipeline, self.options.clone()).await {
            Ok(count) => Ok(Some(count)),
            Err(error) if error.code() == Code::DbTimeout => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Writes one stage; `true` if it failed.
fn write_step(
    writer: &mut Writer,
    step: &Step,
    result: Option<Result<Option<Shown>>>,
    whole: bool,
    most: usize,
) -> Result<bool> {
    let (shown, error, skipped) = match result {
        Some(Ok(Some(shown))) => (Some(shown), None, None),
        Some(Ok(None)) => (None, None, Some("it writes")),
        Some(Err(error)) if is_of_stage(&error) => (None, Some(error), None),
        Some(Err(error)) => return Err(error),
        None => (None, None, Some("a stage before it failed")),
    };
    let mut has_more = shown.as_ref().is_some_and(|shown| shown.end.has_more);
    let mut object = Object::open(writer);
    let documents = object.key("documents");
    documents.raw("[");
    if let Some(shown) = &shown {
        if documents.len() + shown.documents.len() > most {
            has_more = true;
        } else {
            documents.raw(shown.documents.text());
        }
    }
    documents.raw("]");
    let failed = error.is_some();
    object.members(&StageFigures {
        stage: &step.stage,
        has_more,
        count: shown.as_ref().and_then(|shown| shown.count),
        ms: shown.as_ref().map(|shown| shown.took.as_millis()),
        misleading: step.misleading.as_deref().filter(|_| !whole),
        error: error.map(Cause::from),
        skipped,
    })?;
    object.close();
    Ok(failed)
}

/// Whether a failure is about the pipeline, and not about the connection.
fn is_of_stage(error: &Error) -> bool {
    matches!(
        error.code(),
        Code::DbQueryError
            | Code::ValidationError
            | Code::DbTimeout
            | Code::DbNotFound
            | Code::PermissionDenied
            | Code::PayloadTooLarge
            | Code::Conflict
    )
}
