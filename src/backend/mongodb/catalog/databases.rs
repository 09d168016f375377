//! Databases and their sizes.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join;
use futures_util::stream;
use mongodb::bson::{Document, doc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::backend::mongodb::command::{Call, integer, server_code, unexpected};
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// A list does not wait longer than this for the numbers in it.
const BUDGET: Duration = Duration::from_secs(2);

/// A database in the list of databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DatabaseEntry {
    /// Its name.
    pub name: String,
    /// Bytes on disk; `null` where the user may not know, or it was not asked for.
    pub size_on_disk: Option<i64>,
    /// Whether it holds no data; `null` as above.
    pub empty: Option<bool>,
    /// How many collections and views it has; `null` where that took too long or is not allowed, or
    /// was not asked for.
    pub collections: Option<u64>,
}

/// Sizes of a database.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DatabaseSizes {
    /// Its name.
    pub db: String,
    /// Collections.
    pub collections: i64,
    /// Views.
    pub views: i64,
    /// Documents.
    pub objects: i64,
    /// Bytes of a document on average, whatever the scale.
    pub avg_obj_size: f64,
    /// Size of the documents before compression.
    pub data_size: i64,
    /// Size of the collections on disk.
    pub storage_size: i64,
    /// Indexes.
    pub indexes: i64,
    /// Size of the indexes on disk.
    pub index_size: i64,
    /// Size of the collections and indexes on disk.
    pub total_size: i64,
    /// Used on the file system that the data is on; `null` where the server does not tell.
    pub fs_used_size: Option<i64>,
    /// Size of that file system; `null` where the server does not tell.
    pub fs_total_size: Option<i64>,
    /// How many bytes one unit of the sizes stands for.
    pub scale: i64,
}

impl Call<'_> {
    /// The databases that the connection's user may see, by name and after `after`. With `info`, with
    /// their sizes.
    pub async fn databases(
        &self,
        after: Option<&str>,
        limit: usize,
        info: bool,
    ) -> Result<Vec<DatabaseEntry>> {
        let mut found = if info { self.sized().await? } else { self.named().await? };
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.retain(|entry| after.is_none_or(|after| entry.name.as_str() > after));
        found.truncate(limit);
        if !info {
            return Ok(found);
        }
        let call = &self.within(BUDGET);
        let counted = stream::iter(found).map(|entry| async move {
            let names = call.collection_names(&entry.name).await;
            DatabaseEntry { collections: names.ok().map(|n| n.len() as u64), ..entry }
        });
        Ok(counted.buffered(call.width()).collect().await)
    }

    /// The names alone.
    pub async fn database_names(&self) -> Result<Vec<String>> {
        let found = self.named().await?;
        let mut names: Vec<String> = found.into_iter().map(|entry| entry.name).collect();
        names.sort();
        Ok(names)
    }

    /// The sizes are told of databases that the user may read from; the names of all in which it may
    /// do anything.
    async fn sized(&self) -> Result<Vec<DatabaseEntry>> {
        match join(self.list_databases(false), self.list_databases(true)).await {
            (Ok(sized), Ok(named)) => Ok(merged(sized, named)),
            (Ok(sized), Err(_)) => Ok(sized),
            (Err(error), named) if error.code() == Code::PermissionDenied => match named {
                Ok(named) => Ok(named),
                Err(_) => self.privileged().await,
            },
            (Err(error), _) => Err(error),
        }
    }

    async fn named(&self) -> Result<Vec<DatabaseEntry>> {
        match self.list_databases(true).await {
            Err(error) if error.code() == Code::PermissionDenied => self.privileged().await,
            listed => listed,
        }
    }

    /// Without `authorizedDatabases`, a server shows as many databases as the user may see.
    async fn list_databases(&self, names_only: bool) -> Result<Vec<DatabaseEntry>> {
        let command = doc! { "listDatabases": 1, "nameOnly": names_only };
        let listed = self.command("admin", command).await?;
        let databases = listed.get_array("databases").map_err(|_| unexpected("listDatabases"))?;
        let entries = databases.iter().filter_map(|database| {
            let database = database.as_document()?;
            Some(DatabaseEntry {
                size_on_disk: integer(database, "sizeOnDisk"),
                empty: database.get_bool("empty").ok(),
                ..unknown(database.get_str("name").ok()?.to_owned())
            })
        });
        Ok(entries.collect())
    }

    async fn privileged(&self) -> Result<Vec<DatabaseEntry>> {
        Ok(self.privileged_databases().await?.into_iter().map(unknown).collect())
    }

    /// Sizes of a database, in units of `scale` bytes.
    pub async fn database_sizes(&self, db: &str, scale: i32) -> Result<DatabaseSizes> {
        let stats = self.command(db, doc! { "dbStats": 1, "scale": scale }).await?;
        Ok(sizes(db, &stats))
    }

    /// Removes a database with everything in it.
    pub async fn drop_database(&self, db: &str) -> Result<()> {
        if !self.database_names().await?.iter().any(|name| name == db) {
            return Err(Error::not_found(format!("there is no database {db:?}")));
        }
        match self.alter(db, doc! { "dropDatabase": 1 }).await {
            // Collections go one by one: when it was stopped, some of them may be gone.
            Err(error) if was_stopped(&error) => Err(error.outcome(Outcome::Unknown)),
            answer => answer.map(|_| ()),
        }
    }
}

