//! `/mongodb/{scope}/databases/{db}/collections/{coll}/indexes`, read.

use mongodb::bson;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::collection::readable;
use crate::backend::Warnings;
use crate::backend::mongodb::{IndexEntry, IndexKind, Indexes};
use crate::ejson::{Mode, ShownDocument, json_of};
use crate::error::Result;
use crate::request::context::Context;
use crate::request::reply::Reply;

/// Parts of a definition that have a name of their own in the answer, or say nothing.
const TOLD: [&str; 12] = [
    "v",
    "key",
    "name",
    "ns",
    "unique",
    "sparse",
    "hidden",
    "expireAfterSeconds",
    "partialFilterExpression",
    "collation",
    "wildcardProjection",
    "background",
];

/// Which collection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IndexesListInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
}

async fn found(cx: &Context, input: &IndexesListInput) -> Result<Indexes> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let client = cx.mongodb().await?;
    cx.side_by_side(&client).await.indexes(&namespace).await
}

/// An index of a collection.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct IndexShown<'a> {
    name: &'a str,
    /// Its fields in their order: `1` or `-1`, or what else is kept of them.
    #[schemars(with = "Option<ShownDocument>")]
    key: Option<Box<RawValue>>,
    /// What it is good for.
    kind: IndexKind,
    /// Whether it refuses documents with values that another has.
    unique: bool,
    /// Whether it leaves out documents without the fields.
    sparse: bool,
    /// Whether no query can use it.
    hidden: bool,
    /// Seconds after the date in its field at which it removes documents; `null` if it does not.
    ttl: Option<i64>,
    /// Which documents are in it; `null` for all.
    #[schemars(with = "Option<ShownDocument>")]
    partial_filter: Option<Box<RawValue>>,
    /// How text is compared; `null` for byte by byte.
    #[schemars(with = "Option<ShownDocument>")]
    collation: Option<Box<RawValue>>,
    /// Which fields a wildcard index has; `null` for all.
    #[schemars(with = "Option<ShownDocument>")]
    wildcard_projection: Option<Box<RawValue>>,
    /// What else its definition says, as the server names it.
    #[schemars(with = "ShownDocument")]
    options: Box<RawValue>,
    #[serde(flatten)]
    figures: &'a IndexEntry,
}

pub(super) async fn list(
    cx: &Context,
    input: IndexesListInput,
) -> Result<Reply<Vec<IndexShown<'static>>>> {
    let indexes = found(cx, &input).await?;
    Reply::of(&indexes.entries.iter().map(IndexShown::of).collect::<Result<_>>()?)
}

impl<'a> IndexShown<'a> {
    fn of(entry: &'a IndexEntry) -> Result<Self> {
        let definition = &entry.definition;
        let has = |name| definition.get_bool(name).unwrap_or(false);
        let part = |name| {
            let part = definition.get_document(name).ok();
            part.map(|part| json_of(part, Mode::Relaxed)).transpose()
        };
        let rest = definition.iter().filter(|(name, _)| !TOLD.contains(&name.as_str()));
        let rest: bson::Document =
            rest.map(|(name, value)| (name.clone(), value.clone())).collect();
        Ok(Self {
            name: entry.name(),
            key: part("key")?,
            kind: IndexKind::of(definition),
            unique: has("unique"),
            sparse: has("sparse"),
            hidden: has("hidden"),
            ttl: entry.ttl(),
            partial_filter: part("partialFilterExpression")?,
            collation: part("collation")?,
            wildcard_projection: part("wildcardProjection")?,
            options: json_of(&rest, Mode::Relaxed)?,
            figures: entry,
        })
    }
}

/// What the indexes of a collection take, and what they do for it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct IndexStats<'a> {
    /// Bytes of all indexes on disk; `null` where the connection's user may not know it.
    total_size: Option<i64>,
    indexes: Vec<NamedFigures<'a>>,
    /// What could not be told.
    warnings: &'a Warnings,
}

/// What is known of an index beside its definition.
#[derive(Debug, Serialize, JsonSchema)]
struct NamedFigures<'a> {
    name: &'a str,
    #[serde(flatten)]
    figures: &'a IndexEntry,
}

pub(super) async fn stats(
    cx: &Context,
    input: IndexesListInput,
) -> Result<Reply<IndexStats<'static>>> {
    let Indexes { entries, total_size, warnings } = &found(cx, &input).await?;
    let indexes = entries.iter().map(|entry| NamedFigures { name: entry.name(), figures: entry });
    let indexes = indexes.collect();
    Reply::of(&IndexStats { total_size: *total_size, indexes, warnings })
}
