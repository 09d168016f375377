//! `/mongodb/{scope}/databases/{db}/collections`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::collection::writable;
use super::Dropped;
use super::definition::CreateOptions;
use super::rules::{confirmed, page};
use crate::backend::mongodb::{CollectionEntry, check_database};
use crate::error::Result;
use crate::request::context::Context;
use crate::request::reply::Reply;

/// Which collections, and what of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectionsListInput {
    /// Name of the database.
    pub(crate) db: String,
    /// How many at most; 1000 if not given, and at most.
    pub(crate) limit: Option<usize>,
    /// Begin after the collection of this name; collections are listed by name.
    pub(crate) after: Option<String>,
    /// Whether to ask each collection for its sizes; it does unless this is `false`.
    pub(crate) info: Option<bool>,
}

pub(crate) async fn list(
    cx: &Context,
    input: CollectionsListInput,
) -> Result<Reply<Vec<CollectionEntry>>> {
    check_database(&input.db)?;
    let limit = page(input.limit)?;
    let client = cx.mongodb().await?;
    let call = cx.side_by_side(&client).await;
    let after = input.after.as_deref();
    Reply::of(&call.collections(&input.db, after, limit, input.info.unwrap_or(true)).await?)
}

/// A new collection or view.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectionsCreateInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    name: String,
    /// How it is made.
    #[serde(default)]
    options: CreateOptions,
}

/// A collection that was made.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CollectionMade {
    name: String,
}

pub(crate) async fn create(
    cx: &Context,
    input: CollectionsCreateInput,
) -> Result<Reply<CollectionMade>> {
    let CollectionsCreateInput { db, name, options } = input;
    let namespace = writable(&db, &name)?;
    let options = options.checked(cx, &namespace)?;
    let client = cx.mongodb().await?;
    client.call(cx.deadline, &cx.request_id).create_collection(&namespace, options).await?;
    Ok(Reply::of(&CollectionMade { name })?.created())
}

/// Which collection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectionsDropInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// The collection's name once more.
    confirm: Option<String>,
}

pub(crate) async fn drop(cx: &Context, input: CollectionsDropInput) -> Result<Reply<Dropped>> {
    let namespace = writable(&input.db, &input.coll)?;
    confirmed(input.confirm.as_deref(), &input.coll, "removing a collection")?;
    let client = cx.mongodb().await?;
    client.call(cx.deadline, &cx.request_id).drop_collection(&namespace).await?;
    Reply::of(&Dropped { dropped: input.coll })
}