/// Whether the server gave up on something that it had begun.
fn was_stopped(error: &Error) -> bool {
    matches!(server_code(error), Some(24 | 46 | 112 | 11601))
}

fn unknown(name: String) -> DatabaseEntry {
    DatabaseEntry { name, size_on_disk: None, empty: None, collections: None }
}

fn merged(mut sized: Vec<DatabaseEntry>, mut named: Vec<DatabaseEntry>) -> Vec<DatabaseEntry> {
    let known: HashSet<String> = sized.iter().map(|entry| entry.name.clone()).collect();
    named.retain(|entry| !known.contains(&entry.name));
    sized.append(&mut named);
    sized
}

fn sizes(db: &str, stats: &Document) -> DatabaseSizes {
    let number = |name| integer(stats, name).unwrap_or(0);
    #[allow(clippy::cast_precision_loss)]
    let average = stats.get_f64("avgObjSize").unwrap_or_else(|_| number("avgObjSize") as f64);
    let (storage_size, index_size) = (number("storageSize"), number("indexSize"));
    DatabaseSizes {
        db: db.to_owned(),
        collections: number("collections"),
        views: number("views"),
        objects: number("objects"),
        avg_obj_size: average,
        data_size: number("dataSize"),
        storage_size,
        indexes: number("indexes"),
        index_size,
        total_size: integer(stats, "totalSize").unwrap_or(storage_size + index_size),
        fs_used_size: integer(stats, "fsUsedSize"),
        fs_total_size: integer(stats, "fsTotalSize"),
        scale: integer(stats, "scaleFactor").unwrap_or(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_without_known_sizes_are_listed_beside_those_with() {
        let sized = DatabaseEntry { size_on_disk: Some(1), ..unknown("a".into()) };
        let found = merged(vec![sized.clone()], vec![unknown("a".into()), unknown("b".into())]);
        assert_eq!(found, [sized, unknown("b".into())]);
    }

    #[test]
    fn sizes_are_read_from_integers_longs_and_doubles() {
        // As 5.0 answers (doubles) and as 7.0 does (longs).
        let old = doc! { "db": "a", "collections": 2, "views": 1, "objects": 3,
        "avgObjSize": 41.0, "dataSize": 123.0, "storageSize": 8192.0, "indexes": 2,
        "indexSize": 4096.0, "totalSize": 12288.0, "scaleFactor": 1.0, "fsUsedSize": 9e9,
        "fsTotalSize": 1e10, "ok": 1.0 };
        let new = doc! { "db": "a", "collections": 2_i64, "views": 1_i64, "objects": 3_i64,
        "avgObjSize": 41, "dataSize": 123_i64, "storageSize": 8192_i64, "indexes": 2_i64,
        "indexSize": 4096_i64, "totalSize": 12288_i64, "scaleFactor": 1_i64,
        "fsUsedSize": 9_000_000_000_i64, "fsTotalSize": 10_000_000_000_i64, "ok": 1.0 };
        assert_eq!(sizes("a", &old), sizes("a", &new));
        assert_eq!(sizes("a", &old).total_size, 12288);
        // A server that leaves something out.
        let less = sizes("a", &doc! { "storageSize": 5, "indexSize": 2 });
        assert_eq!((less.total_size, less.fs_used_size, less.scale), (7, None, 1));
    }
}
