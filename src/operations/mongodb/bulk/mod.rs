//! `/mongodb/{scope}/databases/{db}/collections/{coll}/documents/bulk`.

mod guard;
mod input;
mod preview;

use mongodb::bson::Bson;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) use self::input::BulkInput;

use self::input::Write;
use self::preview::BulkPreview;
use super::collection::writable;
use crate::backend::mongodb::{BulkFailure, Statement};
use crate::ejson::Canonical;
use crate::error::Result;
use crate::request::context::Context;
use crate::request::effect::Effect;
use crate::request::reply::Reply;

/// So many writes cost one more in the rate limit.
pub(super) const WRITES_OF_ONE_COST: usize = 10;

/// What was written; with `dry_run`, what would be reached.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)] // each is written by itself
pub(super) enum BulkAnswer {
    Preview(BulkPreview),
    Written(BulkWritten),
}

/// What was written.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct BulkWritten {
    inserted_count: usize,
    /// Documents that updates found.
    matched_count: u64,
    /// Documents that updates changed.
    modified_count: u64,
    deleted_count: u64,
    inserted: Vec<BulkMade>,
    /// Documents that updates made, because none matched.
    upserted: Vec<BulkMade>,
}

/// A document that a write made.
#[derive(Debug, Serialize, JsonSchema)]
struct BulkMade {
    /// Of the write, from 0.
    index: usize,
    #[serde(rename = "_id")]
    id: Canonical,
}

pub(super) async fn run(cx: &Context, input: BulkInput) -> Result<Reply<BulkAnswer>> {
    let namespace = writable(&input.db, &input.coll)?;
    let (ordered, confirmed, dry_run) = (input.ordered, input.confirm, input.dry_run);
    let sample = input.sample()?;
    let ejson = input.ejson;
    let writes = input.writes()?;
    let effect = if dry_run { Effect::Reads } else { Effect::Writes };
    let many = u32::try_from(writes.len() / WRITES_OF_ONE_COST).unwrap_or(u32::MAX);
    cx.will(effect, cx.operation.cost.saturating_add(many)).await?;
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    if dry_run {
        return preview::show(&call, &namespace, &writes, sample, ejson).await;
    }
    if !confirmed {
        guard::check(&call, &namespace, &writes).await?;
    }
    let mut ids: Vec<Option<Bson>> = writes.iter().map(Write::inserted_id).collect();
    let statements: Vec<Statement> =
        writes.into_iter().map(Write::into_statement).collect::<Result<_>>()?;
    let report = call.bulk(&namespace, &statements, ordered).await.map_err(BulkFailure::told)?;
    let made = |(index, id)| BulkMade { index, id: Canonical(id) };
    let inserted = report.inserted.iter().filter_map(|&index| Some((index, ids[index].take()?)));
    let written = BulkWritten {
        inserted_count: report.inserted.len(),
        matched_count: report.matched,
        modified_count: report.modified,
        deleted_count: report.deleted,
        inserted: inserted.map(made).collect(),
        upserted: report.upserted.into_iter().map(made).collect(),
    };
    Reply::write(|writer| writer.value(&written))
}
