//! Both directions against generated documents, with the `bson` crate's own conversions as a second
//! opinion.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{
    Binary, Bson, DateTime, DbPointer, Decimal128, Document as Tree, JavaScriptCodeWithScope,
    RawDocumentBuf, Regex, Timestamp, doc,
};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::json::Writer;

fn written(document: &RawDocumentBuf, mode: Mode) -> String {
    let mut writer = Writer::new();
    write_document(&mut writer, document, mode).unwrap();
    String::from_utf8(writer.into_bytes()).unwrap()
}

fn raw(tree: &Tree) -> RawDocumentBuf {
    RawDocumentBuf::try_from(tree).unwrap()
}

fn value(value: impl Into<Bson>, mode: Mode) -> String {
    let json = written(&raw(&doc! { "v": value.into() }), mode);
    json[5..json.len() - 1].to_owned()
}

fn read(json: &str) -> RawDocumentBuf {
    serde_json::from_str::<Document>(json).unwrap().into_raw()
}

fn refusal(json: &str) -> String {
    serde_json::from_str::<Document>(json).unwrap_err().to_string()
}

fn decimals() -> impl Strategy<Value = Decimal128> {
    let plain = (any::<i64>(), -30_i32..30).prop_map(|(n, e)| format!("{n}E{e}"));
    let padded =
        (any::<i32>(), 0_usize..12).prop_map(|(n, z)| format!("{n}.{}", "0".repeat(z + 1)));
    let special = prop::sample::select(vec!["NaN", "Infinity", "-Infinity", "-0", "0E-6176"]);
    prop_oneof![plain, padded, special.prop_map(str::to_owned)]
        .prop_map(|text| text.parse().unwrap())
}

/// Field names: ordinary ones, those that trouble JavaScript, and any text.
fn names() -> impl Strategy<Value = String> {
    let odd = ["__proto__", "constructor", "a.b", "$set", "$ref", "", "0", "é\u{2028}"];
    prop_oneof![
        4 => "[a-z]{1,6}",
        1 => prop::sample::select(odd.to_vec()).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|s| s.replace('\0', "")),
    ]
    .prop_filter("stands for a type", |name| !wrapper::is_wrapper(name))
}

fn scalars() -> impl Strategy<Value = Bson> {
    let subtype = prop_oneof![Just(0_u8), Just(2), Just(3), Just(4), Just(5), 0x80_u8..=0xff];
    prop_oneof![
        prop_oneof![
            any::<f64>(),
            prop::sample::select(vec![-0.0, 1.0, 1e21, 1e300, 5e-324, f64::NAN, f64::INFINITY]),
        ]
        .prop_map(Bson::Double),
        any::<String>().prop_map(Bson::String),
        any::<bool>().prop_map(Bson::Boolean),
        Just(Bson::Null),
        any::<i32>().prop_map(Bson::Int32),
        prop_oneof![
            any::<i64>(),
            prop::sample::select(vec![0, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, i64::MIN]),
        ]
        .prop_map(Bson::Int64),
        any::<[u8; 12]>().prop_map(|id| ObjectId::from_bytes(id).into()),
        prop_oneof![any::<i64>(), -10_000_i64..10_000, 0..253_402_300_800_000_i64]
            .prop_map(|ms| DateTime::from_millis(ms).into()),
        (subtype, prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(subtype, bytes)| {
            Binary { subtype: BinarySubtype::from(subtype), bytes }.into()
        }),
        ("[a-z.*]{0,6}", "i?m?s?x?").prop_map(|(pattern, options)| Bson::RegularExpression(
            Regex { pattern: pattern.try_into().unwrap(), options: options.try_into().unwrap() }
        )),
        any::<(u32, u32)>().prop_map(|(time, increment)| Timestamp { time, increment }.into()),
        decimals().prop_map(Bson::Decimal128),
        any::<String>().prop_map(Bson::JavaScriptCode),
        any::<String>().prop_map(Bson::Symbol),
        Just(Bson::Undefined),
        Just(Bson::MinKey),
        Just(Bson::MaxKey),
        any::<(String, [u8; 12])>().prop_map(|(namespace, id)| db_pointer(&namespace, id)),
    ]
}

/// The crate has no public constructor for it.
fn db_pointer(namespace: &str, id: [u8; 12]) -> Bson {
    let oid = ObjectId::from_bytes(id).to_hex();
    let json = serde_json::json!({ "$dbPointer": { "$ref": namespace, "$id": { "$oid": oid } } });
    let pointer: DbPointer = match Bson::try_from(json).unwrap() {
        Bson::DbPointer(pointer) => pointer,
        other => panic!("{other:?}"),
    };
    Bson::DbPointer(pointer)
}

