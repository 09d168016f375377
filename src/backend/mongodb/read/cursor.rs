//! Results of any size, read while somebody takes them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use mongodb::bson::{RawBsonRef, RawDocument};
use mongodb::raw_batch_cursor::{RawBatch, RawBatchCursor};

use crate::backend::mongodb::client::Client;
use crate::backend::mongodb::command::{Call, Effect, Failure};
use crate::deadline::Deadline;
use crate::error::{Error, Result};

/// How long a server may work on one result, all its batches together. Leaving ends the work at once;
/// this is for a server that can't be told.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A result that is read batch by batch. Between two batches nothing runs on the server; dropped, it
/// is closed there, and what is under way is ended.
pub struct Documents {
    cursor: RawBatchCursor,
    mark: Arc<str>,
}

impl Call<'_> {
    /// Opens a result that may take longer than the request; `work` must answer by its deadline.
    pub(crate) async fn open(
        &self,
        work: impl Future<Output = Result<RawBatchCursor, Failure>>,
    ) -> Result<Documents> {
        let cursor = self.read(work).await?;
        Ok(Documents { cursor, mark: Arc::clone(&self.mark) })
    }

    /// `maxTimeMS` of a result that is read for as long as somebody takes it.
    pub(super) fn longest(asked: Option<Duration>) -> Duration {
        asked.map_or(LONGEST, |asked| asked.min(LONGEST))
    }
}

impl Documents {
    /// The next batch, which must be there by `deadline`; `None` at the end. `client` is the one that
    /// opened the result.
    pub async fn next(&mut self, client: &Client, deadline: Deadline) -> Result<Option<Batch>> {
        let Self { cursor, mark } = self;
        let next = async { Ok(cursor.next().await.transpose()?) };
        Ok(client.run(mark, Effect::Read, deadline, next).await?.map(Batch))
    }
}

/// Documents as they came from the server.
#[derive(Debug)]
pub struct Batch(pub(crate) RawBatch);

impl Batch {
    /// One after the other.
    pub fn documents(&self) -> Result<impl Iterator<Item = Result<&RawDocument>>> {
        let unreadable = |_| Error::internal("a batch could not be read");
        let items = self.0.doc_slices().map_err(unreadable)?;
        Ok(items.into_iter().map(|item| match item {
            Ok(RawBsonRef::Document(document)) => Ok(document),
            _ => Err(Error::internal("a batch holds something else than documents")),
        }))
    }
}
