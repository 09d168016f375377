//! `…/count`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::mongodb::gate;
use crate::ejson::Document;
use crate::error::Result;
use crate::operations::mongodb::collection::readable;
use crate::operations::mongodb::reading::ReadOptions;
use crate::request::context::Context;
use crate::request::reply::Reply;

/// Which documents to count.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CountInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// A query; all documents if not given.
    filter: Option<Document>,
    /// Count one by one even where the collection's metadata has the number of all documents.
    #[serde(default)]
    exact: bool,
    /// How to read.
    #[serde(default)]
    options: ReadOptions,
}

/// `{ value, kind }`: `exact` if they were counted, `estimate` if the collection's metadata says so,
/// which is the case without a filter and without a hint, and `timeout` with the value `null` if
/// counting took too long.
pub(super) async fn count(cx: &Context, input: CountInput) -> Result<Reply> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let filter = input.filter.as_ref().map(Document::tree).transpose()?.unwrap_or_default();
    gate::expression(&filter)?;
    let estimate = filter.is_empty() && input.options.hint.is_none() && !input.exact;
    let reading = input.options.reading()?;
    let client = cx.mongodb().await?;
    let call = input.options.call(cx, &client);
    Reply::json(&call.count_as(&namespace, filter, reading, estimate).await?)
}
