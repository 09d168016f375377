//! `/mongodb/{scope}/databases/{db}/collections/{coll}/documents/{id}`.

use mongodb::bson;
use schemars::JsonSchema;
use serde::Deserialize;

use super::id::{self, Encoding, IdType};
use super::{changes, readable, writable};
use crate::api::context::Context;
use crate::api::reply::Reply;
use crate::backend::mongodb::Change;
use crate::ejson::{Document, Mode, Update, write_document, write_value};
use crate::error::{Error, Result};

/// Which document to show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// The document's `_id`: an `ObjectId` if it is 24 hexadecimal digits, else a string.
    id: String,
    /// The type of the `_id`, if it is another.
    id_type: Option<IdType>,
    /// `base64url` if the `_id` is given as base64url of canonical Extended JSON.
    encoding: Option<Encoding>,
    /// `relaxed` for display, which is the default, or `canonical` for editing.
    #[serde(default)]
    ejson: Mode,
}

/// The document, or `null` if there is none.
pub(super) async fn get(cx: &Context, input: GetInput) -> Result<Reply> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let id = id::parse(&input.id, input.id_type, input.encoding)?;
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    let mut writer = Reply::open();
    if !call.find_one(&namespace, id, input.ejson, &mut writer).await? {
        writer.raw("null");
    }
    Ok(Reply::close(writer))
}

/// How to change a document: `update` or `replacement`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// The document's `_id`: an `ObjectId` if it is 24 hexadecimal digits, else a string.
    id: String,
    /// The type of the `_id`, if it is another.
    id_type: Option<IdType>,
    /// `base64url` if the `_id` is given as base64url of canonical Extended JSON.
    encoding: Option<Encoding>,
    /// Update operators, or an array of stages.
    update: Option<Update>,
    /// Which items of arrays `$[name]` in the operators means: one filter for each name.
    #[serde(default)]
    array_filters: Vec<Document>,
    /// The whole new document. Its `_id` may be left out. With `if_unchanged`, only the fields that
    /// differ from that are written.
    replacement: Option<Document>,
    /// Make the document if there is none with this id.
    #[serde(default)]
    upsert: bool,
    /// The document as it was loaded, as canonical Extended JSON. If the stored one is not the same
    /// any more, byte for byte, nothing is changed and the failure, `CONFLICT`, has the current one in
    /// its details.
    if_unchanged: Option<Document>,
    /// How to show the document in the answer.
    #[serde(default)]
    ejson: Mode,
}

/// `{ matched_count, upserted_id, document }`: the document as it is after the change.
pub(super) async fn update(cx: &Context, input: UpdateInput) -> Result<Reply> {
    let namespace = writable(&input.db, &input.coll)?;
    let id = id::parse(&input.id, input.id_type, input.encoding)?;
    if input.upsert && input.if_unchanged.is_some() {
        return Err(Error::validation("`upsert` and `if_unchanged` contradict each other"));
    }
    let expected = input.if_unchanged.as_ref().map(Document::raw);
    let change = match (input.update, input.replacement) {
        (Some(update), None) => Some(changes::of_update(update, &input.array_filters)?),
        (None, Some(replacement)) => {
            changes::refuse_filters(&input.array_filters)?;
            match expected {
                Some(expected) => Change::between(expected, replacement.into_raw())?,
                None => Some(Change::Replacement(replacement.into_raw())),
            }
        }
        _ => return Err(Error::validation("give either `update` or `replacement`")),
    };
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    let changed = match (change, expected) {
        (Some(change), _) if input.upsert => {
            Some(call.upsert(&namespace, id.clone(), change).await?)
        }
        (Some(change), expected) => call.change(&namespace, id.clone(), change, expected).await?,
        (None, Some(expected)) => call.confirm(&namespace, id.clone(), expected).await?,
        (None, None) => None,
    };
    let changed = changed.ok_or_else(|| missing(&input.coll, &id))?;
    Reply::write(|writer| {
        writer.raw("{\"matched_count\":");
        writer.raw(if changed.inserted { "0" } else { "1" });
        writer.raw(",\"upserted_id\":");
        if changed.inserted {
            write_value(writer, &id, Mode::Canonical)?;
        } else {
            writer.raw("null");
        }
        writer.raw(",\"document\":");
        match &changed.document {
            Some(document) => write_document(writer, document, input.ejson)?,
            None => writer.raw("null"),
        }
        writer.raw("}");
        Ok(())
    })
}

/// Which document to delete.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeleteInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// The document's `_id`: an `ObjectId` if it is 24 hexadecimal digits, else a string.
    id: String,
    /// The type of the `_id`, if it is another.
    id_type: Option<IdType>,
    /// `base64url` if the `_id` is given as base64url of canonical Extended JSON.
    encoding: Option<Encoding>,
    /// The document as it was loaded, as canonical Extended JSON; it is deleted only if it is still
    /// the same, byte for byte.
    if_unchanged: Option<Document>,
}

/// `{ deleted_count }`.
pub(super) async fn delete(cx: &Context, input: DeleteInput) -> Result<Reply> {
    let namespace = writable(&input.db, &input.coll)?;
    let id = id::parse(&input.id, input.id_type, input.encoding)?;
    let expected = input.if_unchanged.as_ref().map(Document::raw);
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    if !call.delete(&namespace, id.clone(), expected).await? {
        return Err(missing(&input.coll, &id));
    }
    Reply::write(|writer| {
        writer.raw("{\"deleted_count\":1}");
        Ok(())
    })
}

fn missing(coll: &str, id: &bson::Bson) -> Error {
    let id = id::plain(id).unwrap_or_default();
    Error::not_found(format!("there is no document with the _id {id} in {coll}"))
}
