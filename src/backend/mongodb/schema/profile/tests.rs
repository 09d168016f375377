use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::ejson::Mode;

const LIMITS: Limits = Limits { paths: 100, values: 5 };

fn profile(documents: impl IntoIterator<Item = Document>, limits: Limits) -> Profile {
    let mut profile = Profile::new(limits);
    for document in documents {
        profile.add(&RawDocumentBuf::try_from(&document).unwrap()).unwrap();
    }
    profile
}

fn written(profile: &Profile) -> Value {
    serde_json::from_slice(&serde_json::to_vec(&profile.shown(Mode::Relaxed)).unwrap()).unwrap()
}

fn learned(documents: impl IntoIterator<Item = Document>) -> Value {
    written(&profile(documents, LIMITS))
}

fn field<'s>(schema: &'s Value, path: &str) -> &'s Value {
    let fields = schema["fields"].as_array().unwrap();
    fields
        .iter()
        .find(|field| field["path"] == path)
        .unwrap_or_else(|| panic!("{path} in {schema}"))
}

fn of_type<'s>(schema: &'s Value, path: &str, name: &str) -> &'s Value {
    let types = field(schema, path)["types"].as_array().unwrap();
    types.iter().find(|of_type| of_type["type"] == name).unwrap()
}

#[test]
fn types_and_presence_are_shares_of_what_was_seen() {
    let schema = learned([
        doc! { "_id": 1, "a": 1 },
        doc! { "_id": 2, "a": "x" },
        doc! { "_id": 3, "a": 2_i64 },
        doc! { "_id": 4 },
    ]);
    assert_eq!((&schema["documents"], &schema["paths"]), (&json!(4), &json!(2)));
    let a = field(&schema, "a");
    assert_eq!((&a["documents"], &a["presence"]), (&json!(3), &json!(0.75)));
    assert_eq!(a["cardinality"], json!({ "value": 3, "kind": "exact" }));
    let names: Vec<&str> =
        a["types"].as_array().unwrap().iter().map(|t| t["type"].as_str().unwrap()).collect();
    assert_eq!(names, ["int", "string", "long"]);
    assert_eq!(of_type(&schema, "a", "int")["count"], 1);
    assert_eq!(of_type(&schema, "_id", "int")["share"], 1);
}

#[test]
fn ranges_are_kept_for_each_type() {
    let schema = learned([
        doc! { "n": 5, "s": "pear", "d": Bson::DateTime(mongodb::bson::DateTime::from_millis(0)) },
        doc! { "n": -7, "s": "apple", "d": Bson::DateTime(mongodb::bson::DateTime::from_millis(86_400_000)) },
        doc! { "n": i64::MAX, "s": "zoo".repeat(100), "d": Bson::Null },
    ]);
    let int = of_type(&schema, "n", "int");
    assert_eq!((&int["min"], &int["max"]), (&json!(-7), &json!(5)));
    let long = of_type(&schema, "n", "long");
    assert_eq!(long["max"], json!({ "$numberLong": i64::MAX.to_string() }));
    let text = of_type(&schema, "s", "string");
    assert_eq!(text["min"], "apple");
    let max = text["max"].as_str().unwrap();
    assert!(max.starts_with("zoozoo") && max.ends_with('…') && max.len() < 120, "{max}");
    assert_eq!(text["length"]["max"], 300);
    let date = of_type(&schema, "d", "date");
    assert_eq!(date["min"], json!({ "$date": "1970-01-01T00:00:00Z" }));
    assert!(of_type(&schema, "d", "null").get("min").is_none());
}

