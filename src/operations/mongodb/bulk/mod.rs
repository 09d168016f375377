//! `/mongodb/{scope}/databases/{db}/collections/{coll}/documents/bulk`.

mod guard;
mod input;
mod preview;

use mongodb::bson::Bson;

pub(super) use self::input::BulkInput;

use self::input::Write;
use super::collection::writable;
use crate::backend::mongodb::{Report, Statement};
use crate::ejson::{Mode, write_value};
use crate::error::Result;
use crate::json::Writer;
use crate::request::context::Context;
use crate::request::effect::Effect;
use crate::request::reply::Reply;

/// So many writes cost one more in the rate limit.
pub(super) const WRITES_OF_ONE_COST: usize = 10;

/// `{ inserted_count, matched_count, modified_count, deleted_count, inserted: [{ index, _id }],
/// upserted: [{ index, _id }] }`, or what a preview finds. A failure has the same figures in its
/// details, with `write_errors: [{ index, code, message, errInfo }]`, and `unknown_indexes` of the
/// writes whose answer was lost. None of them is sent again.
pub(super) async fn run(cx: &Context, input: BulkInput) -> Result<Reply> {
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
    let ids: Vec<Option<Bson>> = writes.iter().map(Write::inserted_id).collect();
    let statements: Vec<Statement> =
        writes.into_iter().map(Write::into_statement).collect::<Result<_>>()?;
    let report = call.bulk(&namespace, &statements, ordered).await?;
    Reply::write(|writer| write_report(writer, &report, &ids))
}

fn write_report(writer: &mut Writer, report: &Report, ids: &[Option<Bson>]) -> Result<()> {
    let counts = [
        ("inserted_count", report.inserted.len() as u64),
        ("matched_count", report.matched),
        ("modified_count", report.modified),
        ("deleted_count", report.deleted),
    ];
    writer.raw("{");
    for (name, count) in counts {
        writer.key(name);
        writer.value(&count)?;
        writer.raw(",");
    }
    let inserted = report.inserted.iter().filter_map(|&index| Some((index, ids[index].as_ref()?)));
    write_ids(writer, "inserted", inserted)?;
    writer.raw(",");
    write_ids(writer, "upserted", report.upserted.iter().map(|(index, id)| (*index, id)))?;
    writer.raw("}");
    Ok(())
}

fn write_ids<'i>(
    writer: &mut Writer,
    name: &str,
    ids: impl Iterator<Item = (usize, &'i Bson)>,
) -> Result<()> {
    writer.key(name);
    writer.try_list(ids, |writer, (index, id)| {
        writer.raw("{\"index\":");
        writer.value(&index)?;
        writer.raw(",\"_id\":");
        write_value(writer, id, Mode::Canonical)?;
        writer.raw("}");
        Ok(())
    })
}
