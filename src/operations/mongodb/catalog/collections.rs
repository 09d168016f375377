//! `/mongodb/{scope}/databases/{db}/collections`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::super::collection::writable;
use super::definition::CreateOptions;
use super::rules::{confirmed, page};
use crate::backend::mongodb::{CollectionEntry, check_database};
use crate::ejson::{Mode, write_document};
use crate::error::Result;
use crate::json::Writer;
use crate::request::context::Context;
use crate::request::reply::Reply;

/// Which collections, and what of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct CollectionsListInput {
    /// Name of the database.
    pub(in super::super) db: String,
    /// How many at most; 1000 if not given, and at most.
    pub(in super::super) limit: Option<usize>,
    /// Begin after the collection of this name; collections are listed by name.
    pub(in super::super) after: Option<String>,
    /// Whether to ask each collection for its sizes; it does unless this is `false`.
    pub(in super::super) info: Option<bool>,
}

/// A list of `{ name, type, kind, options, info }`. `kind` is `collection`, `capped`, `view` or
/// `timeseries`. `info` is `null` for a view, and where a collection did not tell its sizes in time or
/// to this user.
pub(in super::super) async fn list(cx: &Context, input: CollectionsListInput) -> Result<Reply> {
    check_database(&input.db)?;
    let limit = page(input.limit)?;
    let client = cx.mongodb().await?;
    let call = cx.side_by_side(&client).await;
    let after = input.after.as_deref();
    let found = call.collections(&input.db, after, limit, input.info.unwrap_or(true)).await?;
    Reply::write(|writer| writer.try_list(&found, write_entry))
}

pub(super) fn write_entry(writer: &mut Writer, entry: &CollectionEntry) -> Result<()> {
    writer.raw("{\"name\":");
    writer.string(&entry.name);
    writer.raw(",\"type\":");
    writer.string(&entry.type_name);
    writer.raw(",\"kind\":");
    writer.value(&entry.kind())?;
    writer.raw(",\"options\":");
    write_document(writer, &entry.options, Mode::Relaxed)?;
    writer.raw(",\"info\":");
    writer.value(&entry.info)?;
    writer.raw("}");
    Ok(())
}

/// A new collection or view.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct CollectionsCreateInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    name: String,
    /// How it is made.
    #[serde(default)]
    options: CreateOptions,
}

/// `{ name }`.
pub(in super::super) async fn create(cx: &Context, input: CollectionsCreateInput) -> Result<Reply> {
    let CollectionsCreateInput { db, name, options } = input;
    let namespace = writable(&db, &name)?;
    let options = options.checked(cx, &namespace)?;
    let client = cx.mongodb().await?;
    client.call(cx.deadline, &cx.request_id).create_collection(&namespace, options).await?;
    Ok(Reply::json(&json!({ "name": name }))?.created())
}

/// Which collection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct CollectionsDropInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// The collection's name once more.
    confirm: Option<String>,
}

/// `{ dropped }`: its name.
pub(in super::super) async fn drop(cx: &Context, input: CollectionsDropInput) -> Result<Reply> {
    let namespace = writable(&input.db, &input.coll)?;
    confirmed(input.confirm.as_deref(), &input.coll, "removing a collection")?;
    let client = cx.mongodb().await?;
    client.call(cx.deadline, &cx.request_id).drop_collection(&namespace).await?;
    Reply::json(&json!({ "dropped": input.coll }))
}
