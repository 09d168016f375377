//! `…/schema`.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backend::mongodb::{Batch, Client, Documents, DocumentsShown, Limits, Method, Profile};
use crate::deadline::Deadline;
use crate::ejson::{Document, Mode};
use crate::error::{Code, Error, Result};
use crate::json::Writer;
use crate::operations::mongodb::collection::readable;
use crate::operations::mongodb::gated::checked;
use crate::operations::mongodb::reading::ReadOptions;
use crate::request::context::{Accept, Context};
use crate::request::params::within;
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
    method: Method,
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

/// What documents look like.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SampleShown<'a> {
    /// How the documents were chosen.
    method: Method,
    /// Why no more of them were looked at.
    ended_by: SampleEnd,
    /// How long it took.
    ms: u64,
    #[serde(flatten)]
    documents: DocumentsShown<'a>,
}

/// Why a sample ended.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SampleEnd {
    /// As many documents as were asked for.
    Size,
    /// There are no more.
    End,
    /// The time was up.
    Time,
}

/// How far a sample is; the last record is what came of it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum SampleRecord<'a> {
    Progress(SampleProgress),
    Schema(SampleShown<'a>),
}

/// How far a sample is.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SampleProgress {
    /// How many were looked at.
    documents: u64,
    ms: u64,
}

pub(super) async fn schema(
    cx: &Context,
    input: SchemaInput,
) -> Result<Reply<SampleShown<'static>>> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let size = within("size", input.size.unwrap_or(SIZE), 1..=LARGEST)?;
    let paths = within("paths", input.paths.unwrap_or(PATHS), 1..=MOST_PATHS)?;
    let values = within("values", input.values.unwrap_or(VALUES), 0..=MOST_VALUES)?;
    let filter = input.filter.as_ref().map(checked).transpose()?.unwrap_or_default();
    let method = input.method;
    let reading = input.options.reading()?;
    let budget = input.options.longest().unwrap_or(BUDGET);
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id).within(budget);
    let started = Instant::now();
    let documents = call.sample(&namespace, filter, (method, size), reading, budget).await;
    let limits = Limits { paths: paths as usize, values: values as usize };
    let mut sampler = Sampler {
        documents: documents.map_err(advise)?,
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
        return Reply::write(|writer| bounded(writer, most, &sampler.seen.shown(ended_by)));
    }
    Reply::stream(cx, cx.records(), move |cx, sink| {
        Box::pin(async move {
            loop {
                let ended_by = sampler.step(&client).await?;
                let seen = &sampler.seen;
                let Some(ended_by) = ended_by else {
                    sink.record(|out| out.value(&SampleRecord::Progress(seen.progress()))).await?;
                    sink.flush().await?;
                    continue;
                };
                let most = cx.service.config.max_result_bytes;
                let shown = SampleRecord::Schema(seen.shown(ended_by));
                return sink.record(|out| bounded(out, most, &shown)).await;
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
    async fn step(&mut self, client: &Client) -> Result<Option<SampleEnd>> {
        let documents = self.seen.profile.documents();
        let batch = match self.documents.next(client, self.deadline).await {
            Ok(Some(batch)) => batch,
            Ok(None) if documents < u64::from(self.size) => return Ok(Some(SampleEnd::End)),
            Ok(None) => return Ok(Some(SampleEnd::Size)),
            // What was seen until now is worth telling.
            Err(error) if error.code() == Code::DbTimeout && documents > 0 => {
                return Ok(Some(SampleEnd::Time));
            }
            Err(error) => return Err(error),
        };
        let profile = std::mem::replace(&mut self.seen.profile, Profile::new(Limits::NONE));
        self.seen.profile = look_at(profile, batch).await?;
        Ok(self.deadline.passed().then_some(SampleEnd::Time))
    }
}

impl Seen {
    fn ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn progress(&self) -> SampleProgress {
        SampleProgress { documents: self.profile.documents(), ms: self.ms() }
    }

    fn shown(&self, ended_by: SampleEnd) -> SampleShown<'_> {
        let documents = self.profile.shown(self.ejson);
        SampleShown { method: self.method, ended_by, ms: self.ms(), documents }
    }
}

fn bounded(writer: &mut Writer, most: usize, answer: &impl Serialize) -> Result<()> {
    let start = writer.len();
    writer.value(answer)?;
    if writer.len() - start > most {
        return Err(Error::too_large(
            "the schema is larger than an answer may be; ask for fewer `paths` or `values`",
        ));
    }
    Ok(())
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
