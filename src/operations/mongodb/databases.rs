//! `/mongodb/{scope}/databases`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::reply::Reply;
use crate::backend::mongodb::check_database;
use crate::context::Context;
use crate::error::Result;

/// Nothing is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListInput {}

/// A list of `{ name, size_on_disk, empty, collections }`.
pub(super) async fn list(cx: &Context, _input: ListInput) -> Result<Reply> {
    let client = cx.mongodb().await?;
    let databases = client.call(cx.deadline, &cx.request_id).databases().await?;
    Reply::json(&databases)
}

/// Which database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StatsInput {
    /// Name of the database.
    pub(super) db: String,
}

/// `{ db, collections, views, objects, avg_obj_size, data_size, storage_size, indexes, index_size }`,
/// sizes in bytes.
pub(super) async fn stats(cx: &Context, input: StatsInput) -> Result<Reply> {
    check_database(&input.db)?;
    let client = cx.mongodb().await?;
    let sizes = client.call(cx.deadline, &cx.request_id).database_sizes(&input.db).await?;
    Reply::json(&sizes)
}
