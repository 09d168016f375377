//! Reading documents, and counting them.

use std::time::Duration;

use futures_util::StreamExt as _;
use mongodb::Collection;
use mongodb::bson::{Bson, Document, RawBsonRef, RawDocumentBuf, doc};
use mongodb::raw_batch_cursor::{RawBatch, RawBatchCursor};
use serde::Serialize;

use super::call::Call;
use super::error::Failure;
use super::names::Namespace;
use crate::ejson::{Mode, write_document};
use crate::error::{Code, Error, Result};
use crate::json::Writer;

/// No page of documents grows past this many bytes of JSON, except to hold its first document.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// What to read. The parts that hold operators must have passed the gate.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Which documents.
    pub filter: Document,
    /// Which of their fields.
    pub projection: Option<Document>,
    /// In which order.
    pub sort: Option<Document>,
    /// How many documents to pass over.
    pub skip: u64,
    /// How many documents to return at most.
    pub limit: u32,
}

/// How a list of documents ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct End {
    /// Documents written.
    pub returned: u64,
    /// There are more.
    pub has_more: bool,
    /// They were left out because the page is large enough, before `limit` was reached.
    pub truncated: bool,
}

/// How many documents there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The number, unless it took too long to find out.
    pub value: Option<u64>,
    /// How the number came about.
    pub kind: CountKind,
}

/// How a number of documents came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CountKind {
    /// They were counted.
    Exact,
    /// The collection's metadata says so.
    Estimate,
    /// Counting was given up.
    Timeout,
}

impl Call<'_> {
    pub(super) fn collection(&self, namespace: &Namespace) -> Collection<RawDocumentBuf> {
        self.client.driver.database(namespace.db()).collection(namespace.coll())
    }

    /// Writes the documents of a query as the elements of a JSON array, without its brackets.
    pub async fn find(
        &self,
        namespace: &Namespace,
        query: Query,
        mode: Mode,
        writer: &mut Writer,
    ) -> Result<End> {
        let limit = u64::from(query.limit);
        let collection = self.collection(namespace);
        // One more than asked for tells whether there are more.
        let ask = query.limit.saturating_add(1);
        let mut find = collection
            .find(query.filter)
            .limit(i64::from(ask))
            .batch_size(ask)
            .skip(query.skip)
            .max_time(self.max_time())
            .comment(self.comment());
        if let Some(projection) = query.projection {
            find = find.projection(projection);
        }
        if let Some(sort) = query.sort {
            find = find.sort(sort);
        }
        self.read(async {
            let cursor = find.batch().await?;
            write_all(cursor, limit, mode, writer).await
        })
        .await
    }

    /// Writes one document, found by its id; `false` if there is none.
    pub async fn find_one(
        &self,
        namespace: &Namespace,
        id: Bson,
        mode: Mode,
        writer: &mut Writer,
    ) -> Result<bool> {
        let query = Query { filter: doc! { "_id": { "$eq": id } }, limit: 1, ..Query::default() };
        Ok(self.find(namespace, query, mode, writer).await?.returned > 0)
    }

    /// Counts documents for at most as long as the call may take.
    pub async fn count(&self, namespace: &Namespace, filter: Document) -> Result<Count> {
        let collection = self.collection(namespace);
        let estimate = filter.is_empty();
        let counted = self
            .read(async {
                let time = self.max_time();
                let comment = self.comment();
                let value = if estimate {
                    collection.estimated_document_count().max_time(time).comment(comment).await?
                } else {
                    collection.count_documents(filter).max_time(time).comment(comment).await?
                };
                Ok(value)
            })
            .await;
        match counted {
            Ok(value) => {
                let kind = if estimate { CountKind::Estimate } else { CountKind::Exact };
                Ok(Count { value: Some(value), kind })
            }
            Err(error) if error.code() == Code::DbTimeout => {
                Ok(Count { value: None, kind: CountKind::Timeout })
            }
            Err(error) => Err(error),
        }
    }

    /// Counts within a budget, because a page of documents must not wait for it. A count that fails
    /// in any way is as one that took too long: the documents themselves are there.
    pub async fn count_within(
        &self,
        namespace: &Namespace,
        filter: Document,
        budget: Duration,
    ) -> Count {
        let counted = self.within(budget).count(namespace, filter).await;
        counted.unwrap_or(Count { value: None, kind: CountKind::Timeout })
    }
}

/// Writes at most `limit` documents of a cursor. What is left of it is closed on the server when it
/// is dropped.
pub(super) async fn write_all(
    mut cursor: RawBatchCursor,
    limit: u64,
    mode: Mode,
    writer: &mut Writer,
) -> Result<End, Failure> {
    let mut end = End::default();
    let start = writer.len();
    while let Some(batch) = cursor.next().await {
        write_batch(&batch?, limit, start, mode, writer, &mut end)?;
        if end.has_more {
            break;
        }
    }
    Ok(end)
}

fn write_batch(
    batch: &RawBatch,
    limit: u64,
    start: usize,
    mode: Mode,
    writer: &mut Writer,
    end: &mut End,
) -> Result<(), Failure> {
    for item in batch.doc_slices()? {
        let document = match item {
            Ok(RawBsonRef::Document(document)) => document,
            _ => return Err(Error::internal("a batch holds something else than documents").into()),
        };
        if end.returned == limit {
            end.has_more = true;
            return Ok(());
        }
        if end.returned > 0 {
            if writer.len() - start > MAX_BYTES {
                end.has_more = true;
                end.truncated = true;
                return Ok(());
            }
            writer.raw(",");
        }
        write_document(writer, document, mode)?;
        end.returned += 1;
    }
    Ok(())
}
