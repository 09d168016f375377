//! Values that JSON has no word for, as answers hold them.

use std::borrow::Cow;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::MAX_SAFE_INTEGER;

/// Text, or `{"$binary":{"base64":"…"}}` where the bytes are no UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextOrBytes<B = Vec<u8>>(pub B);

impl<B: AsRef<[u8]>> Serialize for TextOrBytes<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = self.0.as_ref();
        if let Ok(text) = std::str::from_utf8(bytes) {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("$binary", &Base64 { base64: BASE64.encode(bytes) })?;
        map.end()
    }
}

/// For details of errors.
impl<B: AsRef<[u8]>> From<TextOrBytes<B>> for Value {
    fn from(held: TextOrBytes<B>) -> Self {
        serde_json::to_value(held).expect("texts can be written")
    }
}

/// What `$binary` holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base64 {
    base64: String,
}

impl Base64 {
    /// The bytes; `None` where the text is not base64.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        BASE64.decode(&self.base64).ok()
    }
}

impl<B> JsonSchema for TextOrBytes<B> {
    fn schema_name() -> Cow<'static, str> {
        "TextOrBytes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Text, or the bytes that no text has.",
            "oneOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": {
                        "$binary": {
                            "type": "object",
                            "properties": { "base64": { "type": "string" } },
                            "required": ["base64"],
                        },
                    },
                    "required": ["$binary"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

/// What a member that may be left out holds where it may also be `null`. It is only a schema.
#[derive(Debug)]
pub struct OrNull<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for OrNull<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}OrNull", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [generator.subschema_for::<T>(), { "type": "null" }] })
    }
}

/// A number, or `{"$numberLong":"…"}` outside ±(2^53−1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Integer64(pub i64);

impl Serialize for Integer64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if (-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER).contains(&self.0) {
            return serializer.serialize_i64(self.0);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("$numberLong", itoa::Buffer::new().format(self.0))?;
        map.end()
    }
}

impl JsonSchema for Integer64 {
    fn schema_name() -> Cow<'static, str> {
        "Integer64".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A 64-bit integer; as digits where a JSON number would lose some.",
            "oneOf": [
                { "type": "integer" },
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::Writer;

    proptest! {
        #[test]
        fn they_are_serialised_as_the_writer_writes_them(number: i64, bytes: Vec<u8>) {
            let mut out = Writer::new();
            out.integer(number);
            prop_assert_eq!(serde_json::to_vec(&Integer64(number)).unwrap(), out.into_bytes());
            let mut out = Writer::new();
            out.text_or_bytes(&bytes);
            prop_assert_eq!(serde_json::to_vec(&TextOrBytes(bytes)).unwrap(), out.into_bytes());
        }
    }
}
