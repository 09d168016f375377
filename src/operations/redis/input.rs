//! What several operations take: keys and other text or bytes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::error::{Error, Result};
use crate::json::{Base64, TextOrBytes};
use crate::request::params::up_to;

/// Text or bytes: a string, or `{"$binary": {"base64": "…"}}`. Numbers are taken as their text.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

/// How keys and other names are spelt in a path or query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "NameEncoding")]
pub(super) enum Encoding {
    /// As they are.
    #[default]
    Text,
    /// base64url of their bytes: for those that are empty (`=`), `.`, `..`, or not UTF-8.
    Base64url,
}

impl Bytes {
    /// The name, once its spelling is undone.
    pub(super) fn decode(self, encoding: Encoding) -> Result<Vec<u8>> {
        match encoding {
            Encoding::Text => Ok(self.0),
            Encoding::Base64url => {
                let padding = self.0.iter().rposition(|&b| b != b'=').map_or(0, |at| at + 1);
                BASE64URL.decode(&self.0[..padding]).map_err(|_| {
                    Error::validation("a name is not base64url, which `encoding` says it is")
                })
            }
        }
    }
}

/// Refuses a list in which a name stands twice: of what is given for it, only one could be kept.
pub(super) fn each_once<'a>(
    at: &str,
    names: impl Iterator<Item = &'a [u8]>,
) -> std::result::Result<(), String> {
    let mut seen = HashMap::new();
    for (i, name) in names.enumerate() {
        match seen.entry(name) {
            Entry::Vacant(free) => {
                free.insert(i);
            }
            Entry::Occupied(first) => {
                let first = first.get();
                return Err(format!(
                    "`{at}[{i}]` has the name that `{at}[{first}]` has; give each name once"
                ));
            }
        }
    }
    Ok(())
}

