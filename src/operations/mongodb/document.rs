//! `/mongodb/{scope}/databases/{db}/collections/{coll}/documents/{id}`.

use mongodb::bson::{Bson, RawDocumentBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::collection::{readable, writable};
use super::conditional::{Seen, Wanted, change, remove};
use super::gated::{of_update, refuse_filters};
use super::id::{self, Encoding, IdType};
use crate::ejson::{Canonical, Document, Form, Mode, ShownAs, Update, etag};
use crate::error::{Error, Result};
use crate::json::{Object, Writer};
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

/// A document.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)] // it is written as it is read
pub(super) enum DocumentShown {
    /// With `with_etag`.
    WithEtag(DocumentWithEtag),
    /// `null` if there is none.
    Alone(Option<Document>),
}

/// A document and its state.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
pub(super) struct DocumentWithEtag {
    /// `null` if there is none.
    document: Option<Document>,
    /// For `if_match` of a change; `null` if there is no document.
    etag: Option<String>,
}

pub(super) async fn get(cx: &Context, input: DocumentsGetInput) -> Result<Reply<DocumentShown>> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let id = id::parse(&input.id, input.id_type, input.encoding)?;
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    let form = Form::of(input.ejson, input.shown_as);
    let found = call.find_one(&namespace, id).await?;
    let etag = found.as_deref().map(etag);
    let reply = Reply::write(|writer| {
        if !input.with_etag {
            return write(writer, form, found.as_ref());
        }
        let mut object = Object::open(writer);
        write(object.key("document"), form, found.as_ref())?;
        object.member("etag", &etag)?;
        object.close();
        Ok(())
    })?;
    Ok(reply.in_state(etag))
}

fn write(writer: &mut Writer, mut form: Form<'_>, document: Option<&RawDocumentBuf>) -> Result<()> {
    let Some(document) = document else { return writer.value(&()) };
    form.write(writer, document)
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

/// What became of a change.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
pub(super) struct DocumentChanged {
    /// 1, or 0 if the document was made.
    matched_count: u8,
    /// The id of a document that was made; else `null`.
    upserted_id: Option<Canonical>,
    /// The document as it is after the change; `null` if it was deleted meanwhile.
    document: Option<Document>,
    /// For `if_match` of the next change; `null` if there is no document.
    etag: Option<String>,
}

pub(super) async fn update(
    cx: &Context,
    input: DocumentsUpdateInput,
) -> Result<Reply<DocumentChanged>> {
    let namespace = writable(&input.db, &input.coll)?;
    let id = id::parse(&input.id, input.id_type, input.encoding)?;
    let seen = Seen::of(input.if_unchanged, input.if_match)?;
    if input.upsert && seen.is_some() {
        return Err(Error::validation("`upsert` contradicts `if_match` and `if_unchanged`"));
    }
    let wanted = match (input.update, input.replacement) {
        (Some(update), None) => Wanted::Change(of_update(update, &input.array_filters)?),
        (None, Some(replacement)) => {
            refuse_filters(&input.array_filters)?;
            Wanted::Document(replacement.into_raw())
        }
        _ => return Err(Error::validation("give either `update` or `replacement`")),
    };
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    let shown_as = input.shown_as;
    let changed = change(&call, &namespace, &id, wanted, seen, input.upsert).await;
    let changed = changed.map_err(|failure| failure.told(shown_as))?;
    let changed = changed.ok_or_else(|| missing(&input.coll, &id))?;
    let etag = changed.document.as_deref().map(etag);
    let reply = Reply::write(|writer| {
        let mut object = Object::open(writer);
        object.member("matched_count", &u8::from(!changed.inserted))?;
        object.member("upserted_id", &changed.inserted.then_some(Canonical(&id)))?;
        let form = Form::of(input.ejson, shown_as);
        write(object.key("document"), form, changed.document.as_ref())?;
        object.member("etag", &etag)?;
        object.close();
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

/// What was deleted.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DocumentDeleted {
    /// 1: a document that is not there is a failure.
    deleted_count: u8,
}

pub(super) async fn delete(
    cx: &Context,
    input: DocumentsDeleteInput,
) -> Result<Reply<DocumentDeleted>> {
    let namespace = writable(&input.db, &input.coll)?;
    let id = id::parse(&input.id, input.id_type, input.encoding)?;
    let seen = Seen::of(input.if_unchanged, input.if_match)?;
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    let deleted = remove(&call, &namespace, &id, seen).await;
    if !deleted.map_err(|failure| failure.told(input.shown_as))? {
        return Err(missing(&input.coll, &id));
    }
    Reply::of(&DocumentDeleted { deleted_count: 1 })
}

fn missing(coll: &str, id: &Bson) -> Error {
    let id = id::plain(id).unwrap_or_default();
    Error::not_found(format!("there is no document with the _id {id} in {coll}"))
}
