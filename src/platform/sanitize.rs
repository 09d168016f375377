//! JSON as PostgreSQL holds it, made such that it can be read here, and by `jsonb`.
//!
//! A `json` column keeps text that nothing else takes: `"\u0000"`, half a surrogate pair, any depth;
//! and numbers of both types go beyond what a double holds. One such value must not spoil the rows
//! beside it, so it is replaced: the number by its digits as text, the rest by what shows that
//! something was there.

/// Deeper values are replaced. Parsers here stop at 128.
const DEEPEST: usize = 100;
const TOO_DEEP: &str = "\"(nested too deeply)\"";

/// The text with everything replaced that can't be held elsewhere. It is valid JSON if `text` is.
pub(crate) fn sanitized_json(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        let from = at;
        let shown = depth <= DEEPEST;
        let first = bytes[at];
        at = match first {
            b'"' => end_of_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                text[at..].find(|c: char| !is_of_number(c)).map_or(text.len(), |end| at + end)
            }
            _ => at + text[at..].chars().next().map_or(1, char::len_utf8),
        };
        match first {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let piece = &text[from..at];
        match first {
            _ if !shown => {}
            b'"' => string(&mut out, piece),
            b'{' | b'[' if depth > DEEPEST => out += TOO_DEEP,
            b'-' | b'0'..=b'9' => number(&mut out, piece),
            _ => out += piece,
        }
    }
    out
}

/// Behind the closing quote.
fn end_of_string(bytes: &[u8], opened: usize) -> usize {
    let mut at = opened + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A string whose escapes all mean characters.
fn string(out: &mut String, literal: &str) {
    let mut rest = literal;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (length, character) = escape(rest);
        out.push_str(if character { &rest[..length] } else { "\u{fffd}" });
        rest = &rest[length..];
    }
    out.push_str(rest);
}

/// How long the escape at the beginning of `rest` is, and whether it means a character: NUL and half a
/// pair don't.
fn escape(rest: &str) -> (usize, bool) {
    let unit = |at: usize| {
        let digits = rest.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    match unit(0) {
        Some(0 | 0xdc00..=0xdfff) => (6, false),
        Some(0xd800..=0xdbff) => match unit(6) {
            Some(0xdc00..=0xdfff) => (12, true),
            _ => (6, false),
        },
        Some(_) => (6, true),
        None => (rest.chars().take(2).map(char::len_utf8).sum(), true),
    }
}

fn is_of_number(c: char) -> bool {
    matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')
}

/// As text where a double can't hold it, not even roughly, or its exponent is beyond any `numeric`.
fn number(out: &mut String, digits: &str) {
    let exponent = digits.split(['e', 'E']).nth(1).map_or(Ok(0), str::parse::<i32>);
    let is_held = exponent.is_ok_and(|exponent| exponent.abs() <= 400)
        && digits.parse::<f64>().is_ok_and(f64::is_finite);
    if is_held {
        out.push_str(digits);
    } else {
        out.extend(["\"", digits, "\""]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn read(text: &str) -> Value {
        serde_json::from_str(&sanitized_json(text)).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn what_cannot_be_held_is_replaced_alone() {
        for (text, value) in [
            (r#"{"db":1e400,"a":1}"#, json!({ "db": "1e400", "a": 1 })),
            (r"[1e-99999,-1e400,12]", json!(["1e-99999", "-1e400", 12])),
            (r#""a\u0000b""#, json!("a\u{fffd}b")),
            (r#""\\u0000 \"\u0000\u0000""#, json!("\\u0000 \"\u{fffd}\u{fffd}")),
            (
                r#""\ud800 \udc00\ud83d\ude00\ud800\ud800""#,
                json!("\u{fffd} \u{fffd}😀\u{fffd}\u{fffd}"),
            ),
            (
                r#"{"\u0000":{"\ud800":[true,null]}}"#,
                json!({ "\u{fffd}": { "\u{fffd}": [true, null] } }),
            ),
        ] {
            assert_eq!(read(text), value, "{text}");
        }
        let digits = "9".repeat(401);
        assert_eq!(read(&format!("{{\"db\": {digits}}}")), json!({ "db": digits }));
    }

    #[test]
    fn any_depth_is_read() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let text =
                format!("{{\"a\":{}1{},\"b\":2}}", open.repeat(100_000), close.repeat(100_000));
            assert_eq!(read(&text)["b"], json!(2));
        }
    }

    fn values() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,8})?",
            "\"([a-z😀 ]|\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F]{4}|\\\\ud[89ab][0-9a-f]{2}|\\\\u0000){0,6}\"",
        ];
        leaf.prop_recursive(6, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5)
                    .prop_map(|v| format!("[{}]", v.join(", "))),
                prop::collection::vec(inner, 0..5).prop_map(|v| {
                    let members = v.iter().enumerate().map(|(i, v)| format!("\"k{i}\" : {v}"));
                    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_json_is_readable_and_holds_no_nul(text in values()) {
            let value = read(&text);
            prop_assert!(!value.to_string().contains("\\u0000"));
            // What can be held is left alone.
            if let Ok(same) = serde_json::from_str::<Value>(&text)
                && !text.contains("\\u0000") && !text.contains(['e', 'E'])
            {
                prop_assert_eq!(value, same);
            }
        }

        #[test]
        fn no_text_is_too_odd(text: String) {
            sanitized_json(&text);
        }
    }
}
