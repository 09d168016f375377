//! What filters, updates and pipelines may contain.
//!
//! Documents are walked, at every depth, never searched as text. Server-side JavaScript is refused to
//! everyone; stages are on a list, and one that is not is refused, because a stage that we don't know
//! may write or may read what belongs to others.

mod pipeline;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use mongodb::bson::{Bson, Document};

pub use self::pipeline::{Needs, pipeline, view};
use crate::error::{Code, Error, Result};

/// Operators that run code on the server.
const CODE: [&str; 3] = ["$where", "$function", "$accumulator"];

const UPDATE_OPERATORS: [&str; 15] = [
    "$addToSet",
    "$bit",
    "$currentDate",
    "$inc",
    "$max",
    "$min",
    "$mul",
    "$pop",
    "$pull",
    "$pullAll",
    "$push",
    "$rename",
    "$set",
    "$setOnInsert",
    "$unset",
];

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

/// Checks a filter, a projection, a sort order or an expression.
pub fn expression(document: &Document) -> Result<()> {
    // What stands here is data, whatever it looks like. Servers know `$literal` in expressions alone,
    // with nothing beside it, and refuse it everywhere else.
    if document.len() == 1 && document.contains_key("$literal") {
        return Ok(());
    }
    for (key, value) in document {
        operator(key)?;
        walk(value)?;
    }
    Ok(())
}

/// Checks update operators. A document without any would replace the whole stored one, and is refused
/// here so that it is never taken for an update.
pub fn update(document: &Document) -> Result<()> {
    if document.is_empty() {
        return Err(Error::validation("the update is empty"));
    }
    for key in document.keys() {
        if !key.starts_with('$') {
            return Err(Error::validation(format!(
                "`{key}` is not an update operator; use `$set` to change single fields, or \
                 `replacement` to replace the document"
            )));
        }
        if !UPDATE_OPERATORS.contains(&key.as_str()) {
            return Err(not_allowed(format!("the update operator `{key}` is not known")));
        }
    }
    expression(document)
}

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
        let (name, _) = pipeline::only_field(stage)?;
        if !allowed.contains(&name) {
            return Err(not_allowed(format!(
                "the stage `{name}` is not allowed in {place}; these are: {}",
                allowed.join(", ")
            )));
        }
        expression(stage)?;
    }
    Ok(())
}

fn walk(value: &Bson) -> Result<()> {
    match value {
        Bson::Document(document) => expression(document),
        Bson::Array(items) => items.iter().try_for_each(walk),
        _ => Ok(()),
    }
}

fn operator(key: &str) -> Result<()> {
    if CODE.contains(&key) {
        return Err(not_allowed(format!(
            "`{key}` runs JavaScript on the server, which is not allowed"
        )));
    }
    if key.starts_with("$_internal") {
        return Err(not_allowed(format!("`{key}` is for the server's own use")));
    }
    Ok(())
}

fn not_allowed(message: String) -> Error {
    Error::new(Code::OperationNotAllowed, message)
}
