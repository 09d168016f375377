//! Which paths of an HTTP service readers may ask for.
//!
//! A path is looked at as the segments that a server would see after it decoded them once. What a
//! server could see in more than one way (empty segments, `.`, encoded slashes, what decodes twice, a
//! `;`) is on no list.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::error::{Error, Result};

/// Rules of one connection at most.
const MOST: usize = 100;
/// Characters of a rule at most.
const LONGEST: usize = 500;

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
        let texts: Vec<&str> = match value {
            Value::String(text) => text.split(',').map(str::trim).collect(),
            Value::Array(items) => {
                items.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(not_a_list)?
            }
            _ => return Err(not_a_list()),
        };
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
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        let Some(segments) = segments(path) else { return false };
        self.0.iter().any(|rule| rule.fits(&segments))
    }
}

impl Rule {
    fn read(text: &str) -> Result<Self> {
        let wrong = || {
            Error::validation(
                "a path is written as `/tasks`, or as `/tasks/*` for everything below it, without \
                 query, `.`, `;` or empty segments",
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
        let ambiguous = name.chars().any(|c| matches!(c, '/' | '\\' | '%' | ';') || c.is_control());
        if ambiguous || name == "." || name == ".." {
            return None;
        }
        segments.push(name.into_owned());
    }
    Some(segments)
}

fn not_a_list() -> Error {
    Error::validation("expected a list of paths, such as [\"/tasks\", \"/tasks/*\"]")
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
        for path in ["tasks", "t%61sks", "users/1", "users/1/name", "users/", "a%20b", "deep/er"] {
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
        assert!(paths(&json!("/*")).has("anything/at/all"));
        assert!(paths(&json!(["/"])).has("") && !paths(&json!(["/"])).has("x"));
        assert!(!paths(&json!([])).has(""));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for rule in [
            "tasks", "", "/a*", "/a/*/b", "/a?b", "/a#b", "/a//b", "/a/../b", "/./a", "/a%2fb",
            "/a;b",
        ] {
            assert!(ReaderPaths::read(&json!([rule])).is_err(), "{rule}");
        }
        assert!(ReaderPaths::read(&json!(5)).is_err() && ReaderPaths::read(&json!([5])).is_err());
    }

    proptest! {
        #[test]
        fn what_fits_is_really_below(path in "[a-t/.%25eEfF;\\\\]{0,20}") {
            if paths(&json!(["/tasks/*"])).has(&path) {
                let seen = percent_decode_str(&path).decode_utf8().unwrap();
                prop_assert!(seen.starts_with("tasks/"), "{}", path);
                prop_assert!(!seen.split(['/', '\\']).any(|s| s == ".." || s == "."), "{}", path);
            }
        }

        #[test]
        fn a_list_is_stored_and_read_again(rules in proptest::collection::vec("/[a-c]{1,3}(/\\*)?", 1..5)) {
            let list = paths(&json!(rules));
            prop_assert_eq!(paths(&json!(list.to_text())), list);
        }
    }
}
