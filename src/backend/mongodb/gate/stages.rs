//! Pipelines of few stages: updates, and what change events go through.

use mongodb::bson::{Bson, Document};

use super::expression::expression;
use crate::error::{Error, Result};

const UPDATE_STAGES: [&str; 6] =
    ["$addFields", "$project", "$replaceRoot", "$replaceWith", "$set", "$unset"];

const CHANGE_STREAM_STAGES: [&str; 9] = [
    "$addFields",
    "$changeStreamSplitLargeEvent",
    "$match",
    "$project",
    "$redact",
    "$replaceRoot",
    "$replaceWith",
    "$set",
    "$unset",
];

/// Checks the stages of an update.
pub fn update_pipeline(stages: &[Document]) -> Result<()> {
    if stages.is_empty() {
        return Err(Error::validation("the update is empty"));
    }
    only_stages(stages, &UPDATE_STAGES, "an update")
}

/// Checks the stages that change events go through.
pub fn change_stream(stages: &[Document]) -> Result<()> {
    only_stages(stages, &CHANGE_STREAM_STAGES, "a change stream")
}

fn only_stages(stages: &[Document], allowed: &[&str], place: &str) -> Result<()> {
    for stage in stages {
        let (name, _) = only_field(stage)?;
        if !allowed.contains(&name) {
            return Err(Error::not_allowed(format!(
                "the stage `{name}` is not allowed in {place}; these are: {}",
                allowed.join(", ")
            )));
        }
        expression(stage)?;
    }
    Ok(())
}

/// The one field of a stage.
pub(super) fn only_field(stage: &Document) -> Result<(&str, &Bson)> {
    let mut fields = stage.iter();
    match (fields.next(), fields.next()) {
        (Some((name, value)), None) => Ok((name, value)),
        _ => Err(Error::validation("each stage of a pipeline must have exactly one field")),
    }
}
