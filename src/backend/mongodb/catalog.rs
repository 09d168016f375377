//! Databases, collections and their sizes.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use mongodb::bson::{Document, RawBsonRef, RawDocument, RawDocumentBuf, doc};
use serde::Serialize;

use super::call::Call;
use crate::error::{Code, Error, Result};

/// Sizes are asked for this many at a time.
const CONCURRENCY: usize = 4;
/// A list does not wait longer than this for the sizes in it.
const BUDGET: Duration = Duration::from_secs(2);

/// A database in the list of databases.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseEntry {
    /// Its name.
    pub name: String,
    /// Bytes on disk; `null` where the user may not list databases.
    pub size_on_disk: Option<i64>,
    /// Whether it holds no data.
    pub empty: Option<bool>,
    /// How many collections and views it has; `null` where that took too long or is not allowed.
    pub collections: Option<u64>,
}

/// A collection in the list of collections.
#[derive(Debug, Clone)]
pub struct CollectionEntry {
    /// Its name.
    pub name: String,
    /// `collection`, `view` or `timeseries`.
    pub kind: String,
    /// What it was created with.
    pub options: RawDocumentBuf,
    /// Its sizes; a view has none.
    pub info: Option<CollectionSizes>,
}

/// Sizes of a collection.
#[derive(Debug, Clone, Serialize)]
pub struct CollectionSizes {
    /// Documents.
    pub count: i64,
    /// Bytes of the documents before compression.
    pub size: i64,
    /// Bytes of a document on average.
    pub avg_obj_size: i64,
    /// Bytes on disk.
    pub storage_size: i64,
    /// Indexes.
    pub indexes: i64,
    /// Whether it has a fixed size.
    pub capped: bool,
}

/// Sizes of a database.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseSizes {
    /// Its name.
    pub db: String,
    /// Collections.
    pub collections: i64,
    /// Views.
    pub views: i64,
    /// Documents.
    pub objects: i64,
    /// Bytes of a document on average.
    pub avg_obj_size: f64,
    /// Bytes of the documents before compression.
    pub data_size: i64,
    /// Bytes of the collections on disk.
    pub storage_size: i64,
    /// Indexes.
    pub indexes: i64,
    /// Bytes of the indexes on disk.
    pub index_size: i64,
}

