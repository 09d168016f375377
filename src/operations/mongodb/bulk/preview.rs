//! What a bulk write would reach.

use std::time::Duration;

use super::input::Write;
use crate::backend::mongodb::{Call, Cap, Namespace, Query, Selection};
use crate::ejson::Mode;
use crate::error::{Error, Result};
use crate::request::reply::Reply;

/// Writes that a preview looks at.
const MOST: usize = 100;
/// How long counting may take for each of them.
const COUNT_BUDGET: Duration = Duration::from_secs(2);
/// Bytes of JSON of the documents that are shown of each.
const MAX_BYTES: usize = 1 << 20;

/// `{ dry_run: true, writes: [{ index, matched: { value, kind }, sample: [document] }] }`. A write to
/// one document reaches the first of those that match. Inserts reach none and are left out.
pub(super) async fn show(
    call: &Call<'_>,
    namespace: &Namespace,
    asked: &[Write],
    sample: u32,
    ejson: Mode,
) -> Result<Reply> {
    if asked.len() > MOST {
        return Err(Error::validation(format!("a preview takes at most {MOST} writes")));
    }
    let mut writer = Reply::open();
    writer.raw("{\"dry_run\":true,\"writes\":[");
    let mut first = true;
    for (index, write) in asked.iter().enumerate() {
        let Some(selection) = write.selection() else { continue };
        let Selection { filter, reading, .. } = selection;
        writer.comma(&mut first);
        writer.raw("{\"index\":");
        writer.value(&index)?;
        writer.raw(",\"matched\":");
        let matched =
            call.count_within(namespace, filter.clone(), reading.clone(), COUNT_BUDGET).await;
        writer.value(&matched)?;
        writer.raw(",\"sample\":[");
        if sample > 0 {
            let cap = Cap { documents: sample, bytes: MAX_BYTES };
            let (filter, reading) = (filter.clone(), reading.clone());
            let query = Query { filter, reading, cap, ..Query::default() };
            call.find(namespace, query, ejson, &mut writer).await?;
        }
        writer.raw("]}");
    }
    writer.raw("]}");
    Ok(Reply::close(writer))
}
