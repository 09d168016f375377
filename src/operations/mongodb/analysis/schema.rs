//! `…/schema`.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::mongodb::{Batch, Client, Documents, Limits, Method, Profile, Sampling, gate};
use crate::deadline::Deadline;
use crate::ejson::{Document, Mode};
use crate::error::{Code, Error, Result};
use crate::json::Writer;
use crate::operations::mongodb::collection::readable;
use crate::operations::mongodb::reading::ReadOptions;
use crate::request::context::{Accept, Context};
use crate::request::reply::Reply;

const SIZE: u32 = 1000;
const LARGEST: u32 = 100_000;
const PATHS: u32 = 1000;
const MOST_PATHS: u32 = 5000;
const VALUES: u32 = 10;
const MOST_VALUES: u32 = 50;
const BUDGET: Duration = Duration::from_secs(5);

/// What to look at.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SchemaInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// Only documents that match; all if not given.
    filter: Option<Document>,
    /// How many documents; 1000 if not given, at most 100000.
    size: Option<u32>,
    /// `random`, which is the default, or `head`: those that the server finds first, which is faster.
    #[serde(default)]
    method: MethodInput,
    /// Paths at most; 1000 if not given, at most 5000.
    paths: Option<u32>,
    /// Frequent values of each type at each path; 10 if not given, at most 50. `0` finds none.
    values: Option<u32>,
    /// How to read. `maxTimeMS` is the time for all of it, 5000 if not given; what was seen until then
    /// is told.
    #[serde(default)]
    options: ReadOptions,
    /// How to show values.
    #[serde(default)]
    ejson: Mode,
}

/// How to choose documents.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum MethodInput {
    /// At random.
    #[default]
    Random,
    /// Those that the server finds first.
    Head,
}

/// `{ method, ended_by, ms, documents, bytes, paths, cut, left_out, fields }`. `ended_by` is `size`,
/// `end` where there are no more documents, or `time`. `cut` says that there was more than is kept:
/// `left_out` values are in no field.
///
/// A field is `{ path, keys, documents, presence, occurrences, presence_in_parent, cardinality: {
/// value, kind }, types }`. `[]` in a path stands for the items of an array, as `null` does in `keys`.
/// `presence` is the share of the documents that have it, `presence_in_parent` that of the embedded
/// documents it stands in. The cardinality counts different values within the sample, but for
/// documents and arrays; its kind is `exact` or `estimate`.
///
/// A type is `{ type, count, share, min, max, length: { min, max, average }, values: [{ value, count,
/// error }] }`, with what applies to it. Lengths are characters of text, bytes of binary data, items of
/// arrays and fields of documents. A frequent value's count is too large by `error` at most.
///
/// As a stream it is records of `{ progress: { documents, ms } }`, and `{ schema }` as the last one.
pub(super) async fn schema(cx: &Context, input: SchemaInput) -> Result<Reply> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let size = input.size.unwrap_or(SIZE);
    let paths = input.paths.unwrap_or(PATHS);
    let values = input.values.unwrap_or(VALUES);
    if !(1..=LARGEST).contains(&size) || !(1..=MOST_PATHS).contains(&paths) || values > MOST_VALUES
    {
        return Err(Error::validation(format!(
            "`size` must be between 1 and {LARGEST}, `paths` between 1 and {MOST_PATHS}, and \
             `values` at most {MOST_VALUES}"
        )));
    }
    let filter = input.filter.as_ref().map(Document::tree).transpose()?.unwrap_or_default();
    gate::expression(&filter)?;
    let method = match input.method {
        MethodInput::Random => Method::Random,
        MethodInput::Head => Method::Head,
    };
    let sampling = Sampling { filter, size, method, reading: input.options.reading()? };
    let budget = input.options.longest().unwrap_or(BUDGET);
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id).within(budget);
    let started = Instant::now();
    let documents = call.sample(&namespace, sampling, budget).await.map_err(advise)?;
    let limits = Limits { paths: paths as usize, values: values as usize };
    let mut sampler = Sampler {
        documents,
        deadline: cx.deadline.or_after(budget),
        size,
        seen: Seen { profile: Profile::new(limits), started, method, ejson: input.ejson },
    };
    if cx.accept == Accept::Json {
        let ended_by = loop {
            if let Some(ended_by) = sampler.step(&client).await? {
                break ended_by;
            }
        };
        let most = cx.service.config.max_result_bytes;
        return Reply::write(|writer| sampler.seen.write(writer, ended_by, most));
    }
    Reply::stream(cx, cx.records(), move |cx, sink| {
        Box::pin(async move {
            loop {
                let ended_by = sampler.step(&client).await?;
                let seen = &sampler.seen;
                let Some(ended_by) = ended_by else {
                    sink.record(|out| seen.write_progress(out)).await?;
                    sink.flush().await?;
                    continue;
                };
                let most = cx.service.config.max_result_bytes;
                return sink
                    .record(|out| {
                        out.raw("{\"schema\":");
                        seen.write(out, ended_by, most)?;
                        out.raw("}");
                        Ok(())
                    })
                    .await;
            }
        })
    })
}

