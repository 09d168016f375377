//! The `_id` of a document, as a path segment.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::engine::{DecodePaddingMode, GeneralPurpose};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::ejson::{self, Canonical};
use crate::error::{Error, Result};

const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Which BSON type a plain `_id` is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum IdType {
    /// 24 hexadecimal digits.
    #[serde(rename = "objectid", alias = "objectId", alias = "oid")]
    ObjectId,
    /// Text, even if it looks like something else.
    String,
    /// A 32-bit integer.
    Int,
    /// A 64-bit integer.
    Long,
    /// A floating-point number.
    Double,
    /// A 128-bit decimal number.
    Decimal,
    /// A UUID in its usual notation, stored as binary subtype 4.
    Uuid,
    /// An ISO-8601 date.
    Date,
    /// `true` or `false`.
    Bool,
    /// The value `null`; the segment is not looked at.
    Null,
}

/// How the segment is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "IdEncoding")]
pub(super) enum Encoding {
    /// Base64url of the id as canonical Extended JSON, for ids of any type.
    Base64url,
}

/// Reads the segment: 24 hexadecimal digits are an `ObjectId` and everything else is a string, unless
/// it is said otherwise.
pub(super) fn parse(
    text: &str,
    id_type: Option<IdType>,
    encoding: Option<Encoding>,
) -> Result<Bson> {
    if encoding == Some(Encoding::Base64url) {
        if id_type.is_some() {
            return Err(Error::validation("give either `id_type` or `encoding`, not both"));
        }
        let bytes = BASE64URL.decode(text).ok().and_then(|b| String::from_utf8(b).ok());
        let json =
            bytes.ok_or_else(|| Error::validation("the id is not base64url of Extended JSON"))?;
        return ejson::parse_value(&json).map_err(|e| e.context("the id"));
    }
    let wrong = |what: &str| Error::validation(format!("the id {text:?} is not {what}"));
    Ok(match id_type {
        None => match ObjectId::parse_str(text) {
            Ok(id) => Bson::ObjectId(id),
            Err(_) => Bson::String(text.to_owned()),
        },
        Some(IdType::String) => Bson::String(text.to_owned()),
        Some(IdType::ObjectId) => {
            let id = ObjectId::parse_str(text);
            Bson::ObjectId(id.map_err(|_| wrong("24 hexadecimal digits"))?)
        }
        Some(IdType::Int) => {
            Bson::Int32(ejson::integer(text).ok_or_else(|| wrong("a 32-bit integer"))?)
        }
        Some(IdType::Long) => {
            Bson::Int64(ejson::integer(text).ok_or_else(|| wrong("a 64-bit integer"))?)
        }
        Some(IdType::Double) => Bson::Double(ejson::double(text).ok_or_else(|| wrong("a number"))?),
        Some(IdType::Decimal) => {
            Bson::Decimal128(ejson::decimal(text).ok_or_else(|| wrong("a decimal number"))?)
        }
        Some(IdType::Uuid) => {
            let uuid = uuid::Uuid::parse_str(text).map_err(|_| wrong("a UUID"))?;
            Bson::Binary(Binary { subtype: BinarySubtype::Uuid, bytes: uuid.as_bytes().to_vec() })
        }
        Some(IdType::Date) => {
            let date = DateTime::parse_rfc3339_str(text);
            Bson::DateTime(date.map_err(|_| wrong("an ISO-8601 date"))?)
        }
        Some(IdType::Bool) => Bson::Boolean(text.parse().map_err(|_| wrong("true or false"))?),
        Some(IdType::Null) => Bson::Null,
    })
}

/// The id as a plain segment, where it can be one, else as canonical Extended JSON.
pub(super) fn plain(id: &Bson) -> Result<String> {
    match id {
        Bson::ObjectId(id) => Ok(id.to_hex()),
        Bson::String(text) => Ok(text.clone()),
        other => canonical(other),
    }
}

/// The id as canonical Extended JSON.
fn canonical(id: &Bson) -> Result<String> {
    serde_json::to_string(&Canonical(id))
        .map_err(|e| Error::internal(format!("the id could not be written: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    const HEX: &str = "0123456789abcdef01234567";

    #[test]
    fn plain_segments_are_object_ids_or_strings() {
        assert!(matches!(parse(HEX, None, None).unwrap(), Bson::ObjectId(_)));
        assert_eq!(parse("42", None, None).unwrap(), Bson::String("42".into()));
        let text = parse(HEX, Some(IdType::String), None).unwrap();
        assert_eq!(text, Bson::String(HEX.into()));
    }

    #[test]
    fn the_type_of_a_segment_can_be_said() {
        assert_eq!(parse("42", Some(IdType::Int), None).unwrap(), Bson::Int32(42));
        assert_eq!(parse("42", Some(IdType::Long), None).unwrap(), Bson::Int64(42));
        assert_eq!(parse("0.5", Some(IdType::Double), None).unwrap(), Bson::Double(0.5));
        let uuid = "00010203-0405-0607-0809-0a0b0c0d0e0f";
        assert!(matches!(parse(uuid, Some(IdType::Uuid), None).unwrap(), Bson::Binary(_)));
        assert!(parse("x", Some(IdType::Int), None).is_err());
    }

    #[test]
    fn an_id_that_is_neither_base64url_nor_json_is_refused() {
        assert!(parse("***", None, Some(Encoding::Base64url)).is_err());
        assert!(parse("eA", None, Some(Encoding::Base64url)).is_err());
    }

    proptest! {
        #[test]
        fn any_id_survives_as_a_segment(number in any::<i64>(), text in any::<String>()) {
            for id in [Bson::Int64(number), Bson::String(text.clone()), Bson::Null] {
                let segment = URL_SAFE_NO_PAD.encode(canonical(&id).unwrap());
                prop_assert_eq!(parse(&segment, None, Some(Encoding::Base64url)).unwrap(), id);
            }
        }
    }
}
