//! Which unique index a write broke, and what is stored under its `_id`.

use futures_util::StreamExt as _;
use mongodb::bson::{Bson, RawDocumentBuf, doc};
use mongodb::options::{FindOneOptions, FindOptions, ReadPreference, SelectionCriteria};

use super::call::Call;
use super::change::by_id;
use super::cursor::Batch;
use super::names::Namespace;
use crate::error::Result;

/// Whether another document has the key.
pub(super) fn is_duplicate(code: i32) -> bool {
    matches!(code, 11000 | 11001)
}

/// The name of the index, out of a server's message: `… index: email_1 dup key: …`, and of older ones
/// `… index: app.users.$email_1 dup key: …`. It is for people; nothing is decided by it.
pub(super) fn index_name(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("index: ")?;
    let end = [" dup key", " collation:"].iter().filter_map(|after| rest.find(after)).min()?;
    let name = &rest[..end];
    Some(name.rsplit_once(".$").map_or(name, |(_, name)| name)).filter(|name| !name.is_empty())
}

impl Call<'_> {
    /// The documents with these ids, as the primary has them, or of each its `_id` alone. Ids are
    /// equal by the rules of the collection: 1 is 1.0, and text may be compared as in a language.
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

    /// The document with this id, as the primary has it.
    pub async fn current(
        &self,
        namespace: &Namespace,
        id: &Bson,
    ) -> Result<Option<RawDocumentBuf>> {
        let options = FindOneOptions::builder()
            .selection_criteria(primary())
            .max_time(self.max_time())
            .comment(self.comment())
            .build();
        let collection = self.collection(namespace);
        self.read(async { Ok(collection.find_one(by_id(id)).with_options(options).await?) }).await
    }
}

/// What was just written may not be anywhere else yet.
fn primary() -> SelectionCriteria {
    SelectionCriteria::ReadPreference(ReadPreference::Primary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_found_in_the_messages_of_old_and_new_servers() {
        let name = |rest: &str| {
            let message = format!("E11000 duplicate key error {rest}");
            index_name(&message).map(str::to_owned)
        };
        for (rest, expected) in [
            ("collection: app.users index: _id_ dup key: { _id: 1 }", Some("_id_")),
            ("collection: app.users index: email_1 dup key: { email: \"a\" }", Some("email_1")),
            (
                "collection: a.b index: my index collation: { locale: \"de\" } dup key: { : 1 }",
                Some("my index"),
            ),
            ("index: app.users.$email_1 dup key: { : \"a\" }", Some("email_1")),
            ("collection: a.b index: x_1 dup key: { x: \"index: _id_ dup key\" }", Some("x_1")),
            ("collection: a.b", None),
            ("", None),
        ] {
            assert_eq!(name(rest).as_deref(), expected, "{rest}");
        }
    }
}
