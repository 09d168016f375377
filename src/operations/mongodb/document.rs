//! `/mongodb/{scope}/databases/{db}/collections/{coll}/documents/{id}`.

use mongodb::bson;
use schemars::JsonSchema;
use serde::Deserialize;

use super::changes;
use super::collection::{readable, writable};
use super::id::{self, Encoding, IdType};
use super::seen::{Seen, Wanted, change, conflict, remove};
use crate::ejson::{Document, Form, Mode, ShownAs, Update, etag, write_value};
use crate::error::{Error, Result};
use crate::operations::guard::given;
use crate::request::context::Context;
use crate::request::reply::Reply;

/// Which document to show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentsGetInput {
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
    /// `relaxed` for display, which is the default, or `canonical` for editing, which is that of texts.
    ejson: Option<Mode>,
    /// `text` for the document as a text that holds Extended JSON: no parser on the way changes the
    /// order of its fields, or what its numbers look like.
    #[serde(default, rename = "as")]
    shown_as: ShownAs,
    /// Answer with `{ document, etag }`.
    #[serde(default)]
    with_etag: bool,
}

/// The document, or `null` if there is none. Its etag, for `if_match` of a change, is in the header
/// `ETag`, and beside the document where that is asked for.
pub(super) async fn get(cx: &Context, input: DocumentsGetInput) -> Result<Reply> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let id = id::parse(&input.id, input.id_type, input.encoding)?;
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    let mut writer = Reply::open();
    writer.raw(if input.with_etag { "{\"document\":" } else { "" });
    let found = call.find_one(&namespace, id).await?;
    match &found {
        Some(document) => Form::of(input.ejson, input.shown_as).write(&mut writer, document)?,
        None => writer.raw("null"),
    }
    let etag = found.as_deref().map(etag);
    if input.with_etag {
        writer.raw(",\"etag\":");
        writer.value(&etag)?;
        writer.raw("}");
    }
    Ok(Reply::close(writer).in_state(etag))
}

/// How to change a document: `update` or `replacement`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentsUpdateInput {
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
    /// any more, byte for byte, nothing is changed and the failure, `CONFLICT`, has the current one and
    /// its `etag` in its details. What has gone through a JavaScript object may have lost its order of
    /// fields; `if_match` does not depend on it.
    #[serde(default, deserialize_with = "given")]
    if_unchanged: Option<Document>,
    /// The `etag` that the document was loaded with; the same as `if_unchanged`.
    #[serde(default, deserialize_with = "given")]
    if_match: Option<String>,
    /// How to show the document in the answer.
    ejson: Option<Mode>,
    /// `text` for the document in the answer, and the current one of a conflict, as a text that holds
    /// Extended JSON.
    #[serde(default, rename = "as")]
    shown_as: ShownAs,
}

/// `{ matched_count, upserted_id, document, etag }`: the document as it is after the change.
pub(super) async fn update(cx: &Context, input: DocumentsUpdateInput) -> Result<Reply> {
    let namespace = writable(&input.db, &input.coll)?;
    let id = id::parse(&input.id, input.id_type, input.encoding)?;
    let seen = Seen::of(input.if_unchanged, input.if_match)?;
    if input.upsert && seen.is_some() {
        let message = "`upsert` contradicts `if_match` and `if_unchanged`";
        return Err(Error::validation(message));
    }
    let wanted = match (input.update, input.replacement) {
        (Some(update), None) => Wanted::Change(changes::of_update(update, &input.array_filters)?),
        (None, Some(replacement)) => {
            changes::refuse_filters(&input.array_filters)?;
            Wanted::Document(replacement.into_raw())
        }
        _ => return Err(Error::validation("give either `update` or `replacement`")),
    };
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    let shown_as = input.shown_as;
    let changed = change(&call, &namespace, &id, wanted, seen, input.upsert).await;
    let changed = changed.map_err(|error| conflict(error, shown_as))?;
    let changed = changed.ok_or_else(|| missing(&input.coll, &id))?;
    let etag = changed.document.as_deref().map(etag);
    let reply = Reply::write(|writer| {
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
            Some(document) => Form::of(input.ejson, shown_as).write(writer, document)?,
            None => writer.raw("null"),
        }
        writer.raw(",\"etag\":");
        writer.value(&etag)?;
        writer.raw("}");
        Ok(())
    })?;
    Ok(reply.in_state(etag))
}

/// Which document to delete.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentsDeleteInput {
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
    #[serde(default, deserialize_with = "given")]
    if_unchanged: Option<Document>,
    /// The `etag` that the document was loaded with; the same as `if_unchanged`.
    #[serde(default, deserialize_with = "given")]
    if_match: Option<String>,
    /// `text` for the current document of a conflict as a text that holds Extended JSON.
    #[serde(default, rename = "as")]
    shown_as: ShownAs,
}

/// `{ deleted_count }`.
pub(super) async fn delete(cx: &Context, input: DocumentsDeleteInput) -> Result<Reply> {
    let namespace = writable(&input.db, &input.coll)?;
    let id = id::parse(&input.id, input.id_type, input.encoding)?;
    let seen = Seen::of(input.if_unchanged, input.if_match)?;
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    let deleted = remove(&call, &namespace, &id, seen).await;
    if !deleted.map_err(|error| conflict(error, input.shown_as))? {
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
