//! `/mongodb/{scope}/databases/{db}/collections/{coll}/validate`.

use std::time::Duration;

use mongodb::bson::doc;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::collection::readable;
use super::options;
use crate::backend::mongodb::{Cap, Count, Query};
use crate::ejson::{Document, Mode};
use crate::error::{Code, Result};
use crate::json::Object;
use crate::request::context::Context;
use crate::request::params::within;
use crate::request::reply::Reply;

const SAMPLE: u32 = 20;
const MOST: u32 = 1000;
/// How long to look, unless it is said.
const BUDGET: Duration = Duration::from_secs(10);

/// Which documents, and by which rules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ValidateInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// The rules: `{ "$jsonSchema": … }` or a query.
    validator: Document,
    /// How many of the documents to show at most; 20 if not given, at most 1000.
    limit: Option<u32>,
    /// Milliseconds to look for them; 10000 if not given, and never more than the request has left.
    max_time_ms: Option<u64>,
    /// How to show them.
    #[serde(default)]
    ejson: Mode,
}

/// Which documents a validator would refuse.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
pub(super) struct Validated {
    /// Some of the documents that do not match.
    documents: Vec<crate::ejson::ShownDocument>,
    /// Whether all documents match; `null` if that could not be found out in time.
    valid: Option<bool>,
    /// How many do not match.
    violating: Count,
    /// Whether fewer are shown than asked for, because they are too large together.
    truncated: bool,
}

pub(super) async fn validate(cx: &Context, input: ValidateInput) -> Result<Reply<Validated>> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let limit = within("limit", input.limit.unwrap_or(SAMPLE), 1..=MOST)?;
    let rules = options::validator(&input.validator)?;
    let violating = doc! { "$nor": [rules] };
    let client = cx.mongodb().await?;
    let budget = input.max_time_ms.map_or(BUDGET, Duration::from_millis);
    let call = client.call(cx.deadline.or_after(budget), &cx.request_id);
    let query = Query {
        filter: violating.clone(),
        cap: Cap { documents: limit, bytes: cx.service.config.max_result_bytes },
        ..Query::default()
    };
    let mut out = Reply::open();
    let mut object = Object::open(&mut out);
    let documents = object.key("documents");
    documents.raw("[");
    let start = documents.len();
    let found = call.find(&namespace, query, input.ejson, documents).await;
    let some = documents.len() > start;
    documents.raw("]");
    let (count, truncated) = match found {
        Ok(end) if !end.has_more => (Count::exactly(end.returned), false),
        Ok(end) => (call.count(&namespace, violating).await?, end.truncated),
        Err(error) if error.code() == Code::DbTimeout => (Count::TIMEOUT, false),
        Err(error) => return Err(error),
    };
    let valid = match count.value {
        Some(value) => Some(value == 0),
        None => some.then_some(false),
    };
    object.member("valid", &valid)?;
    object.member("violating", &count)?;
    object.member("truncated", &truncated)?;
    object.close();
    Ok(Reply::close(out))
}
