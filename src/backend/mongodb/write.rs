//! Inserting, changing and deleting documents.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use mongodb::options::{ReturnDocument, UpdateModifications};

use super::call::Call;
use super::names::Namespace;
use crate::ejson::{Mode, write_document};
use crate::error::{Code, Error, Result};
use crate::json::Writer;
use crate::outcome::Outcome;

/// Bytes of all documents of one insert; servers take messages of 48,000,000 bytes.
const MAX_INSERT: usize = 47_000_000;

/// How one document is to be changed. Operators and stages must have passed the gate.
#[derive(Debug)]
pub enum Change {
    /// Update operators.
    Operators(Document),
    /// Update stages.
    Pipeline(Vec<Document>),
    /// A new document in place of the old one.
    Replacement(RawDocumentBuf),
}

/// What became of a change.
#[derive(Debug)]
pub struct Changed {
    /// The document was not there and was made.
    pub inserted: bool,
    /// The document as it is now; `None` if it was deleted meanwhile.
    pub document: Option<RawDocumentBuf>,
}

impl Call<'_> {
    /// Inserts documents in their order. Each must have an `_id`, see [`with_id`]; with `ordered`, the
    /// first that fails is the last that is tried.
    pub async fn insert(
        &self,
        namespace: &Namespace,
        documents: &[RawDocumentBuf],
        ordered: bool,
    ) -> Result<()> {
        // The driver would send more than this in several messages, and when a later one fails it does
        // not tell that the first was done.
        let bytes: usize = documents.iter().map(|document| document.as_bytes().len()).sum();
        if bytes > MAX_INSERT {
            return Err(Error::new(
                Code::PayloadTooLarge,
                format!("the documents have more than {MAX_INSERT} bytes; insert fewer at a time"),
            ));
        }
        let collection = self.collection(namespace);
        self.write(async {
            collection.insert_many(documents).ordered(ordered).comment(self.comment()).await?;
            Ok(())
        })
        .await
    }

    /// Changes the document with this id; `None` if there is none. With `expected`, only if it still
    /// equals that; otherwise the failure is a conflict that carries the current one.
    pub async fn change(
        &self,
        namespace: &Namespace,
        id: Bson,
        change: Change,
        expected: Option<&Document>,
    ) -> Result<Option<Changed>> {
        let filter = unchanged(&id, expected);
        let document = self.modify(namespace, filter, change, false).await?;
        if document.is_none() && expected.is_some() {
            self.refuse_if_changed(namespace, id).await?;
        }
        Ok(document.map(|document| Changed { inserted: false, document: Some(document) }))
    }

    /// Changes the document with this id, or makes it.
    pub async fn upsert(&self, namespace: &Namespace, id: Bson, change: Change) -> Result<Changed> {
        let filter = unchanged(&id, None);
        // Only what was there before tells a change from an insert.
        let before = self.modify(namespace, filter, change, true).await?;
        // The write is done, whatever becomes of looking at it.
        let current = self.current(namespace, id).await;
        let document = current.map_err(|error| error.outcome(Outcome::Applied))?;
        Ok(Changed { inserted: before.is_none(), document })
    }

    /// Deletes the document with this id; `false` if there is none. With `expected`, only if it still
    /// equals that.
    pub async fn delete(
        &self,
        namespace: &Namespace,
        id: Bson,
        expected: Option<&Document>,
    ) -> Result<bool> {
        let collection = self.collection(namespace);
        let filter = unchanged(&id, expected);
        let deleted = self
            .write(async {
                Ok(collection
                    .find_one_and_delete(filter)
                    .projection(doc! { "_id": 1 })
                    .max_time(self.max_time())
                    .comment(self.comment())
                    .await?)
            })
            .await?;
        if deleted.is_none() && expected.is_some() {
            self.refuse_if_changed(namespace, id).await?;
        }
        Ok(deleted.is_some())
    }

    /// `findAndModify`, because it is the one write that takes `maxTimeMS` and returns the document:
    /// as it was for an upsert, else as it is.
    async fn modify(
        &self,
        namespace: &Namespace,
        filter: Document,
        change: Change,
        upsert: bool,
    ) -> Result<Option<RawDocumentBuf>> {
        let collection = self.collection(namespace);
        let wanted = if upsert { ReturnDocument::Before } else { ReturnDocument::After };
        let (time, comment) = (self.max_time(), self.comment());
        self.write(async {
            let modifications = match change {
                Change::Replacement(replacement) => {
                    return Ok(collection
                        .find_one_and_replace(filter, replacement)
                        .upsert(upsert)
                        .return_document(wanted)
                        .max_time(time)
                        .comment(comment)
                        .await?);
                }
                Change::Operators(operators) => UpdateModifications::Document(operators),
                Change::Pipeline(stages) => UpdateModifications::Pipeline(stages),
            };
            Ok(collection
                .find_one_and_update(filter, modifications)
                .upsert(upsert)
                .return_document(wanted)
                .max_time(time)
                .comment(comment)
                .await?)
        })
        .await
    }

    /// The document with this id, as it is now.
    async fn current(&self, namespace: &Namespace, id: Bson) -> Result<Option<RawDocumentBuf>> {
        let collection = self.collection(namespace);
        self.read(async {
            let find = collection.find_one(unchanged(&id, None));
            Ok(find.max_time(self.max_time()).comment(self.comment()).await?)
        })
        .await
    }

    /// Fails if there is a document with this id: then it is not the expected one.
    async fn refuse_if_changed(&self, namespace: &Namespace, id: Bson) -> Result<()> {
        let Some(current) = self.current(namespace, id).await? else { return Ok(()) };
        let mut writer = Writer::new();
        write_document(&mut writer, &current, Mode::Canonical)?;
        let current: serde_json::Value = serde_json::from_slice(&writer.into_bytes())
            .map_err(|_| Error::internal("a document was written as broken JSON"))?;
        Err(Error::new(
            Code::Conflict,
            "the document was changed by someone else since it was loaded; look at the current one \
             and try again",
        )
        .detail("current", current))
    }
}

/// Matches the document with this id, and nothing if it does not equal `expected`. It is compared in
/// the operation that changes it, so that nothing can happen in between.
fn unchanged(id: &Bson, expected: Option<&Document>) -> Document {
    let mut filter = doc! { "_id": { "$eq": id.clone() } };
    if let Some(expected) = expected {
        let expected = doc! { "$literal": expected.clone() };
        filter.insert("$expr", doc! { "$eq": ["$$ROOT", expected] });
    }
    filter
}

/// A document with an `_id`: its own, or a new one in front of its fields.
pub fn with_id(document: RawDocumentBuf) -> Result<(Bson, RawDocumentBuf)> {
    let unreadable = |_| Error::validation("the document can't be encoded as BSON");
    if let Some(id) = document.get("_id").map_err(unreadable)? {
        let id = Bson::try_from(id).map_err(unreadable)?;
        return Ok((id, document));
    }
    let id = ObjectId::new();
    let fields = &document.as_bytes()[4..];
    let mut bytes = Vec::with_capacity(fields.len() + 21);
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(b"\x07_id\0");
    bytes.extend_from_slice(&id.bytes());
    bytes.extend_from_slice(fields);
    let length = i32::try_from(bytes.len())
        .map_err(|_| Error::new(Code::PayloadTooLarge, "the document is too large"))?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    Ok((id.into(), RawDocumentBuf::from_bytes(bytes).map_err(unreadable)?))
}
