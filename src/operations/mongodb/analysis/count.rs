//! `…/count`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::mongodb::Count;
use crate::ejson::Document;
use crate::error::Result;
use crate::operations::mongodb::collection::readable;
use crate::operations::mongodb::gated::checked;
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

pub(super) async fn count(cx: &Context, input: CountInput) -> Result<Reply<Count>> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let filter = input.filter.as_ref().map(checked).transpose()?.unwrap_or_default();
    let estimate = filter.is_empty() && input.options.hint.is_none() && !input.exact;
    let reading = input.options.reading()?;
    let client = cx.mongodb().await?;
    let call = input.options.call(cx, &client);
    Reply::of(&call.count_as(&namespace, filter, reading, estimate).await?)
}
