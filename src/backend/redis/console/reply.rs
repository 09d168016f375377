//! Replies as JSON that says of which kind each part was.
//!
//! | RESP | JSON |
//! |---|---|
//! | bulk string | a string; bytes that are no text: `{"$binary": {"base64": "…"}}` |
//! | simple string | `{"$status": "OK"}` |
//! | integer | a number; outside ±(2^53−1) `{"$numberLong": "…"}` |
//! | null, boolean, array | the same |
//! | double | `{"$double": "1.5"}`, spelt as Redis spells it: `inf`, `-inf`, `nan`, `-0` |
//! | big number | `{"$bigNumber": "…"}` |
//! | verbatim string | `{"$verbatim": {"format": "txt", "text": "…"}}` |
//! | set | `{"$set": […]}` |
//! | map | `{"$map": [[name, value], …]}`, in the server's order |
//! | error inside a reply | `{"$error": {"code": "ERR", "message": "…"}}` |
//! | attribute | `{"$attribute": {"attributes": [[name, value], …], "value": …}}` |
//!
//! An object therefore has one member, whose name says its kind; nothing in a reply can be taken for
//! one. Pushed messages are no part of a reply and are left out.

use bytes::BytesMut;
use redis::{ServerError, Value, VerbatimFormat};

use crate::backend::redis::wire::json::{pairs, spell};
use crate::backend::redis::wire::resp::Decoder;
use crate::json::Writer;

/// Writes one reply.
pub(super) fn write(out: &mut Writer, value: &Value) {
    match value {
        Value::Int(number) => out.integer(*number),
        Value::Boolean(yes) => out.boolean(*yes),
        Value::BulkString(bytes) => out.text_or_bytes(bytes),
        Value::Okay => status(out, "OK"),
        Value::SimpleString(text) => status(out, text),
        Value::Double(number) => {
            out.raw(b"{\"$double\":");
            out.string(&spell(*number));
            out.raw(b"}");
        }
        Value::BigNumber(digits) => {
            out.raw(b"{\"$bigNumber\":");
            out.text_or_bytes(digits);
            out.raw(b"}");
        }
        Value::VerbatimString { format, text } => {
            out.raw(b"{\"$verbatim\":{\"format\":");
            out.string(match format {
                VerbatimFormat::Unknown(format) => format,
                VerbatimFormat::Markdown => "mkd",
                _ => "txt",
            });
            out.raw(b",\"text\":");
            out.string(text);
            out.raw(b"}}");
        }
        Value::Array(elements) => out.list(elements, write),
        Value::Set(elements) => {
            out.raw(b"{\"$set\":");
            out.list(elements, write);
            out.raw(b"}");
        }
        Value::Map(entries) => {
            out.raw(b"{\"$map\":");
            pairs(out, entries, write);
            out.raw(b"}");
        }
        Value::Attribute { data, attributes } => {
            out.raw(b"{\"$attribute\":{\"attributes\":");
            pairs(out, attributes, write);
            out.raw(b",\"value\":");
            write(out, data);
            out.raw(b"}}");
        }
        Value::ServerError(refused) => error(out, refused),
        // Null; and pushes, which the decoder has dropped.
        _ => out.raw(b"null"),
    }
}

fn status(out: &mut Writer, text: &str) {
    out.raw(b"{\"$status\":");
    out.string(text);
    out.raw(b"}");
}

fn error(out: &mut Writer, error: &ServerError) {
    out.raw(b"{\"$error\":{\"code\":");
    out.string(error.code());
    out.raw(b",\"message\":");
    out.string(error.details().unwrap_or_default());
    out.raw(b"}}");
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
