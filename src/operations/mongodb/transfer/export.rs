//! A collection as a file. It is read batch by batch and sent while it is read.

use mongodb::bson::RawDocument;
use schemars::JsonSchema;
use serde::Deserialize;

use super::csv::Columns;
use super::records::FileFormat;
use crate::backend::mongodb::{Batch, Client, Documents, Query};
use crate::ejson::{Document, Mode, write_document};
use crate::error::{Error, Result};
use crate::operations::mongodb::collection::readable;
use crate::operations::mongodb::gated::checked;
use crate::request::context::Context;
use crate::request::feed::{Format, Sink};
use crate::request::reply::Reply;

/// Which documents, and how they are written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// `ndjson`, which is the default, `json` for one array, or `csv`.
    format: Option<FileFormat>,
    /// `canonical`, which is the default and keeps every type, or `relaxed` for people.
    ejson: Option<Mode>,
    /// A query; all documents if not given.
    filter: Option<Document>,
    /// Which fields.
    projection: Option<Document>,
    /// In which order.
    sort: Option<Document>,
    /// How many at most.
    limit: Option<u32>,
    /// How many to pass over.
    #[serde(default)]
    skip: u64,
    /// Columns of CSV; a dot leads into a document. If not given, the fields of the first documents
    /// have a column each, and `$rest` has all others.
    fields: Option<Vec<String>>,
}

pub(super) async fn export(cx: &Context, input: ExportInput) -> Result<Reply> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let mode = input.ejson.unwrap_or(Mode::Canonical);
    let format = input.format.unwrap_or(FileFormat::Ndjson);
    if input.fields.is_some() && format != FileFormat::Csv {
        return Err(Error::validation(
            "`fields` are the columns of `format=csv`; use `projection`",
        ));
    }
    let columns = input.fields.map(|names| Columns::named(names, mode)).transpose()?;
    let query = Query {
        filter: input.filter.as_ref().map(checked).transpose()?.unwrap_or_default(),
        projection: input.projection.as_ref().map(checked).transpose()?,
        sort: input.sort.as_ref().map(checked).transpose()?,
        skip: input.skip,
        ..Query::default()
    };
    let limit = input.limit.map(i64::from).filter(|&limit| limit > 0);
    let client = cx.mongodb().await?;
    // Whatever is wrong with the query is told before the first byte.
    let call = client.call(cx.deadline, &cx.request_id);
    let documents = call.open_find(&namespace, query, limit).await?;
    let (stream, suffix) = match format {
        FileFormat::Ndjson => (Format::Documents, "ndjson"),
        FileFormat::Json => (Format::Json, "json"),
        FileFormat::Csv => (Format::Csv, "csv"),
    };
    let name = format!("{}.{}.{suffix}", namespace.db(), namespace.coll());
    let reply = Reply::stream(cx, stream, move |cx, sink| {
        Box::pin(async move {
            let mut source = Source { documents, client: &client, cx };
            match format {
                FileFormat::Ndjson => lines(&mut source, mode, sink).await,
                FileFormat::Json => array(&mut source, mode, sink).await,
                FileFormat::Csv => table(&mut source, columns, mode, sink).await,
            }
        })
    })?;
    Ok(reply.named(name))
}

struct Source<'s> {
    documents: Documents,
    client: &'s Client,
    cx: &'s Context,
}

impl Source<'_> {
    async fn next(&mut self) -> Result<Option<Batch>> {
        self.documents.next(self.client, self.cx.step()).await
    }
}

async fn lines(source: &mut Source<'_>, mode: Mode, sink: &mut Sink) -> Result<()> {
    while let Some(batch) = source.next().await? {
        for document in batch.documents()? {
            let document = document?;
            sink.record(|out| write_document(out, document, mode)).await?;
        }
        // What is there is sent before more is waited for.
        sink.flush().await?;
    }
    Ok(())
}

async fn array(source: &mut Source<'_>, mode: Mode, sink: &mut Sink) -> Result<()> {
    sink.writer().raw(b"[");
    let mut first = true;
    while let Some(batch) = source.next().await? {
        for document in batch.documents()? {
            let out = sink.writer();
            out.raw(if std::mem::take(&mut first) { "\n" } else { ",\n" });
            write_document(out, document?, mode)?;
            sink.pace().await?;
        }
        sink.flush().await?;
    }
    sink.writer().raw(b"\n]\n");
    Ok(())
}

async fn table(
    source: &mut Source<'_>,
    columns: Option<Columns>,
    mode: Mode,
    sink: &mut Sink,
) -> Result<()> {
    let mut batch = source.next().await?;
    let columns = match (columns, &batch) {
        (Some(columns), _) => columns,
        (None, Some(batch)) => Columns::of(batch.documents()?, mode)?,
        (None, None) => Columns::of(std::iter::empty::<Result<&RawDocument>>(), mode)?,
    };
    columns.header(sink.writer());
    while let Some(some) = batch {
        for document in some.documents()? {
            columns.row(sink.writer(), document?)?;
            sink.pace().await?;
        }
        sink.flush().await?;
        batch = source.next().await?;
    }
    Ok(())
}
