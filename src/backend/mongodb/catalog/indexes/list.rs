//! Listing the indexes of a collection, and removing one.

use std::time::Duration;

use futures_util::future::join3;
use mongodb::bson::{DateTime, Document, doc};
use schemars::JsonSchema;
use serde::Serialize;

use super::advice::{Advice, advise};
use super::build::Progress;
use super::usage::{Usage, Usages};
use crate::backend::Warnings;
use crate::backend::mongodb::command::{Call, integer};
use crate::backend::mongodb::names::Namespace;
use crate::error::Result;

/// A list does not wait longer than this for what is told of the indexes in it.
const BUDGET: Duration = Duration::from_secs(2);

/// An index of a collection. Serialised, it is what is known of it beside its definition.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IndexFigures")]
pub struct IndexEntry {
    /// What it was created with, as the server lists it.
    #[serde(skip)]
    pub definition: Document,
    /// Bytes on disk; `null` where the connection's user may not know it.
    pub size: Option<i64>,
    /// How often it was used; `null` where the connection's user may not know it.
    pub usage: Option<Usage>,
    /// How far it is, while it is being built; else `null`.
    pub building: Option<Progress>,
    /// What speaks against keeping it as it is.
    #[serde(rename = "warnings")]
    pub advice: Vec<Advice>,
}

impl IndexEntry {
    /// Its name.
    pub fn name(&self) -> &str {
        self.definition.get_str("name").unwrap_or_default()
    }

    /// Seconds after which it removes documents.
    pub fn ttl(&self) -> Option<i64> {
        integer(&self.definition, "expireAfterSeconds")
    }
}

/// The indexes of a collection.
#[derive(Debug)]
pub struct Indexes {
    /// By name.
    pub entries: Vec<IndexEntry>,
    /// Bytes of all of them on disk.
    pub total_size: Option<i64>,
    /// What could not be told.
    pub warnings: Warnings,
}

/// Sizes of a collection's indexes.
#[derive(Debug, Default)]
struct Sizes {
    total: Option<i64>,
    each: Document,
    building: Vec<String>,
}

impl Call<'_> {
    /// The indexes of a collection with sizes and usage, as far as the connection's user may know them.
    pub async fn indexes(&self, namespace: &Namespace) -> Result<Indexes> {
        let brief = self.within(BUDGET);
        let (listed, sizes, usage) = join3(
            self.list_indexes(namespace),
            brief.index_sizes(namespace),
            brief.index_usage(namespace),
        )
        .await;
        let mut warnings = Warnings::default();
        let mut listed = listed?;
        listed.sort_by(|a, b| name(a).cmp(name(b)));
        let sizes = told("size", sizes, &mut warnings).unwrap_or_default();
        let usage = told("usage", usage, &mut warnings);
        let mut progress = Vec::new();
        if !sizes.building.is_empty() || usage.as_ref().is_some_and(Usages::building) {
            let running = brief.index_builds(namespace).await;
            if let Some((builds, denied)) = told("building", running, &mut warnings) {
                progress = builds;
                if let Some(error) = denied {
                    warnings.add("building", error);
                }
            }
        }
        let mut entries: Vec<IndexEntry> = listed
            .into_iter()
            .map(|definition| {
                let name = name(&definition);
                let usage = usage.as_ref().and_then(|usage| usage.of(name));
                let found = progress.iter().find(|(names, _)| names.iter().any(|n| n == name));
                let known = sizes.building.iter().any(|n| n == name)
                    || usage.as_ref().is_some_and(|usage| usage.building);
                let building = found.map(|(_, progress)| progress.clone());
                let building = building.or_else(|| known.then(Progress::default));
                IndexEntry {
                    size: integer(&sizes.each, name),
                    usage,
                    building,
                    advice: Vec::new(),
                    definition,
                }
            })
            .collect();
        advise(&mut entries, DateTime::now());
        Ok(Indexes { entries, total_size: sizes.total, warnings })
    }

    async fn list_indexes(&self, namespace: &Namespace) -> Result<Vec<Document>> {
        let command = doc! { "listIndexes": namespace.coll(), "cursor": {} };
        self.trees(namespace.db(), command, "an index").await
    }

    async fn index_sizes(&self, namespace: &Namespace) -> Result<Sizes> {
        let stats = self.command(namespace.db(), doc! { "collStats": namespace.coll() }).await?;
        let building = stats.get_array("indexBuilds").cloned().unwrap_or_default();
        Ok(Sizes {
            total: integer(&stats, "totalIndexSize"),
            each: stats.get_document("indexSizes").cloned().unwrap_or_default(),
            building: building.iter().filter_map(|n| Some(n.as_str()?.to_owned())).collect(),
        })
    }

    /// Removes one index, by its exact name.
    pub async fn drop_index(&self, namespace: &Namespace, name: &str) -> Result<()> {
        let command = doc! { "dropIndexes": namespace.coll(), "index": name };
        self.alter(namespace.db(), command).await.map(|_| ())
    }
}

fn name(definition: &Document) -> &str {
    definition.get_str("name").unwrap_or_default()
}

/// What was told, or a warning that it was not.
fn told<T>(field: &'static str, answer: Result<T>, warnings: &mut Warnings) -> Option<T> {
    answer.map_err(|error| warnings.add(field, error)).ok()
}
