//! `/mongodb/{scope}/databases/{db}/collections/{coll}/documents`.

use std::time::Duration;

use mongodb::bson;
use schemars::JsonSchema;
use serde::Deserialize;

use super::changes::checked;
use super::{id, readable, writable};
use crate::api::reply::Reply;
use crate::backend::mongodb::{Cap, Count, CountKind, End, Query, with_id};
use crate::context::Context;
use crate::ejson::{Document, Mode, write_value};
use crate::error::{Error, Result};
use crate::outcome::Outcome;

const LIMIT: u32 = 20;
const MOST: u32 = 1000;
/// How long a page of documents waits for the number of all documents.
const COUNT_BUDGET: Duration = Duration::from_millis(500);
/// Documents in one insert at most.
const MOST_INSERTED: usize = 10_000;

/// Which documents to show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FindInput {
    /// Name of the database.
    pub(super) db: String,
    /// Name of the collection.
    pub(super) coll: String,
    /// A query; all documents if not given.
    pub(super) filter: Option<Document>,
    /// Which fields to show.
    pub(super) projection: Option<Document>,
    /// In which order.
    pub(super) sort: Option<Document>,
    /// How many at most; 20 if not given, at most 1000.
    pub(super) limit: Option<u32>,
    /// How many to pass over. The server walks through them, so a large number is slow.
    #[serde(default)]
    pub(super) skip: u64,
    /// `relaxed` for display, which is the default, or `canonical` for editing.
    #[serde(default)]
    pub(super) ejson: Mode,
    /// Whether to find out how many documents there are; it does unless this is `false`.
    pub(super) count: Option<bool>,
}

/// `{ documents, total, count: { value, kind }, page, page_size, has_more, truncated }`. `total` is
/// the count's value, `null` if counting was given up.
pub(super) async fn find(cx: &Context, input: FindInput) -> Result<Reply> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let limit = input.limit.unwrap_or(LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::validation(format!("`limit` must be between 1 and {MOST}")));
    }
    if i64::try_from(input.skip).is_err() {
        return Err(Error::validation("`skip` is too large"));
    }
    let filter = input.filter.as_ref().map(checked).transpose()?.unwrap_or_default();
    let query = Query {
        filter: filter.clone(),
        projection: input.projection.as_ref().map(checked).transpose()?,
        sort: input.sort.as_ref().map(checked).transpose()?,
        skip: input.skip,
        cap: Cap { documents: limit, bytes: cx.service.config.max_result_bytes },
    };
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    let mut writer = Reply::open();
    writer.raw("{\"documents\":[");
    let end = call.find(&namespace, query, input.ejson, &mut writer).await?;
    let count = match seen_all(input.skip, end) {
        Some(count) => Some(count),
        None if input.count == Some(false) => None,
        None => Some(call.count_within(&namespace, filter, COUNT_BUDGET).await),
    };
    writer.raw("],\"total\":");
    writer.value(&count.and_then(|c| c.value))?;
    writer.raw(",\"count\":");
    writer.value(&count)?;
    writer.raw(",\"page\":");
    writer.value(&(input.skip / u64::from(limit) + 1))?;
    writer.raw(",\"page_size\":");
    writer.value(&limit)?;
    writer.raw(",\"has_more\":");
    writer.boolean(end.has_more);
    writer.raw(",\"truncated\":");
    writer.boolean(end.truncated);
    writer.raw("}");
    Ok(Reply::close(writer))
}

/// A page that reaches the end of the result knows how many documents there are.
fn seen_all(skip: u64, end: End) -> Option<Count> {
    let reached = !end.has_more && (end.returned > 0 || skip == 0);
    reached.then(|| Count { value: Some(skip + end.returned), kind: CountKind::Exact })
}

/// What to insert: `document` or `documents`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InsertInput {
    /// Name of the database.
    db: String,
    /// Name of the collection; it is made if it does not exist.
    coll: String,
    /// One document.
    document: Option<Document>,
    /// Several documents, at most 10000.
    documents: Option<Vec<Document>>,
    /// Stop at the first document that is refused, which is the default, or try them all.
    ordered: Option<bool>,
}

/// `{ inserted_ids, ids, inserted_count }`. `inserted_ids` are texts: the digits of an `ObjectId`, a
/// string as it is, anything else as canonical Extended JSON. `ids` are the ids themselves, as
/// canonical Extended JSON.
pub(super) async fn insert(cx: &Context, input: InsertInput) -> Result<Reply> {
    let namespace = writable(&input.db, &input.coll)?;
    let documents = match (input.document, input.documents) {
        (Some(document), None) => vec![document],
        (None, Some(documents)) if !documents.is_empty() => documents,
        _ => return Err(Error::validation("give either `document` or `documents`")),
    };
    if documents.len() > MOST_INSERTED {
        return Err(Error::validation(format!("at most {MOST_INSERTED} documents at a time")));
    }
    let mut ids = Vec::with_capacity(documents.len());
    let mut raw = Vec::with_capacity(documents.len());
    for document in documents {
        let (id, document) = with_id(document.into_raw())?;
        ids.push(id);
        raw.push(document);
    }
    let ordered = input.ordered.unwrap_or(true);
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    if let Err(error) = call.insert(&namespace, &raw, ordered).await {
        return Err(partly_inserted(error, &ids, ordered));
    }
    let reply = Reply::write(|writer| {
        writer.raw("{\"inserted_ids\":");
        let texts: Vec<String> = ids.iter().map(id::plain).collect::<Result<_>>()?;
        writer.value(&texts)?;
        writer.raw(",\"ids\":[");
        let mut first = true;
        for id in &ids {
            writer.comma(&mut first);
            write_value(writer, id, Mode::Canonical)?;
        }
        writer.raw("],\"inserted_count\":");
        writer.value(&ids.len())?;
        writer.raw("}");
        Ok(())
    })?;
    Ok(reply.created())
}

/// Says which documents were inserted although others were refused.
fn partly_inserted(error: Error, ids: &[bson::Bson], ordered: bool) -> Error {
    let Some(refused) = error.details().get("write_errors").and_then(|e| e.as_array()) else {
        return error;
    };
    let refused: Vec<u64> = refused.iter().filter_map(|e| e.get("index")?.as_u64()).collect();
    let last = if ordered { refused.first().copied() } else { None };
    let inserted: Vec<String> = (0_u64..)
        .zip(ids)
        .take_while(|(index, _)| last.is_none_or(|last| *index < last))
        .filter(|(index, _)| !refused.contains(index))
        .filter_map(|(_, id)| id::plain(id).ok())
        .collect();
    let outcome = if inserted.is_empty() { Outcome::NotApplied } else { Outcome::Applied };
    error.outcome(outcome).detail("inserted_count", inserted.len()).detail("inserted_ids", inserted)
}