fn values() -> impl Strategy<Value = Bson> {
    scalars().prop_recursive(4, 40, 6, |inner| {
        let fields = prop::collection::vec((names(), inner.clone()), 0..6);
        let tree = fields.prop_map(|fields| fields.into_iter().collect::<Tree>()).boxed();
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(Bson::Array),
            tree.clone().prop_map(Bson::Document),
            (any::<String>(), tree).prop_map(|(code, scope)| {
                Bson::JavaScriptCodeWithScope(JavaScriptCodeWithScope { code, scope })
            }),
        ]
    })
}

fn trees() -> impl Strategy<Value = Tree> {
    prop::collection::vec((names(), values()), 0..8).prop_map(|fields| fields.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn canonical_json_reads_back_byte_for_byte(tree in trees()) {
        let bytes = raw(&tree);
        let json = written(&bytes, Mode::Canonical);
        prop_assert_eq!(read(&json), bytes, "{}", json);
    }

    #[test]
    fn relaxed_json_says_the_same_again_after_it_was_read(tree in trees()) {
        let json = written(&raw(&tree), Mode::Relaxed);
        prop_assert_eq!(written(&read(&json), Mode::Relaxed), json);
    }

    #[test]
    fn the_bson_crate_reads_canonical_json_as_the_same_document(tree in trees()) {
        let json: Value = serde_json::from_str(&written(&raw(&tree), Mode::Canonical)).unwrap();
        let theirs = Bson::try_from(json).unwrap();
        prop_assert_eq!(theirs.into_canonical_extjson(), Bson::Document(tree).into_canonical_extjson());
    }

    #[test]
    fn we_read_the_canonical_json_of_the_bson_crate(tree in trees()) {
        let json = Bson::Document(tree.clone()).into_canonical_extjson().to_string();
        prop_assert_eq!(read(&json), raw(&tree), "{}", json);
    }

    #[test]
    fn any_bytes_are_written_or_refused_without_a_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 0..80),
        fix in any::<bool>(),
    ) {
        if fix && bytes.len() > 4 {
            let length = i32::try_from(bytes.len()).unwrap();
            bytes[..4].copy_from_slice(&length.to_le_bytes());
            *bytes.last_mut().unwrap() = 0;
        }
        if let Ok(document) = RawDocumentBuf::from_bytes(bytes) {
            let mut writer = Writer::new();
            if write_document(&mut writer, &document, Mode::Relaxed).is_ok() {
                serde_json::from_slice::<serde::de::IgnoredAny>(&writer.into_bytes()).unwrap();
            }
        }
    }

    #[test]
    fn a_cut_document_is_refused_without_a_panic(tree in trees(), cut in any::<prop::sample::Index>()) {
        let mut bytes = raw(&tree).into_bytes();
        bytes.truncate(cut.index(bytes.len()).max(5));
        let length = i32::try_from(bytes.len()).unwrap();
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        *bytes.last_mut().unwrap() = 0;
        if let Ok(document) = RawDocumentBuf::from_bytes(bytes) {
            let _ = write_document(&mut Writer::new(), &document, Mode::Canonical);
        }
    }
}

