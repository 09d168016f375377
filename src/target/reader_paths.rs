//! Which paths of an HTTP service readers may ask for.
//!
//! A path is looked at as the segments that a server would see after it decoded them once. What a
//! server could see in more than one way (empty segments, `.`, encoded slashes, what decodes twice, a
//! `;`, blanks around a name, dots at its end, what is read as a dot or a slash) is on no list. A path
//! that ends with a slash is the same as the one without it to many servers, and another to others: it
//! is on the list if both are, or as a rule of its own.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::options::texts;
use crate::error::{Error, Result};

/// Rules of one connection at most.
const MOST: usize = 100;
/// Characters of a rule at most.
const LONGEST: usize = 500;

/// What Unicode folds (NFKC) into a dot, or into what ends a segment or a path.
const FOLDED: [char; 21] = [
    '\u{2024}', '\u{2025}', '\u{2026}', '\u{3002}', '\u{ff61}', '\u{fe52}', '\u{ff0e}', '\u{ff0f}',
    '\u{2044}', '\u{2215}', '\u{ff3c}', '\u{fe68}', '\u{ff05}', '\u{fe6a}', '\u{ff1b}', '\u{fe54}',
    '\u{037e}', '\u{ff1f}', '\u{fe56}', '\u{ff03}', '\u{fe5f}',
];

/// Paths below the base URL, each exact or everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderPaths(Vec<Rule>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// As it was given, in one spelling.
    text: String,
    segments: Vec<String>,
    /// It ends with `/*`.
    below: bool,
}

impl ReaderPaths {
    /// Reads `["/tasks", "/tasks/*"]`, or the same separated by commas.
    pub(super) fn read(value: &Value) -> Result<Self> {
        let texts = texts(value).ok_or_else(|| {
            Error::validation("expected a list of paths, such as [\"/tasks\", \"/tasks/*\"]")
        })?;
        if texts.len() > MOST {
            return Err(Error::validation(format!("at most {MOST} paths are taken")));
        }
        texts.into_iter().map(Rule::read).collect::<Result<_>>().map(Self)
    }

    /// As it is stored and shown.
    pub(super) fn to_text(&self) -> String {
        self.0.iter().map(|rule| rule.text.as_str()).collect::<Vec<_>>().join(",")
    }

    /// Whether a path below the base URL, encoded and without its leading slash, is on the list.
    pub fn has(&self, path: &str) -> bool {
        let Some(segments) = segments(path) else { return false };
        let listed = |segments: &[String]| self.0.iter().any(|rule| rule.fits(segments));
        match segments.split_last() {
            Some((last, without)) if last.is_empty() && !without.is_empty() => {
                let itself = self.0.iter().any(|rule| !rule.below && rule.fits(&segments));
                itself || (listed(&segments) && listed(without))
            }
            _ => listed(&segments),
        }
    }
}

impl Rule {
    fn read(text: &str) -> Result<Self> {
        let wrong = || {
            Error::validation(
                "a path is written as `/tasks`, or as `/tasks/*` for everything below it, without \
                 query, `;`, empty segments, and segments that begin or end with a blank or end with a \
                 dot",
            )
        };
        let path = text.strip_prefix('/').ok_or_else(wrong)?;
        let (path, below) = match path.strip_suffix('*') {
            Some(parent) if parent.is_empty() || parent.ends_with('/') => {
                (parent.strip_suffix('/').unwrap_or(parent), true)
            }
            _ => (path, false),
        };
        if path.len() > LONGEST || path.contains(['*', '?', '#', ',']) {
            return Err(wrong());
        }
        let all = below && path.is_empty();
        let segments = if all { Some(Vec::new()) } else { segments(path) };
        Ok(Self { text: text.to_owned(), segments: segments.ok_or_else(wrong)?, below })
    }

    fn fits(&self, segments: &[String]) -> bool {
        if self.below {
            segments.len() > self.segments.len() && segments.starts_with(&self.segments)
        } else {
            segments == self.segments
        }
    }
}

/// The decoded segments of a path that can be read in one way only.
fn segments(path: &str) -> Option<Vec<String>> {
    let mut segments = Vec::new();
    let mut rest = path.split('/').peekable();
    while let Some(segment) = rest.next() {
        let name = percent_decode_str(segment).decode_utf8().ok()?;
        // The base URL itself, and a path that ends with a slash.
        if name.is_empty() && rest.peek().is_some() {
            return None;
        }
        if name.chars().any(is_ambiguous) || is_trimmed(&name) {
            return None;
        }
        segments.push(name.into_owned());
    }
    Some(segments)
}

