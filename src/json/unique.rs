//! Objects that have a member twice.
//!
//! Of two values under one name one would win silently, and not the same one in every reader that the
//! text passes. So what a caller sends is refused, before anything is made of it, wherever it is in the
//! text. Whether it is JSON at all is for the reader after this to say.

use std::borrow::Cow;

use memchr::memchr2;

use super::seen::SeenNames;
use crate::error::{Error, Result};

/// Levels of nesting that are followed. No value is taken that has more.
const MOST_LEVELS: usize = 10_000;
/// Of a long path the end is shown, and of a long name the beginning.
const MOST_STEPS: usize = 12;
const MOST_CHARACTERS: usize = 60;

/// Refuses JSON in which an object has a member twice, and says where: `` `filter.a[2].b` ``.
pub fn refuse_duplicates(text: &[u8]) -> Result<()> {
    let mut levels: Vec<Level<'_>> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'{' | b'[' => {
                if levels.len() == MOST_LEVELS {
                    return Err(Error::validation(format!(
                        "nested too deeply; at most {MOST_LEVELS} levels are taken"
                    )));
                }
                levels.push(if byte == b'{' { Level::object() } else { Level::Array(0) });
            }
            b'}' | b']' => drop(levels.pop()),
            b',' => match levels.last_mut() {
                Some(Level::Object { name_next, .. }) => *name_next = true,
                Some(Level::Array(index)) => *index += 1,
                None => {}
            },
            b'"' => {
                // A text without an end is no JSON.
                let Some(end) = end_of_string(text, at + 1) else { return Ok(()) };
                if let Some(Level::Object { names, last, name_next }) = levels.last_mut()
                    && std::mem::take(name_next)
                {
                    *last = unescaped(&text[at..=end]);
                    if !names.add(last.clone()) {
                        let message = format!("`{}` is given twice", path(&levels));
                        return Err(Error::validation(message));
                    }
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// A document or an array that is being read.
enum Level<'t> {
    Object {
        names: SeenNames<Cow<'t, [u8]>>,
        last: Cow<'t, [u8]>,
        /// The next text is a name and not a value.
        name_next: bool,
    },
    /// The index of the item that is being read.
    Array(usize),
}

impl Level<'_> {
    fn object() -> Self {
        Self::Object { names: SeenNames::default(), last: Cow::default(), name_next: true }
    }
}

/// Where the text that begins at `at` has its closing quote.
fn end_of_string(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// What a quoted name says, however it is spelt.
fn unescaped(quoted: &[u8]) -> Cow<'_, [u8]> {
    let plain = &quoted[1..quoted.len() - 1];
    if !plain.contains(&b'\\') {
        return Cow::Borrowed(plain);
    }
    match serde_json::from_slice::<String>(quoted) {
        Ok(name) => Cow::Owned(name.into_bytes()),
        Err(_) => Cow::Borrowed(plain),
    }
}

fn path(levels: &[Level<'_>]) -> String {
    let mut path = String::new();
    let shown = levels.len().saturating_sub(MOST_STEPS);
    if shown > 0 {
        path.push('…');
    }
    for level in &levels[shown..] {
        match level {
            Level::Object { last, .. } => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.extend(String::from_utf8_lossy(last).chars().take(MOST_CHARACTERS));
            }
            Level::Array(index) => {
                path.push('[');
                path.push_str(itoa::Buffer::new().format(*index));
                path.push(']');
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn refusal(text: &str) -> Option<String> {
        refuse_duplicates(text.as_bytes()).err().map(|error| error.message().to_owned())
    }

    #[test]
    fn a_member_that_comes_twice_is_told_with_its_path() {
        for (text, path) in [
            (r#"{"a":1,"a":2}"#, "a"),
            (r#"{"a":1,"\u0061":2}"#, "a"),
            (r#"{"é":1,"\u00e9":2}"#, "é"),
            (r#"{ "x" : { "b":[1,{},{"c":"}","c":[]}] } }"#, "x.b[2].c"),
            (r#"[0,[{"a\"":1,"a\"":1}]]"#, "[1][0].a\""),
            (r#"{"":0,"":0}"#, ""),
            (r#"{"$binary":{"base64":"","base64":"","subType":"00"}}"#, "$binary.base64"),
        ] {
            assert_eq!(refusal(text), Some(format!("`{path}` is given twice")), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_taken() {
        for text in [
            r#"{"a":"a","b":{"a":1},"c":[{"a":1},{"a":1}]}"#,
            r#"{"a":"\"a\":1,\"a\":2"}"#,
            r#"["a","a"]"#,
            r#"{"a":1,"A":2,"a ":3}"#,
            "",
            "{\"",
            "}}]]",
        ] {
            assert_eq!(refusal(text), None, "{text}");
        }
    }

    #[test]
    fn very_many_names_and_levels_cost_no_more_than_their_length() {
        let names: Vec<String> = (0..100_000).map(|n| format!("\"{n}\":0")).collect();
        assert_eq!(refusal(&format!("{{{}}}", names.join(","))), None);
        let twice = format!("{{{},\"7\":1}}", names.join(","));
        assert_eq!(refusal(&twice).unwrap(), "`7` is given twice");
        assert!(refusal(&"[".repeat(1_000_000)).unwrap().contains("too deeply"));
        let deep = format!("{}{{\"a\":1,\"a\":2}}", "{\"a\":".repeat(100));
        assert!(refusal(&deep).unwrap().starts_with("`….a.a"));
    }

    /// JSON, and whether some object in it has a member twice.
    fn text() -> impl Strategy<Value = (String, bool)> {
        let leaf = prop_oneof![
            any::<i32>().prop_map(|n| (n.to_string(), false)),
            any::<String>().prop_map(|text| (serde_json::to_string(&text).unwrap(), false)),
            Just(("null".to_owned(), false)),
        ];
        let name = prop_oneof!["[ab]", Just("\\\"{,".to_owned()), any::<String>()];
        leaf.prop_recursive(4, 32, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(|items| {
                    let texts: Vec<&str> = items.iter().map(|(text, _)| text.as_str()).collect();
                    (format!("[ {}]", texts.join(" ,")), items.iter().any(|(_, twice)| *twice))
                }),
                proptest::collection::vec((name.clone(), inner, any::<bool>()), 0..5).prop_map(
                    |members| {
                        let mut seen = BTreeSet::new();
                        let mut twice = false;
                        let texts: Vec<String> = members
                            .iter()
                            .map(|(name, (text, inside), escape)| {
                                twice |= *inside || !seen.insert(name.clone());
                                format!("{}: {text}", spelt(name, *escape))
                            })
                            .collect();
                        (format!("{{{}}}", texts.join(",")), twice)
                    }
                ),
            ]
        })
    }

    fn spelt(name: &str, escape: bool) -> String {
        if !escape {
            return serde_json::to_string(name).unwrap();
        }
        let units: Vec<String> = name.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        format!("\"{}\"", units.concat())
    }

    proptest! {
        #[test]
        fn exactly_the_texts_with_a_member_twice_are_refused((text, twice) in text()) {
            prop_assert_eq!(refusal(&text).is_some(), twice, "{}", text);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in any::<Vec<u8>>()) {
            let _ = refuse_duplicates(&bytes);
        }
    }
}
