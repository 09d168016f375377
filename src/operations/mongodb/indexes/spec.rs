//! How an index is made.

use mongodb::bson::{self, Bson, doc};
use schemars::JsonSchema;
use serde::Deserialize;

use super::key::Fields;
use super::partial;
use crate::backend::mongodb::{check_index_name, default_name, insert_given};
use crate::ejson::Document;
use crate::error::{Error, Result};
use crate::operations::mongodb::gated::collation_rules;
use crate::request::params::keep_to;

const MOST_SECONDS: i64 = i32::MAX as i64;
const MOST_WEIGHT: i32 = 99_999;

/// Options of a new index, as servers name them.
#[allow(clippy::struct_excessive_bools, reason = "the names of the request")]
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct IndexOptions {
    /// Its name; made of the fields, as drivers do it, if not given.
    name: Option<String>,
    /// Refuse documents with values that another has.
    #[serde(default)]
    unique: bool,
    /// Leave out documents without the fields.
    #[serde(default)]
    sparse: bool,
    /// Let no query use it; it is kept up to date all the same.
    #[serde(default)]
    hidden: bool,
    /// Seconds after the date in its field at which a document is removed.
    expire_after_seconds: Option<i64>,
    /// Which documents are in it.
    partial_filter_expression: Option<Document>,
    /// How text is compared: `{ locale, strength, … }`.
    collation: Option<Document>,
    /// Which fields a wildcard index of all fields has: `{ field: 1 }` or `{ field: 0 }`.
    wildcard_projection: Option<Document>,
    /// How much a word in each field of a text index counts.
    weights: Option<Document>,
    /// The language of a text index.
    #[serde(rename = "default_language")]
    default_language: Option<String>,
    /// The field that has the language of a document, for a text index.
    #[serde(rename = "language_override")]
    language_override: Option<String>,
    /// Version of a text index.
    text_index_version: Option<i32>,
    /// Version of a 2dsphere index.
    #[serde(rename = "2dsphereIndexVersion")]
    sphere_index_version: Option<i32>,
    /// Bits of precision of a 2d index, 1 to 32.
    bits: Option<i32>,
    /// The least coordinate of a 2d index.
    min: Option<f64>,
    /// The greatest coordinate of a 2d index.
    max: Option<f64>,
    /// Let the index be built on when the caller leaves or its time is up.
    #[serde(default)]
    pub(super) background: bool,
}

impl IndexOptions {
    /// The definition for the command, once it fits together.
    pub(super) fn checked(&self, key: &Document) -> Result<bson::Document> {
        let key = key.tree()?;
        let fields = Fields::of(&key)?;
        self.fit_together(fields)?;
        let name = self.name.clone().unwrap_or_else(|| default_name(&key));
        check_index_name(&name)?;
        let mut index = doc! { "key": key, "name": name };
        for (name, set) in
            [("unique", self.unique), ("sparse", self.sparse), ("hidden", self.hidden)]
        {
            if set {
                index.insert(name, true);
            }
        }
        insert_given(&mut index, "textIndexVersion", self.text_index_version);
        insert_given(&mut index, "2dsphereIndexVersion", self.sphere_index_version);
        insert_given(&mut index, "bits", self.bits);
        insert_given(&mut index, "min", self.min);
        insert_given(&mut index, "max", self.max);
        insert_given(&mut index, "expireAfterSeconds", self.expire_after_seconds);
        insert_given(&mut index, "default_language", self.default_language.as_deref());
        insert_given(&mut index, "language_override", self.language_override.as_deref());
        self.add_documents(&mut index)?;
        Ok(index)
    }

    fn add_documents(&self, index: &mut bson::Document) -> Result<()> {
        if let Some(filter) = &self.partial_filter_expression {
            let filter = filter.tree()?;
            partial::check(&filter)?;
            index.insert("partialFilterExpression", filter);
        }
        let rules = self.collation.as_ref().map(collation_rules).transpose()?;
        insert_given(index, "collation", rules);
        if let Some(projection) = &self.wildcard_projection {
            let projection = projection.tree()?;
            check_projection(&projection)?;
            index.insert("wildcardProjection", projection);
        }
        if let Some(weights) = &self.weights {
            let weights = weights.tree()?;
            check_weights(&weights)?;
            index.insert("weights", weights);
        }
        Ok(())
    }