/// Whether a server may take the character for the end of a segment or of the path, for a dot, or for
/// nothing.
fn is_ambiguous(c: char) -> bool {
    let ends = matches!(c, '/' | '\\' | '%' | ';' | '?' | '#');
    let folds = FOLDED.contains(&c);
    let looks_like_nothing = matches!(
        c,
        '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    ends || folds || looks_like_nothing || c.is_control()
}

/// Whether servers that trim names see another one: blanks around it, or dots at its end. A `+` is a
/// blank to some.
fn is_trimmed(name: &str) -> bool {
    let only_dots = |c: char| matches!(c, '.' | '+') || c.is_whitespace();
    name.trim() != name || name.ends_with('.') || (!name.is_empty() && name.chars().all(only_dots))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn paths(list: &Value) -> ReaderPaths {
        ReaderPaths::read(list).unwrap()
    }

    #[test]
    fn a_rule_is_exact_or_everything_below() {
        let rules = paths(&json!(["/tasks", "/users/*", "/a b", "/deep/er"]));
        for path in ["tasks", "t%61sks", "users/1", "users/1/name", "users/1/", "a%20b", "deep/er"]
        {
            assert!(rules.has(path), "{path}");
        }
        for path in [
            "",
            "tasks/",
            "tasks/1",
            "Tasks",
            "tasksx",
            "users",
            "usersx/1",
            "deep",
            "deep/er/x",
            "users//1",
            "/users/1",
            "users/%2e%2e/admin",
            "users/..",
            "users/",
            "users/%20",
            "users/..%20/admin",
            "users/.. /admin",
            "users/%2e%2e%20/admin",
            "users/%20../admin",
            "users/.%20./admin",
            "users/..+/admin",
            "users/..%c2%a0/admin",
            "users/..%e2%80%8b/admin",
            "users/%e2%80%a4%e2%80%a4/admin",
            "users/%ef%bc%8e%ef%bc%8e/admin",
            "users/..%ef%bc%8fadmin",
            "users/..%3fa",
            "users/..%23a",
            "users/...",
            "users/1.",
            "users/%091",
            "users/1%20",
            "tasks%20",
            "tasks.",
            "users/a%2fb",
            "users/a%5cb",
            "users/a%252fb",
            "users/a;b",
            "users;x/1",
            "users/%00",
            "users/%ff",
            "deep%2fer",
        ] {
            assert!(!rules.has(path), "{path}");
        }
        for path in ["users/.well-known", "users/a.b", "users/a+b", "users/%C3%BC", "users/a%20b"] {
            assert!(rules.has(path), "{path}");
        }
        assert!(paths(&json!("/*")).has("anything/at/all"));
        assert!(paths(&json!("/*")).has("") && paths(&json!("/*")).has("a/"));
        assert!(paths(&json!(["/"])).has("") && !paths(&json!(["/"])).has("x"));
        assert!(!paths(&json!([])).has(""));
    }

    #[test]
    fn a_path_with_a_slash_at_its_end_is_listed_if_it_is_without_it_too() {
        for (list, listed) in [
            (json!(["/users"]), false),
            (json!(["/users/*"]), false),
            (json!(["/users", "/users/*"]), true),
            (json!(["/users/"]), true),
            (json!(["/*"]), true),
        ] {
            assert_eq!(paths(&list).has("users/"), listed, "{list}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for rule in [
            "tasks", "", "/a*", "/a/*/b", "/a?b", "/a#b", "/a//b", "/a/../b", "/./a", "/a%2fb",
            "/a;b", "/a.", "/a%20", "/..%20/a", "/a%3fb",
        ] {
            assert!(ReaderPaths::read(&json!([rule])).is_err(), "{rule}");
        }
        assert!(ReaderPaths::read(&json!(5)).is_err() && ReaderPaths::read(&json!([5])).is_err());
    }

    proptest! {
        #[test]
        fn what_fits_is_really_below(path in "(tasks/)?[a-t/.%025eEfF;+ \\\\\u{2024}\u{ff0e}\u{a0}\u{200b}]{0,20}") {
            if paths(&json!(["/tasks/*"])).has(&path) {
                let seen = percent_decode_str(&path).decode_utf8().unwrap();
                prop_assert!(seen.starts_with("tasks/"), "{}", path);
                let is_nothing = |c: char| {
                    c.is_whitespace() || matches!(c, '.' | '+' | '\u{2024}' | '\u{ff0e}' | '\u{200b}')
                };
                let mut segments = seen.split(['/', '\\']).peekable();
                while let Some(segment) = segments.next() {
                    let last = segments.peek().is_none() && segment.is_empty();
                    prop_assert!(last || !segment.chars().all(is_nothing), "{}", path);
                    prop_assert!(segment.trim() == segment && !segment.ends_with('.'), "{}", path);
                }
                prop_assert!(seen.trim_end_matches('/').len() > "tasks".len(), "{}", path);
            }
        }

        #[test]
        fn a_list_is_stored_and_read_again(rules in proptest::collection::vec("/[a-c]{1,3}(/\\*)?", 1..5)) {
            let list = paths(&json!(rules));
            prop_assert_eq!(paths(&json!(list.to_text())), list);
        }
    }
}
