//! Inserting documents.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, RawDocument, RawDocumentBuf};
use mongodb::error::ErrorKind;

use crate::backend::mongodb::command::{Call, Failure};
use crate::backend::mongodb::names::Namespace;
use crate::error::{Error, Result};

/// Bytes of all documents of one insert; servers take messages of 48,000,000 bytes.
const MAX_INSERT: usize = 47_000_000;

/// Why not all documents were inserted.
#[derive(Debug)]
pub struct InsertFailure {
    /// What is said of it.
    pub error: Error,
    /// Indexes of the documents that the server refused. Of the others, those before the first, and,
    /// where the order did not matter, those after it were inserted.
    pub refused: Vec<usize>,
}

impl Call<'_> {
    /// Inserts documents in their order. Each must have an `_id`, see [`with_id`]; with `ordered`, the
    /// first that fails is the last that is tried.
    pub async fn insert(
        &self,
        namespace: &Namespace,
        documents: &[RawDocumentBuf],
        ordered: bool,
    ) -> Result<(), InsertFailure> {
        // The driver would send more than this in several messages, and when a later one fails it does
        // not tell that the first was done.
        let bytes: usize = documents.iter().map(|document| document.as_bytes().len()).sum();
        if bytes > MAX_INSERT {
            let message =
                format!("the documents have more than {MAX_INSERT} bytes; insert fewer at a time");
            let error = Error::too_large(message);
            return Err(InsertFailure { error, refused: Vec::new() });
        }
        let collection = self.collection(namespace);
        let mut refused = Vec::new();
        let work = async {
            let insert = collection.insert_many(documents).ordered(ordered).comment(self.comment());
            insert.await.map(drop).map_err(|error| {
                refused = refused_by(&error);
                Failure::from(error)
            })
        };
        self.write(work).await.map_err(|error| InsertFailure { error, refused })
    }
}

fn refused_by(error: &mongodb::error::Error) -> Vec<usize> {
    let ErrorKind::InsertMany(insert) = error.kind.as_ref() else { return Vec::new() };
    insert.write_errors.iter().flatten().map(|error| error.index).collect()
}

/// A document with an `_id`: its own, or a new one in front of its fields.
pub fn with_id(document: RawDocumentBuf) -> Result<(Bson, RawDocumentBuf)> {
    let unreadable = |_| Error::validation("the document can't be encoded as BSON");
    if let Some(id) = document.get("_id").map_err(unreadable)? {
        let id = Bson::try_from(id).map_err(unreadable)?;
        return Ok((id, document));
    }
    let id = ObjectId::new();
    Ok((id.into(), with_this_id(id, &document)?))
}

/// A document that has none with this `_id` in front of its fields, which are as they were to the byte.
pub fn with_this_id(id: ObjectId, document: &RawDocument) -> Result<RawDocumentBuf> {
    prepended(&[b"\x07_id\0".as_slice(), &id.bytes()].concat(), document)
}

/// A document with one more element in front.
pub(super) fn prepended(element: &[u8], document: &RawDocument) -> Result<RawDocumentBuf> {
    let rest = &document.as_bytes()[4..];
    let mut bytes = Vec::with_capacity(4 + element.len() + rest.len());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(element);
    bytes.extend_from_slice(rest);
    let length =
        i32::try_from(bytes.len()).map_err(|_| Error::too_large("the document is too large"))?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    RawDocumentBuf::from_bytes(bytes)
        .map_err(|_| Error::validation("the document can't be encoded as BSON"))
}
