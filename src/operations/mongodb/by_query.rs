//! The same lists with the database and the collection in the query.

use schemars::JsonSchema;
use serde::Deserialize;

use super::catalog::{collections as of_collections, databases};
use super::documents as of_documents;
use crate::api::reply::Reply;
use crate::context::Context;
use crate::ejson::{Document, Mode};
use crate::error::Result;

/// Which collections.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct CollectionsInput {
    /// Name of the database; the connection's own if not given.
    database_name: Option<String>,
    /// How many at most; 1000 if not given, and at most.
    limit: Option<usize>,
    /// Begin after the collection of this name.
    after: Option<String>,
}

/// As `mongodb.collections.list`.
pub(super) async fn collections(cx: &Context, input: CollectionsInput) -> Result<Reply> {
    let CollectionsInput { database_name, limit, after } = input;
    let db = named(cx, database_name).await?;
    of_collections::list(cx, of_collections::ListInput { db, limit, after, info: None }).await
}

/// Which documents.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentsInput {
    /// Name of the database; the connection's own if not given.
    #[serde(rename = "databaseName")]
    database_name: Option<String>,
    /// Name of the collection.
    collection: String,
    /// A query; all documents if not given.
    filter: Option<Document>,
    /// Which fields to show.
    projection: Option<Document>,
    /// In which order.
    sort: Option<Document>,
    /// How many at most; 20 if not given, at most 1000.
    limit: Option<u32>,
    /// How many to pass over.
    #[serde(default)]
    skip: u64,
    /// `relaxed` for display, which is the default, or `canonical` for editing.
    #[serde(default)]
    ejson: Mode,
}

/// As `mongodb.documents.find`.
pub(super) async fn documents(cx: &Context, input: DocumentsInput) -> Result<Reply> {
    let DocumentsInput { database_name, collection, filter, projection, sort, limit, skip, ejson } =
        input;
    let input = of_documents::FindInput {
        db: named(cx, database_name).await?,
        coll: collection,
        filter,
        projection,
        sort,
        limit,
        skip,
        ejson,
        count: None,
    };
    of_documents::find(cx, input).await
}

/// Which database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct StatsInput {
    /// Name of the database; the connection's own if not given.
    database_name: Option<String>,
}

/// As `mongodb.databases.stats`.
pub(super) async fn stats(cx: &Context, input: StatsInput) -> Result<Reply> {
    let db = named(cx, input.database_name).await?;
    databases::stats(cx, databases::StatsInput { db, scale: None }).await
}

/// The database that is meant: the connection's own, else the one that every server has.
async fn named(cx: &Context, name: Option<String>) -> Result<String> {
    match name {
        Some(name) => Ok(name),
        None => Ok(cx.mongodb().await?.default_database().unwrap_or_else(|| "admin".to_owned())),
    }
}
