//! `…/aggregate`: a pipeline's result, as one list or as a stream.

use mongodb::bson;
use schemars::JsonSchema;
use serde::Deserialize;

use super::input::{RunOptions, allowed, check_source};
use crate::backend::mongodb::{AggregateOptions, Cap, Source, check_database};
use crate::ejson::{Document, Form, Mode, Pipeline, ShownAs};
use crate::error::{Error, Result};
use crate::operations::mongodb::collection::readable;
use crate::permission::Permission;
use crate::request::context::{Accept, Context};
use crate::request::effect::Effect;
use crate::request::feed::Format;
use crate::request::params::within;
use crate::request::reply::Reply;

const LIMIT: u32 = 1000;
const MOST: u32 = 10_000;
/// What a pipeline that writes its result counts in the rate limit, however large that is.
const COST_OF_WRITING: u32 = 20;

/// What to run on a collection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// The stages.
    pipeline: Pipeline,
    /// How to run them.
    #[serde(default)]
    options: RunOptions,
    /// Must be `true` for a pipeline that writes with `$out` or `$merge`.
    #[serde(default)]
    confirm: bool,
    /// Return only the first so many documents; in a list at most 10000. If it is not given, a list of
    /// more than 1000 documents is refused; a stream has them all.
    limit: Option<u32>,
    /// `relaxed` for display, which is the default, or `canonical` for editing, which is that of texts.
    ejson: Option<Mode>,
    /// `text` for documents as texts that hold Extended JSON.
    #[serde(default, rename = "as")]
    shown_as: ShownAs,
}

/// A list has no place to say that it is not whole, so a result is cut only where the caller asked for it.
pub(super) async fn run(cx: &Context, input: RunInput) -> Result<Reply<Vec<Document>>> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let (stages, needs) = allowed(cx, &input.pipeline, namespace.db())?;
    if needs.write {
        cx.require(Permission::Write)?;
        if !input.confirm {
            return Err(Error::not_allowed(
                "the pipeline writes with `$out` or `$merge`; send `confirm: true` to run it",
            ));
        }
    }
    check_source(needs, false)?;
    let (effect, cost) = if needs.write {
        (Effect::Writes, COST_OF_WRITING)
    } else {
        (Effect::Reads, cx.operation.cost)
    };
    cx.will(effect, cost).await?;
    let options = AggregateOptions { writes: needs.write, ..input.options.checked()? };
    let form = Form::of(input.ejson, input.shown_as);
    let run = Run { stages, options, input: input.options, limit: input.limit, form };
    run.answer(cx, Source::Collection(&namespace)).await
}

/// What to run on a database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunOnDatabaseInput {
    /// Name of the database; stages that tell of the whole server want `admin`.
    db: String,
    /// The stages. The first needs no collection: `$currentOp`, `$listLocalSessions`, `$queryStats`,
    /// `$documents`…
    pipeline: Pipeline,
    /// How to run them.
    #[serde(default)]
    options: RunOptions,
    /// As for a collection.
    limit: Option<u32>,
    /// `relaxed` for display, which is the default, or `canonical` for editing, which is that of texts.
    ejson: Option<Mode>,
    /// `text` for documents as texts that hold Extended JSON.
    #[serde(default, rename = "as")]
    shown_as: ShownAs,
}

pub(super) async fn run_on_database(
    cx: &Context,
    input: RunOnDatabaseInput,
) -> Result<Reply<Vec<Document>>> {
    check_database(&input.db)?;
    let (stages, needs) = allowed(cx, &input.pipeline, &input.db)?;
    check_source(needs, true)?;
    if needs.write {
        return Err(Error::not_allowed(
            "what tells of the server is not written to a collection here",
        ));
    }
    let options = input.options.checked()?;
    let form = Form::of(input.ejson, input.shown_as);
    let run = Run { stages, options, input: input.options, limit: input.limit, form };
    run.answer(cx, Source::Database(&input.db)).await
}

/// A pipeline that may be run.
struct Run {
    stages: Vec<bson::Document>,
    options: AggregateOptions,
    input: RunOptions,
    limit: Option<u32>,
    form: Form<'static>,
}

impl Run {
    async fn answer(self, cx: &Context, source: Source<'_>) -> Result<Reply<Vec<Document>>> {
        if cx.accept == Accept::Json {
            return self.list(cx, source).await;
        }
        if !self.options.writes {
            return self.stream(cx, source).await;
        }
        // Whoever reads line by line gets none: it has been written when that is told.
        self.list(cx, source).await?;
        Reply::stream(cx, Format::Documents, |_, _| Box::pin(async { Ok(()) }))
    }

    async fn list(self, cx: &Context, source: Source<'_>) -> Result<Reply<Vec<Document>>> {
        let Self { stages, options, input, limit, form } = self;
        let documents = within("limit", limit.unwrap_or(LIMIT), 1..=MOST)?;
        let cap = Cap { documents, bytes: cx.service.config.max_result_bytes };
        let options = AggregateOptions { cap, ..options };
        let client = cx.mongodb().await?;
        let call = input.read.call(cx, &client);
        let mut writer = Reply::open();
        writer.raw("[");
        let end = call.aggregate(source, stages, options, form, &mut writer).await?;
        if end.truncated || (end.has_more && limit.is_none()) {
            return Err(too_much(end.truncated));
        }
        writer.raw("]");
        Ok(Reply::close(writer))
    }

    async fn stream(self, cx: &Context, source: Source<'_>) -> Result<Reply<Vec<Document>>> {
        let Self { mut stages, options, input, limit, mut form } = self;
        if limit == Some(0) {
            return Err(Error::validation("`limit` must be at least 1"));
        }
        if let Some(limit) = limit {
            stages.push(bson::doc! { "$limit": i64::from(limit) });
        }
        let client = cx.mongodb().await?;
        // Whatever is wrong with the pipeline is told before the first document.
        let call = client.call(cx.deadline, &cx.request_id);
        let mut documents =
            call.open_aggregate(source, stages, options, input.read.longest()).await?;
        Reply::stream(cx, Format::Documents, move |cx, sink| {
            Box::pin(async move {
                while let Some(batch) = documents.next(&client, cx.step()).await? {
                    for document in batch.documents()? {
                        let document = document?;
                        sink.record(|out| form.write(out, document)).await?;
                    }
                }
                Ok(())
            })
        })
    }
}

fn too_much(bytes: bool) -> Error {
    let what = if bytes {
        "bytes than one answer may have".to_owned()
    } else {
        format!("than {LIMIT} documents")
    };
    Error::too_large(format!(
        "the result has more {what}; add a `$limit` or `$project` stage, or send `limit`"
    ))
}