impl Call<'_> {
    /// The databases that the connection's user may see, by name.
    pub async fn databases(&self) -> Result<Vec<DatabaseEntry>> {
        let mut found = match self.list_databases().await {
            Err(error) if error.code() == Code::PermissionDenied => self.privileged().await?,
            listed => listed?,
        };
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let call = &self.within(BUDGET);
        let counted = stream::iter(found).map(|entry| async move {
            let names = call.collection_names(&entry.name).await;
            DatabaseEntry { collections: names.ok().map(|n| n.len() as u64), ..entry }
        });
        Ok(counted.buffered(CONCURRENCY).collect().await)
    }

    /// The names alone.
    pub async fn database_names(&self) -> Result<Vec<String>> {
        let found = match self.list_databases().await {
            Err(error) if error.code() == Code::PermissionDenied => self.privileged().await?,
            listed => listed?,
        };
        let mut names: Vec<String> = found.into_iter().map(|entry| entry.name).collect();
        names.sort();
        Ok(names)
    }

    async fn list_databases(&self) -> Result<Vec<DatabaseEntry>> {
        let listed =
            self.command("admin", doc! { "listDatabases": 1, "authorizedDatabases": true }).await?;
        let databases = listed.get_array("databases").map_err(|_| unexpected("listDatabases"))?;
        let entries = databases.iter().filter_map(|database| {
            let database = database.as_document()?;
            Some(DatabaseEntry {
                name: database.get_str("name").ok()?.to_owned(),
                size_on_disk: integer(database, "sizeOnDisk"),
                empty: database.get_bool("empty").ok(),
                collections: None,
            })
        });
        Ok(entries.collect())
    }

    /// Where databases may not be listed: those that the user's privileges name.
    async fn privileged(&self) -> Result<Vec<DatabaseEntry>> {
        let status =
            self.command("admin", doc! { "connectionStatus": 1, "showPrivileges": true }).await?;
        let privileges = status
            .get_document("authInfo")
            .and_then(|info| info.get_array("authenticatedUserPrivileges"))
            .map_err(|_| unexpected("connectionStatus"))?;
        let mut names: Vec<&str> = privileges
            .iter()
            .filter_map(|privilege| {
                let resource = privilege.as_document()?.get_document("resource").ok()?;
                resource.get_str("db").ok().filter(|db| !db.is_empty())
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        let entry = |name: &str| DatabaseEntry {
            name: name.to_owned(),
            size_on_disk: None,
            empty: None,
            collections: None,
        };
        Ok(names.into_iter().map(entry).collect())
    }

    /// The collections of a database that the connection's user may see, by name and after `after`.
    /// With `sizes`, each collection is asked for its own.
    pub async fn collections(
        &self,
        db: &str,
        after: Option<&str>,
        limit: usize,
        sizes: bool,
    ) -> Result<Vec<CollectionEntry>> {
        let mut found = match self.list_collections(db, false).await {
            // Without the privilege to list them, a user may still see the names of its own.
            Err(error) if error.code() == Code::PermissionDenied => {
                self.list_collections(db, true).await?
            }
            listed => listed?,
        };
        found.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(after) = after {
            found.retain(|entry| entry.name.as_str() > after);
        }
        found.truncate(limit);
        if !sizes {
            return Ok(found);
        }
        let call = &self.within(BUDGET);
        let measured = stream::iter(found).map(|entry| async move {
            let info = match entry.kind.as_str() {
                "view" => None,
                _ => call.collection_sizes(db, &entry.name).await.ok(),
            };
            CollectionEntry { info, ..entry }
        });
        Ok(measured.buffered(CONCURRENCY).collect().await)
    }

    /// The names of the collections of a database that the connection's user may see.
    pub async fn collection_names(&self, db: &str) -> Result<Vec<String>> {
        let found = self.list_collections(db, true).await?;
        let mut names: Vec<String> = found.into_iter().map(|entry| entry.name).collect();
        names.sort();
        Ok(names)
    }

    async fn list_collections(&self, db: &str, names_only: bool) -> Result<Vec<CollectionEntry>> {
        let mut command = doc! { "listCollections": 1, "cursor": {} };
        if names_only {
            command.insert("nameOnly", true);
            command.insert("authorizedCollections", true);
        }
        self.mark(&mut command);
        let database = self.client.driver.database(db);
        self.read(async {
            let mut found = Vec::new();
            let mut cursor = database.run_cursor_command(command).batch().await?;
            while let Some(batch) = cursor.next().await {
                for item in batch?.doc_slices()? {
                    if let Ok(RawBsonRef::Document(entry)) = item {
                        found.extend(collection_entry(entry));
                    }
                }
            }
            Ok(found)
        })
        .await
    }

    /// Sizes of one collection.
    pub async fn collection_sizes(&self, db: &str, coll: &str) -> Result<CollectionSizes> {
        let stats = self.command(db, doc! { "collStats": coll }).await?;
        let number = |name| integer(&stats, name).unwrap_or(0);
        Ok(CollectionSizes {
            count: number("count"),
            size: number("size"),
            avg_obj_size: number("avgObjSize"),
            storage_size: number("storageSize"),
            indexes: number("nindexes"),
            capped: stats.get_bool("capped").unwrap_or(false),
        })
    }

    /// Sizes of a database.
    pub async fn database_sizes(&self, db: &str) -> Result<DatabaseSizes> {
        let stats = self.command(db, doc! { "dbStats": 1 }).await?;
        let number = |name| integer(&stats, name).unwrap_or(0);
        let average = stats.get("avgObjSize");
        let average = average.and_then(|v| v.as_f64().or_else(|| v.as_i64().map(to_double)));
        Ok(DatabaseSizes {
            db: db.to_owned(),
            collections: number("collections"),
            views: number("views"),
            objects: number("objects"),
            avg_obj_size: average.unwrap_or(0.0),
            data_size: number("dataSize"),
            storage_size: number("storageSize"),
            indexes: number("indexes"),
            index_size: number("indexSize"),
        })
    }
}

fn collection_entry(entry: &RawDocument) -> Option<CollectionEntry> {
    Some(CollectionEntry {
        name: entry.get_str("name").ok()?.to_owned(),
        kind: entry.get_str("type").unwrap_or("collection").to_owned(),
        options: entry.get_document("options").map(RawDocument::to_owned).unwrap_or_default(),
        info: None,
    })
}

/// Servers give the same number as an integer, a long or a double, depending on its size.
fn integer(document: &Document, name: &str) -> Option<i64> {
    let value = document.get(name)?;
    let double = value.as_f64().filter(|v| v.abs() < 9e18);
    #[allow(clippy::cast_possible_truncation)]
    let whole = double.map(|v| v as i64);
    value.as_i64().or_else(|| value.as_i32().map(i64::from)).or(whole)
}

#[allow(clippy::cast_precision_loss)]
fn to_double(value: i64) -> f64 {
    value as f64
}

fn unexpected(command: &str) -> Error {
    Error::new(Code::DbQueryError, format!("the server's answer to {command} lacks what it is for"))
}
