//! Every type of BSON goes in and comes out byte for byte.

use mongodb::bson::{RawDocument, RawDocumentBuf};
use serde_json::{Value, json};

use super::api::{Api, api};

/// Cases as the corpus of the BSON specification has them: a name, and canonical Extended JSON. All
/// of it must come back as the same text.
const VALUES: &[(&str, &str)] = &[
    ("array: empty", "[]"),
    ("array: several types", r#"[{"$numberInt":"1"},"a",null,[{"$numberDouble":"1.5"}]]"#),
    ("binary: empty", r#"{"$binary":{"base64":"","subType":"00"}}"#),
    ("binary: function", r#"{"$binary":{"base64":"//8=","subType":"01"}}"#),
    ("binary: old", r#"{"$binary":{"base64":"//8=","subType":"02"}}"#),
    ("binary: old UUID", r#"{"$binary":{"base64":"c//SZESzTGmQ6OfR38A11A==","subType":"03"}}"#),
    ("binary: UUID", r#"{"$binary":{"base64":"c//SZESzTGmQ6OfR38A11A==","subType":"04"}}"#),
    ("binary: MD5", r#"{"$binary":{"base64":"c//SZESzTGmQ6OfR38A11A==","subType":"05"}}"#),
    ("binary: of the user", r#"{"$binary":{"base64":"//8=","subType":"80"}}"#),
    ("binary: of the user, last", r#"{"$binary":{"base64":"AA==","subType":"ff"}}"#),
    ("boolean: true", "true"),
    ("boolean: false", "false"),
    ("code", r#"{"$code":"function() {}"}"#),
    ("code: empty", r#"{"$code":""}"#),
    ("code: with scope", r#"{"$code":"abcd","$scope":{"x":{"$numberInt":"1"}}}"#),
    ("code: with an empty scope", r#"{"$code":"é","$scope":{}}"#),
    ("date: epoch", r#"{"$date":{"$numberLong":"0"}}"#),
    ("date: before the epoch", r#"{"$date":{"$numberLong":"-284643869501"}}"#),
    ("dbref", r#"{"$ref":"c","$id":{"$oid":"58921b3e6e32ab156a22b59e"}}"#),
    ("dbref: with a database", r#"{"$ref":"c","$id":{"$numberInt":"1"},"$db":"d"}"#),
    ("decimal: NaN", r#"{"$numberDecimal":"NaN"}"#),
    ("decimal: infinity", r#"{"$numberDecimal":"-Infinity"}"#),
    ("decimal: trailing zeros", r#"{"$numberDecimal":"1.200"}"#),
    ("decimal: negative zero", r#"{"$numberDecimal":"-0"}"#),
    ("decimal: zero with a scale", r#"{"$numberDecimal":"0E-6176"}"#),
    ("decimal: largest", r#"{"$numberDecimal":"9.999999999999999999999999999999999E+6144"}"#),
    ("document: empty", "{}"),
    ("document: names", r#"{"$a":"x","a.b":"x","":"x","0":"x","__proto__":"x"}"#),
    ("double: whole", r#"{"$numberDouble":"1.0"}"#),
    ("double: zero", r#"{"$numberDouble":"0.0"}"#),
    ("double: negative zero", r#"{"$numberDouble":"-0.0"}"#),
    ("double: NaN", r#"{"$numberDouble":"NaN"}"#),
    ("double: infinity", r#"{"$numberDouble":"-Infinity"}"#),
    ("double: smallest", r#"{"$numberDouble":"5e-324"}"#),
    ("double: large", r#"{"$numberDouble":"1.234567890123456e18"}"#),
    ("int32: least", r#"{"$numberInt":"-2147483648"}"#),
    ("int64: small", r#"{"$numberLong":"1"}"#),
    ("int64: least", r#"{"$numberLong":"-9223372036854775808"}"#),
    ("int64: beyond 2^53", r#"{"$numberLong":"9007199254740993"}"#),
    ("maxkey", r#"{"$maxKey":1}"#),
    ("minkey", r#"{"$minKey":1}"#),
    ("null", "null"),
    ("oid", r#"{"$oid":"56e1fc72e0c917e9c4714161"}"#),
    ("regex", r#"{"$regularExpression":{"pattern":"a\"b/c","options":"imx"}}"#),
    ("regex: empty", r#"{"$regularExpression":{"pattern":"","options":""}}"#),
    ("string: empty", "\"\""),
    ("string: astral and zero", "\"a\\u0000b 😀 \u{2028}\""),
    ("timestamp", r#"{"$timestamp":{"t":4294967295,"i":4294967295}}"#),
];

/// Types that no server has made for years. MongoDB keeps them as they are; `SecantusDB` as what stands
/// third.
const DEPRECATED: &[(&str, &str, &str)] = &[
    ("symbol", r#"{"$symbol":"a"}"#, r#""a""#),
    ("undefined", r#"{"$undefined":true}"#, "null"),
    (
        "dbpointer",
        r#"{"$dbPointer":{"$ref":"b","$id":{"$oid":"56e1fc72e0c917e9c4714161"}}}"#,
        r#"{"$ref":"b","$id":{"$oid":"56e1fc72e0c917e9c4714161"}}"#,
    ),
    (
        "regex: options in no order",
        r#"{"$regularExpression":{"pattern":"a","options":"xmi"}}"#,
        r#"{"$regularExpression":{"pattern":"a","options":"imx"}}"#,
    ),
];

/// Dates that `SecantusDB` refuses; MongoDB takes them.
const FAR_DATES: &[(&str, &str)] = &[
    ("date: year 10000", r#"{"$date":{"$numberLong":"253402300800000"}}"#),
    ("date: least", r#"{"$date":{"$numberLong":"-9223372036854775808"}}"#),
    ("date: greatest", r#"{"$date":{"$numberLong":"9223372036854775807"}}"#),
];

fn with_value(id: usize, value: &str) -> String {
    format!(r#"{{"_id":{{"$numberInt":"{id}"}},"v":{value}}}"#)
}

async fn round_trip(api: &Api, id: usize, value: &str) -> (u16, String, String) {
    let document = with_value(id, value);
    let body = json!({ "document": document });
    let (status, answer) = api.send("POST", "/documents", body).await;
    assert_eq!(status, 201, "{value}: {answer}");
    let path = format!("/documents/{id}?id_type=int&ejson=canonical");
    let (status, read) = api.text("GET", &path, "").await;
    (status, read, format!(r#"{{"data":{document}}}"#))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_comes_out_as_it_went_in() {
    let Some(api) = api("fidelity").await else { return };
    for (id, (name, value)) in VALUES.iter().enumerate() {
        let (status, read, written) = round_trip(&api, id, value).await;
        assert_eq!((status, read), (200, written), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn types_that_are_no_longer_made_are_taken_and_shown() {
    let Some(api) = api("fidelity_deprecated").await else { return };
    for (id, (name, value, other)) in DEPRECATED.iter().enumerate() {
        let (status, read, written) = round_trip(&api, id, value).await;
        assert_eq!(status, 200, "{name}: {read}");
        let converted = written.replacen(value, other, 1);
        assert!(read == written || read == converted, "{name}: {read}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn far_dates_are_kept_or_refused_by_the_server_and_never_changed() {
    let Some(api) = api("fidelity_dates").await else { return };
    for (id, (name, value)) in FAR_DATES.iter().enumerate() {
        let body = json!({ "document": with_value(2 * id, value) });
        let (status, answer) = api.send("POST", "/documents", body).await;
        if status != 201 {
            let code = &answer["error"]["code"];
            assert_eq!((status, code), (400, &json!("DB_QUERY_ERROR")), "{name}: {answer}");
            continue;
        }
        let (status, read, written) = round_trip(&api, 2 * id + 1, value).await;
        assert_eq!((status, read), (200, written), "{name}");
    }
}

/// What is sent to a server is what the `bson` crate makes of the same JSON: a second opinion on the
/// bytes themselves, for the types that a server under test may not keep.
#[test]
fn the_bytes_are_those_of_the_bson_crate() {
    let deprecated = DEPRECATED.iter().map(|(name, value, _)| (name, value));
    let values = VALUES.iter().chain(FAR_DATES).map(|(name, value)| (name, value));
    for (name, value) in values.chain(deprecated) {
        let text = format!(r#"{{"v":{value}}}"#);
        let ours: studio_multidb::ejson::Document = serde_json::from_str(&text).unwrap();
        let theirs: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
        let theirs = bson::Document::try_from(theirs).unwrap();
        let theirs = RawDocumentBuf::try_from(&theirs).unwrap();
        // Regular expressions keep the order of their options here, and lose it there.
        if !name.contains("no order") {
            assert_eq!(ours.raw(), &*theirs, "{name}");
        }
        let mut writer = studio_multidb::json::Writer::new();
        let canonical = studio_multidb::ejson::Mode::Canonical;
        let raw: &RawDocument = ours.raw();
        studio_multidb::ejson::write_document(&mut writer, raw, canonical).unwrap();
        assert_eq!(String::from_utf8(writer.into_bytes()).unwrap(), text, "{name}");
    }
}
