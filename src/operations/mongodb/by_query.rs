//! The same lists with the database and the collection in the query.

use schemars::JsonSchema;
use serde::Deserialize;

use super::catalog::{collections as of_collections, databases};
use super::collection::own_database;
use crate::backend::mongodb::{CollectionEntry, DatabaseSizes};
use crate::error::Result;
use crate::request::context::Context;
use crate::request::reply::Reply;

/// Which collections.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct CollectionsByQueryInput {
    /// Name of the database; the connection's own if not given.
    database_name: Option<String>,
    /// How many at most; 1000 if not given, and at most.
    limit: Option<usize>,
    /// Begin after the collection of this name.
    after: Option<String>,
}

/// As `mongodb.collections.list`.
pub(super) async fn collections(
    cx: &Context,
    input: CollectionsByQueryInput,
) -> Result<Reply<Vec<CollectionEntry>>> {
    let CollectionsByQueryInput { database_name, limit, after } = input;
    let db = named(cx, database_name).await?;
    of_collections::list(cx, of_collections::CollectionsListInput { db, limit, after, info: None })
        .await
}

/// Which database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct StatsByQueryInput {
    /// Name of the database; the connection's own if not given.
    database_name: Option<String>,
}

/// As `mongodb.databases.stats`.
pub(super) async fn stats(cx: &Context, input: StatsByQueryInput) -> Result<Reply<DatabaseSizes>> {
    let db = named(cx, input.database_name).await?;
    databases::stats(cx, databases::DatabasesStatsInput { db, scale: None }).await
}

/// The database that is meant.
async fn named(cx: &Context, name: Option<String>) -> Result<String> {
    match name {
        Some(name) => Ok(name),
        None => Ok(own_database(&*cx.mongodb().await?)),
    }
}
