//! Reading documents, and counting them.

use std::time::Duration;

use futures_util::StreamExt as _;
use mongodb::Collection;
use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use mongodb::options::{
    Collation, CountOptions, EstimatedDocumentCountOptions, FindOneOptions, FindOptions,
    SelectionCriteria,
};
use mongodb::raw_batch_cursor::RawBatchCursor;
use schemars::JsonSchema;
use serde::Serialize;

use super::current::{by_id, primary};
use super::cursor::{Batch, Documents};
use super::reading::Reading;
use crate::backend::mongodb::cap::{Cap, End, List};
use crate::backend::mongodb::command::{Call, Failure};
use crate::backend::mongodb::names::Namespace;
use crate::ejson::Form;
use crate::error::{Code, Result};
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
    /// Values that expressions can name, as `$$name`.
    pub variables: Option<Document>,
    /// How to read.
    pub reading: Reading,
    /// How much to return at most.
    pub cap: Cap,
}

/// How many documents there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "DocumentCount")]
pub struct Count {
    /// The number; `null` if it took too long to find out.
    pub value: Option<u64>,
    /// How the number came about.
    pub kind: CountKind,
}

/// How a number of documents came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "DocumentCountKind")]
pub enum CountKind {
    /// They were counted.
    Exact,
    /// The collection's metadata says so.
    Estimate,
    /// Counting was given up.
    Timeout,
}

impl Count {
    /// Of a count that was given up.
    pub const TIMEOUT: Self = Self { value: None, kind: CountKind::Timeout };

    /// Of so many that were counted.
    pub fn exactly(documents: u64) -> Self {
        Self { value: Some(documents), kind: CountKind::Exact }
    }
}

