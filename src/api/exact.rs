//! URLs that arrive as they were sent, or not at all.
//!
//! Clients, proxies and frameworks change a URL on its way: `.` and `..` are walked, `\` becomes `/`,
//! bytes that are not UTF-8 become U+FFFD, and letters that should have been encoded become others.
//! What might have been such a change is refused, since what is left names something else.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};

/// Refuses a path that somebody on the way changes, or has changed.
pub(super) fn path(path: &str) -> Result<()> {
    if path.contains('\\') {
        return Err(inexact("a path holds a plain `\\`; send it as %5C"));
    }
    plain(path)?;
    if path.split('/').any(is_dots) {
        return Err(inexact("`.` and `..` are walked away in a path, also when they are encoded"));
    }
    Ok(())
}

/// Refuses a path below the base that has an empty segment: what stood there may have been walked
/// away.
pub(super) fn segments(path: &str) -> Result<()> {
    if path.len() > 1 && (path.contains("//") || path.ends_with('/')) {
        return Err(inexact(
            "an empty segment of a path names nothing; the empty key is `=` there",
        ));
    }
    Ok(())
}

/// Refuses a query that was not encoded.
pub(super) fn query(query: &str) -> Result<()> {
    plain(query)
}

/// The text that was encoded.
pub(super) fn decode(text: &str) -> Result<String> {
    let bytes = text.as_bytes();
    let broken = |at: usize| {
        !bytes[at + 1..].iter().take(2).filter(|b| b.is_ascii_hexdigit()).count().eq(&2)
    };
    if memchr::memchr_iter(b'%', bytes).any(broken) {
        return Err(Error::validation(
            "a `%` in a URL is followed by two hexadecimal digits; send the sign itself as %25",
        ));
    }
    let decoded = percent_decode_str(text).decode_utf8().map(Cow::into_owned);
    match decoded {
        Ok(decoded) if !decoded.contains('\u{fffd}') => Ok(decoded),
        _ => Err(inexact("a part of the URL is no UTF-8 text, or has been replaced by U+FFFD")),
    }
}

/// Every byte is one that a URL may have.
fn plain(text: &str) -> Result<()> {
    match text.bytes().find(|b| !(0x21..=0x7e).contains(b) || *b == b'#') {
        None => Ok(()),
        Some(byte) => Err(Error::validation(format!(
            "a URL holds the byte {byte:#04x} as it is; percent-encode it"
        ))),
    }
}

fn is_dots(segment: &str) -> bool {
    if segment.len() > 6 {
        return false;
    }
    let dots = segment.replace("%2e", ".").replace("%2E", ".");
    dots == "." || dots == ".."
}

/// `…/keys/./download` becomes `…/keys/download` for whoever walks dots, and nobody can tell afterwards.
pub(super) fn ambiguous(segment: &str) -> Error {
    inexact(&format!("what ends in `/{segment}` may be what is left of a longer path"))
}

/// What can't be had by a URL can be had in two other ways.
fn inexact(what: &str) -> Error {
    Error::validation(format!(
        "{what}; give names as base64url with ?encoding=base64url where the endpoint has it, or all \
         input as JSON to POST /api/platform/multidb/call"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
    use proptest::prelude::*;

    #[test]
    fn what_is_changed_on_the_way_is_refused() {
        for bad in [
            "/a/.",
            "/a/./b",
            "/a/..",
            "/../a",
            "/a/%2e",
            "/a/%2E%2e/b",
            "/a/.%2e",
            "/a\\b",
            "/a b",
            "/a\tb",
            "/a\nb",
            "/é",
            "/a#b",
            "/a\u{fffd}",
            "/a\u{0}",
        ] {
            assert!(path(bad).is_err(), "{bad:?}");
        }
        for good in
            ["/a", "/a/...", "/a/.b", "/a/b.", "/%2e%2e%2e", "/a%2F..%2Fb", "/a:b@c;d=e,f+g"]
        {
            assert!(path(good).is_ok(), "{good:?}");
        }
        for bad in ["/", "/a/", "/a//b", "//a"] {
            assert_eq!(segments(bad).is_err(), bad != "/", "{bad:?}");
        }
        for bad in ["%", "%4", "%zz", "a%", "%ff", "%EF%BF%BD", "%c3"] {
            assert!(decode(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        /// Either exactly the name, or a refusal.
        #[test]
        fn a_name_arrives_as_it_is_or_not_at_all(name: Vec<u8>) {
            let sent = percent_encode(&name, NON_ALPHANUMERIC).to_string();
            let arrived = path(&format!("/{sent}")).and_then(|()| decode(&sent));
            match arrived {
                Ok(text) => prop_assert_eq!(text.into_bytes(), name),
                Err(_) => {
                    let text = std::str::from_utf8(&name);
                    let odd = |text: &str| [".", ".."].contains(&text) || text.contains('\u{fffd}');
                    prop_assert!(text.is_err() || text.is_ok_and(odd));
                }
            }
        }
    }
}
