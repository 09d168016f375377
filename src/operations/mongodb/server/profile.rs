//! `/mongodb/{scope}/databases/{db}/profile`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::mongodb::{Cap, RecordCursor, Recorded, Records, check_database};
use crate::error::Result;
use crate::request::context::Context;
use crate::request::params::within;
use crate::request::reply::Reply;

/// Records on one page, unless asked otherwise.
const LIMIT: u32 = 100;
const MOST: u32 = 1000;

/// Which records.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileInput {
    /// Name of the database.
    db: String,
    /// Only operations that took at least so many milliseconds.
    min_ms: Option<i64>,
    /// Only operations on this collection.
    coll: Option<String>,
    /// Only operations of this kind: `query`, `insert`, `update`, `remove`, `getmore` or `command`.
    op: Option<String>,
    /// Show the values in commands, and how they were executed. Without, values are `?`.
    #[serde(default)]
    values: bool,
    /// How many at most; 100 if not given, at most 1000.
    limit: Option<u32>,
    /// Where the page before ended.
    cursor: Option<String>,
}

pub(super) async fn profile(cx: &Context, input: ProfileInput) -> Result<Reply<Recorded>> {
    let ProfileInput { db, min_ms: millis, coll, op, values, limit, cursor } = input;
    check_database(&db)?;
    let limit = within("limit", limit.unwrap_or(LIMIT), 1..=MOST)?;
    let cursor = cursor.as_deref().map(RecordCursor::parse).transpose()?;
    let ns = coll.map(|coll| format!("{db}.{coll}"));
    let cap = Cap { documents: limit, bytes: cx.service.config.max_result_bytes };
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    let records = Records { millis, ns, op, values, cap, cursor };
    Reply::of(&call.recorded(&db, &records).await?)
}
