//! Holding requests below the registered base URL.

use percent_encoding::percent_decode;
use url::Url;

use crate::error::{Code, Error, Result};

/// How often a path may be encoded over; more is refused.
const MAX_ENCODINGS: usize = 4;

/// The URL of `path` below `base`. `path` may begin with `/` and may carry a query; `query` is added
/// to it.
///
/// Refused, however they are encoded: `.` and `..` segments, `//host`, backslashes that make
/// either, absolute URLs, fragments.
pub(super) fn below(base: &Url, path: &str, query: &[(String, String)]) -> Result<Url> {
    if path.contains('#') {
        return Err(Error::validation("the path holds a `#`; fragments are not sent to servers"));
    }
    let (path, own_query) = path.split_once('?').unwrap_or((path, ""));
    if path.contains("://") {
        return Err(outside("is a URL of its own"));
    }
    check_segments(path)?;

    let mut url = base.clone();
    let relative = path.strip_prefix('/').unwrap_or(path);
    url.set_path(&format!("{}{relative}", base.path()));
    url.set_query(Some(own_query).filter(|query| !query.is_empty()));
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    // What the checks above mean, checked on the result: whatever they missed ends here.
    if url.origin() != base.origin() || !url.path().starts_with(base.path()) {
        return Err(outside("leads elsewhere"));
    }
    Ok(url)
}

/// Looks at the path as servers may: decoded once or several times, `\` taken for `/`, and what
/// follows a `;` left out.
fn check_segments(path: &str) -> Result<()> {
    let mut seen = path.as_bytes().to_vec();
    for _ in 0..MAX_ENCODINGS {
        if seen.iter().any(u8::is_ascii_control) {
            return Err(Error::validation("the path holds a control character"));
        }
        if let [b'/' | b'\\', b'/' | b'\\', ..] = seen.as_slice() {
            return Err(outside("begins with two slashes, which names another host"));
        }
        for segment in seen.split(|byte| matches!(byte, b'/' | b'\\')) {
            let name = segment.split(|&byte| byte == b';').next().unwrap_or_default();
            if matches!(name, b"." | b"..") {
                return Err(outside("has a `.` or `..` segment"));
            }
        }
        let decoded: Vec<u8> = percent_decode(&seen).collect();
        if decoded == seen {
            return Ok(());
        }
        seen = decoded;
    }
    Err(outside("is percent-encoded too many times over"))
}

fn outside(why: &str) -> Error {
    Error::new(
        Code::OperationNotAllowed,
        format!("the path {why}; requests stay below the connection's base URL"),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> Url {
        Url::parse("https://api.example.com/v1/").unwrap()
    }

    fn at(path: &str) -> String {
        below(&base(), path, &[]).unwrap_or_else(|e| panic!("{path}: {e}")).to_string()
    }

    #[test]
    fn paths_are_below_the_base_with_or_without_a_leading_slash() {
        assert_eq!(at(""), "https://api.example.com/v1/");
        assert_eq!(at("/"), "https://api.example.com/v1/");
        assert_eq!(at("users"), "https://api.example.com/v1/users");
        assert_eq!(at("/users/a b/ü"), "https://api.example.com/v1/users/a%20b/%C3%BC");
        assert_eq!(at("keys/a%2Fb%25"), "https://api.example.com/v1/keys/a%2Fb%25");
        assert_eq!(at("a//b"), "https://api.example.com/v1/a//b");
        assert_eq!(at("..."), "https://api.example.com/v1/...");
        assert_eq!(at("user:1@x"), "https://api.example.com/v1/user:1@x");
    }

    #[test]
    fn a_query_of_the_path_and_the_given_one_are_both_sent() {
        let query = [("b".to_owned(), "2&3".to_owned()), ("c".to_owned(), "../é".to_owned())];
        let url = below(&base(), "users?a=1", &query).unwrap();
        assert_eq!(url.query(), Some("a=1&b=2%263&c=..%2F%C3%A9"));
    }

    #[test]
    fn nothing_leads_outside_the_base() {
        for path in [
            "..",
            "../",
            "/../admin",
            "a/../../admin",
            "a/..",
            ".",
            "./a",
            "%2e%2e/admin",
            "%2E./admin",
            ".%2e/admin",
            "%252e%252e/admin",
            "%25252e%25252e/a",
            "..%2fadmin",
            "a%2f..%2f..%2fadmin",
            "..\\admin",
            "..%5cadmin",
            "a\\..\\..\\admin",
            "..;/admin",
            "..;x=1/admin",
            "%2e%2e%3b/admin",
            "//evil.example/",
            "\\\\evil.example",
            "/\\evil.example",
            "%2f%2fevil.example",
            "https://evil.example/",
            "a://b",
            "\u{0}",
            "a%00b",
            "a\nb",
            "a%0d%0ab",
            "a#b",
            "a?b#c",
        ] {
            assert!(below(&base(), path, &[]).is_err(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_below_the_base(path in "[a-z./\\\\%25eEfF;:@?#\t-]{0,24}") {
            if let Ok(url) = below(&base(), &path, &[]) {
                prop_assert_eq!(url.host_str(), Some("api.example.com"));
                prop_assert!(url.path().starts_with("/v1/"), "{}", url);
                prop_assert!(url.username().is_empty() && url.password().is_none());
                prop_assert!(url.fragment().is_none());
                // A server that decodes once more does not leave it either.
                let decoded = percent_decode(url.path().as_bytes()).decode_utf8_lossy().into_owned();
                prop_assert!(!decoded.split(['/', '\\']).any(|s| s == ".."), "{}", url);
            }
        }
    }
}
