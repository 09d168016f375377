//! Values as JSON, from whatever type the server gave them in.

use std::collections::BTreeMap;

use redis::Value;
use schemars::JsonSchema;

use super::reply;
use crate::json::{Integer64, Object, TextOrBytes, Writer};

/// A reply without the kinds of its parts.
#[derive(JsonSchema)]
#[schemars(rename = "RedisReply")]
#[serde(untagged)]
#[allow(dead_code)] // it is written as it is read
pub enum PlainReply {
    /// There is nothing.
    Nothing,
    Boolean(bool),
    Integer(Integer64),
    /// Also a floating point number, spelt as Redis spells it: `inf`, `-inf`, `-0`, `3`.
    Text(TextOrBytes),
    /// Also a map, as `[[name, value], …]`.
    List(Vec<PlainReply>),
    /// The fields of a hash, where all their names are text.
    Fields(BTreeMap<String, TextOrBytes>),
}

/// Writes any reply, as [`PlainReply`] says.
pub(crate) fn write(out: &mut Writer, value: &Value) {
    match value {
        Value::Int(number) => out.integer(*number),
        Value::Double(number) => out.string(&spell(*number)),
        Value::Boolean(yes) => out.boolean(*yes),
        Value::BigNumber(digits) => {
            let mut object = Object::open(out);
            object.key("$numberLong").text_or_bytes(digits);
            object.close();
        }
        Value::Array(elements) | Value::Set(elements) => list(out, elements),
        Value::Map(entries) => pairs(out, entries, write),
        other => match reply::bytes(other) {
            Some(bytes) => out.text_or_bytes(bytes),
            None => out.raw(b"null"),
        },
    }
}

/// Writes the replies as an array.
pub(crate) fn list(out: &mut Writer, values: &[Value]) {
    out.list(values, write);
}

/// Writes the entries of a map, in the server's order: names may be no JSON keys.
pub(crate) fn pairs(
    out: &mut Writer,
    entries: &[(Value, Value)],
    write: impl Fn(&mut Writer, &Value),
) {
    out.list(entries, |out, (name, value)| out.list([name, value], &write));
}

/// A floating point number as Redis spells it.
pub(crate) fn spell(score: f64) -> String {
    if score.is_nan() {
        return "nan".to_owned();
    }
    if score.is_infinite() {
        return if score > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let mut digits = ryu::Buffer::new();
    let text = digits.format(score);
    text.strip_suffix(".0").unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_spelt_as_redis_spells_them() {
        let spelt = [f64::INFINITY, f64::NEG_INFINITY, -0.0, 3.0, 1.5, 0.1].map(spell);
        assert_eq!(spelt, ["inf", "-inf", "-0", "3", "1.5", "0.1"]);
    }

    #[test]
    fn pairs_keep_names_that_are_no_json_keys() {
        let mut out = Writer::new();
        let name = Value::BulkString(vec![0xff]);
        write(&mut out, &Value::Map(vec![(name, Value::Int(1 << 53))]));
        let expected = br#"[[{"$binary":{"base64":"/w=="}},{"$numberLong":"9007199254740992"}]]"#;
        assert_eq!(out.into_bytes(), expected);
    }
}
