//! What the primary has. What was just written, or is about to be, may not be anywhere else yet.

use futures_util::StreamExt as _;
use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use mongodb::options::{FindOptions, ReadPreference, SelectionCriteria};

use super::cursor::Batch;
use crate::backend::mongodb::command::Call;
use crate::backend::mongodb::names::Namespace;
use crate::error::Result;

impl Call<'_> {
    /// The document with this id.
    pub async fn current(
        &self,
        namespace: &Namespace,
        id: &Bson,
    ) -> Result<Option<RawDocumentBuf>> {
        self.one(namespace, by_id(id), None, Some(primary())).await
    }

    /// The documents with these ids, or of each its `_id` alone. Ids are equal by the rules of the
    /// collection: 1 is 1.0, and text may be compared as in a language.
    pub async fn stored(
        &self,
        namespace: &Namespace,
        ids: Vec<Bson>,
        whole: bool,
    ) -> Result<Vec<RawDocumentBuf>> {
        let options = FindOptions::builder()
            .projection((!whole).then(|| doc! { "_id": 1 }))
            .selection_criteria(primary())
            .max_time(self.max_time())
            .comment(self.comment())
            .build();
        let collection = self.collection(namespace);
        self.read(async {
            let filter = doc! { "_id": { "$in": ids } };
            let mut cursor = collection.find(filter).with_options(options).batch().await?;
            let mut found = Vec::new();
            while let Some(batch) = cursor.next().await {
                let batch = Batch(batch?);
                for document in batch.documents()? {
                    found.push(document?.to_owned());
                }
            }
            Ok(found)
        })
        .await
    }
}

pub(crate) fn primary() -> SelectionCriteria {
    SelectionCriteria::ReadPreference(ReadPreference::Primary)
}

/// The document with this id. By `$eq`, because an id may look like an operator.
pub(crate) fn by_id(id: &Bson) -> Document {
    doc! { "_id": { "$eq": id.clone() } }
}
