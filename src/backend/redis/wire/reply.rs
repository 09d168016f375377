//! Reading single replies. RESP2 and RESP3 write the same thing in different types.

use redis::Value;

/// The bytes of a string reply; `None` for anything else.
pub(crate) fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text.as_bytes()),
        Value::Okay => Some(b"OK"),
        _ => None,
    }
}

/// A string or number reply as text.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Int(number) => Some(number.to_string()),
        value => String::from_utf8(bytes(value)?.to_vec()).ok(),
    }
}

/// A string reply as text; what is none in it is replaced.
pub(crate) fn lossy(value: &Value) -> Option<String> {
    bytes(value).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

/// A number reply.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Boolean(yes) => Some(i64::from(*yes)),
        value => std::str::from_utf8(bytes(value)?).ok()?.parse().ok(),
    }
}

/// A number reply that is not below zero.
pub(crate) fn count(value: &Value) -> Option<u64> {
    integer(value)?.try_into().ok()
}

/// The elements of an array or set; of a map, its names and values in turn.
pub(crate) fn elements(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(elements) | Value::Set(elements) => Some(elements),
        Value::Map(pairs) => Some(pairs.into_iter().flat_map(|(k, v)| [k, v]).collect()),
        _ => None,
    }
}

/// The bytes of a string reply, without copying where they are its own.
pub(crate) fn into_bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        value => bytes(&value).map(<[u8]>::to_vec),
    }
}

/// Pairs in one row: RESP3 nests a member and its score, RESP2 does not.
pub(crate) fn flat(pairs: Vec<Value>) -> Vec<Value> {
    if pairs.first().is_some_and(|pair| matches!(pair, Value::Array(_))) {
        pairs.into_iter().filter_map(elements).flatten().collect()
    } else {
        pairs
    }
}
