//! Events as they came from the server.

use mongodb::bson::{RawDocument, RawDocumentBuf, Timestamp};

use crate::backend::mongodb::read::Batch;
use crate::error::{Code, Error, Result};

/// Some events in a row, or none, and where a stream goes on after them.
#[derive(Debug)]
pub struct Changes {
    batch: Batch,
    count: usize,
    token: Option<RawDocumentBuf>,
    operation_time: Option<Timestamp>,
    is_last: bool,
}

impl Changes {
    pub(super) fn of(batch: Batch) -> Result<Self> {
        let reply = batch.0.as_raw_document();
        let cursor = reply.get_document("cursor").ok();
        // It is behind the last event, and behind all that the pipeline left out.
        let after_batch =
            cursor.and_then(|cursor| cursor.get_document("postBatchResumeToken").ok());
        let mut token = after_batch.map(RawDocument::to_owned);
        let is_last = cursor.and_then(|cursor| cursor.get_i64("id").ok()) == Some(0);
        let operation_time = reply.get_timestamp("operationTime").ok();
        let (mut count, mut last) = (0, None);
        for event in batch.documents()? {
            last = Some(event?);
            count += 1;
        }
        if let (None, Some(event)) = (&token, last) {
            token = Some(token_of(event)?.to_owned());
        }
        Ok(Self { batch, count, token, operation_time, is_last })
    }

    /// One event after the other, each with the token to resume after it.
    pub fn events(&self) -> Result<impl Iterator<Item = Result<(&RawDocument, &RawDocument)>>> {
        let events = self.batch.documents()?;
        Ok(events.map(|event| event.and_then(|event| Ok((event, token_of(event)?)))))
    }

    /// How many events there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The token to resume after all of them; all servers since MongoDB 4.2 have one.
    pub fn resume_token(&self) -> Option<&RawDocument> {
        self.token.as_deref()
    }

    /// What was watched is gone; nothing will follow.
    pub fn is_last(&self) -> bool {
        self.is_last
    }

    /// The server's time of the answer.
    pub(super) fn operation_time(&self) -> Option<Timestamp> {
        self.operation_time
    }
}

fn token_of(event: &RawDocument) -> Result<&RawDocument> {
    event.get_document("_id").map_err(|_| {
        let message = "an event came without its `_id`, after which a stream resumes; the pipeline \
                       must not remove or change it";
        Error::new(Code::DbQueryError, message)
    })
}