#[test]
fn integers_longs_and_doubles_stay_apart() {
    assert_eq!(value(1_i32, Mode::Relaxed), "1");
    assert_eq!(value(1_i64, Mode::Relaxed), "1");
    assert_eq!(value(1.0, Mode::Relaxed), "1.0");
    assert_eq!(value(1_i32, Mode::Canonical), r#"{"$numberInt":"1"}"#);
    assert_eq!(value(1_i64, Mode::Canonical), r#"{"$numberLong":"1"}"#);
    assert_eq!(value(1.0, Mode::Canonical), r#"{"$numberDouble":"1.0"}"#);
    assert_eq!(read(r#"{"v":1}"#), raw(&doc! { "v": 1_i32 }));
    assert_eq!(read(r#"{"v":2147483648}"#), raw(&doc! { "v": 2_147_483_648_i64 }));
    assert_eq!(read(r#"{"v":1.0}"#), raw(&doc! { "v": 1.0 }));
    assert_eq!(read(r#"{"v":1e2}"#), raw(&doc! { "v": 100.0 }));
    assert_eq!(
        read(r#"{"v":18446744073709551615}"#),
        raw(&doc! { "v": 18_446_744_073_709_551_615.0 })
    );
}

#[test]
fn longs_outside_the_safe_range_stay_canonical() {
    assert_eq!(value((1_i64 << 53) - 1, Mode::Relaxed), "9007199254740991");
    assert_eq!(value((1_i64 << 53) + 1, Mode::Relaxed), r#"{"$numberLong":"9007199254740993"}"#);
    assert_eq!(value(i64::MIN, Mode::Relaxed), r#"{"$numberLong":"-9223372036854775808"}"#);
}

#[test]
fn special_doubles_survive() {
    assert_eq!(value(-0.0, Mode::Relaxed), "-0.0");
    assert_eq!(value(f64::NAN, Mode::Relaxed), r#"{"$numberDouble":"NaN"}"#);
    assert_eq!(value(f64::NEG_INFINITY, Mode::Relaxed), r#"{"$numberDouble":"-Infinity"}"#);
    assert_eq!(read(r#"{"v":-0}"#), raw(&doc! { "v": -0.0 }));
    assert!(refusal(r#"{"v":{"$numberDouble":"inf"}}"#).contains("$numberDouble"));
}

#[test]
fn dates_outside_four_digit_years_are_numbers() {
    let before = DateTime::from_millis(-1);
    assert_eq!(value(before, Mode::Relaxed), r#"{"$date":{"$numberLong":"-1"}}"#);
    assert_eq!(
        value(DateTime::from_millis(0), Mode::Relaxed),
        r#"{"$date":"1970-01-01T00:00:00Z"}"#
    );
    assert_eq!(read(r#"{"v":{"$date":"1969-12-31T23:59:59.999Z"}}"#), raw(&doc! { "v": before }));
    assert_eq!(read(r#"{"v":{"$date":-1}}"#), raw(&doc! { "v": before }));
}

#[test]
fn decimals_keep_their_trailing_zeros() {
    let price: Decimal128 = "1.2300".parse().unwrap();
    assert_eq!(value(price, Mode::Relaxed), r#"{"$numberDecimal":"1.2300"}"#);
    assert_eq!(read(r#"{"v":{"$numberDecimal":"1.2300"}}"#), raw(&doc! { "v": price }));
}

#[test]
fn binary_is_read_in_all_its_forms() {
    let uuid = Binary { subtype: BinarySubtype::Uuid, bytes: (0..16).collect() };
    let expected = raw(&doc! { "v": uuid });
    assert_eq!(read(r#"{"v":{"$uuid":"00010203-0405-0607-0809-0a0b0c0d0e0f"}}"#), expected);
    let body = r#"{"v":{"$binary":{"subType":"04","base64":"AAECAwQFBgcICQoLDA0ODw=="}}}"#;
    assert_eq!(read(body), expected);
    assert_eq!(read(r#"{"v":{"$binary":"AAECAwQFBgcICQoLDA0ODw==","$type":"4"}}"#), expected);
}

#[test]
fn query_operators_are_not_taken_for_types() {
    let filter = doc! { "a": { "$regex": "^x", "$options": "i" }, "b": { "$type": 2 } };
    assert_eq!(read(r#"{"a":{"$regex":"^x","$options":"i"},"b":{"$type":2}}"#), raw(&filter));
    let reference = doc! { "r": { "$ref": "c", "$id": 1, "$db": "d" } };
    assert_eq!(read(r#"{"r":{"$ref":"c","$id":1,"$db":"d"}}"#), raw(&reference));
}

#[test]
fn a_type_next_to_other_members_is_refused() {
    assert!(refusal(r#"{"v":{"$oid":"0123456789abcdef01234567","a":1}}"#).contains("$oid"));
    assert!(refusal(r#"{"v":{"a":1,"$oid":"0123456789abcdef01234567"}}"#).contains("$oid"));
    assert!(refusal(r#"{"$oid":"0123456789abcdef01234567"}"#).contains("a document is expected"));
    assert!(refusal(r#"{"v":{"$oid":"0123"}}"#).contains("24 hexadecimal digits"));
    assert!(refusal(r#"{"v":{"$scope":{}}}"#).contains("$code"));
}

#[test]
fn a_scope_may_stand_before_its_code() {
    let code = JavaScriptCodeWithScope { code: "x".into(), scope: doc! { "y": 1 } };
    assert_eq!(read(r#"{"v":{"$scope":{"y":1},"$code":"x"}}"#), raw(&doc! { "v": code }));
}

#[test]
fn a_field_given_twice_is_refused() {
    assert!(refusal(r#"{"a":1,"a":2}"#).contains("twice"));
    assert!(refusal(r#"{"b":{"a":1,"a":2}}"#).contains("twice"));
    let many: Vec<String> = (0..40).map(|i| format!("\"k{i}\":1")).collect();
    assert!(refusal(&format!("{{{},\"k3\":2}}", many.join(","))).contains("twice"));
}

#[test]
fn proto_is_an_ordinary_field() {
    let json = r#"{"__proto__":{"a":1},"a.b":1,"$set":2}"#;
    assert_eq!(written(&read(json), Mode::Relaxed), json);
}

#[test]
fn a_document_may_come_as_text() {
    let document: Document = serde_json::from_str(r#""{\"a\":1}""#).unwrap();
    assert_eq!(document.into_raw(), raw(&doc! { "a": 1 }));
    let pipeline: Pipeline = serde_json::from_str(r#""[{\"$match\":{}}]""#).unwrap();
    assert_eq!(pipeline.0.len(), 1);
    let update: Update = serde_json::from_str(r#"[{"$set":{"a":1}}]"#).unwrap();
    assert!(matches!(update, Update::Pipeline(_)));
    assert!(serde_json::from_str::<Document>(r#""[1]""#).is_err());
    assert!(serde_json::from_str::<Document>(r#""{} trailing""#).is_err());
}

#[test]
fn json_nested_too_deeply_is_refused_instead_of_overflowing_the_stack() {
    let deep = format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
    assert!(refusal(&deep).contains("at most 200 levels"));
}

#[test]
fn bson_nested_too_deeply_is_refused_instead_of_overflowing_the_stack() {
    let mut bytes = vec![5, 0, 0, 0, 0];
    for _ in 0..10_000 {
        let length = i32::try_from(bytes.len() + 8).unwrap();
        let mut outer = length.to_le_bytes().to_vec();
        outer.extend_from_slice(b"\x03a\0");
        outer.append(&mut bytes);
        outer.push(0);
        bytes = outer;
    }
    let document = RawDocumentBuf::from_bytes(bytes).unwrap();
    let error = write_document(&mut Writer::new(), &document, Mode::Relaxed).unwrap_err();
    assert!(error.message().contains("deeply"));
}

#[test]
fn text_that_is_not_utf8_fails_nothing_else_and_comes_back_as_it_was() {
    let bytes = b"\x16\0\0\0\x02v\0\x03\0\0\0\xff!\0\x10n\0\x07\0\0\0\0".to_vec();
    let document = RawDocumentBuf::from_bytes(bytes).unwrap();
    assert_eq!(written(&document, Mode::Relaxed), "{\"v\":\"\u{fffd}!\",\"n\":7}");
    let canonical = written(&document, Mode::Canonical);
    let expected = r#"{"v":{"$unreadable":{"base64":"/yE="}},"n":{"$numberInt":"7"}}"#;
    assert_eq!(canonical, expected);
    let back: Document = serde_json::from_str(&canonical).unwrap();
    assert_eq!(back.into_raw(), document);
}

#[test]
fn a_value_with_text_inside_that_is_not_utf8_is_told_and_not_taken_back() {
    let reason = |what: &str| format!(r#"{{"$unreadable":{{"reason":"{what}"}}}}"#);
    for (value, what) in [
        (&b"\x03v\0\x08\0\0\0\x0a\xff\0\0"[..], "a field name that is not UTF-8"),
        (b"\x0bv\0\xff\0i\0", "text that is not UTF-8"),
        (b"\x0bv\0a\0\xff\0", "text that is not UTF-8"),
        (b"\x0dv\0\x02\0\0\0\xff\0", "text that is not UTF-8"),
        (b"\x0ev\0\x02\0\0\0\xff\0", "text that is not UTF-8"),
        (b"\x0fv\0\x0f\0\0\0\x02\0\0\0\xff\0\x05\0\0\0\0", "text that is not UTF-8"),
    ] {
        let mut bytes = i32::try_from(value.len() + 12).unwrap().to_le_bytes().to_vec();
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\x10n\0\x07\0\0\0\0");
        let document = RawDocumentBuf::from_bytes(bytes).unwrap();
        let canonical = written(&document, Mode::Canonical);
        assert_eq!(canonical, format!(r#"{{"v":{},"n":{{"$numberInt":"7"}}}}"#, reason(what)));
        let refused = serde_json::from_str::<Document>(&canonical).unwrap_err();
        assert!(refused.to_string().contains("can't be written"), "{refused}");
    }
    // A document with such a name of its own.
    let document = RawDocumentBuf::from_bytes(b"\x08\0\0\0\x0a\xff\0\0".to_vec()).unwrap();
    assert_eq!(written(&document, Mode::Canonical), reason("a field name that is not UTF-8"));
}

#[test]
fn one_value_is_read_and_written_alone() {
    let id = parse_value(r#"{"$numberLong":"7"}"#).unwrap();
    assert_eq!(id, Bson::Int64(7));
    let mut writer = Writer::new();
    write_value(&mut writer, &id, Mode::Canonical).unwrap();
    assert_eq!(writer.into_bytes(), br#"{"$numberLong":"7"}"#);
    assert!(parse_value("{").is_err());
}
