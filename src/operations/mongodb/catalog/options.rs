//! Options that a collection has from the start and that can be changed later.

use mongodb::bson::{self, Bson, doc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::collection::readable;
use crate::backend::mongodb::{encoded, gate, insert_given};
use crate::ejson::{Document, Pipeline};
use crate::error::{Error, Result};
use crate::request::context::Context;
use crate::request::params::within;

const MOST_SECONDS: i64 = i32::MAX as i64;
/// Seconds that a bucket of a time series spans at most: a year.
const LONGEST_BUCKET: i64 = 31_536_000;
/// Operators that a server does not take in a validator.
const NOT_IN_VALIDATORS: [&str; 4] = ["$near", "$nearSphere", "$geoNear", "$text"];

/// Which documents a validator is applied to.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ValidationLevel {
    /// None.
    Off,
    /// All that are inserted or changed.
    Strict,
    /// Those that are inserted, and those that are changed and matched before.
    Moderate,
}

/// What becomes of a document that a validator does not match.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum ValidationAction {
    /// It is refused.
    Error,
    /// It is taken, and the server's log tells of it.
    Warn,
    /// It is refused, and the server's log tells of it; since MongoDB 8.1.
    ErrorAndLog,
}

/// How far the measurements of a time series are apart.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Granularity {
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
}

/// Whether change streams can show documents as they were before and after a change.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Images {
    /// Whether they can.
    enabled: bool,
}

impl From<Images> for Bson {
    fn from(images: Images) -> Self {
        doc! { "enabled": images.enabled }.into()
    }
}

/// A validator, checked.
pub(super) fn validator(validator: &Document) -> Result<bson::Document> {
    let tree = validator.tree()?;
    gate::expression(&tree)?;
    refuse_operators(&tree)?;
    Ok(tree)
}

fn refuse_operators(document: &bson::Document) -> Result<()> {
    for (name, value) in document {
        if NOT_IN_VALIDATORS.contains(&name.as_str()) {
            return Err(Error::validation(format!("`{name}` can't stand in a validator")));
        }
        let inner: &[Bson] = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        inner.iter().filter_map(Bson::as_document).try_for_each(refuse_operators)?;
    }
    Ok(())
}

/// The source and the pipeline of a view, checked.
pub(super) fn view(
    cx: &Context,
    db: &str,
    on: &str,
    pipeline: Option<&Pipeline>,
) -> Result<bson::Document> {
    // Whoever reads the view reads its source.
    readable(cx, db, on)?;
    let stages = pipeline.map(Pipeline::trees).transpose()?.unwrap_or_default();
    gate::view(&stages, db)?;
    Ok(doc! { "viewOn": on, "pipeline": stages })
}

/// Seconds after which documents are removed.
pub(super) fn seconds(seconds: i64) -> Result<i64> {
    within("expireAfterSeconds", seconds, 0..=MOST_SECONDS)
}

/// How much of a time series is kept together.
pub(super) fn buckets(
    granularity: Option<Granularity>,
    span: Option<i64>,
    rounding: Option<i64>,
) -> Result<bson::Document> {
    let mut options = doc! {};
    insert_given(&mut options, "granularity", granularity.map(encoded).transpose()?);
    match (span, rounding) {
        (None, None) => {}
        (Some(span), Some(rounding)) if span == rounding => {
            if granularity.is_some() {
                return Err(Error::validation(
                    "give either `granularity` or `bucketMaxSpanSeconds`, not both",
                ));
            }
            options.insert(
                "bucketMaxSpanSeconds",
                within("bucketMaxSpanSeconds", span, 1..=LONGEST_BUCKET)?,
            );
            options.insert("bucketRoundingSeconds", span);
        }
        _ => {
            return Err(Error::validation(
                "`bucketMaxSpanSeconds` and `bucketRoundingSeconds` must both be given and be equal",
            ));
        }
    }
    Ok(options)
}
