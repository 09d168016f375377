//! Single values of answers, written without loss.

use schemars::JsonSchema;
use serde::Serialize;

use crate::json::Integer64;

/// A value; `null` where the server says nothing.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Scalar {
    Null,
    Number(Integer64),
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
            Self::Number(Integer64(number)) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::MAX_SAFE_INTEGER;
    use serde_json::json;

    #[test]
    fn nothing_is_lost() {
        let written = |scalar: Scalar| serde_json::to_value(scalar).unwrap();
        assert_eq!(written(Scalar::Number(Integer64(MAX_SAFE_INTEGER))), json!(MAX_SAFE_INTEGER));
        assert_eq!(
            written(Scalar::Number(Integer64(i64::MIN))),
            json!({ "$numberLong": "-9223372036854775808" })
        );
        assert_eq!(written(Scalar::Null), json!(null));
    }
}
