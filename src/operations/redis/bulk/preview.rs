//! What would be done, without doing it.

use schemars::JsonSchema;
use serde::Serialize;

use super::record::{BulkRecord, KeysBulk};
use crate::backend::redis::Client;
use crate::backend::redis::keyspace::bulk::Change;
use crate::backend::redis::transfer::describe::Description;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::json::TextOrBytes;
use crate::operations::transfer::Work;

/// Keys that are shown.
const MAX_SHOWN: usize = 100;

/// A key that would be changed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KeyPreview")]
pub(super) struct Preview<'a> {
    key: TextOrBytes<&'a [u8]>,
    #[serde(rename = "type")]
    type_name: &'a str,
    /// Milliseconds since 1970; `null` where it does not expire, or the user may not know.
    expires_at: Option<i64>,
    /// Bytes of memory, estimated; `null` where the user may not know.
    size: Option<u64>,
}

/// A dry run.
#[derive(Debug, Default)]
pub(super) struct DryRun {
    shown: usize,
}

impl DryRun {
    /// Whether the next key is shown.
    pub(super) fn is_open(&self) -> bool {
        self.shown < MAX_SHOWN
    }

    /// Shows a key, if it is one of the first.
    pub(super) fn show(
        &mut self,
        key: &[u8],
        described: &Description,
        work: &mut Work<'_, KeysBulk>,
    ) -> Result<()> {
        if !self.is_open() {
            return Ok(());
        }
        self.shown += 1;
        let preview = BulkRecord::Preview(Preview {
            key: TextOrBytes(key),
            type_name: &described.type_name,
            expires_at: described.expires_at.as_ref().ok().copied().flatten(),
            size: described.size,
        });
        work.tell(&preview)
    }

    /// Which of the keys would be changed. The first ones are shown.
    pub(super) async fn chunk(
        &mut self,
        client: &Client,
        change: Change,
        keys: &[Vec<u8>],
        work: &mut Work<'_, KeysBulk>,
        deadline: Deadline,
    ) -> Result<Vec<Result<bool>>> {
        let described = client.describe(keys, self.is_open(), deadline).await;
        let mut results = Vec::with_capacity(keys.len());
        for (key, described) in keys.iter().zip(described) {
            let would = described.map(|described| described.filter(|it| would_change(change, it)));
            if let Ok(Some(described)) = &would {
                self.show(key, described, work)?;
            }
            results.push(would.map(|would| would.is_some()));
        }
        Ok(results)
    }
}

fn would_change(change: Change, key: &Description) -> bool {
    // Where the user may not know, it may well expire.
    change != Change::Persist || !matches!(key.expires_at, Ok(None))
}
