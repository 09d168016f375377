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
    /// How much to return at most.
    pub cap: Cap,
}

/// How much a list of documents may hold. Both ends are looked for while it is being read.
#[derive(Debug, Clone, Copy)]
pub struct Cap {
    /// Documents.
    pub documents: u32,
    /// Bytes of JSON. A first document that is larger is returned all the same.
    pub bytes: usize,
}

impl Default for Cap {
    fn default() -> Self {
        Self { documents: 1, bytes: usize::MAX }
    }
}

/// How a list of documents ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct End {
    /// Documents written.
    pub returned: u64,
    /// There are more.
    pub has_more: bool,
    /// They were left out because of the bytes, before the number of documents was reached.
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
        let cap = query.cap;
        let collection = self.collection(namespace);
        // One more than asked for tells whether there are more.
        let ask = cap.documents.saturating_add(1);
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
            write_all(cursor, cap, mode, writer).await
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
        let query = Query { filter: doc! { "_id": { "$eq": id } }, ..Query::default() };
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

/// Writes the documents of a cursor, up to the cap. What is left of it is closed on the server when it
/// is dropped.
pub(super) async fn write_all(
    mut cursor: RawBatchCursor,
    cap: Cap,
    mode: Mode,
    writer: &mut Writer,
) -> Result<End, Failure> {
    let mut end = End::default();
    let start = writer.len();
    while let Some(batch) = cursor.next().await {
        write_batch(&batch?, cap, start, mode, writer, &mut end)?;
        if end.has_more {
            break;
        }
    }
    Ok(end)
}

fn write_batch(
    batch: &RawBatch,
    cap: Cap,
    start: usize,
    mode: Mode,
    writer: &mut Writer,
    end: &mut End,
) -> Result<(), Failure> {
    for item in batch.doc_slices()? {
        let Ok(RawBsonRef::Document(document)) = item else {
            return Err(Error::internal("a batch holds something else than documents").into());
        };
        if end.returned == u64::from(cap.documents) {
            end.has_more = true;
            return Ok(());
        }
        if end.returned > 0 {
            if writer.len() - start > cap.bytes {
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
