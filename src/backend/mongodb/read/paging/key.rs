//! What documents sort by.
//!
//! A document with arrays has several candidates: one tuple of values for each item, or for each item
//! of an array on the way to the field. It sorts by the one that comes first in the order. Candidates
//! are listed twice: here of a document at hand, and by a server as an expression. A server alone
//! chooses among them, because it alone knows the rules of a collation.
//!
//! A value is written as `[1, value]`, so that what is no ordinary value has a place in the order too:
//! `[0]` is an empty array, which sorts as `undefined`, before `null`; `[-1]` is `MinKey`. A missing
//! field sorts as `null`.

use mongodb::bson::{Array, Bson, RawDocument, bson};

use super::order::Order;
use crate::backend::mongodb::types::{ARRAY, DOCUMENT, MIN_KEY, UNDEFINED};
use crate::ejson::raw::{Field, fields};
use crate::error::Result;

/// Candidates that one document may have.
const MOST: usize = 1000;

/// The candidates of a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key(pub(super) Vec<Array>);

/// The paths of some fields of an order, from here on: each with its place in the order.
pub(super) type Group<'p> = Vec<(usize, &'p [String])>;

pub(super) fn with_paths<T>(order: &Order, run: impl FnOnce(Group<'_>) -> T) -> T {
    let split = |path: &str| path.split('.').map(str::to_owned).collect::<Vec<_>>();
    let paths: Vec<Vec<String>> = order.paths().map(|(path, _)| split(path)).collect();
    run(paths.iter().map(Vec::as_slice).enumerate().collect())
}

/// The paths that end here, and those that go on, together with others through the same field.
pub(super) fn step<'p>(group: &Group<'p>) -> (Vec<usize>, Vec<(&'p str, Group<'p>)>) {
    let mut here = Vec::new();
    let mut below: Vec<(&str, Group<'p>)> = Vec::new();
    for &(place, path) in group {
        match path.split_first() {
            None => here.push(place),
            Some((name, rest)) => match below.iter_mut().find(|(other, _)| other == name) {
                Some((_, group)) => group.push((place, rest)),
                None => below.push((name, vec![(place, rest)])),
            },
        }
    }
    (here, below)
}

/// `undefined`, for what ends at an empty array, and `null` for what goes on.
pub(super) fn of_empty_array(group: &Group<'_>) -> Vec<(usize, Bson)> {
    let value = |path: &[String]| if path.is_empty() { bson!([0]) } else { bson!([1, null]) };
    group.iter().map(|(place, path)| (*place, value(path))).collect()
}

impl Key {
    /// The candidates of a document; `None` if there are too many.
    pub(super) fn of(order: &Order, document: &RawDocument) -> Result<Option<Self>> {
        let root = Field { kind: DOCUMENT, name: b"", value: document.as_bytes() };
        let found = with_paths(order, |group| candidates_of_item(Some(root), &group))?;
        let Some(found) = found else { return Ok(None) };
        let mut key: Vec<Array> = Vec::new();
        for mut candidate in found {
            candidate.sort_by_key(|(place, _)| *place);
            let candidate = candidate.into_iter().map(|(_, value)| value).collect();
            if !key.contains(&candidate) {
                key.push(candidate);
            }
        }
        Ok(Some(Self(key)))
    }
}

type Candidates = Option<Vec<Vec<(usize, Bson)>>>;

fn candidates(value: Option<Field<'_>>, group: &Group<'_>) -> Result<Candidates> {
    let Some(array) = value.filter(|value| value.kind == ARRAY) else {
        return candidates_of_item(value, group);
    };
    let items = fields(array.value)?;
    if items.is_empty() {
        return Ok(Some(vec![of_empty_array(group)]));
    }
    let mut found = Vec::new();
    for item in items {
        match candidates_of_item(Some(item), group)? {
            Some(more) if found.len() + more.len() <= MOST => found.extend(more),
            _ => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// An array inside of an array is not looked into.
fn candidates_of_item(item: Option<Field<'_>>, group: &Group<'_>) -> Result<Candidates> {
    let (here, below) = step(group);
    let mut found = vec![Vec::new()];
    for place in here {
        found[0].push((place, written(item)?));
    }
    let inside = match item.filter(|item| item.kind == DOCUMENT) {
        Some(document) => fields(document.value)?,
        None => Vec::new(),
    };
    for (name, group) in below {
        let field = inside.iter().find(|field| field.name == name.as_bytes()).copied();
        let Some(more) = candidates(field, &group)? else { return Ok(None) };
        if found.len() * more.len() > MOST {
            return Ok(None);
        }
        let pairs = found.iter().flat_map(|one| more.iter().map(move |other| (one, other)));
        found = pairs.map(|(one, other)| [one.as_slice(), other].concat()).collect();
    }
    Ok(Some(found))
}

fn written(value: Option<Field<'_>>) -> Result<Bson> {
    Ok(match value {
        None => bson!([1, null]),
        Some(Field { kind: UNDEFINED, .. }) => bson!([0]),
        Some(Field { kind: MIN_KEY, .. }) => bson!([-1]),
        Some(value) => Bson::Array(vec![Bson::Int32(1), value.bson()?]),
    })
}
