//! A file into a collection. Its records are read while they arrive, written in batches, and each that
//! is refused is reported.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ids::{Ids, Place};
use super::load::{Batch, OnConflict, Refused, Rules, Written};
use super::records::{FileFormat, Records};
use crate::backend::mongodb::{Call, Client, CollectionKind, Namespace};
use crate::error::{Code, Error, Result};
use crate::operations::mongodb::collection::writable;
use crate::outcome::Outcome;
use crate::request::context::Context;
use crate::request::effect::Effect;
use crate::request::feed::Sink;
use crate::request::reply::Reply;

/// Records that are reported one by one; of more only the number is told.
const MOST_REPORTED: u64 = 1000;

/// How often progress is told at most.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// How the body is to be read and written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportInput {
    /// Name of the database.
    db: String,
    /// Name of the collection; it is made if it does not exist.
    coll: String,
    /// `ndjson`, which is the default, `json` for an array or documents that follow each other, or
    /// `csv`.
    format: Option<FileFormat>,
    /// What happens to a document whose `_id` is there already. One that has another unique value that
    /// is taken is refused, with the name of the index.
    #[serde(default)]
    on_conflict: OnConflict,
    /// The `resume` that an interrupted import has told: goes on there with the same body.
    resume: Option<String>,
    /// Read everything and write nothing.
    #[serde(default)]
    dry_run: bool,
    /// End at the first record that is refused: those before it are written, and none after it.
    #[serde(default)]
    stop_on_error: bool,
    /// Names of the columns of CSV without a header.
    fields: Option<Vec<String>>,
    /// What stands between the cells of CSV; a comma if not given.
    delimiter: Option<char>,
    /// Cells of CSV are text, whatever they look like.
    #[serde(default)]
    as_text: bool,
}

/// What is told while a file is read.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DocumentsImportRecord")]
pub(super) enum ImportRecord<'a> {
    /// How far it is.
    Progress(Counts),
    /// A record that was not written. Of more than 1000 only the number is told.
    Refused(RefusedRecord<'a>),
    /// The last: how far it came.
    Done(Counts),
}

/// How far an import is.
#[derive(Debug, Default, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DocumentsImportCounts")]
pub(super) struct Counts {
    /// Records of the body, those before `resume` among them.
    read: u64,
    /// Documents that were not there before.
    inserted: u64,
    /// Documents that took the place of others.
    replaced: u64,
    /// Documents that were there before, and stay.
    skipped: u64,
    /// Records that were not written.
    refused: u64,
    /// Where to go on after an interruption, with the same body.
    resume: String,
    /// Nothing was written.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

/// A record that was not written.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RefusedRecord<'a> {
    /// Its line in NDJSON, else its place among the records; from 1 on.
    number: u64,
    /// For programs.
    code: Code,
    /// For people.
    message: &'a str,
    /// Whether it is there all the same.
    outcome: Outcome,
    /// What else is known of it.
    details: &'a Map<String, Value>,
}

pub(super) async fn import(cx: &Context, input: ImportInput) -> Result<Reply> {
    let namespace = writable(&input.db, &input.coll)?;
    let format = input.format.unwrap_or(FileFormat::Ndjson);
    let rows = match format {
        FileFormat::Csv => {
            Some(Records::rows(input.delimiter, input.as_text, input.fields.as_deref())?)
        }
        _ if input.fields.is_some() || input.delimiter.is_some() || input.as_text => {
            let message = "`fields`, `delimiter` and `as_text` are for `format=csv`";
            return Err(Error::validation(message));
        }
        _ => None,
    };
    let (ids, place) = match &input.resume {
        Some(token) => Ids::resume(token)?,
        None => (Ids::new(), Place::START),
    };
    let effect = if input.dry_run { Effect::Reads } else { Effect::Writes };
    cx.will(effect, cx.operation.cost).await?;
    let records = Records::new(cx.upload()?, format, rows);
    let client = cx.mongodb().await?;
    let unique_ids = has_unique_ids(&client.call(cx.deadline, &cx.request_id), &namespace).await?;
    if !unique_ids && input.on_conflict != OnConflict::Refuse {
        return Err(Error::validation(format!(
            "{namespace} is a time series, which may have an `_id` any number of times: what is there \
             already can't be told; leave `on_conflict` out"
        )));
    }
    let rules = Rules {
        on_conflict: input.on_conflict,
        ordered: input.stop_on_error,
        sent_before: place.sent_before,
        unique_ids,
    };
    Reply::stream(cx, cx.records(), move |cx, sink| {
        Box::pin(async move {
            let client: &Client = &client;
            let mut import = Import {
                cx,
                client,
                namespace,
                input,
                rules,
                records,
                ids,
                place,
                sink,
                counts: Counts::default(),
                in_doubt: false,
                told: None,
            };
            import.run().await
        })
    })
}

