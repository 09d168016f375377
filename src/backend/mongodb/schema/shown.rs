//! A profile as it is answered.

use std::borrow::Cow;
use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::field::{FieldProfile, Kept, TypeProfile};
use super::frequent::Counted;
use super::profile::{Place, Profile};
use crate::backend::mongodb::types::{DOCUMENT, alias};
use crate::ejson::{Mode, Stored};

/// What documents look like.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DocumentsShown<'p> {
    /// How many were looked at.
    documents: u64,
    /// How large they are together.
    bytes: u64,
    /// How many fields are told of.
    paths: usize,
    /// Whether there was more than is kept: too many fields, too many items in an array, or names that
    /// are too long.
    cut: bool,
    /// Values that are in no field because of that.
    left_out: u64,
    /// A field is followed by what is inside of it.
    fields: Vec<FieldShown<'p>>,
}

/// A field, or the items of an array.
#[derive(Debug, Serialize, JsonSchema)]
struct FieldShown<'p> {
    /// Names with dots between them; `[]` stands for the items of an array.
    path: String,
    /// The names one by one; `null` stands for the items of an array.
    keys: Vec<Option<Cow<'p, str>>>,
    /// Documents that have it.
    documents: u64,
    /// Their share of all documents, up to 1.
    presence: Ratio,
    /// How often it was seen; in an array of documents that may be several times in one document.
    occurrences: u64,
    /// The share of the embedded documents it stands in that have it; `null` for items.
    presence_in_parent: Option<Ratio>,
    /// How many different values the sample has of it, but for documents and arrays.
    cardinality: Cardinality,
    /// What its values are, the most frequent type first.
    types: Vec<TypeShown<'p>>,
}

/// How many different values there are in a sample.
#[derive(Debug, Serialize, JsonSchema)]
struct Cardinality {
    value: u64,
    kind: CardinalityKind,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum CardinalityKind {
    Exact,
    Estimate,
}

/// The values of one type in a field. What does not apply to the type is not there.
#[derive(Debug, Serialize, JsonSchema)]
struct TypeShown<'p> {
    /// As `$type` calls it: `string`, `int`, `objectId`…
    #[serde(rename = "type")]
    name: &'static str,
    count: u64,
    /// Of all values of the field, up to 1.
    share: Ratio,
    /// The least value, as Extended JSON; of long text the beginning, with `…` after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    min: Option<End<'p>>,
    /// The greatest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    max: Option<End<'p>>,
    /// Characters of text, bytes of binary data, items of arrays, fields of documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<Length>,
    /// Those that come most often.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<FrequentValue<'p>>,
}

/// An end of a range. Text that was cut says so.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum End<'p> {
    Whole(Stored<'p>),
    Cut(String),
}

/// How long values are.
#[derive(Debug, Serialize, JsonSchema)]
struct Length {
    min: u64,
    max: u64,
    average: Ratio,
}

/// A value that comes often.
#[derive(Debug, Serialize, JsonSchema)]
struct FrequentValue<'p> {
    /// As Extended JSON.
    #[schemars(with = "Value")]
    value: Stored<'p>,
    /// Never too small.
    count: u64,
    /// By how much the count may be too large.
    error: u64,
}

/// A number that is written without a fraction where it has none.
#[derive(Debug, JsonSchema)]
#[schemars(inline)]
struct Ratio(f64);

impl Ratio {
    #[allow(clippy::cast_precision_loss, reason = "shares of far fewer than 2^53")]
    fn of(part: u64, whole: u64) -> Self {
        Self(if whole == 0 { 0.0 } else { part as f64 / whole as f64 })
    }
}

impl Serialize for Ratio {
    #[allow(clippy::cast_possible_truncation, reason = "it has no fraction and is far below 2^53")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 {
            return serializer.serialize_i64(self.0 as i64);
        }
        serializer.serialize_f64(self.0)
    }
}

