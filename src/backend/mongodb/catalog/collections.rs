//! Collections and views, and their sizes.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use mongodb::bson::{Document, RawDocument, RawDocumentBuf, doc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::backend::mongodb::command::{Call, integer};
use crate::backend::mongodb::names::Namespace;
use crate::ejson::{self, relaxed};
use crate::error::{Code, Error, Result};

/// A list does not wait longer than this for the sizes in it.
const BUDGET: Duration = Duration::from_secs(2);

/// A collection in the list of collections.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CollectionEntry {
    /// Its name.
    pub name: String,
    /// `collection`, `view` or `timeseries`, as the server names it.
    #[serde(rename = "type")]
    pub type_name: String,
    /// What it is for those who use it.
    pub kind: CollectionKind,
    /// What it was created with.
    #[serde(serialize_with = "relaxed")]
    #[schemars(with = "ejson::ShownDocument")]
    pub options: RawDocumentBuf,
    /// Its sizes; `null` for a view, where they were not asked for, and where the collection did not
    /// tell them in time or to this user.
    pub info: Option<CollectionSizes>,
}

/// What a collection is for those who use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CollectionKind {
    /// Keeps documents until they are deleted.
    Collection,
    /// Has a fixed size and drops its oldest documents.
    Capped,
    /// Shows what a pipeline makes of another collection.
    View,
    /// Keeps measurements.
    Timeseries,
}

impl CollectionKind {
    fn of(type_name: &str, options: &RawDocument) -> Self {
        let has = |option| options.get(option).is_ok_and(|value| value.is_some());
        match type_name {
            "view" => Self::View,
            "timeseries" => Self::Timeseries,
            // Some servers name the type by the options alone.
            _ if has("timeseries") => Self::Timeseries,
            _ if options.get_bool("capped").unwrap_or(false) => Self::Capped,
            _ => Self::Collection,
        }
    }
}

/// Sizes of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CollectionSizes {
    /// Documents; `null` for a time series, whose server does not count them.
    pub count: Option<i64>,
    /// Bytes of the documents before compression.
    pub size: i64,
    /// Bytes of a document on average; `null` for a time series.
    pub avg_obj_size: Option<i64>,
    /// Bytes on disk.
    pub storage_size: i64,
    /// Indexes.
    pub indexes: i64,
    /// Bytes of the indexes on disk.
    pub index_size: i64,
    /// Whether it has a fixed size.
    pub capped: bool,
}

impl Call<'_> {
    /// The collections of a database that the connection's user may see, by name and after `after`.
    /// With `sizes`, each collection is asked for its own.
    pub async fn collections(
        &self,
        db: &str,
        after: Option<&str>,
        limit: usize,
        sizes: bool,
    ) -> Result<Vec<CollectionEntry>> {
        let mut found = self.visible_collections(db, &doc! {}).await?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.retain(|entry| after.is_none_or(|after| entry.name.as_str() > after));
        found.truncate(limit);
        if !sizes {
            return Ok(found);
        }
        let call = &self.within(BUDGET);
        let measured = stream::iter(found).map(|entry| async move {
            let info = match entry.kind {
                CollectionKind::View => None,
                _ => call.collection_sizes(db, &entry.name).await.ok(),
            };
            CollectionEntry { info, ..entry }
        });
        Ok(measured.buffered(call.width()).collect().await)
    }

    /// One collection or view; `None` if there is none of this name that the user may see.
    pub async fn collection_entry(&self, namespace: &Namespace) -> Result<Option<CollectionEntry>> {
        let filter = doc! { "name": namespace.coll() };
        let found = self.visible_collections(namespace.db(), &filter).await?;
        Ok(found.into_iter().find(|entry| entry.name == namespace.coll()))
    }

    /// The same, where there must be one.
    pub async fn existing(&self, namespace: &Namespace) -> Result<CollectionEntry> {
        let missing = || Error::not_found(format!("there is no collection {namespace}"));
        self.collection_entry(namespace).await?.ok_or_else(missing)
    }

    /// The names of the collections of a database that the connection's user may see.
    pub(super) async fn collection_names(&self, db: &str) -> Result<Vec<String>> {
        let found = self.list_collections(db, &doc! {}, true).await?;
        Ok(found.into_iter().map(|entry| entry.name).collect())
    }

    /// Without the privilege to list them, a user may still see the names of its own.
    async fn visible_collections(
        &self,
        db: &str,
        filter: &Document,
    ) -> Result<Vec<CollectionEntry>> {
        let denied = |error: &Error| error.code() == Code::PermissionDenied;
        match self.list_collections(db, filter, false).await {
            Err(error) if denied(&error) => match self.list_collections(db, filter, true).await {
                Err(error) if denied(&error) => {
                    let names = self.privileged_collections(db).await?;
                    Ok(names.into_iter().map(of_unknown_kind).collect())
                }
                listed => listed,
            },
            listed => listed,
        }
    }

    async fn list_collections(
        &self,
        db: &str,
        filter: &Document,
        names_only: bool,
    ) -> Result<Vec<CollectionEntry>> {
        let mut command = doc! { "listCollections": 1, "cursor": {}, "filter": filter };
        if names_only {
            command.insert("nameOnly", true);
            command.insert("authorizedCollections", true);
        }
        let listed = self.documents(db, command).await?;
        Ok(listed.iter().filter_map(|entry| collection_entry(entry)).collect())
    }

    /// Sizes of one collection.
    pub async fn collection_sizes(&self, db: &str, coll: &str) -> Result<CollectionSizes> {
        let stats = self.command(db, doc! { "collStats": coll }).await?;
        Ok(sizes(&stats))
    }
}

