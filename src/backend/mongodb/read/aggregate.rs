//! Aggregation.

use std::time::Duration;

use futures_util::StreamExt as _;
use mongodb::bson::{Document, RawBsonRef, RawDocumentBuf, doc};
use mongodb::raw_batch_cursor::RawBatchCursor;

use super::cursor::Documents;
use super::find::write_all;
use super::reading::Reading;
use crate::backend::mongodb::cap::{Cap, End};
use crate::backend::mongodb::client::Client;
use crate::backend::mongodb::command::{Call, Effect};
use crate::backend::mongodb::names::Namespace;
use crate::ejson::Form;
use crate::error::{Code, Error, Result};
use crate::json::Writer;

/// What a pipeline begins with.
#[derive(Debug, Clone, Copy)]
pub enum Source<'n> {
    /// The documents of a collection or view.
    Collection(&'n Namespace),
    /// What its first stage takes from the server.
    Database(&'n str),
}

impl<'n> From<&'n Namespace> for Source<'n> {
    fn from(namespace: &'n Namespace) -> Self {
        Self::Collection(namespace)
    }
}

/// How to run a pipeline.
#[derive(Debug, Clone, Default)]
pub struct AggregateOptions {
    /// Let stages that sort or group use the server's disk.
    pub allow_disk_use: Option<bool>,
    /// Values that expressions can name, as `$$name`. They must have passed the gate.
    pub variables: Option<Document>,
    /// How to read.
    pub reading: Reading,
    /// It ends in `$out` or `$merge`.
    pub writes: bool,
    /// How much to return at most.
    pub cap: Cap,
}

impl Call<'_> {
    /// Runs a pipeline that has passed the gate, and writes its result up to the cap as the elements of
    /// a JSON array, without its brackets.
    pub async fn aggregate<'n>(
        &self,
        source: impl Into<Source<'n>>,
        pipeline: Vec<Document>,
        options: AggregateOptions,
        form: impl Into<Form<'_>>,
        writer: &mut Writer,
    ) -> Result<End> {
        let (source, cap, changes) = (source.into(), options.cap, options.writes);
        let form = form.into();
        // `$out` puts its result in place as a whole.
        let merges = pipeline.last().is_some_and(|stage| stage.contains_key("$merge"));
        let work = async {
            let batch = (!changes).then(|| cap.documents.saturating_add(1));
            let cursor = self.send(source, pipeline, options, self.max_time(), batch).await?;
            write_all(cursor, cap, form, writer).await
        };
        let effect = match (changes, merges) {
            (false, _) => Effect::Read,
            (true, false) => Effect::Write,
            (true, true) => Effect::WriteEach,
        };
        self.run(effect, work).await
    }

    /// Runs a pipeline that has passed the gate and only reads, however many documents it gives. The
    /// server may work on them for `longest`, if that is given.
    pub async fn open_aggregate<'n>(
        &self,
        source: impl Into<Source<'n>>,
        pipeline: Vec<Document>,
        options: AggregateOptions,
        longest: Option<Duration>,
    ) -> Result<Documents> {
        let max_time = Self::longest(longest);
        let source = source.into();
        self.open(async { Ok(self.send(source, pipeline, options, max_time, None).await?) }).await
    }

    /// How many documents a pipeline gives that has passed the gate and only reads.
    pub async fn count_results<'n>(
        &self,
        source: impl Into<Source<'n>>,
        mut pipeline: Vec<Document>,
        options: AggregateOptions,
    ) -> Result<u64> {
        pipeline.push(doc! { "$count": "n" });
        let source = source.into();
        self.read(async {
            let mut cursor = self.send(source, pipeline, options, self.max_time(), None).await?;
            let mut counted = 0;
            while let Some(batch) = cursor.next().await {
                for document in batch?.doc_slices()? {
                    counted = count_in(document.map_err(mongodb::error::Error::from)?)?;
                }
            }
            Ok(counted)
        })
        .await
    }

    async fn send(
        &self,
        source: Source<'_>,
        pipeline: Vec<Document>,
        options: AggregateOptions,
        max_time: Duration,
        batch: Option<u32>,
    ) -> mongodb::error::Result<RawBatchCursor> {
        let AggregateOptions { allow_disk_use, variables, reading, .. } = options;
        let driver = mongodb::options::AggregateOptions::builder()
            .allow_disk_use(allow_disk_use)
            .batch_size(batch)
            .collation(reading.collation)
            .comment(self.comment())
            .hint(reading.hint)
            .let_vars(variables)
            .max_time(max_time)
            .read_concern(reading.concern)
            .selection_criteria(reading.preference)
            .build();
        source.aggregate(self.client, pipeline, driver).await
    }
}

impl Source<'_> {
    /// Sends a pipeline.
    pub(crate) async fn aggregate(
        self,
        client: &Client,
        pipeline: Vec<Document>,
        options: mongodb::options::AggregateOptions,
    ) -> mongodb::error::Result<RawBatchCursor> {
        match self {
            Self::Collection(namespace) => {
                let database = client.driver.database(namespace.db());
                let collection = database.collection::<RawDocumentBuf>(namespace.coll());
                collection.aggregate(pipeline).with_options(options).batch().await
            }
            Self::Database(name) => {
                let database = client.driver.database(name);
                database.aggregate(pipeline).with_options(options).batch().await
            }
        }
    }
}

/// What `$count` says; where there are no documents it says nothing.
fn count_in(document: RawBsonRef<'_>) -> Result<u64> {
    let count = document.as_document().and_then(|document| document.get("n").ok().flatten());
    let count = count.and_then(|n| n.as_i64().or_else(|| n.as_i32().map(i64::from)));
    count.and_then(|count| u64::try_from(count).ok()).ok_or_else(|| {
        Error::new(Code::DbQueryError, "the server's answer to $count has no number")
    })
}
