//! What an index is good for, and what it is called.

use mongodb::bson::{Bson, Document};
use schemars::JsonSchema;
use serde::Serialize;

/// What an index is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IndexKind {
    /// The values of one field, in order.
    Single,
    /// The values of several fields, in order.
    Compound,
    /// Words.
    Text,
    /// Places on a sphere.
    #[serde(rename = "2dsphere")]
    Sphere,
    /// Places on a plane.
    #[serde(rename = "2d")]
    Plane,
    /// Hashes of values.
    Hashed,
    /// The values of fields whose names are not known.
    Wildcard,
    /// The documents themselves.
    Clustered,
}

impl IndexKind {
    /// The kind of an index by its definition. Fields of more kinds make it of the one that decides
    /// which queries it serves.
    pub fn of(definition: &Document) -> Self {
        if definition.get_bool("clustered").unwrap_or(false) {
            return Self::Clustered;
        }
        let Ok(key) = definition.get_document("key") else { return Self::Single };
        let has = |kind: &str| key.values().any(|value| value.as_str() == Some(kind));
        if has("text") {
            Self::Text
        } else if has("2dsphere") {
            Self::Sphere
        } else if has("2d") {
            Self::Plane
        } else if has("hashed") {
            Self::Hashed
        } else if key.keys().any(|field| is_wildcard(field)) {
            Self::Wildcard
        } else if key.len() > 1 {
            Self::Compound
        } else {
            Self::Single
        }
    }
}

/// Whether a field of a key stands for all fields below it.
pub(super) fn is_wildcard(field: &str) -> bool {
    field == "$**" || field.ends_with(".$**")
}

/// The name that drivers give an index: `a_1_b_-1`.
pub fn default_name(key: &Document) -> String {
    let part = |(field, value): (&String, &Bson)| match value {
        Bson::String(kind) => format!("{field}_{kind}"),
        direction => format!("{field}_{direction}"),
    };
    key.iter().map(part).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mongodb::bson::doc;

    #[test]
    fn kinds_are_told_by_the_definition() {
        let kind = |key: Document| IndexKind::of(&doc! { "v": 2, "key": key });
        assert_eq!(kind(doc! { "a": 1 }), IndexKind::Single);
        assert_eq!(kind(doc! { "a": 1, "b": -1.0 }), IndexKind::Compound);
        // A server lists the key of a text index like this.
        assert_eq!(kind(doc! { "a": 1, "_fts": "text", "_ftsx": 1 }), IndexKind::Text);
        assert_eq!(kind(doc! { "a": "hashed", "b": 1 }), IndexKind::Hashed);
        assert_eq!(kind(doc! { "a": 1, "place": "2dsphere" }), IndexKind::Sphere);
        assert_eq!(kind(doc! { "place": "2d" }), IndexKind::Plane);
        assert_eq!(kind(doc! { "$**": 1 }), IndexKind::Wildcard);
        assert_eq!(kind(doc! { "a.$**": 1 }), IndexKind::Wildcard);
        let clustered = doc! { "key": { "_id": 1 }, "unique": true, "clustered": true };
        assert_eq!(IndexKind::of(&clustered), IndexKind::Clustered);
    }

    #[test]
    fn a_name_is_made_as_drivers_make_it() {
        let name = default_name(&doc! { "a": 1, "b.c": -1_i64, "d": 1.0, "e": "text" });
        assert_eq!(name, "a_1_b.c_-1_d_1_e_text");
    }
}
