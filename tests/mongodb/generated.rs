//! Generated documents.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Decimal128, Document, RawDocumentBuf, Timestamp};
use proptest::prelude::*;

pub(super) fn raw(tree: &Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(tree).unwrap()
}

/// Field names: ordinary ones, and some that paths can't have.
fn names() -> impl Strategy<Value = String> {
    let odd = ["a.b", "$set", "", "0", "1", "__proto__", "é"];
    prop_oneof![
        12 => prop::sample::select(vec!["a", "b", "c", "d", "e"]).prop_map(str::to_owned),
        1 => prop::sample::select(odd.to_vec()).prop_map(str::to_owned),
    ]
}

/// Not a NaN: servers find it equal to itself, but `SecantusDB` does not where it is inside of a
/// document.
fn numbers() -> impl Strategy<Value = Bson> {
    let decimals = vec!["0", "-0", "1", "1.0", "1.00", "-7.5", "Infinity"];
    prop_oneof![
        (-2_i32..3).prop_map(Bson::Int32),
        (-2_i64..3).prop_map(Bson::Int64),
        prop::sample::select(vec![-1.5, -0.0, 0.0, 0.5, 1.0, f64::INFINITY]).prop_map(Bson::Double),
        prop::sample::select(decimals)
            .prop_map(|text| Bson::Decimal128(text.parse::<Decimal128>().unwrap())),
        any::<i64>().prop_map(Bson::Int64),
    ]
}

/// Values of types that every server keeps.
pub(super) fn scalars() -> impl Strategy<Value = Bson> {
    prop_oneof![
        3 => numbers(),
        2 => prop::sample::select(vec!["", "a", "A", "b", "ä", "10", "9"]).prop_map(Bson::from),
        1 => Just(Bson::Null),
        1 => any::<bool>().prop_map(Bson::Boolean),
        1 => (0_u8..3).prop_map(|n| ObjectId::from_bytes([n; 12]).into()),
        1 => (-2_i64..3).prop_map(|ms| DateTime::from_millis(ms).into()),
        1 => (0_u32..3).prop_map(|time| Timestamp { time, increment: 1 }.into()),
        1 => Just(Bson::MinKey),
        1 => Just(Bson::MaxKey),
    ]
}

fn values() -> impl Strategy<Value = Bson> {
    scalars().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Bson::Array),
            prop::collection::vec((names(), inner), 0..4)
                .prop_map(|fields| Bson::Document(fields.into_iter().collect())),
        ]
    })
}

pub(super) fn trees() -> impl Strategy<Value = Document> {
    prop::collection::vec((names(), values()), 0..6).prop_map(|fields| fields.into_iter().collect())
}

/// A document, and the same after somebody edited it.
pub(super) fn edits() -> impl Strategy<Value = (Document, Document)> {
    let edit = (any::<prop::sample::Index>(), values(), any::<u8>());
    (trees(), prop::collection::vec(edit, 0..3)).prop_map(|(original, edits)| {
        let mut edited = original.clone();
        for (place, value, kind) in edits {
            change(&mut edited, place, value, kind);
        }
        (original, edited)
    })
}

fn change(document: &mut Document, place: prop::sample::Index, value: Bson, kind: u8) {
    let keys: Vec<String> = document.keys().cloned().collect();
    let Some(key) = (!keys.is_empty()).then(|| &keys[place.index(keys.len())]) else {
        document.insert("new", value);
        return;
    };
    match (kind % 4, document.get_mut(key)) {
        (0, Some(Bson::Document(inner))) => change(inner, place, value, kind / 4),
        (0, Some(Bson::Array(items))) if !items.is_empty() => {
            let index = place.index(items.len());
            items[index] = value;
        }
        (1, _) => drop(document.remove(key)),
        (2, _) => drop(document.insert("z", value)),
        _ => drop(document.insert(key.clone(), value)),
    }
}
