//! `…/distinct`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::backend::mongodb::{Cap, Distinct, FoundBy};
use crate::ejson::{Document, Mode};
use crate::error::{Error, Result};
use crate::json::Object;
use crate::operations::mongodb::collection::readable;
use crate::operations::mongodb::gated::checked;
use crate::operations::mongodb::reading::ReadOptions;
use crate::request::context::Context;
use crate::request::params::within;
use crate::request::reply::Reply;

const LIMIT: u32 = 1000;
const MOST: u32 = 10_000;

/// Which values to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DistinctInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// Path of the field, with dots.
    key: String,
    /// A query; all documents if not given.
    filter: Option<Document>,
    /// How many at most; 1000 if not given, at most 10000.
    limit: Option<u32>,
    /// How to read. `hint` needs MongoDB 7.1.
    #[serde(default)]
    options: ReadOptions,
    /// `relaxed` for display, which is the default, or `canonical` for editing.
    #[serde(default)]
    ejson: Mode,
}

/// The different values of a field.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
pub(super) struct DistinctValues {
    /// Of any types, as Extended JSON. The elements of arrays count by themselves.
    values: Vec<Value>,
    /// Whether there are more.
    truncated: bool,
    /// How they were found.
    found_by: FoundBy,
}

pub(super) async fn distinct(cx: &Context, input: DistinctInput) -> Result<Reply<DistinctValues>> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let limit = within("limit", input.limit.unwrap_or(LIMIT), 1..=MOST)?;
    if input.key.split('.').any(|part| part.is_empty() || part.starts_with('$')) {
        return Err(Error::validation(format!("{:?} is not the path of a field", input.key)));
    }
    let filter = input.filter.as_ref().map(checked).transpose()?.unwrap_or_default();
    let distinct = Distinct {
        key: input.key,
        filter,
        reading: input.options.reading()?,
        cap: Cap { documents: limit, bytes: cx.service.config.max_result_bytes },
    };
    let client = cx.mongodb().await?;
    let call = input.options.call(cx, &client);
    let mut out = Reply::open();
    let mut object = Object::open(&mut out);
    let values = object.key("values");
    values.raw("[");
    let (end, by) = call.distinct(&namespace, distinct, input.ejson, values).await?;
    values.raw("]");
    object.member("truncated", &end.has_more)?;
    object.member("found_by", &by)?;
    object.close();
    Ok(Reply::close(out))
}
