//! `DELETE /mongodb/{scope}/databases/{db}/collections/{coll}/indexes/{name}`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

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

/// `{ dropped }`: its name. An index that is still being built is given up.
pub(super) async fn remove(cx: &Context, input: IndexesDropInput) -> Result<Reply> {
    let namespace = writable(&input.db, &input.coll)?;
    check_index_name(&input.name)?;
    let client = cx.mongodb().await?;
    client.call(cx.deadline, &cx.request_id).drop_index(&namespace, &input.name).await?;
    Reply::json(&json!({ "dropped": input.name }))
}
