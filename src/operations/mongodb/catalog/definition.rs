//! How a collection is made.

use mongodb::bson::{self, Bson, doc};
use schemars::JsonSchema;
use serde::Deserialize;

use super::options::{
    Granularity, Images, ValidationAction, ValidationLevel, buckets, seconds, validator, view,
};
use crate::backend::mongodb::{Namespace, encoded, insert_given};
use crate::ejson::{Document, Pipeline};
use crate::error::{Error, Result};
use crate::operations::mongodb::gated::collation_rules;
use crate::request::context::Context;
use crate::request::params::{keep_to, within};

/// Bytes of a capped collection at most, as servers have it.
pub(super) const MOST_BYTES: i64 = 1 << 50;
pub(super) const MOST_DOCUMENTS: i64 = (1 << 31) - 1;

/// Options of a new collection or view, as servers name them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct CreateOptions {
    /// Whether it has a fixed size and drops its oldest documents.
    #[serde(default)]
    capped: bool,
    /// Bytes that a capped collection holds at most.
    size: Option<i64>,
    /// Documents that a capped collection holds at most.
    max: Option<i64>,
    /// What every document must match: `{ "$jsonSchema": … }` or a query.
    validator: Option<Document>,
    /// Which documents the validator is applied to.
    validation_level: Option<ValidationLevel>,
    /// What becomes of a document that does not match.
    validation_action: Option<ValidationAction>,
    /// How text is compared: `{ locale, strength, … }`.
    collation: Option<Document>,
    /// Makes a time series.
    timeseries: Option<Timeseries>,
    /// Seconds after which documents of a time series or a clustered collection are removed.
    expire_after_seconds: Option<i64>,
    /// Keeps the documents in the order of their `_id`.
    clustered_index: Option<ClusteredIndex>,
    /// Makes a view of this collection.
    view_on: Option<String>,
    /// What the view makes of the collection.
    pipeline: Option<Pipeline>,
    /// Whether change streams can show documents as they were before and after a change.
    change_stream_pre_and_post_images: Option<Images>,
}

/// How a time series is kept.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Timeseries {
    /// The field that has the time of a measurement.
    time_field: String,
    /// The field that says what is measured.
    meta_field: Option<String>,
    /// How far measurements are apart.
    granularity: Option<Granularity>,
    /// Seconds that one bucket spans at most; since MongoDB 6.3.
    bucket_max_span_seconds: Option<i64>,
    /// Seconds to which the start of a bucket is rounded: the same number.
    bucket_rounding_seconds: Option<i64>,
}

/// The index that the documents of a collection are kept in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ClusteredIndex {
    /// `{ "_id": 1 }`.
    key: Document,
    /// `true`.
    unique: bool,
    /// Its name; the server gives it one if none is given.
    name: Option<String>,
}

impl CreateOptions {
    /// The options for the command, once they passed the gate and fit together.
    pub(super) fn checked(self, cx: &Context, namespace: &Namespace) -> Result<bson::Document> {
        self.fit_together()?;
        let mut options = doc! {};
        if self.capped {
            options.insert("capped", true);
            options.insert("size", within("size", self.size.unwrap_or(0), 1..=MOST_BYTES)?);
        }
        let max = self.max.map(|max| within("max", max, 1..=MOST_DOCUMENTS)).transpose()?;
        insert_given(&mut options, "max", max);
        let rules = self.validator.as_ref().map(validator).transpose()?;
        insert_given(&mut options, "validator", rules);
        let level = self.validation_level.map(encoded).transpose()?;
        insert_given(&mut options, "validationLevel", level);
        let action = self.validation_action.map(encoded).transpose()?;
        insert_given(&mut options, "validationAction", action);
        let rules = self.collation.as_ref().map(collation_rules).transpose()?;
        insert_given(&mut options, "collation", rules);
        let series = self.timeseries.map(Timeseries::checked).transpose()?;
        insert_given(&mut options, "timeseries", series);
        let after = self.expire_after_seconds.map(seconds).transpose()?;
        insert_given(&mut options, "expireAfterSeconds", after);
        let index = self.clustered_index.map(ClusteredIndex::checked).transpose()?;
        insert_given(&mut options, "clusteredIndex", index);
        if let Some(on) = &self.view_on {
            options.extend(view(cx, namespace.db(), on, self.pipeline.as_ref())?);
        }
        let images = self.change_stream_pre_and_post_images;
        insert_given(&mut options, "changeStreamPreAndPostImages", images);
        Ok(options)
    }

    fn fit_together(&self) -> Result<()> {
        let series = self.timeseries.is_some();
        let clustered = self.clustered_index.is_some();
        let view = self.view_on.is_some();
        let validated = self.validator.is_some()
            || self.validation_level.is_some()
            || self.validation_action.is_some();
        let images = self.change_stream_pre_and_post_images.is_some();
        let rules = [
            (self.capped && self.size.is_none(), "a capped collection needs `size`, in bytes"),
            (self.size.is_some() && !self.capped, "`size` is for capped collections"),
            (self.max.is_some() && !self.capped, "`max` is for capped collections"),
            (
                self.capped && (series || clustered),
                "`capped` fits neither `timeseries` nor `clusteredIndex`",
            ),
            (series && clustered, "`timeseries` and `clusteredIndex` don't fit together"),
            (
                self.expire_after_seconds.is_some() && !series && !clustered,
                "`expireAfterSeconds` is for time series and clustered collections; elsewhere make \
                 a TTL index",
            ),
            (self.pipeline.is_some() && !view, "`pipeline` needs `viewOn`"),
            (
                view && (self.capped || series || clustered || validated || images),
                "a view takes no options but `pipeline` and `collation`",
            ),
            (series && validated, "a time series can't have a validator"),
            (series && images, "a time series can't keep images for change streams"),
        ];
        keep_to(rules)
    }
}

impl Timeseries {
    fn checked(self) -> Result<bson::Document> {
        let meta = self.meta_field.as_deref();
        for (what, name) in [("timeField", Some(self.time_field.as_str())), ("metaField", meta)] {
            let Some(name) = name else { continue };
            if name.is_empty()
                || name == "_id"
                || name.contains(['.', '\0'])
                || name.starts_with('$')
            {
                return Err(Error::validation(format!(
                    "`{what}` must name a field of the documents themselves, and not `_id`"
                )));
            }
        }
        if meta == Some(self.time_field.as_str()) {
            return Err(Error::validation("`timeField` and `metaField` must be two fields"));
        }
        let buckets =
            buckets(self.granularity, self.bucket_max_span_seconds, self.bucket_rounding_seconds)?;
        let mut options = doc! { "timeField": self.time_field };
        insert_given(&mut options, "metaField", self.meta_field);
        options.extend(buckets);
        Ok(options)
    }
}

impl ClusteredIndex {
    fn checked(self) -> Result<bson::Document> {
        let key = self.key.tree()?;
        let by_id = key.len() == 1 && key.get("_id").is_some_and(is_one);
        if !by_id || !self.unique {
            return Err(Error::validation(
                "`clusteredIndex` must have the key `{ \"_id\": 1 }` and `unique: true`",
            ));
        }
        let mut index = doc! { "key": { "_id": 1 }, "unique": true };
        if let Some(name) = self.name {
            if name.is_empty() || name == "*" {
                return Err(Error::validation(format!("{name:?} can't be the name of an index")));
            }
            index.insert("name", name);
        }
        Ok(index)
    }
}

fn is_one(value: &Bson) -> bool {
    matches!(*value, Bson::Int32(1) | Bson::Int64(1)) || value.as_f64() == Some(1.0)
}
