//! What a bulk write would reach.

use std::time::Duration;

use schemars::JsonSchema;

use super::BulkAnswer;
use super::input::Write;
use crate::backend::mongodb::{Call, Cap, Count, Namespace, Query, Selection};
use crate::ejson::{Mode, ShownDocument};
use crate::error::{Error, Result};
use crate::json::Object;
use crate::request::reply::Reply;

/// Writes that a preview looks at.
const MOST: usize = 100;
/// How long counting may take for each of them.
const COUNT_BUDGET: Duration = Duration::from_secs(2);
/// Bytes of JSON of the documents that are shown of each.
const MAX_BYTES: usize = 1 << 20;

/// What a bulk write would reach.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
pub(crate) struct BulkPreview {
    /// `true`: nothing was written.
    dry_run: bool,
    /// Inserts reach no document and are left out.
    writes: Vec<BulkReach>,
}

/// What one write would reach.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
struct BulkReach {
    /// Of the write, from 0.
    index: usize,
    /// How many documents match. A write to one document reaches the first of them.
    matched: Count,
    /// Some of them.
    sample: Vec<ShownDocument>,
}

pub(super) async fn show(
    call: &Call<'_>,
    namespace: &Namespace,
    asked: &[Write],
    sample: u32,
    ejson: Mode,
) -> Result<Reply<BulkAnswer>> {
    if asked.len() > MOST {
        return Err(Error::validation(format!("a preview takes at most {MOST} writes")));
    }
    let mut out = Reply::open();
    let mut object = Object::open(&mut out);
    object.member("dry_run", &true)?;
    let writes = object.key("writes");
    writes.raw("[");
    let mut first = true;
    for (index, write) in asked.iter().enumerate() {
        let Some(Selection { filter, reading, .. }) = write.selection() else { continue };
        writes.comma(&mut first);
        let mut reach = Object::open(writes);
        reach.member("index", &index)?;
        let (counted, read_as) = (filter.clone(), reading.clone());
        let matched = call.count_within(namespace, counted, read_as, COUNT_BUDGET).await;
        reach.member("matched", &matched)?;
        let documents = reach.key("sample");
        documents.raw("[");
        if sample > 0 {
            let cap = Cap { documents: sample, bytes: MAX_BYTES };
            let (filter, reading) = (filter.clone(), reading.clone());
            let query = Query { filter, reading, cap, ..Query::default() };
            call.find(namespace, query, ejson, documents).await?;
        }
        documents.raw("]");
        reach.close();
    }
    writes.raw("]");
    object.close();
    Ok(Reply::close(out))
}
