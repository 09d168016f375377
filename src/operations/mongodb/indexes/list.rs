//! `/mongodb/{scope}/databases/{db}/collections/{coll}/indexes`, read.

use mongodb::bson::Document;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::collection::readable;
use crate::backend::mongodb::{IndexEntry, IndexKind, Indexes};
use crate::ejson::{Mode, write_tree};
use crate::error::Result;
use crate::json::Writer;
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

/// A list of `{ name, key, kind, unique, sparse, hidden, ttl, partial_filter, collation,
/// wildcard_projection, options, size, usage, building, warnings }`. `ttl` is in seconds, `size` in
/// bytes; `usage` is `{ ops, since, hosts }`; `building` is `{ message, done, total, seconds }` while
/// the index is being built, else `null`; `warnings` are `{ kind, reason, covered_by }` of kind
/// `duplicate`, `prefix`, `unused` or `hidden`. `size` and `usage` are `null` where the connection's
/// user may not know them; `…/indexes/stats` says why.
pub(super) async fn list(cx: &Context, input: IndexesListInput) -> Result<Reply> {
    let indexes = found(cx, &input).await?;
    Reply::write(|writer| writer.try_list(&indexes.entries, write_entry))
}

/// `{ total_size, indexes, warnings }`: bytes of all indexes, of each `{ name, size, usage, building,
/// warnings }`, and what could not be told.
pub(super) async fn stats(cx: &Context, input: IndexesListInput) -> Result<Reply> {
    let indexes = found(cx, &input).await?;
    Reply::write(|writer| {
        writer.raw("{\"total_size\":");
        writer.value(&indexes.total_size)?;
        writer.raw(",\"indexes\":");
        writer.try_list(&indexes.entries, |writer, entry| {
            writer.raw("{\"name\":");
            writer.string(entry.name());
            write_figures(writer, entry)?;
            writer.raw("}");
            Ok(())
        })?;
        writer.raw(",\"warnings\":");
        writer.value(&indexes.warnings)?;
        writer.raw("}");
        Ok(())
    })
}

fn write_entry(writer: &mut Writer, entry: &IndexEntry) -> Result<()> {
    let definition = &entry.definition;
    let has = |name| definition.get_bool(name).unwrap_or(false);
    writer.raw("{\"name\":");
    writer.string(entry.name());
    write_part(writer, "key", definition, "key")?;
    writer.raw(",\"kind\":");
    writer.value(&IndexKind::of(definition))?;
    for name in ["unique", "sparse", "hidden"] {
        writer.raw(",");
        writer.key(name);
        writer.boolean(has(name));
    }
    writer.raw(",\"ttl\":");
    writer.value(&entry.ttl())?;
    write_part(writer, "partial_filter", definition, "partialFilterExpression")?;
    write_part(writer, "collation", definition, "collation")?;
    write_part(writer, "wildcard_projection", definition, "wildcardProjection")?;
    let rest = definition.iter().filter(|(name, _)| !TOLD.contains(&name.as_str()));
    let rest: Document = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
    writer.raw(",\"options\":");
    write_tree(writer, &rest, Mode::Relaxed)?;
    write_figures(writer, entry)?;
    writer.raw("}");
    Ok(())
}

fn write_part(writer: &mut Writer, name: &str, definition: &Document, part: &str) -> Result<()> {
    writer.raw(",");
    writer.key(name);
    match definition.get_document(part) {
        Ok(part) => write_tree(writer, part, Mode::Relaxed)?,
        Err(_) => writer.raw("null"),
    }
    Ok(())
}

fn write_figures(writer: &mut Writer, entry: &IndexEntry) -> Result<()> {
    writer.raw(",\"size\":");
    writer.value(&entry.size)?;
    writer.raw(",\"usage\":");
    writer.value(&entry.usage)?;
    writer.raw(",\"building\":");
    writer.value(&entry.building)?;
    writer.raw(",\"warnings\":");
    writer.value(&entry.advice)?;
    Ok(())
}