/// A sample that takes too long to begin can be taken in another way.
fn advise(error: Error) -> Error {
    if error.code() != Code::DbTimeout {
        return error;
    }
    error.context("no document came in time; use the method `head`, or allow more time")
}

struct Sampler {
    documents: Documents,
    deadline: Deadline,
    size: u32,
    seen: Seen,
}

/// What is told of the documents that were looked at.
struct Seen {
    profile: Profile,
    started: Instant,
    method: Method,
    ejson: Mode,
}

impl Sampler {
    /// Looks at the next documents; says why the sample ended, once it did.
    async fn step(&mut self, client: &Client) -> Result<Option<&'static str>> {
        let documents = self.seen.profile.documents();
        let batch = match self.documents.next(client, self.deadline).await {
            Ok(Some(batch)) => batch,
            Ok(None) if documents < u64::from(self.size) => return Ok(Some("end")),
            Ok(None) => return Ok(Some("size")),
            // What was seen until now is worth telling.
            Err(error) if error.code() == Code::DbTimeout && documents > 0 => {
                return Ok(Some("time"));
            }
            Err(error) => return Err(error),
        };
        let profile = std::mem::replace(&mut self.seen.profile, Profile::new(Limits::NONE));
        self.seen.profile = look_at(profile, batch).await?;
        Ok(self.deadline.passed().then_some("time"))
    }
}

impl Seen {
    fn write_progress(&self, writer: &mut Writer) -> Result<()> {
        writer.raw("{\"progress\":{\"documents\":");
        writer.value(&self.profile.documents())?;
        writer.raw(",\"ms\":");
        writer.value(&self.started.elapsed().as_millis())?;
        writer.raw("}}");
        Ok(())
    }

    fn write(&self, writer: &mut Writer, ended_by: &str, most: usize) -> Result<()> {
        let start = writer.len();
        writer.raw(match self.method {
            Method::Random => "{\"method\":\"random\",\"ended_by\":",
            Method::Head => "{\"method\":\"head\",\"ended_by\":",
        });
        writer.string(ended_by);
        writer.raw(",\"ms\":");
        writer.value(&self.started.elapsed().as_millis())?;
        writer.raw(",");
        self.profile.write(writer, self.ejson)?;
        writer.raw("}");
        if writer.len() - start > most {
            return Err(Error::new(
                Code::PayloadTooLarge,
                "the schema is larger than an answer may be; ask for fewer `paths` or `values`",
            ));
        }
        Ok(())
    }
}

/// Millions of values may be in a batch; looking at them must not hold up other requests.
async fn look_at(mut profile: Profile, batch: Batch) -> Result<Profile> {
    let looking = tokio::task::spawn_blocking(move || {
        for document in batch.documents()? {
            profile.add(document?)?;
        }
        Ok(profile)
    });
    looking.await.map_err(|_| Error::internal("looking at the documents failed"))?
}
