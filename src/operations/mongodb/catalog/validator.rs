//! `/mongodb/{scope}/databases/{db}/collections/{coll}/validate`.

use std::time::Duration;

use mongodb::bson::doc;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::collection::readable;
use super::options;
use crate::backend::mongodb::{Cap, Count, CountKind, Query};
use crate::ejson::{Document, Mode};
use crate::error::{Code, Error, Result};
use crate::request::context::Context;
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

/// `{ valid, violating, documents, truncated }`: whether all documents match, how many do not, as
/// `{ value, kind }`, and some of them. `valid` is `null` if that could not be found out in time.
pub(super) async fn validate(cx: &Context, input: ValidateInput) -> Result<Reply> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let limit = input.limit.unwrap_or(SAMPLE);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::validation(format!("`limit` must be between 1 and {MOST}")));
    }
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
    let mut writer = Reply::open();
    writer.raw("{\"documents\":[");
    let start = writer.len();
    let found = call.find(&namespace, query, input.ejson, &mut writer).await;
    let (count, truncated) = match found {
        Ok(end) if !end.has_more => (exactly(end.returned), false),
        Ok(end) => (call.count(&namespace, violating).await?, end.truncated),
        Err(error) if error.code() == Code::DbTimeout => {
            (Count { value: None, kind: CountKind::Timeout }, false)
        }
        Err(error) => return Err(error),
    };
    let valid = match count.value {
        Some(value) => Some(value == 0),
        None => (writer.len() > start).then_some(false),
    };
    writer.raw("],\"valid\":");
    writer.value(&valid)?;
    writer.raw(",\"violating\":");
    writer.value(&count)?;
    writer.raw(",\"truncated\":");
    writer.boolean(truncated);
    writer.raw("}");
    Ok(Reply::close(writer))
}

fn exactly(value: u64) -> Count {
    Count { value: Some(value), kind: CountKind::Exact }
}
