//! Values in PostgreSQL's text form, written as the JSON that pg-meta's `/query` answers.
//!
//! pg-meta reads rows with `pg` (its `pg-types` parsers and a few of its own) and answers
//! `JSON.stringify` of that. The table in [`Kind::of`] is the sum of both: a type without an entry
//! is shown as its text.

use super::{arrays, interval, numbers};
use crate::json::{MAX_SAFE_INTEGER, Object, Writer};

/// How a type is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The text as a string.
    Text,
    /// Digits, as they are.
    Integer,
    /// A number where a JavaScript number holds it exactly, else a string.
    Bigint,
    /// A number; `null` for NaN and the infinities, which JSON has not.
    Float,
    /// A decimal read as a floating-point number, as `pg` does in arrays of `numeric`.
    Decimal,
    /// `true` or `false`.
    Boolean,
    /// JSON, verbatim.
    Json,
    /// A Node `Buffer`: `{"type":"Buffer","data":[1,2]}`.
    Bytes,
    /// `{"x":1,"y":2,"radius":3}`.
    Circle,
    /// The parts of an interval: `{"days":1,"hours":2}`. Only in arrays; alone it is text.
    Interval,
    /// An array of one of the above.
    Array(&'static Kind),
}

impl Kind {
    /// How values of the type with this oid are written.
    pub(crate) fn of(type_oid: u32) -> Self {
        match type_oid {
            16 => Self::Boolean,
            17 => Self::Bytes,
            20 => Self::Bigint,
            21 | 23 | 26 => Self::Integer,
            114 | 3802 => Self::Json,
            700 | 701 => Self::Float,
            718 => Self::Circle,
            199 | 3807 => Self::Array(&Self::Json),
            1000 => Self::Array(&Self::Boolean),
            1001 => Self::Array(&Self::Bytes),
            1005 | 1007 | 1028 => Self::Array(&Self::Integer),
            1021 | 1022 => Self::Array(&Self::Float),
            1231 => Self::Array(&Self::Decimal),
            1187 => Self::Array(&Self::Interval),
            // cidr, money, regproc, text, char, varchar, int8 (strings in arrays), macaddr, inet,
            // timestamp, date, time, timestamptz, timetz, uuid, numrange
            651 | 791 | 1008 | 1009 | 1014 | 1015 | 1016 | 1040 | 1041 | 1115 | 1182 | 1183
            | 1185 | 1270 | 2951 | 3907 => Self::Array(&Self::Text),
            _ => Self::Text,
        }
    }

    /// Writes a value; `None` is NULL.
    #[inline]
    pub(crate) fn write(self, value: Option<&[u8]>, out: &mut Writer) {
        let Some(value) = value else { return out.raw("null") };
        match self {
            Self::Integer => out.raw(value),
            Self::Bigint if is_safe_integer(value) => out.raw(value),
            Self::Text | Self::Bigint => text(value, out),
            Self::Float => numbers::float(value, out.buffer()),
            Self::Decimal => numbers::decimal(value, out.buffer()),
            Self::Boolean => out.boolean(value == b"t"),
            Self::Json => json(value, out),
            Self::Bytes => bytes(value, out),
            Self::Circle => circle(value, out),
            Self::Interval => interval::write(value, out),
            Self::Array(element) => arrays::write(value, *element, out),
        }
    }
}

/// A string. A database in `SQL_ASCII` may hold anything; what is not UTF-8 is replaced, as `pg`
/// does.
#[inline]
pub(super) fn text(value: &[u8], out: &mut Writer) {
    match std::str::from_utf8(value) {
        Ok(text) => out.string(text),
        Err(_) => out.string(&String::from_utf8_lossy(value)),
    }
}

fn json(value: &[u8], out: &mut Writer) {
    match std::str::from_utf8(value) {
        Ok(json) => out.raw(json),
        Err(_) => out.raw(&*String::from_utf8_lossy(value)),
    }
}

fn is_safe_integer(digits: &[u8]) -> bool {
    digits.len() < 16
        || std::str::from_utf8(digits)
            .ok()
            .and_then(|d| d.parse::<i64>().ok())
            .is_some_and(|n| n.unsigned_abs() <= MAX_SAFE_INTEGER.unsigned_abs())
}

