//! `DELETE /mongodb/{scope}/databases/{db}/collections/{coll}/indexes/{name}`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::catalog::Dropped;
use super::super::collection::writable;
use crate::backend::mongodb::check_index_name;
use crate::error::Result;
use crate::request::context::Context;
use crate::request::reply::Reply;

/// Which index.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IndexesDropInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// The index's exact name.
    name: String,
}

pub(super) async fn remove(cx: &Context, input: IndexesDropInput) -> Result<Reply<Dropped>> {
    let namespace = writable(&input.db, &input.coll)?;
    check_index_name(&input.name)?;
    let client = cx.mongodb().await?;
    client.call(cx.deadline, &cx.request_id).drop_index(&namespace, &input.name).await?;
    Reply::of(&Dropped { dropped: input.name })
}
