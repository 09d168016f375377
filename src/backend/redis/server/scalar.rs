//! Single values of answers, written without loss.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::json::MAX_SAFE_INTEGER;

/// A value; `Null` where the server says nothing.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Null,
    /// Outside the integers that JavaScript holds exactly it is written as `{"$numberLong": "…"}`.
    Number(i64),
    Float(f64),
    Flag(bool),
    Word(String),
}

impl Scalar {
    pub(super) fn word(word: &str) -> Self {
        Self::Word(word.to_owned())
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            #[allow(clippy::cast_precision_loss)] // For ratios.
            Self::Number(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }
}

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Number(number) if number.unsigned_abs() > MAX_SAFE_INTEGER.unsigned_abs() => {
                let mut long = serializer.serialize_map(Some(1))?;
                long.serialize_entry("$numberLong", &number.to_string())?;
                long.end()
            }
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Word(word) => serializer.serialize_str(word),
        }
    }
}

/// Text, or `{"$binary": {"base64": "…"}}` where it is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bytes(pub(super) Vec<u8>);

#[derive(Serialize)]
struct Binary {
    base64: String,
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(text) = std::str::from_utf8(&self.0) {
            return serializer.serialize_str(text);
        }
        let mut binary = serializer.serialize_map(Some(1))?;
        binary.serialize_entry("$binary", &Binary { base64: BASE64.encode(&self.0) })?;
        binary.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_is_lost() {
        let written = |scalar: Scalar| serde_json::to_value(scalar).unwrap();
        assert_eq!(written(Scalar::Number(MAX_SAFE_INTEGER)), json!(MAX_SAFE_INTEGER));
        assert_eq!(
            written(Scalar::Number(i64::MIN)),
            json!({ "$numberLong": "-9223372036854775808" })
        );
        let bytes = serde_json::to_value(Bytes(vec![0xff])).unwrap();
        assert_eq!(bytes, json!({ "$binary": { "base64": "/w==" } }));
    }
}
