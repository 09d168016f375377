//! Pages of documents.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::changes::checked;
use super::readable;
use super::reading::{HintInput, ReadOptions};
use crate::api::reply::Reply;
use crate::backend::mongodb::{Cap, Client, Count, CountKind, End, Query};
use crate::context::Context;
use crate::ejson::{Document, Mode};
use crate::error::{Error, Result};

const LIMIT: u32 = 20;
const MOST: u32 = 1000;
/// How long a page of documents waits for the number of all documents.
const COUNT_BUDGET: Duration = Duration::from_millis(500);

/// Which documents to show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FindInput {
    /// Name of the database, which `databaseName` can name as well; the connection's own if not given.
    #[serde(alias = "databaseName")]
    db: Option<String>,
    /// Name of the collection, which `collection` can name as well.
    #[serde(alias = "collection")]
    coll: String,
    /// A query; all documents if not given.
    filter: Option<Document>,
    /// Which fields to show.
    projection: Option<Document>,
    /// In which order.
    sort: Option<Document>,
    /// How many at most; 20 if not given, at most 1000.
    limit: Option<u32>,
    /// How many to pass over. The server walks through them, so a large number is slow.
    #[serde(default)]
    skip: u64,
    /// How text is compared: `{ "locale": "de", "strength": 2 }`.
    collation: Option<Document>,
    /// The index to use.
    hint: Option<HintInput>,
    /// Milliseconds after which the server gives up; never more than the request has left.
    #[serde(rename = "maxTimeMS")]
    max_time_ms: Option<u64>,
    /// `primary`, `primaryPreferred`, `secondary`, `secondaryPreferred` or `nearest`.
    #[serde(rename = "readPreference")]
    read_preference: Option<String>,
    /// `local`, `available`, `majority`, `linearizable` or `snapshot`.
    #[serde(rename = "readConcern")]
    read_concern: Option<String>,
    /// Values that expressions in the filter can name, as `$$name`. Nothing is counted then.
    #[serde(rename = "let")]
    variables: Option<Document>,
    /// `relaxed` for display, which is the default, or `canonical` for editing.
    #[serde(default)]
    ejson: Mode,
    /// Whether to find out how many documents there are; it does unless this is `false`.
    count: Option<bool>,
}

/// `{ documents, total, count: { value, kind }, page, page_size, has_more, truncated }`. `total` is
/// the count's value, `null` if counting was given up.
pub(super) async fn find(cx: &Context, input: FindInput) -> Result<Reply> {
    let limit = input.limit.unwrap_or(LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::validation(format!("`limit` must be between 1 and {MOST}")));
    }
    if i64::try_from(input.skip).is_err() {
        return Err(Error::validation("`skip` is too large"));
    }
    let filter = input.filter.as_ref().map(checked).transpose()?.unwrap_or_default();
    let options = ReadOptions {
        max_time_ms: input.max_time_ms,
        collation: input.collation,
        hint: input.hint,
        read_preference: input.read_preference,
        read_concern: input.read_concern,
    };
    let reading = options.reading()?;
    let query = Query {
        filter: filter.clone(),
        projection: input.projection.as_ref().map(checked).transpose()?,
        sort: input.sort.as_ref().map(checked).transpose()?,
        skip: input.skip,
        variables: input.variables.as_ref().map(checked).transpose()?,
        reading: reading.clone(),
        cap: Cap { documents: limit, bytes: cx.service.config.max_result_bytes },
    };
    let countable = input.count != Some(false) && query.variables.is_none();
    let client = cx.mongodb().await?;
    let db = input.db.unwrap_or_else(|| own_database(&client));
    let namespace = readable(cx, &db, &input.coll)?;
    let call = options.call(cx, &client);
    let mut writer = Reply::open();
    writer.raw("{\"documents\":[");
    let end = call.find(&namespace, query, input.ejson, &mut writer).await?;
    let count = match seen_all(input.skip, end) {
        Some(count) => Some(count),
        None if !countable => None,
        None => Some(call.count_within(&namespace, filter, reading, COUNT_BUDGET).await),
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

/// The database of a connection, else the one that every server has.
pub(super) fn own_database(client: &Client) -> String {
    client.default_database().unwrap_or_else(|| "admin".to_owned())
}
