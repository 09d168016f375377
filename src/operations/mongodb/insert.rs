//! Inserting documents.

use mongodb::bson;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bulk::WRITES_OF_ONE_COST;
use super::collection::writable;
use super::id;
use crate::backend::mongodb::{InsertFailure, with_id};
use crate::ejson::{Canonical, Document};
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::request::context::Context;
use crate::request::effect::Effect;
use crate::request::reply::Reply;

/// Documents in one insert at most.
const MOST_INSERTED: usize = 10_000;

/// What to insert: `document` or `documents`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentsInsertInput {
    /// Name of the database.
    db: String,
    /// Name of the collection; it is made if it does not exist.
    coll: String,
    /// One document.
    document: Option<Document>,
    /// Several documents, at most 10000.
    documents: Option<Vec<Document>>,
    /// Stop at the first document that is refused, which is the default, or try them all.
    ordered: Option<bool>,
}

/// What was inserted.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DocumentsInserted {
    /// The ids as texts: the digits of an `ObjectId`, a string as it is, anything else as canonical
    /// Extended JSON.
    inserted_ids: Vec<String>,
    /// The ids themselves.
    ids: Vec<Canonical>,
    inserted_count: usize,
}

pub(super) async fn insert(
    cx: &Context,
    input: DocumentsInsertInput,
) -> Result<Reply<DocumentsInserted>> {
    let namespace = writable(&input.db, &input.coll)?;
    let documents = match (input.document, input.documents) {
        (Some(document), None) => vec![document],
        (None, Some(documents)) if !documents.is_empty() => documents,
        _ => return Err(Error::validation("give either `document` or `documents`")),
    };
    if documents.len() > MOST_INSERTED {
        return Err(Error::validation(format!("at most {MOST_INSERTED} documents at a time")));
    }
    let many = u32::try_from(documents.len() / WRITES_OF_ONE_COST).unwrap_or(u32::MAX);
    cx.will(Effect::Writes, cx.operation.cost.saturating_add(many)).await?;
    let mut ids = Vec::with_capacity(documents.len());
    let mut raw = Vec::with_capacity(documents.len());
    for document in documents {
        let (id, document) = with_id(document.into_raw())?;
        ids.push(id);
        raw.push(document);
    }
    let ordered = input.ordered.unwrap_or(true);
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    if let Err(failure) = call.insert(&namespace, &raw, ordered).await {
        return Err(partly_inserted(failure, &ids, ordered));
    }
    let inserted = DocumentsInserted {
        inserted_ids: ids.iter().map(id::plain).collect::<Result<_>>()?,
        inserted_count: ids.len(),
        ids: ids.into_iter().map(Canonical).collect(),
    };
    Ok(Reply::of(&inserted)?.created())
}

/// Says which documents were inserted although others were refused.
fn partly_inserted(failure: InsertFailure, ids: &[bson::Bson], ordered: bool) -> Error {
    let InsertFailure { error, refused } = failure;
    let Some(&first) = refused.first() else { return error };
    let tried = if ordered { first } else { ids.len() };
    let inserted = ids.iter().enumerate().take(tried);
    let inserted = inserted.filter(|(index, _)| !refused.contains(index));
    let inserted: Vec<String> = inserted.filter_map(|(_, id)| id::plain(id).ok()).collect();
    let outcome = match error.known_outcome() {
        _ if !inserted.is_empty() => Outcome::Applied,
        Outcome::Unknown => Outcome::Unknown,
        _ => Outcome::NotApplied,
    };
    error.outcome(outcome).detail("inserted_count", inserted.len()).detail("inserted_ids", inserted)
}
