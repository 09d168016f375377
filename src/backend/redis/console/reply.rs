//! Replies as JSON that says of which kind each part was. Pushed messages are no part of a reply and are
//! left out.

use bytes::BytesMut;
use redis::{Value, VerbatimFormat};
use schemars::JsonSchema;

use crate::backend::redis::wire::json::{pairs, spell};
use crate::backend::redis::wire::resp::Decoder;
use crate::json::{Integer64, Object, TextOrBytes, Writer};

/// A reply that says of which kind each part was. An object in it has one member, whose name is that of
/// its kind: nothing in a reply can be taken for one.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
pub(super) enum ConsoleReply {
    /// A simple string: `OK`.
    #[serde(rename = "$status")]
    Status(String),
    /// Spelt as Redis spells it: `1.5`, `inf`, `-inf`, `nan`, `-0`.
    #[serde(rename = "$double")]
    Double(String),
    /// Its digits.
    #[serde(rename = "$bigNumber")]
    BigNumber(TextOrBytes),
    /// Text, and how it is to be shown: `txt`, `mkd`, or otherwise.
    #[serde(rename = "$verbatim")]
    Verbatim { format: String, text: String },
    #[serde(rename = "$set")]
    Set(Vec<ConsoleReply>),
    /// Names and values, in the server's order.
    #[serde(rename = "$map")]
    Map(Vec<(ConsoleReply, ConsoleReply)>),
    /// One that is a part of the reply; its code is the first word of what the server said.
    #[serde(rename = "$error")]
    Error { code: String, message: String },
    /// A value, and names and values of remarks about it.
    #[serde(rename = "$attribute")]
    Attribute { attributes: Vec<(ConsoleReply, ConsoleReply)>, value: Box<ConsoleReply> },
    #[serde(untagged)]
    Null,
    #[serde(untagged)]
    Boolean(bool),
    #[serde(untagged)]
    Integer(Integer64),
    /// A bulk string.
    #[serde(untagged)]
    Bulk(TextOrBytes),
    #[serde(untagged)]
    Array(Vec<ConsoleReply>),
}

/// Writes one reply, as [`ConsoleReply`] says.
pub(super) fn write(out: &mut Writer, value: &Value) {
    match value {
        Value::Int(number) => out.integer(*number),
        Value::Boolean(yes) => out.boolean(*yes),
        Value::BulkString(bytes) => out.text_or_bytes(bytes),
        Value::Okay => of_kind(out, "$status", |out| out.string("OK")),
        Value::SimpleString(text) => of_kind(out, "$status", |out| out.string(text)),
        Value::Double(number) => of_kind(out, "$double", |out| out.string(&spell(*number))),
        Value::BigNumber(digits) => of_kind(out, "$bigNumber", |out| out.text_or_bytes(digits)),
        Value::VerbatimString { format, text } => {
            let format = match format {
                VerbatimFormat::Unknown(format) => format,
                VerbatimFormat::Markdown => "mkd",
                _ => "txt",
            };
            of_kind(out, "$verbatim", |out| texts(out, [("format", format), ("text", text)]));
        }
        Value::Array(elements) => out.list(elements, write),
        Value::Set(elements) => of_kind(out, "$set", |out| out.list(elements, write)),
        Value::Map(entries) => of_kind(out, "$map", |out| pairs(out, entries, write)),
        Value::Attribute { data, attributes } => of_kind(out, "$attribute", |out| {
            let mut object = Object::open(out);
            pairs(object.key("attributes"), attributes, write);
            write(object.key("value"), data);
            object.close();
        }),
        Value::ServerError(error) => {
            let message = error.details().unwrap_or_default();
            of_kind(out, "$error", |out| {
                texts(out, [("code", error.code()), ("message", message)]);
            });
        }
        // Null; and pushes, which the decoder has dropped.
        _ => out.raw(b"null"),
    }
}

fn of_kind(out: &mut Writer, kind: &str, write: impl FnOnce(&mut Writer)) {
    let mut object = Object::open(out);
    write(object.key(kind));
    object.close();
}

