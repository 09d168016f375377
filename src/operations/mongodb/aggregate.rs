//! `/mongodb/{scope}/databases/{db}/collections/{coll}/aggregate`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::readable;
use crate::api::operation::Permission;
use crate::api::reply::Reply;
use crate::backend::mongodb::{AggregateOptions, Cap, gate};
use crate::context::Context;
use crate::ejson::{Mode, Pipeline};
use crate::error::{Code, Error, Result};

const LIMIT: u32 = 1000;
const MOST: u32 = 10_000;

/// What to run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// The stages.
    pipeline: Pipeline,
    /// How to run them.
    #[serde(default)]
    options: RunOptions,
    /// Must be `true` for a pipeline that writes with `$out` or `$merge`.
    #[serde(default)]
    confirm: bool,
    /// Return only the first so many documents, at most 10000. If it is not given, a result of more
    /// than 1000 documents is refused.
    limit: Option<u32>,
    /// `relaxed` for display, which is the default, or `canonical` for editing.
    #[serde(default)]
    ejson: Mode,
}

/// How to run a pipeline.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RunOptions {
    /// Let stages that sort or group use the server's disk.
    allow_disk_use: Option<bool>,
    /// Milliseconds after which the server gives up; never more than the request has left.
    #[serde(rename = "maxTimeMS")]
    max_time_ms: Option<u64>,
}

/// A list of the resulting documents. A list has no place to say that it is not whole, so a result is
/// cut only where the caller asked for it.
pub(super) async fn run(cx: &Context, input: RunInput) -> Result<Reply> {
    let namespace = readable(cx, &input.db, &input.coll)?;
    let limit = input.limit.unwrap_or(LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::validation(format!("`limit` must be between 1 and {MOST}")));
    }
    let stages = input.pipeline.trees()?;
    let needs = gate::pipeline(&stages, namespace.db())?;
    if needs.admin {
        cx.require(Permission::Admin)?;
    }
    if needs.write {
        cx.require(Permission::Write)?;
        if !input.confirm {
            return Err(Error::new(
                Code::OperationNotAllowed,
                "the pipeline writes with `$out` or `$merge`; send `confirm: true` to run it",
            ));
        }
    }
    if needs.change_stream {
        return Err(Error::new(
            Code::OperationNotAllowed,
            "a change stream does not end; it can't be read as a list",
        ));
    }
    if needs.whole_database {
        return Err(Error::new(
            Code::OperationNotAllowed,
            "the first stage does not read from a collection",
        ));
    }
    let client = cx.mongodb().await?;
    let mut call = client.call(cx.deadline, &cx.request_id);
    if let Some(most) = input.options.max_time_ms {
        call = call.within(Duration::from_millis(most));
    }
    let allow_disk_use = input.options.allow_disk_use;
    let cap = Cap { documents: limit, bytes: cx.service.config.max_result_bytes };
    let options = AggregateOptions { allow_disk_use, writes: needs.write, cap };
    let mut writer = Reply::open();
    writer.raw("[");
    let end = call.aggregate(&namespace, stages, options, input.ejson, &mut writer).await?;
    if end.truncated || (end.has_more && input.limit.is_none()) {
        return Err(too_much(end.truncated));
    }
    writer.raw("]");
    Ok(Reply::close(writer))
}

fn too_much(bytes: bool) -> Error {
    let what = if bytes {
        "bytes than one answer may have".to_owned()
    } else {
        format!("than {LIMIT} documents")
    };
    Error::new(
        Code::PayloadTooLarge,
        format!("the result has more {what}; add a `$limit` or `$project` stage, or send `limit`"),
    )
}