/// `bytea` in either of its output forms, `hex` and `escape`.
fn bytes(value: &[u8], out: &mut Writer) {
    let mut object = Object::open(out);
    object.key("type").string("Buffer");
    let data = object.key("data");
    data.raw("[");
    let mut first = true;
    let mut push = |byte: u8| {
        data.comma(&mut first);
        data.raw(itoa::Buffer::new().format(byte));
    };
    if let Some(digits) = value.strip_prefix(b"\\x") {
        for pair in digits.chunks_exact(2) {
            push(hex_digit(pair[0]) << 4 | hex_digit(pair[1]));
        }
    } else {
        let mut rest = value;
        while let Some((&first, after)) = rest.split_first() {
            match after {
                [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] if first == b'\\' => {
                    push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                    rest = &after[3..];
                }
                [b'\\', ..] if first == b'\\' => {
                    push(b'\\');
                    rest = &after[1..];
                }
                _ => {
                    push(first);
                    rest = after;
                }
            }
        }
    }
    data.raw("]");
    object.close();
}

fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0,
    }
}

/// `<(x,y),r>`.
fn circle(value: &[u8], out: &mut Writer) {
    let inner = value.strip_prefix(b"<(").and_then(|v| v.strip_suffix(b">"));
    let parts = inner.and_then(|v| {
        let mut parts = v.split(|b| *b == b',');
        let (x, y, radius) = (parts.next()?, parts.next()?, parts.next()?);
        Some((x, y.strip_suffix(b")")?, radius))
    });
    let Some((x, y, radius)) = parts else { return text(value, out) };
    let mut object = Object::open(out);
    for (key, number) in [("x", x), ("y", y), ("radius", radius)] {
        numbers::float(number, object.key(key).buffer());
    }
    object.close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json_of(type_oid: u32, text: &str) -> String {
        let mut out = Writer::new();
        Kind::of(type_oid).write(Some(text.as_bytes()), &mut out);
        String::from_utf8(out.into_bytes()).unwrap()
    }

    #[test]
    fn integers_that_a_javascript_number_would_round_are_strings() {
        assert_eq!(json_of(20, "9007199254740991"), "9007199254740991");
        assert_eq!(json_of(20, "9007199254740992"), "\"9007199254740992\"");
        assert_eq!(json_of(20, "-9007199254740992"), "\"-9007199254740992\"");
        assert_eq!(json_of(1016, "{1,NULL}"), "[\"1\",null]");
    }

    #[test]
    fn bytes_are_a_node_buffer_in_either_output_form() {
        assert_eq!(json_of(17, "\\x00ff5c"), r#"{"type":"Buffer","data":[0,255,92]}"#);
        assert_eq!(json_of(17, "\\000\\377\\\\a"), r#"{"type":"Buffer","data":[0,255,92,97]}"#);
        assert_eq!(json_of(17, "\\x"), r#"{"type":"Buffer","data":[]}"#);
    }

    #[test]
    fn a_circle_is_an_object_and_a_point_is_text() {
        assert_eq!(json_of(718, "<(1.5,-2),1e+30>"), r#"{"x":1.5,"y":-2,"radius":1e+30}"#);
        assert_eq!(json_of(600, "(1,2)"), "\"(1,2)\"");
    }

    #[test]
    fn json_is_verbatim() {
        assert_eq!(
            json_of(114, "{ \"a\": 1.0, \"a\": 12345678901234567890 }"),
            "{ \"a\": 1.0, \"a\": 12345678901234567890 }"
        );
    }

    /// One value, as the server wrote it and as pg-meta 0.99 answered it.
    #[derive(serde::Deserialize)]
    struct Recorded {
        sql: String,
        type_oid: u32,
        text: Option<String>,
        answer: String,
    }

    #[test]
    fn every_built_in_type_is_written_as_pg_meta_answers_it() {
        let recorded = include_str!("../../../../tests/fixtures/pg-meta-values.json");
        let recorded: Vec<Recorded> = serde_json::from_str(recorded).unwrap();
        assert!(recorded.len() > 200);
        for Recorded { sql, type_oid, text, answer } in recorded {
            let mut out = Writer::new();
            Kind::of(type_oid).write(text.as_deref().map(str::as_bytes), &mut out);
            let out = out.into_bytes();
            if matches!(type_oid, 114 | 3802 | 199 | 3807) {
                // pg-meta parses JSON and writes it anew; here it is verbatim.
                let ours: serde_json::Value = serde_json::from_slice(&out).unwrap();
                let theirs: serde_json::Value = serde_json::from_str(&answer).unwrap();
                assert_eq!(ours, theirs, "{sql}");
            } else {
                assert_eq!(String::from_utf8(out).unwrap(), answer, "{sql}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_of_any_type_is_written_without_panic(
            oid in prop::sample::select(vec![17u32, 20, 25, 700, 718, 1000, 1009, 1187, 1231]),
            value in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            Kind::of(oid).write(Some(&value), &mut Writer::new());
        }

        #[test]
        fn text_reads_back_as_it_was(value in any::<String>()) {
            prop_assert_eq!(serde_json::from_str::<String>(&json_of(25, &value)).unwrap(), value);
        }
    }
}