/// Whether the collection has each `_id` once, as all have but time series.
async fn has_unique_ids(call: &Call<'_>, namespace: &Namespace) -> Result<bool> {
    let entry = call.collection_entry(namespace).await?;
    Ok(entry.is_none_or(|entry| entry.kind != CollectionKind::Timeseries))
}

struct Import<'a> {
    cx: &'a Context,
    client: &'a Client,
    namespace: Namespace,
    input: ImportInput,
    rules: Rules,
    records: Records,
    ids: Ids,
    place: Place,
    sink: &'a mut Sink,
    counts: Counts,
    /// Of some records nobody knows whether they were written.
    in_doubt: bool,
    /// When progress was last told.
    told: Option<Instant>,
}

impl Import<'_> {
    async fn run(&mut self) -> Result<()> {
        self.counts.dry_run = self.input.dry_run;
        let start = self.place.from;
        let mut batch = Batch::default();
        let mut last = start - 1;
        loop {
            let record = match self.records.next().await {
                Ok(record) => record,
                // What came before the break in the body is written; then the break is told.
                Err(error) => {
                    self.write(std::mem::take(&mut batch)).await?;
                    self.place.from = last + 1;
                    return Err(self.interrupted(error));
                }
            };
            let Some(record) = record else { break };
            self.counts.read += 1;
            if record.number < start {
                continue;
            }
            last = record.number;
            let ids = self.ids;
            let added = record.document.and_then(|document| batch.add(last, document, ids));
            if let Err(error) = added {
                if self.input.stop_on_error {
                    self.write(std::mem::take(&mut batch)).await?;
                }
                self.refuse(Refused { number: last, error }).await?;
            }
            if batch.is_full() {
                self.write(std::mem::take(&mut batch)).await?;
            }
            if batch.is_empty() {
                self.place.from = last + 1;
            }
        }
        self.write(batch).await?;
        self.place.from = last + 1;
        self.tell(ImportRecord::Done).await?;
        self.sink.flush().await
    }

    async fn write(&mut self, batch: Batch) -> Result<()> {
        if batch.is_empty() || self.input.dry_run {
            return Ok(());
        }
        let (client, cx) = (self.client, self.cx);
        let call = || client.call(cx.step(), &cx.request_id);
        let next = batch.last() + 1;
        let written = batch.write(call, &self.namespace, self.rules).await;
        let Written { inserted, replaced, skipped, refused, in_doubt, stopped } = written;
        self.counts.inserted += inserted;
        self.counts.replaced += replaced;
        self.counts.skipped += skipped;
        self.in_doubt |= in_doubt;
        if let Some(error) = stopped {
            self.place.sent_before = self.place.sent_before.max(next);
            if in_doubt && !self.rules.unique_ids {
                // They were reported, and sending them again could make them twice.
                self.place.from = next;
            }
            for record in refused {
                self.report(&record).await?;
            }
            return Err(self.interrupted(error));
        }
        for record in refused {
            self.refuse(record).await?;
        }
        if self.told.is_none_or(|told| told.elapsed() >= PROGRESS_EVERY) {
            self.told = Some(Instant::now());
            self.tell(ImportRecord::Progress).await?;
            self.sink.flush().await?;
        }
        Ok(())
    }

    async fn refuse(&mut self, record: Refused) -> Result<()> {
        self.report(&record).await?;
        if self.input.stop_on_error {
            // All before it is answered, and nothing after it was sent.
            self.place.from = record.number + 1;
            self.place.sent_before = self.place.sent_before.max(self.place.from);
            let error = record.error.context(&format!("record {} was refused", record.number));
            return Err(self.interrupted(error));
        }
        Ok(())
    }

    async fn report(&mut self, Refused { number, error }: &Refused) -> Result<()> {
        self.counts.refused += 1;
        if self.counts.refused > MOST_REPORTED {
            return Ok(());
        }
        let record = ImportRecord::Refused(RefusedRecord {
            number: *number,
            code: error.code(),
            message: error.message(),
            outcome: error.known_outcome(),
            details: error.details(),
        });
        self.sink.record(|out| out.value(&record)).await
    }

    /// The failure that ends the import, with what was done before it. Whatever it failed with, what
    /// was written before is written.
    fn interrupted(&mut self, error: Error) -> Error {
        self.counts.resume = self.ids.token(self.place.from, Some(self.place.sent_before));
        let counts = serde_json::to_value(&self.counts).unwrap_or_default();
        let outcome = match error.known_outcome() {
            _ if self.in_doubt => Outcome::Unknown,
            Outcome::NotApplied if self.counts.inserted + self.counts.replaced > 0 => {
                Outcome::Applied
            }
            known => known,
        };
        error.outcome(outcome).detail("counts", counts)
    }

    async fn tell(&mut self, of: fn(Counts) -> ImportRecord<'static>) -> Result<()> {
        self.counts.resume = self.ids.token(self.place.from, None);
        let record = of(self.counts.clone());
        self.sink.record(|out| out.value(&record)).await
    }
}
