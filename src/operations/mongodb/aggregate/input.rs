//! What a pipeline is run with, and what it takes to be allowed to.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::mongodb::AggregateOptions;
use crate::backend::mongodb::gate::{self, Needs};
use crate::ejson::{Document, Pipeline};
use crate::error::{Error, Result};
use crate::operations::mongodb::reading::ReadOptions;
use crate::permission::Permission;
use crate::request::context::Context;

/// How to run a pipeline.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RunOptions {
    /// Let stages that sort or group use the server's disk.
    allow_disk_use: Option<bool>,
    /// Values that expressions can name: with `{ "limit": 5 }` there is a `$$limit`.
    #[serde(rename = "let")]
    variables: Option<Document>,
    #[serde(flatten)]
    pub(crate) read: ReadOptions,
}

impl RunOptions {
    /// As the backend takes them, for a pipeline that only reads.
    pub(crate) fn checked(&self) -> Result<AggregateOptions> {
        let variables = self.variables.as_ref().map(Document::tree).transpose()?;
        if let Some(variables) = &variables {
            gate::expression(variables)?;
        }
        Ok(AggregateOptions {
            allow_disk_use: self.allow_disk_use,
            variables,
            reading: self.read.reading()?,
            ..AggregateOptions::default()
        })
    }
}

/// The stages of a pipeline that the user may run in the database `db`, and what they take.
pub(crate) fn allowed(
    cx: &Context,
    pipeline: &Pipeline,
    db: &str,
) -> Result<(Vec<mongodb::bson::Document>, Needs)> {
    let stages = pipeline.trees()?;
    let needs = gate::pipeline(&stages, db)?;
    if needs.admin {
        cx.require(Permission::Admin)?;
    }
    if needs.change_stream {
        return Err(Error::not_allowed("a change stream does not end; it can't be read as a list"));
    }
    Ok((stages, needs))
}

/// Refuses a pipeline whose source does not fit to where it is run.
pub(super) fn check_source(needs: Needs, whole_database: bool) -> Result<()> {
    let message = match (needs.whole_database, whole_database) {
        (true, false) => "the first stage does not read from a collection; run it on the database",
        (false, true) => {
            "on a whole database the first stage must be one that needs no collection, such as \
             `$currentOp` or `$documents`"
        }
        _ => return Ok(()),
    };
    Err(Error::not_allowed(message))
}