/// Keys and values are not for logs.
impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BytesVisitor)
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or {\"$binary\": {\"base64\": \"…\"}}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
        Ok(Bytes(text.as_bytes().to_vec()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Bytes, E> {
        Ok(Bytes(text.into_bytes()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Bytes, E> {
        Ok(Bytes(number.to_string().into_bytes()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Bytes, E> {
        Ok(Bytes(number.to_string().into_bytes()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Bytes, E> {
        let mut digits = ryu::Buffer::new();
        let text = digits.format(number);
        Ok(Bytes(text.strip_suffix(".0").unwrap_or(text).as_bytes().to_vec()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bytes, A::Error> {
        let bytes = match map.next_key::<Cow<'_, str>>()?.as_deref() {
            Some("$binary") => {
                let base64: Base64 = map.next_value()?;
                base64.bytes().ok_or_else(|| de::Error::custom("`base64` is not base64"))?
            }
            Some("$numberLong") => {
                let digits: String = map.next_value()?;
                let number: i64 = digits
                    .parse()
                    .map_err(|_| de::Error::custom("`$numberLong` is not a 64-bit integer"))?;
                number.to_string().into_bytes()
            }
            _ => return Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
        };
        match map.next_key::<IgnoredAny>()? {
            None => Ok(Bytes(bytes)),
            Some(_) => Err(de::Error::custom("one member expected")),
        }
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        TextOrBytes::<Vec<u8>>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        TextOrBytes::<Vec<u8>>::json_schema(generator)
    }
}

/// A 64-bit integer: a number, its digits as a string, or `{"$numberLong": "…"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Integer(pub(super) i64);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Bytes(digits) = Bytes::deserialize(deserializer)?;
        let number = std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok());
        number.map(Self).ok_or_else(|| de::Error::custom("a 64-bit integer expected"))
    }
}

impl JsonSchema for Integer {
    fn schema_name() -> Cow<'static, str> {
        "Integer64OrDigits".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A 64-bit integer; as digits where a JSON number would lose some.",
            "oneOf": [
                { "type": "integer" },
                { "type": "string" },
                {
                    "type": "object",
                    "properties": { "$numberLong": { "type": "string" } },
                    "required": ["$numberLong"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

/// A floating point number as Redis reads it: a number, or its text with `inf` and `-inf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Score(pub(super) String);

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Bytes(text) = Bytes::deserialize(deserializer)?;
        let text = String::from_utf8_lossy(&text);
        match text.trim().parse::<f64>() {
            Ok(number) if !number.is_nan() => Ok(Self(text.trim().to_owned())),
            _ => Err(de::Error::custom(format_args!("{text:?} is not a score"))),
        }
    }
}

impl JsonSchema for Score {
    fn schema_name() -> Cow<'static, str> {
        "Score".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A floating point number; `inf` and `-inf` as text.",
            "type": ["number", "string"],
        })
    }
}

/// The seconds of a `ttl`: `None` is −1, which lives on.
pub(super) fn seconds(ttl: Option<i64>) -> Result<Option<u64>> {
    match ttl {
        None | Some(-1) => Ok(None),
        Some(ttl) => match u64::try_from(ttl) {
            Ok(seconds) if seconds > 0 => Ok(Some(seconds)),
            _ => Err(Error::validation("`ttl` is a positive number of seconds, or -1 for none")),
        },
    }
}

/// Entries that one answer has at most.
pub(super) const MAX_LIMIT: usize = 1000;

/// The `limit` of an answer's entries.
pub(super) fn limit(wanted: Option<usize>, usual: usize) -> Result<usize> {
    up_to("limit", wanted.unwrap_or(usual), MAX_LIMIT, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(json: &str) -> Option<Vec<u8>> {
        serde_json::from_str::<Bytes>(json).ok().map(|bytes| bytes.0)
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(read(r#""añ""#).as_deref(), Some("añ".as_bytes()));
        assert_eq!(read(r#"{"$binary":{"base64":"/wA="}}"#).as_deref(), Some(&[0xff, 0][..]));
        assert_eq!(read(r#"{"$numberLong":"9007199254740993"}"#).unwrap(), b"9007199254740993");
        assert_eq!(read("12").unwrap(), b"12");
        assert_eq!(read("-0.5").unwrap(), b"-0.5");
    }

    #[test]
    fn anything_else_is_refused() {
        for json in ["null", "true", "[]", "{}", r#"{"$binary":"x"}"#, r#"{"a":1}"#] {
            assert_eq!(read(json), None, "{json}");
        }
        assert_eq!(read(r#"{"$binary":{"base64":""},"x":1}"#), None);
        assert_eq!(read(r#"{"$numberLong":"1 2"}"#), None);
    }

    #[test]
    fn integers_keep_every_digit_and_scores_every_spelling() {
        let integer = |json| serde_json::from_str::<Integer>(json).ok().map(|number| number.0);
        assert_eq!(integer("-5"), Some(-5));
        assert_eq!(integer(r#""9007199254740993""#), Some(9_007_199_254_740_993));
        assert_eq!(integer(r#"{"$numberLong":"-9223372036854775808"}"#), Some(i64::MIN));
        for json in ["1.5", "\"x\"", "\"\"", "null", "[]", "9223372036854775808"] {
            assert_eq!(integer(json), None, "{json}");
        }
        let score = |json| serde_json::from_str::<Score>(json).ok().map(|score| score.0);
        assert_eq!(score("-0.0").as_deref(), Some("-0"));
        assert_eq!(score("1e300").as_deref(), Some("1e300"));
        assert_eq!(score(r#"" -inf ""#).as_deref(), Some("-inf"));
        for json in ["\"nan\"", "\"x\"", "null", r#"{"$binary":{"base64":"/w=="}}"#] {
            assert_eq!(score(json), None, "{json}");
        }
    }

    proptest! {
        #[test]
        fn any_integer_is_read_in_both_forms(number: i64) {
            for json in [number.to_string(), format!("\"{number}\"")] {
                prop_assert_eq!(serde_json::from_str::<Integer>(&json).unwrap().0, number);
            }
        }

        #[test]
        fn any_key_can_be_spelt_in_base64url(key: Vec<u8>) {
            let spelt = Bytes(BASE64URL.encode(&key).into_bytes());
            prop_assert_eq!(spelt.decode(Encoding::Base64url).unwrap(), key);
        }
    }
}
