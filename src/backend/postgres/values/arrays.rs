//! Arrays in PostgreSQL's text form (documentation, section 8.15.6), written as JSON arrays.

use super::kind::{Kind, text};
use crate::json::Writer;

/// Deeper nesting than the server has (`MAXDIM`) is not an array.
const MAX_DEPTH: usize = 6;

/// Writes an array; what is not one is written as the string it is.
pub(super) fn write(value: &[u8], element: Kind, out: &mut Writer) {
    let start = out.len();
    if parse(value, element, out).is_none() {
        out.buffer().truncate(start);
        text(value, out);
    }
}

fn parse(value: &[u8], element: Kind, out: &mut Writer) -> Option<()> {
    // Explicit bounds, `[2:3]={1,2}`, are not shown.
    let mut rest = match value.first()? {
        b'[' => &value[value.iter().position(|b| *b == b'=')? + 1..],
        _ => value,
    };
    let mut depth = 0;
    let mut unquoted = Vec::new();
    loop {
        let (&first, after) = rest.split_first()?;
        match first {
            b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return None;
                }
                out.raw("[");
                rest = after;
                if rest.first() != Some(&b'}') {
                    continue;
                }
            }
            _ if depth == 0 => return None,
            b'"' => {
                unquoted.clear();
                rest = unquote(after, &mut unquoted)?;
                element.write(Some(&unquoted), out);
            }
            _ => {
                let end = rest.iter().position(|b| matches!(b, b',' | b'}'))?;
                let (item, after) = rest.split_at(end);
                element.write((item != b"NULL").then_some(item), out);
                rest = after;
            }
        }
        // After a value, or after the brace that opens an empty array.
        loop {
            let (&next, after) = rest.split_first()?;
            rest = after;
            match next {
                b',' => {
                    out.raw(",");
                    break;
                }
                b'}' => {
                    out.raw("]");
                    depth -= 1;
                    if depth == 0 {
                        return rest.is_empty().then_some(());
                    }
                }
                _ => return None,
            }
        }
    }
}

/// Reads a quoted element, behind its opening quote; returns what follows the closing one.
fn unquote<'a>(mut rest: &'a [u8], into: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let end = rest.iter().position(|b| matches!(b, b'"' | b'\\'))?;
        into.extend_from_slice(&rest[..end]);
        if rest[end] == b'"' {
            return Some(&rest[end + 1..]);
        }
        into.push(*rest.get(end + 1)?);
        rest = &rest[end + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: &str) -> String {
        let mut out = Writer::new();
        write(value.as_bytes(), Kind::Text, &mut out);
        String::from_utf8(out.into_bytes()).unwrap()
    }

    #[test]
    fn arrays_of_every_shape_are_json_arrays() {
        assert_eq!(written("{}"), "[]");
        assert_eq!(written("{a,NULL,\"NULL\",\"\"}"), r#"["a",null,"NULL",""]"#);
        assert_eq!(written("{{a,b},{c,d}}"), r#"[["a","b"],["c","d"]]"#);
        assert_eq!(written("[0:1]={a,b}"), r#"["a","b"]"#);
        assert_eq!(written(r#"{"a\"b\\c","x,}y"}"#), r#"["a\"b\\c","x,}y"]"#);
    }

    #[test]
    fn what_is_not_an_array_is_its_text() {
        for text in ["", "{", "{a", "{a}}", "a", "{a}b", "[1", "{\"a"] {
            assert!(written(text).starts_with('"'), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_element_survives(items in proptest::collection::vec(any::<String>(), 0..8)) {
            let quoted: Vec<String> = items
                .iter()
                .map(|i| format!("\"{}\"", i.replace('\\', "\\\\").replace('"', "\\\"")))
                .collect();
            let json = written(&format!("{{{}}}", quoted.join(",")));
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), items);
        }
    }
}
