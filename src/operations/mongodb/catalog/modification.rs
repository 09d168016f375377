//! What of a collection can be changed.

use mongodb::bson::{self, Bson, doc};
use schemars::JsonSchema;
use serde::Deserialize;

use super::definition::{MOST_BYTES, MOST_DOCUMENTS};
use super::options::{
    Granularity, Images, ValidationAction, ValidationLevel, buckets, seconds, validator, view,
};
use crate::backend::mongodb::{Namespace, check_index_name, encoded, insert_given};
use crate::ejson::{Document, Pipeline};
use crate::error::{Error, Result};
use crate::request::context::Context;
use crate::request::params::within;

/// Options of a collection or view that can be changed, as servers name them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ChangedOptions {
    /// What every document must match; `{}` for no rules.
    validator: Option<Document>,
    /// Which documents the validator is applied to.
    validation_level: Option<ValidationLevel>,
    /// What becomes of a document that does not match.
    validation_action: Option<ValidationAction>,
    /// Seconds after which documents of a time series or a clustered collection are removed, or
    /// `off`.
    expire_after_seconds: Option<Expiry>,
    /// How much of a time series is kept together; it can only grow.
    timeseries: Option<ChangedBuckets>,
    /// Bytes that a capped collection holds at most; since MongoDB 6.0.
    capped_size: Option<i64>,
    /// Documents that a capped collection holds at most; since MongoDB 6.0.
    capped_max: Option<i64>,
    /// The collection that a view shows.
    view_on: Option<String>,
    /// What the view makes of it.
    pipeline: Option<Pipeline>,
    /// Whether change streams can show documents as they were before and after a change.
    change_stream_pre_and_post_images: Option<Images>,
}

/// When documents are removed.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Expiry {
    /// After so many seconds.
    After(i64),
    /// Never.
    Never(Off),
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Off {
    Off,
}

/// How much of a time series is kept together.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ChangedBuckets {
    /// How far measurements are apart.
    granularity: Option<Granularity>,
    /// Seconds that one bucket spans at most.
    bucket_max_span_seconds: Option<i64>,
    /// Seconds to which the start of a bucket is rounded: the same number.
    bucket_rounding_seconds: Option<i64>,
}

/// What to change of an index.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ChangedIndex {
    /// Its exact name.
    name: String,
    /// Whether queries pass it over. It is kept up to date meanwhile.
    hidden: Option<bool>,
    /// Seconds after which documents are removed.
    expire_after_seconds: Option<i64>,
    /// Refuse new documents that would break uniqueness, before the index becomes unique; since
    /// MongoDB 6.0.
    prepare_unique: Option<bool>,
    /// `true` makes the index unique; since MongoDB 6.0.
    unique: Option<bool>,
}

impl ChangedOptions {
    /// The rules that documents are to match from now on.
    pub(super) fn rules(&self) -> Result<Option<bson::Document>> {
        self.validator.as_ref().map(validator).transpose()
    }

    /// The options for the command, once they passed the gate.
    pub(super) fn checked(&self, cx: &Context, namespace: &Namespace) -> Result<bson::Document> {
        let mut options = doc! {};
        insert_given(&mut options, "validator", self.rules()?);
        let level = self.validation_level.map(encoded).transpose()?;
        insert_given(&mut options, "validationLevel", level);
        let action = self.validation_action.map(encoded).transpose()?;
        insert_given(&mut options, "validationAction", action);
        if let Some(expiry) = self.expire_after_seconds {
            let expiry = match expiry {
                Expiry::After(after) => Bson::Int64(seconds(after)?),
                Expiry::Never(Off::Off) => Bson::from("off"),
            };
            options.insert("expireAfterSeconds", expiry);
        }
        if let Some(series) = &self.timeseries {
            let buckets = buckets(
                series.granularity,
                series.bucket_max_span_seconds,
                series.bucket_rounding_seconds,
            )?;
            if buckets.is_empty() {
                return Err(Error::validation("`timeseries` says nothing to change"));
            }
            options.insert("timeseries", buckets);
        }
        let size = self.capped_size.map(|size| within("cappedSize", size, 1..=MOST_BYTES));
        insert_given(&mut options, "cappedSize", size.transpose()?);
        let max = self.capped_max.map(|max| within("cappedMax", max, 1..=MOST_DOCUMENTS));
        insert_given(&mut options, "cappedMax", max.transpose()?);
        match (&self.view_on, &self.pipeline) {
            (None, None) => {}
            (Some(on), Some(pipeline)) => {
                options.extend(view(cx, namespace.db(), on, Some(pipeline))?);
            }
            _ => return Err(Error::validation("a view is changed with `viewOn` and `pipeline`")),
        }
        let images = self.change_stream_pre_and_post_images;
        insert_given(&mut options, "changeStreamPreAndPostImages", images);
        if options.is_empty() {
            return Err(Error::validation("`options` says nothing to change"));
        }
        Ok(options)
    }
}

impl ChangedIndex {
    /// The index and what becomes of it, for the command.
    pub(super) fn checked(&self) -> Result<bson::Document> {
        check_index_name(&self.name)?;
        let mut index = doc! { "name": &self.name };
        insert_given(&mut index, "hidden", self.hidden);
        let after = self.expire_after_seconds.map(seconds).transpose()?;
        insert_given(&mut index, "expireAfterSeconds", after);
        insert_given(&mut index, "prepareUnique", self.prepare_unique);
        if self.unique == Some(false) {
            return Err(Error::validation(
                "an index can't be made non-unique; make another and drop this one",
            ));
        }
        insert_given(&mut index, "unique", self.unique);
        if index.len() == 1 {
            return Err(Error::validation("`index` says nothing to change"));
        }
        Ok(index)
    }
}