#[test]
fn nesting_is_followed_through_documents_and_arrays() {
    let schema = learned([
        doc! { "items": [{ "price": 1, "tags": ["a", "b"] }, { "price": 2.5 }] },
        doc! { "items": [], "a.b": { "": 1 } },
    ]);
    assert_eq!(field(&schema, "items[].price")["keys"], json!(["items", null, "price"]));
    assert_eq!(field(&schema, "a.b")["keys"], json!(["a.b"]));
    assert_eq!(field(&schema, "a.b.")["keys"], json!(["a.b", ""]));
    let lengths = &of_type(&schema, "items", "array")["length"];
    assert_eq!(lengths, &json!({ "min": 0, "max": 2, "average": 1 }));
    let price = field(&schema, "items[].price");
    assert_eq!((&price["documents"], &price["occurrences"]), (&json!(1), &json!(2)));
    assert_eq!((&price["presence"], &price["presence_in_parent"]), (&json!(0.5), &json!(1)));
    assert_eq!(field(&schema, "items[].tags")["presence_in_parent"], 0.5);
    assert_eq!(of_type(&schema, "items[].tags[]", "string")["count"], 2);
    assert_eq!(of_type(&schema, "items[]", "object")["length"]["max"], 2);
    // What is inside of a field stands behind it.
    let order: Vec<&str> = schema["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["path"].as_str().unwrap())
        .collect();
    let expected =
        ["items", "items[]", "items[].price", "items[].tags", "items[].tags[]", "a.b", "a.b."];
    assert_eq!(order, expected);
}

#[test]
fn frequent_values_are_told_with_their_counts() {
    let states = ["open", "open", "open", "closed", "closed", "lost"];
    let documents = (0_i64..).zip(states).map(|(id, state)| doc! { "id": id, "s": state });
    let schema = learned(documents);
    let values = &of_type(&schema, "s", "string")["values"];
    let expected = json!([
        { "value": "open", "count": 3, "error": 0 },
        { "value": "closed", "count": 2, "error": 0 },
        { "value": "lost", "count": 1, "error": 0 },
    ]);
    assert_eq!(values, &expected);
    // Six different ids are more than are asked for, and none comes twice.
    assert!(of_type(&schema, "id", "long").get("values").is_none());
}

#[test]
fn one_value_is_found_among_several_that_come_as_often() {
    let documents = (0..100).map(|id| doc! { "s": format!("state {}", id % 5) });
    let schema = written(&profile(documents, Limits { paths: 100, values: 1 }));
    let values = of_type(&schema, "s", "string")["values"].as_array().unwrap();
    assert_eq!((values.len(), &values[0]["count"]), (1, &json!(20)));
}

#[test]
fn what_is_kept_has_a_bound_and_says_what_was_left_out() {
    let mut wide = Document::new();
    for i in 0..5000 {
        wide.insert(format!("f{i}"), i);
    }
    wide.insert("x".repeat(600), 1);
    let schema = learned([doc! { "a": 1 }, wide.clone(), wide]);
    assert_eq!((&schema["paths"], &schema["cut"]), (&json!(100), &json!(true)));
    assert_eq!(schema["left_out"], 2 * (5001 - 99));

    let many: Vec<Bson> = (0..12_000).map(Bson::Int32).collect();
    let schema = learned([doc! { "a": many }]);
    assert_eq!(of_type(&schema, "a", "array")["length"]["max"], 12_000);
    assert_eq!(field(&schema, "a[]")["occurrences"], 10_000);
    assert_eq!((&schema["cut"], &schema["left_out"]), (&json!(true), &json!(2000)));
    let cardinality = &field(&schema, "a[]")["cardinality"];
    assert_eq!(cardinality["kind"], "estimate");
}

#[test]
fn a_broken_document_is_refused_and_does_no_harm() {
    let mut broken = RawDocumentBuf::try_from(&doc! { "a": "text" }).unwrap().into_bytes();
    broken[7] = 0x7f;
    let broken = RawDocumentBuf::from_bytes(broken).unwrap();
    let mut profile = Profile::new(LIMITS);
    assert!(profile.add(&broken).is_err());
    profile.add(&RawDocumentBuf::try_from(&doc! { "a": 1 }).unwrap()).unwrap();
    assert_eq!(field(&written(&profile), "a")["occurrences"], 1);
}

fn any_value() -> impl Strategy<Value = Bson> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(Bson::Int32),
        any::<i64>().prop_map(Bson::Int64),
        any::<f64>().prop_map(Bson::Double),
        any::<bool>().prop_map(Bson::Boolean),
        ".{0,150}".prop_map(Bson::String),
        prop::array::uniform12(any::<u8>()).prop_map(|id| Bson::ObjectId(id.into())),
        prop::array::uniform16(any::<u8>())
            .prop_map(|bytes| Bson::Decimal128(mongodb::bson::Decimal128::from_bytes(bytes))),
        any::<(u32, u32)>().prop_map(|(time, increment)| {
            Bson::Timestamp(mongodb::bson::Timestamp { time, increment })
        }),
        Just(Bson::Null),
        Just(Bson::MinKey),
        Just(Bson::JavaScriptCode("x".to_owned())),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Bson::Array),
            prop::collection::vec(("[a-d.]{0,2}", inner), 0..6)
                .prop_map(|fields| Bson::Document(fields.into_iter().collect())),
        ]
    })
}

/// Values in a document, but for the document itself.
fn values_in(value: &Bson) -> u64 {
    match value {
        Bson::Document(fields) => fields.values().map(|value| 1 + values_in(value)).sum(),
        Bson::Array(items) => items.iter().map(|value| 1 + values_in(value)).sum(),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn every_value_is_counted_once_or_left_out_and_the_answer_is_json(
        documents in prop::collection::vec(
            prop::collection::vec(("[a-d.]{0,2}", any_value()), 0..6)
                .prop_map(|fields| fields.into_iter().collect::<Document>()),
            0..20,
        ),
        paths in 1..40_usize,
    ) {
        let total: u64 =
            documents.iter().map(|document| values_in(&Bson::Document(document.clone()))).sum();
        let whole = written(&profile(documents.clone(), LIMITS));
        let counted = |schema: &Value| -> u64 {
            let fields = schema["fields"].as_array().unwrap();
            for field in fields {
                let types = field["types"].as_array().unwrap();
                let sum: u64 = types.iter().map(|t| t["count"].as_u64().unwrap()).sum();
                assert_eq!(field["occurrences"].as_u64().unwrap(), sum, "{field}");
                assert!(field["presence"].as_f64().unwrap() <= 1.0, "{field}");
            }
            fields.iter().map(|field| field["occurrences"].as_u64().unwrap()).sum()
        };
        if whole["cut"] == false {
            prop_assert_eq!(counted(&whole), total);
        }
        let bounded = written(&profile(documents, Limits { paths, values: 2 }));
        prop_assert!(bounded["paths"].as_u64().unwrap() <= paths as u64);
        // What stands inside of something that was left out is not counted by itself.
        prop_assert!(counted(&bounded) + bounded["left_out"].as_u64().unwrap() <= total);
    }
}