impl Call<'_> {
    pub(crate) fn collection(&self, namespace: &Namespace) -> Collection<RawDocumentBuf> {
        self.client.driver.database(namespace.db()).collection(namespace.coll())
    }

    /// Writes the documents of a query as the elements of a JSON array, without its brackets.
    pub async fn find(
        &self,
        namespace: &Namespace,
        query: Query,
        form: impl Into<Form<'_>>,
        writer: &mut Writer,
    ) -> Result<End> {
        let (cap, form) = (query.cap, form.into());
        self.read(async {
            let cursor = self.send_find(namespace, query).await?;
            write_all(cursor, cap, form, writer).await
        })
        .await
    }

    /// Sends a query whose answer is held to its cap.
    pub(super) async fn send_find(
        &self,
        namespace: &Namespace,
        query: Query,
    ) -> mongodb::error::Result<RawBatchCursor> {
        // One more than asked for tells whether there are more.
        let ask = query.cap.documents.saturating_add(1);
        let limit = Some(i64::from(ask));
        self.open_cursor(namespace, query, limit, Some(ask), self.max_time()).await
    }

    /// Opens the result of a query, however many documents it has; the query's cap does not count.
    pub async fn open_find(
        &self,
        namespace: &Namespace,
        query: Query,
        limit: Option<i64>,
    ) -> Result<Documents> {
        let time = Self::longest(None);
        let opening = self.open_cursor(namespace, query, limit, None, time);
        self.open(async { Ok(opening.await?) }).await
    }

    async fn open_cursor(
        &self,
        namespace: &Namespace,
        query: Query,
        limit: Option<i64>,
        batch: Option<u32>,
        time: Duration,
    ) -> mongodb::error::Result<RawBatchCursor> {
        let options = FindOptions::builder()
            .batch_size(batch)
            .collation(query.reading.collation)
            .comment(self.comment())
            .hint(query.reading.hint)
            .let_vars(query.variables)
            .limit(limit)
            .max_time(time)
            .projection(query.projection)
            .read_concern(query.reading.concern)
            .selection_criteria(query.reading.preference)
            .skip((query.skip > 0).then_some(query.skip))
            .sort(query.sort)
            .build();
        let collection = self.collection(namespace);
        collection.find(query.filter).with_options(options).batch().await
    }

    /// One document, found by its id.
    pub async fn find_one(
        &self,
        namespace: &Namespace,
        id: Bson,
    ) -> Result<Option<RawDocumentBuf>> {
        // Nothing that a server needs for more than one document, which would cost it its shortcut.
        self.one(namespace, by_id(&id), None, None).await
    }

    /// One document that matches, from a member of this kind, or as the connection has it. The filter
    /// must have passed the gate.
    pub async fn one(
        &self,
        namespace: &Namespace,
        filter: Document,
        collation: Option<Collation>,
        member: Option<SelectionCriteria>,
    ) -> Result<Option<RawDocumentBuf>> {
        let options = FindOneOptions::builder()
            .collation(collation)
            .selection_criteria(member)
            .max_time(self.max_time())
            .comment(self.comment())
            .build();
        let collection = self.collection(namespace);
        self.read(async { Ok(collection.find_one(filter).with_options(options).await?) }).await
    }

    /// Whether the primary has more than `beside` documents that match, by the rules for text of
    /// `reading`. The filter must have passed the gate.
    pub async fn has_more(
        &self,
        namespace: &Namespace,
        filter: Document,
        reading: Option<&Reading>,
        beside: usize,
    ) -> Result<bool> {
        let options = FindOneOptions::builder()
            .collation(reading.and_then(|reading| reading.collation.clone()))
            .projection(doc! { "_id": 1 })
            .skip(beside as u64)
            .selection_criteria(primary())
            .max_time(self.max_time())
            .comment(self.comment())
            .build();
        let collection = self.collection(namespace);
        let found =
            self.read(async { Ok(collection.find_one(filter).with_options(options).await?) });
        Ok(found.await?.is_some())
    }

    /// Counts documents for at most as long as the call may take. All of a collection's documents are
    /// estimated, and those that match a filter are counted.
    pub async fn count(&self, namespace: &Namespace, filter: Document) -> Result<Count> {
        let estimate = filter.is_empty();
        self.count_as(namespace, filter, Reading::default(), estimate).await
    }

    /// The same, read as asked for. An estimate passes the filter over.
    pub async fn count_as(
        &self,
        namespace: &Namespace,
        filter: Document,
        reading: Reading,
        estimate: bool,
    ) -> Result<Count> {
        let collection = self.collection(namespace);
        let (time, comment) = (self.max_time(), self.comment());
        let counted = self
            .read(async {
                if estimate {
                    let options = EstimatedDocumentCountOptions::builder()
                        .max_time(time)
                        .comment(comment)
                        .selection_criteria(reading.preference)
                        .read_concern(reading.concern)
                        .build();
                    return Ok(collection.estimated_document_count().with_options(options).await?);
                }
                let options = CountOptions::builder()
                    .max_time(time)
                    .comment(comment)
                    .collation(reading.collation)
                    .hint(reading.hint)
                    .selection_criteria(reading.preference)
                    .read_concern(reading.concern)
                    .build();
                Ok(collection.count_documents(filter).with_options(options).await?)
            })
            .await;
        match counted {
            Ok(value) if estimate => Ok(Count { value: Some(value), kind: CountKind::Estimate }),
            Ok(value) => Ok(Count::exactly(value)),
            Err(error) if error.code() == Code::DbTimeout => Ok(Count::TIMEOUT),
            Err(error) => Err(error),
        }
    }

    /// Counts within a budget, because a page of documents must not wait for it. A count that fails
    /// in any way is as one that took too long: the documents themselves are there.
    pub async fn count_within(
        &self,
        namespace: &Namespace,
        filter: Document,
        reading: Reading,
        budget: Duration,
    ) -> Count {
        let estimate = filter.is_empty();
        let counted = self.within(budget).count_as(namespace, filter, reading, estimate).await;
        counted.unwrap_or(Count::TIMEOUT)
    }
}

/// Writes the documents of a cursor, up to the cap. What is left of it is closed on the server when it
/// is dropped.
pub(crate) async fn write_all(
    mut cursor: RawBatchCursor,
    cap: Cap,
    mut form: Form<'_>,
    writer: &mut Writer,
) -> Result<End, Failure> {
    let mut list = List::new(cap, writer);
    while let Some(batch) = cursor.next().await {
        let batch = Batch(batch?);
        for document in batch.documents()? {
            let document = document?;
            if !list.push(|writer| form.write(writer, document))? {
                return Ok(list.end);
            }
        }
    }
    Ok(list.end)
}