impl Profile {
    /// What it knows, with values in this form of Extended JSON.
    pub fn shown(&self, mode: Mode) -> DocumentsShown<'_> {
        let mut inside = vec![Vec::new(); self.places.len()];
        for (index, place) in self.places.iter().enumerate().skip(1) {
            inside[place.parent].push(index);
        }
        // A field is followed by what is inside of it; the last on the stack comes next.
        let mut fields = Vec::with_capacity(self.places.len() - 1);
        let mut next: Vec<usize> = std::mem::take(&mut inside[0]);
        next.reverse();
        while let Some(index) = next.pop() {
            fields.push(self.field_shown(index, mode));
            next.extend(inside[index].drain(..).rev());
        }
        DocumentsShown {
            documents: self.documents,
            bytes: self.bytes,
            paths: self.places.len() - 1,
            cut: self.cut || self.left_out > 0,
            left_out: self.left_out,
            fields,
        }
    }

    fn field_shown(&self, index: usize, mode: Mode) -> FieldShown<'_> {
        let place = &self.places[index];
        let profile = &place.profile;
        let keys = self.names(index);
        let mut path = String::new();
        for name in &keys {
            match name {
                None => path.push_str("[]"),
                Some(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
            }
        }
        let (value, exact) = profile.distinct.count();
        let kind = if exact { CardinalityKind::Exact } else { CardinalityKind::Estimate };
        let mut types: Vec<&TypeProfile> = profile.types.iter().collect();
        types.sort_by_key(|of_type| Reverse(of_type.count));
        let of_parent = || Ratio::of(profile.occurrences, self.parents(place));
        FieldShown {
            path,
            keys,
            documents: profile.documents,
            presence: Ratio::of(profile.documents, self.documents),
            occurrences: profile.occurrences,
            presence_in_parent: place.name.as_ref().map(|_| of_parent()),
            cardinality: Cardinality { value, kind },
            types: types.into_iter().map(|t| self.type_shown(profile, t, mode)).collect(),
        }
    }

    /// Documents that could have had a field.
    fn parents(&self, place: &Place) -> u64 {
        let types = &self.places[place.parent].profile.types;
        types.iter().find(|of_type| of_type.kind == DOCUMENT).map_or(0, |of_type| of_type.count)
    }

    /// The names on the way to a place.
    fn names(&self, index: usize) -> Vec<Option<Cow<'_, str>>> {
        let mut names = Vec::new();
        let mut at = index;
        while at != 0 {
            let place = &self.places[at];
            names.push(place.name.as_deref().map(String::from_utf8_lossy));
            at = place.parent;
        }
        names.reverse();
        names
    }

    fn type_shown<'p>(
        &self,
        field: &FieldProfile,
        of_type: &'p TypeProfile,
        mode: Mode,
    ) -> TypeShown<'p> {
        let (kind, lengths) = (of_type.kind, of_type.lengths);
        let frequent = of_type.frequent.top(self.limits.values).into_iter();
        let (min, max) = of_type.range.as_ref().map(|(min, max)| (min, max)).unzip();
        TypeShown {
            name: alias(kind),
            count: of_type.count,
            share: Ratio::of(of_type.count, field.occurrences),
            min: min.map(|kept| End::of(kind, kept, mode)),
            max: max.map(|kept| End::of(kind, kept, mode)),
            length: (lengths.count > 0).then(|| Length {
                min: lengths.min,
                max: lengths.max,
                average: Ratio::of(lengths.sum, lengths.count),
            }),
            values: frequent.map(|counted| FrequentValue::of(counted, mode)).collect(),
        }
    }
}

impl<'p> End<'p> {
    fn of(kind: u8, kept: &'p Kept, mode: Mode) -> Self {
        if !kept.cut {
            return Self::Whole(Stored { kind, value: &kept.value, mode });
        }
        let text = &kept.value[4..kept.value.len() - 1];
        Self::Cut(format!("{}…", String::from_utf8_lossy(text)))
    }
}

impl<'p> FrequentValue<'p> {
    fn of(counted: &'p Counted, mode: Mode) -> Self {
        let Counted { kind, ref value, count, error, .. } = *counted;
        Self { value: Stored { kind, value, mode }, count, error }
    }
}
