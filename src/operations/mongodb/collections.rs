//! `/mongodb/{scope}/databases/{db}/collections`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::reply::Reply;
use crate::backend::mongodb::{CollectionEntry, check_database};
use crate::context::Context;
use crate::ejson::{Mode, write_document};
use crate::error::{Error, Result};
use crate::json::Writer;

/// Collections on one page at most.
const MOST: usize = 1000;

/// Which collections, and what of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListInput {
    /// Name of the database.
    pub(super) db: String,
    /// How many at most; 1000 if not given, and at most.
    pub(super) limit: Option<usize>,
    /// Begin after the collection of this name; collections are listed by name.
    pub(super) after: Option<String>,
    /// Whether to ask each collection for its sizes; it does unless this is `false`.
    pub(super) info: Option<bool>,
}

/// A list of `{ name, type, options, info }`. `info` is `null` for a view, and where a collection did
/// not tell its sizes in time.
pub(super) async fn list(cx: &Context, input: ListInput) -> Result<Reply> {
    check_database(&input.db)?;
    let limit = input.limit.unwrap_or(MOST);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::validation(format!("`limit` must be between 1 and {MOST}")));
    }
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    let after = input.after.as_deref();
    let found = call.collections(&input.db, after, limit, input.info.unwrap_or(true)).await?;
    Reply::write(|writer| {
        writer.raw("[");
        let mut first = true;
        for entry in &found {
            writer.comma(&mut first);
            write_entry(writer, entry)?;
        }
        writer.raw("]");
        Ok(())
    })
}

fn write_entry(writer: &mut Writer, entry: &CollectionEntry) -> Result<()> {
    writer.raw("{\"name\":");
    writer.string(&entry.name);
    writer.raw(",\"type\":");
    writer.string(&entry.kind);
    writer.raw(",\"options\":");
    write_document(writer, &entry.options, Mode::Relaxed)?;
    writer.raw(",\"info\":");
    writer.value(&entry.info)?;
    writer.raw("}");
    Ok(())
}