    fn fit_together(&self, fields: Fields) -> Result<()> {
        let Fields { all, text, hashed, wildcard, sphere, plane, whole, by_id } = fields;
        let ttl = self.expire_after_seconds;
        let partial = self.partial_filter_expression.is_some();
        let for_text = self.weights.is_some()
            || self.default_language.is_some()
            || self.language_override.is_some()
            || self.text_index_version.is_some();
        let for_plane = self.bits.is_some() || self.min.is_some() || self.max.is_some();
        let simple = |rules: &Document| rules.raw().get_str("locale").is_ok_and(|l| l == "simple");
        let collated = self.collation.as_ref().is_some_and(|rules| !simple(rules));
        let rules = [
            (by_id, "every collection has an index on `_id` already"),
            (
                self.sparse && partial,
                "`sparse` and `partialFilterExpression` don't fit together; say `$exists: true` in \
                 the filter",
            ),
            (ttl.is_some() && all > 1, "`expireAfterSeconds` needs an index of one field"),
            (
                ttl.is_some() && fields.special(),
                "`expireAfterSeconds` needs a field in the order of its values, which are dates",
            ),
            (
                ttl.is_some_and(|after| !(0..=MOST_SECONDS).contains(&after)),
                "`expireAfterSeconds` must be between 0 and 2147483647",
            ),
            (self.unique && hashed > 0, "a hashed index can't be unique"),
            (self.unique && wildcard > 0, "a wildcard index can't be unique"),
            (self.unique && text > 0, "a text index can't be unique"),
            (
                self.sparse && wildcard > 0,
                "a wildcard index leaves out documents without the fields anyway",
            ),
            (
                self.wildcard_projection.is_some() && !(whole && wildcard > 0),
                "`wildcardProjection` needs the key `{ \"$**\": 1 }`",
            ),
            (for_text && text == 0, "weights, languages and versions of text are for text indexes"),
            (collated && text + plane > 0, "text and 2d indexes can't have a collation"),
            (for_plane && plane == 0, "`bits`, `min` and `max` are for 2d indexes"),
            (
                self.bits.is_some_and(|bits| !(1..=32).contains(&bits)),
                "`bits` must be between 1 and 32",
            ),
            (
                self.min.zip(self.max).is_some_and(|(min, max)| min >= max),
                "`min` must be less than `max`",
            ),
            (
                self.sphere_index_version.is_some() && sphere == 0,
                "`2dsphereIndexVersion` is for 2dsphere indexes",
            ),
        ];
        keep_to(rules)
    }
}

/// Either the fields that are in the index or those that are not; `_id` may be an exception.
fn check_projection(projection: &bson::Document) -> Result<()> {
    let shown = |value: &Bson| match value {
        Bson::Boolean(shown) => Some(*shown),
        Bson::Int32(shown) => Some(*shown != 0),
        Bson::Int64(shown) => Some(*shown != 0),
        Bson::Double(shown) => Some(*shown != 0.0),
        _ => None,
    };
    let mut first = None;
    for (field, value) in projection {
        let shown = shown(value).ok_or_else(|| {
            Error::validation(format!("`wildcardProjection`: `{field}` must be 1 or 0"))
        })?;
        if field != "_id" && *first.get_or_insert(shown) != shown {
            return Err(Error::validation(
                "`wildcardProjection` either names the fields that are in the index, with 1, or those \
                 that are not, with 0",
            ));
        }
    }
    if projection.is_empty() {
        return Err(Error::validation("`wildcardProjection` is empty"));
    }
    Ok(())
}