fn of_unknown_kind(name: String) -> CollectionEntry {
    CollectionEntry {
        name,
        type_name: "collection".to_owned(),
        kind: CollectionKind::Collection,
        options: RawDocumentBuf::new(),
        info: None,
    }
}

fn collection_entry(entry: &RawDocument) -> Option<CollectionEntry> {
    let type_name = entry.get_str("type").unwrap_or("collection");
    let options = entry.get_document("options").map(RawDocument::to_owned).unwrap_or_default();
    Some(CollectionEntry {
        name: entry.get_str("name").ok()?.to_owned(),
        type_name: type_name.to_owned(),
        kind: CollectionKind::of(type_name, &options),
        options,
        info: None,
    })
}

fn sizes(stats: &Document) -> CollectionSizes {
    let number = |name| integer(stats, name).unwrap_or(0);
    let counts = !stats.contains_key("timeseries");
    CollectionSizes {
        count: integer(stats, "count").filter(|_| counts),
        size: number("size"),
        avg_obj_size: integer(stats, "avgObjSize").filter(|_| counts),
        storage_size: number("storageSize"),
        indexes: number("nindexes"),
        index_size: number("totalIndexSize"),
        capped: stats.get_bool("capped").unwrap_or(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(entry: &Document) -> CollectionEntry {
        collection_entry(&RawDocumentBuf::try_from(entry).unwrap()).unwrap()
    }

    #[test]
    fn the_kinds_are_told_apart() {
        let kind = |entry: Document| listed(&entry).kind;
        let plain = doc! { "name": "a", "type": "collection", "options": {}, "info": {} };
        assert_eq!(kind(plain), CollectionKind::Collection);
        let options = doc! { "capped": true, "size": 4096 };
        let capped = doc! { "name": "a", "type": "collection", "options": options };
        assert_eq!(kind(capped), CollectionKind::Capped);
        let view = doc! { "name": "a", "type": "view", "options": { "viewOn": "b" } };
        assert_eq!(kind(view), CollectionKind::View);
        let options = doc! { "timeseries": { "timeField": "t" } };
        let series = doc! { "name": "a", "type": "timeseries", "options": options };
        assert_eq!(kind(series), CollectionKind::Timeseries);
        // With `nameOnly`.
        assert_eq!(kind(doc! { "name": "a", "type": "view" }), CollectionKind::View);
    }

    #[test]
    fn a_time_series_has_no_count_of_documents() {
        let timeseries = doc! { "bucketsNs": "app.system.buckets.m", "bucketCount": 2 };
        let stats = doc! { "ns": "app.m", "size": 900, "timeseries": timeseries,
        "storageSize": 20480, "nindexes": 1, "totalIndexSize": 4096, "ok": 1.0 };
        let sizes = sizes(&stats);
        assert_eq!((sizes.count, sizes.avg_obj_size, sizes.size), (None, None, 900));
    }

    #[test]
    fn an_average_that_is_no_whole_number_is_cut() {
        let stats = doc! { "count": 3, "size": 58_i64, "avgObjSize": 19.33, "nindexes": 1 };
        assert_eq!(sizes(&stats).avg_obj_size, Some(19));
    }
}
