//! A file into a collection. Its records are read while they arrive, written in batches, and each that
//! is refused is reported.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::{Ids, Place};
use super::load::{Batch, Refused, Rules, Written};
use super::records::{FileFormat, Records};
use crate::backend::mongodb::{Call, Client, CollectionKind, Namespace};
use crate::error::{Error, Result};
use crate::operations::mongodb::collection::writable;
use crate::operations::transfer::{
    EndedBy, ImportTerms, NothingElse, OnConflict, Record, Task, Work,
};
use crate::outcome::Outcome;
use crate::request::context::Context;
use crate::request::effect::Effect;
use crate::request::reply::Reply;

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
    /// What happens to a document whose `_id` is there already: `refuse` (default), `skip`, `replace` or
    /// `fail`. One that has another unique value that is taken is told as a problem, with the name of the
    /// index; with `fail` the import ends at it too.
    #[serde(default = "OnConflict::refuse")]
    on_conflict: OnConflict,
    /// The `resume` that an import has told which was cut off: goes on there with the same body.
    resume: Option<String>,
    /// Reads everything, looks which documents are there, and writes nothing.
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

/// Documents of a file on their way into a collection.
#[derive(JsonSchema)]
pub(super) struct DocumentsImport;

impl Task for DocumentsImport {
    type Terms = ImportTerms;
    type Counts = RecordsRead;
    type Findings = NothingElse;
}

/// What was read; `done` is the sum of `inserted` and `replaced`.
#[derive(Debug, Default, Clone, Serialize, JsonSchema)]
pub(super) struct RecordsRead {
    /// Records of the body, those before `resume` among them.
    read: u64,
    /// Documents that were not there before.
    inserted: u64,
    /// Documents that took the place of others.
    replaced: u64,
    /// Where an import that goes on from here begins.
    resume: String,
}

pub(super) async fn import(
    cx: &Context,
    input: ImportInput,
) -> Result<Reply<Record<DocumentsImport>>> {
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
        stop_on_error: input.stop_on_error,
        sent_before: place.sent_before,
        unique_ids,
    };
    let ImportInput { dry_run, on_conflict, .. } = input;
    Reply::stream_of_steps(cx, cx.records(), move |cx, sink| {
        Box::pin(async move {
            let work = Work::begin(cx, sink, dry_run, ImportTerms { on_conflict })?;
            let read = RecordsRead::default();
            let import = Import {
                cx,
                client: &client,
                namespace,
                dry_run,
                rules,
                records,
                ids,
                place,
                work,
                read,
                in_doubt: false,
                is_left: false,
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
    dry_run: bool,
    rules: Rules,
    records: Records,
    ids: Ids,
    place: Place,
    work: Work<'a, DocumentsImport>,
    read: RecordsRead,
    /// Of some records nobody knows whether they were written.
    in_doubt: bool,
    /// Nobody reads any more, and the batch under way was given up.
    is_left: bool,
}

impl Import<'_> {
    async fn run(mut self) -> Result<()> {
        let ended = self.all().await;
        let sent_before = ended.is_err().then_some(self.place.sent_before);
        self.read.resume = self.ids.token(self.place.from, sent_before);
        let ended = match ended {
            Err(_) if self.is_left => Ok(EndedBy::Leaving),
            Err(error) if self.in_doubt => Err(error.outcome(Outcome::Unknown)),
            ended => ended,
        };
        self.work.end(ended, self.read, NothingElse {}).await
    }

    /// Reads the file to its end, unless something ends it before.
    async fn all(&mut self) -> Result<EndedBy> {
        let start = self.place.from;
        let mut batch = Batch::default();
        let mut last = start - 1;
        loop {
            let record = match self.work.until_over(self.records.next()).await {
                Ok(Ok(record)) => record,
                // What came before the break in the body is written; then the break is told.
                Ok(Err(error)) => {
                    self.write(batch).await?;
                    self.place.from = last + 1;
                    return Err(error);
                }
                // What was gathered is sent when it goes on.
                Err(ended_by) => return Ok(ended_by),
            };
            let Some(record) = record else { break };
            self.read.read += 1;
            if record.number < start {
                continue;
            }
            last = record.number;
            let ids = self.ids;
            let added = record.document.and_then(|document| batch.add(last, document, ids));
            if let Err(error) = added {
                if self.rules.stop_on_error {
                    self.write(std::mem::take(&mut batch)).await?;
                }
                self.refuse(Refused { number: last, error })?;
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
        Ok(EndedBy::Completion)
    }

    async fn write(&mut self, batch: Batch) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let (client, cx) = (self.client, self.cx);
        let call = || client.call(cx.step(), &cx.request_id);
        let (next, count) = (batch.last() + 1, batch.len());
        let written = if self.dry_run {
            batch.look(&call(), &self.namespace, self.rules).await?
        } else {
            let written =
                self.work.while_read(batch.write(call, &self.namespace, self.rules)).await;
            let Some(written) = written else {
                self.work.unknown += count as u64;
                self.is_left = true;
                return Err(Error::internal("nobody is told"));
            };
            written
        };
        let Written { inserted, replaced, skipped, refused, in_doubt, stopped } = written;
        self.read.inserted += inserted;
        self.read.replaced += replaced;
        self.work.done += inserted + replaced;
        self.work.skipped += skipped;
        self.in_doubt |= in_doubt;
        if let Some(error) = stopped {
            self.place.sent_before = self.place.sent_before.max(next);
            if in_doubt && !self.rules.unique_ids {
                // They were reported, and sending them again could make them twice.
                self.place.from = next;
            }
            for Refused { number, error } in refused {
                self.work.fail(number, None, &error);
            }
            return Err(error);
        }
        for record in refused {
            self.refuse(record)?;
        }
        if self.work.is_news() {
            let resume = self.ids.token(self.place.from, None);
            self.work.progress(RecordsRead { resume, ..self.read.clone() });
        }
        Ok(())
    }

    /// Tells of a record that was not written, which may end the import.
    fn refuse(&mut self, Refused { number, error }: Refused) -> Result<()> {
        self.work.fail(number, None, &error);
        if !self.rules.ends_at(&error) {
            return Ok(());
        }
        // All before it is answered, and nothing after it was sent.
        self.place.from = number + 1;
        self.place.sent_before = self.place.sent_before.max(self.place.from);
        Err(error.context(&format!("record {number} was refused")).detail("number", number))
    }
}