fn check_weights(weights: &bson::Document) -> Result<()> {
    let whole = |value: &Bson| match *value {
        Bson::Int32(weight) => Some(weight),
        Bson::Int64(weight) => i32::try_from(weight).ok(),
        _ => None,
    };
    for (field, value) in weights {
        if !whole(value).is_some_and(|weight| (1..=MOST_WEIGHT).contains(&weight)) {
            return Err(Error::validation(format!(
                "the weight of `{field}` must be a whole number between 1 and {MOST_WEIGHT}"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(key: &str, options: &str) -> Result<bson::Document> {
        let key: Document = serde_json::from_str(key).unwrap();
        let options: IndexOptions = serde_json::from_str(options).unwrap();
        options.checked(&key)
    }

    #[test]
    fn definitions_are_written_as_servers_take_them() {
        let index = checked(r#"{ "a": 1, "b": -1 }"#, r#"{ "unique": true, "hidden": true }"#);
        let expected =
            doc! { "key": { "a": 1, "b": -1 }, "name": "a_1_b_-1", "unique": true, "hidden": true };
        assert_eq!(index.unwrap(), expected);
        let options = r#"{ "name": "words", "weights": { "a": 5 }, "default_language": "german" }"#;
        let index = checked(r#"{ "a": "text" }"#, options).unwrap();
        let expected = doc! { "key": { "a": "text" }, "name": "words",
        "default_language": "german", "weights": { "a": 5 } };
        assert_eq!(index, expected);
        let options = r#"{ "wildcardProjection": { "a": 1, "_id": 0 } }"#;
        let index = checked(r#"{ "$**": 1 }"#, options).unwrap();
        assert_eq!(index.get_document("wildcardProjection").unwrap(), &doc! { "a": 1, "_id": 0 });
        let index = checked(r#"{ "t": 1 }"#, r#"{ "expireAfterSeconds": 60 }"#).unwrap();
        assert_eq!(index.get_i64("expireAfterSeconds").unwrap(), 60);
        let index = checked(r#"{ "p": "2d" }"#, r#"{ "bits": 20, "min": -10.5, "max": 10 }"#);
        assert_eq!(index.unwrap().get_i32("bits").unwrap(), 20);
        assert!(
            checked(r#"{ "p": "text" }"#, r#"{ "collation": { "locale": "simple" } }"#).is_ok()
        );
        assert!(checked(r#"{ "_id": "hashed" }"#, "{}").is_ok());
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for (key, options) in [
            (r#"{ "_id": 1 }"#, "{}"),
            (r#"{ "a": 1 }"#, r#"{ "sparse": true, "partialFilterExpression": { "a": 1 } }"#),
            (r#"{ "a": 1, "b": 1 }"#, r#"{ "expireAfterSeconds": 1 }"#),
            (r#"{ "a": "hashed" }"#, r#"{ "expireAfterSeconds": 1 }"#),
            (r#"{ "a": 1 }"#, r#"{ "expireAfterSeconds": -1 }"#),
            (r#"{ "a": 1 }"#, r#"{ "expireAfterSeconds": 2147483648 }"#),
            (r#"{ "a": "hashed" }"#, r#"{ "unique": true }"#),
            (r#"{ "$**": 1 }"#, r#"{ "unique": true }"#),
            (r#"{ "$**": 1 }"#, r#"{ "sparse": true }"#),
            (r#"{ "a.$**": 1 }"#, r#"{ "wildcardProjection": { "b": 1 } }"#),
            (r#"{ "$**": 1 }"#, r#"{ "wildcardProjection": {} }"#),
            (r#"{ "$**": 1 }"#, r#"{ "wildcardProjection": { "a": 1, "b": 0 } }"#),
            (r#"{ "a": 1 }"#, r#"{ "weights": { "a": 1 } }"#),
            (r#"{ "a": "text" }"#, r#"{ "weights": { "a": 0 } }"#),
            (r#"{ "a": "text" }"#, r#"{ "collation": { "locale": "de" } }"#),
            (r#"{ "a": 1 }"#, r#"{ "bits": 3 }"#),
            (r#"{ "a": "2d" }"#, r#"{ "bits": 33 }"#),
            (r#"{ "a": "2d" }"#, r#"{ "min": 1, "max": 1 }"#),
            (r#"{ "a": 1 }"#, r#"{ "2dsphereIndexVersion": 3 }"#),
            (r#"{ "a": 1 }"#, r#"{ "name": "*" }"#),
            (r#"{ "a": 1 }"#, r#"{ "name": "" }"#),
            (r#"{ "a": 1 }"#, r#"{ "name": "_id_" }"#),
            (r#"{ "a": 1 }"#, r#"{ "partialFilterExpression": { "$where": "1" } }"#),
        ] {
            assert!(checked(key, options).is_err(), "{key} {options}");
        }
    }
}
