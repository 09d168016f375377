//! JSON values as parameters in text form.

use serde_json::value::RawValue;

use crate::error::{Error, Result};

/// A parameter of a statement.
#[derive(Debug, Clone)]
pub enum Parameter {
    /// NULL.
    Null,
    /// A string, a boolean, or a number with all its digits: sent as it is.
    Text(String),
    /// An object or an array: how it is sent depends on the type that the server expects.
    Structured(Box<RawValue>),
}

impl Parameter {
    /// Takes over a JSON value.
    pub fn from_json(value: Box<RawValue>) -> Result<Self> {
        let json = value.get();
        Ok(match json.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b'"') => Self::Text(
                serde_json::from_str(json)
                    .map_err(|e| Error::validation(format!("`parameters`: {e}")))?,
            ),
            Some(b'{' | b'[') => Self::Structured(value),
            _ => Self::Text(json.to_owned()),
        })
    }

    /// Whether the type must be known before it can be sent.
    pub(super) fn needs_type(&self) -> bool {
        matches!(self, Self::Structured(_))
    }

    /// The text form for a parameter of this type; `None` is NULL.
    pub(super) fn encode(&self, type_oid: u32) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text.clone().into_bytes())),
            Self::Structured(json) if !json.get().starts_with('[') || takes_json(type_oid) => {
                Ok(Some(json.get().to_owned().into_bytes()))
            }
            Self::Structured(json) => {
                let mut out = Vec::new();
                let of_json = matches!(type_oid, JSON_ARRAY | JSONB_ARRAY);
                array(json, of_json, MOST_DIMENSIONS, &mut out)?;
                Ok(Some(out))
            }
        }
    }
}

/// `MAXDIM` of the server. JSON text may be nested far more deeply than a thread's stack allows.
const MOST_DIMENSIONS: usize = 6;

const JSON_ARRAY: u32 = 199;
const JSONB_ARRAY: u32 = 3807;

/// json, jsonb, text, varchar and bpchar: a JSON array is their text, not an array literal.
fn takes_json(type_oid: u32) -> bool {
    matches!(type_oid, 114 | 3802 | 25 | 1043 | 1042)
}

/// An array literal (documentation, section 8.15.6). With `of_json` the elements are JSON
/// themselves, else nested arrays are further dimensions, at most so many.
fn array(json: &RawValue, of_json: bool, dimensions: usize, out: &mut Vec<u8>) -> Result<()> {
    let Some(dimensions) = dimensions.checked_sub(1) else {
        return Err(Error::validation(format!(
            "`parameters`: an array has at most {MOST_DIMENSIONS} dimensions"
        )));
    };
    let elements: Vec<&RawValue> = serde_json::from_str(json.get())
        .map_err(|e| Error::validation(format!("`parameters`: {e}")))?;
    out.push(b'{');
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let text = element.get();
        match text.as_bytes().first() {
            Some(b'n') => out.extend_from_slice(b"NULL"),
            Some(b'[') if !of_json => array(element, false, dimensions, out)?,
            Some(b'"') if !of_json => {
                let text: String = serde_json::from_str(text)
                    .map_err(|e| Error::validation(format!("`parameters`: {e}")))?;
                quote(&text, out);
            }
            _ => quote(text, out),
        }
    }
    out.push(b'}');
    Ok(())
}

fn quote(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// A literal of type `text[]`.
pub(crate) fn array_literal(names: &[impl AsRef<str>]) -> String {
    let escaped = |name: &str| name.replace('\\', "\\\\").replace('"', "\\\"");
    let quoted: Vec<String> =
        names.iter().map(|name| format!("\"{}\"", escaped(name.as_ref()))).collect();
    format!("{{{}}}", quoted.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(json: &str, type_oid: u32) -> Option<String> {
        let raw = RawValue::from_string(json.to_owned()).unwrap();
        let parameter = Parameter::from_json(raw).unwrap();
        parameter.encode(type_oid).unwrap().map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn an_array_of_more_dimensions_than_a_server_takes_is_refused() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let encode = |depth| {
            let raw = RawValue::from_string(nested(depth)).unwrap();
            Parameter::from_json(raw).unwrap().encode(1007)
        };
        assert_eq!(encode(6).unwrap().unwrap(), br#"{{{{{{"1"}}}}}}"#);
        assert!(encode(7).is_err());
        // Each level would take a piece of the thread's stack.
        assert!(encode(100_000).is_err());
    }

    #[test]
    fn numbers_keep_every_digit() {
        assert_eq!(sent("12345678901234567890.10", 1700).unwrap(), "12345678901234567890.10");
        assert_eq!(sent("true", 16).unwrap(), "true");
        assert_eq!(sent(r#""a\u0041""#, 25).unwrap(), "aA");
        assert_eq!(sent("null", 25), None);
    }

    #[test]
    fn an_array_is_a_literal_for_an_array_and_json_for_json() {
        let json = r#"[1, "a\"b", null, [2]]"#;
        assert_eq!(sent(json, 1009).unwrap(), r#"{"1","a\"b",NULL,{"2"}}"#);
        assert_eq!(sent(json, 3802).unwrap(), json);
        assert_eq!(sent(json, JSONB_ARRAY).unwrap(), r#"{"1","\"a\\\"b\"",NULL,"[2]"}"#);
        assert_eq!(sent(r#"{"a": 1}"#, 3802).unwrap(), r#"{"a": 1}"#);
    }

    #[test]
    fn a_schema_of_any_name_is_one_element() {
        assert_eq!(array_literal(&["a\"b\\", "c,d"]), r#"{"a\"b\\","c,d"}"#);
    }
}