fn texts(out: &mut Writer, members: [(&str, &str); 2]) {
    let mut object = Object::open(out);
    for (name, text) in members {
        object.key(name).string(text);
    }
    object.close();
}

/// The JSON of the first reply in what came off the wire; `None` where there is none.
pub fn transcode(wire: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = Decoder::default();
    decoder.keep_attributes = true;
    let reply = decoder.decode(&mut BytesMut::from(wire)).ok()??;
    let mut out = Writer::new();
    write(&mut out, &reply);
    Some(out.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(wire: &[u8]) -> String {
        String::from_utf8(transcode(wire).unwrap()).unwrap()
    }

    #[test]
    fn every_kind_of_reply_is_told_apart() {
        let cases: [(&[u8], &str); 21] = [
            (b"$2\r\nOK\r\n", r#""OK""#),
            (b"+OK\r\n", r#"{"$status":"OK"}"#),
            (b"+QUEUED\r\n", r#"{"$status":"QUEUED"}"#),
            (b"$2\r\n\xff\x00\r\n", r#"{"$binary":{"base64":"/wA="}}"#),
            (b":-5\r\n", "-5"),
            (b":9223372036854775807\r\n", r#"{"$numberLong":"9223372036854775807"}"#),
            (b"_\r\n", "null"),
            (b"$-1\r\n", "null"),
            (b"#f\r\n", "false"),
            (b",1.10\r\n", r#"{"$double":"1.1"}"#),
            (b",-0\r\n", r#"{"$double":"-0"}"#),
            (b",inf\r\n", r#"{"$double":"inf"}"#),
            (b",nan\r\n", r#"{"$double":"nan"}"#),
            (b"(-12345678901234567890\r\n", r#"{"$bigNumber":"-12345678901234567890"}"#),
            (b"=5\r\nmkd:a\r\n", r#"{"$verbatim":{"format":"mkd","text":"a"}}"#),
            (b"*2\r\n:1\r\n*0\r\n", "[1,[]]"),
            (b"~1\r\n:1\r\n", r#"{"$set":[1]}"#),
            (b"%1\r\n:1\r\n#t\r\n", r#"{"$map":[[1,true]]}"#),
            (b"*1\r\n-ERR no\r\n", r#"[{"$error":{"code":"ERR","message":"no"}}]"#),
            (b"!7\r\nOOPS\nno\r\n", r#"{"$error":{"code":"OOPS","message":"no"}}"#),
            (b"=7\r\ntxt:\xff\x00a\r\n", r#"{"$binary":{"base64":"/wBh"}}"#),
        ];
        for (wire, expected) in cases {
            assert_eq!(json(wire), expected, "{}", wire.escape_ascii());
        }
    }

    #[test]
    fn attributes_stay_with_their_value_and_pushes_are_left_out() {
        let wire = b">1\r\n+x\r\n|1\r\n+ttl\r\n:9\r\n*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n";
        let inner =
            r#"{"$attribute":{"attributes":[[{"$status":"a"},{"$status":"b"}]],"value":1}}"#;
        let expected = format!(
            r#"{{"$attribute":{{"attributes":[[{{"$status":"ttl"}},9]],"value":[{inner},2]}}}}"#
        );
        assert_eq!(json(wire), expected);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_json_or_no_reply(wire: Vec<u8>) {
            if let Some(json) = transcode(&wire) {
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
            }
        }

        #[test]
        fn whatever_looks_like_a_reply_is_json(
            lines in proptest::collection::vec(
                "[*~%|>][0-3]|[:(]-?[0-9]{1,20}|,(-?[0-9]{1,3}(\\.[0-9]{1,3})?|inf|-inf|nan)|#[tf]|_|[+-][A-Z]{1,4} .{0,5}",
                1..20,
            )
        ) {
            let wire = lines.join("\r\n") + "\r\n";
            if let Some(json) = transcode(wire.as_bytes()) {
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
            }
        }
    }
}
