//! Redis' glob patterns, as far as a client must know them.

/// The one key that a pattern without special characters stands for, escapes taken out; `None`
/// when it may match several.
pub(super) fn literal(pattern: &[u8]) -> Option<Vec<u8>> {
    let (key, is_all) = before_wildcard(pattern);
    is_all.then_some(key)
}

/// What is before the first wildcard, escapes taken out.
pub(super) fn prefix(pattern: &[u8]) -> Vec<u8> {
    before_wildcard(pattern).0
}

/// The same, and whether it is all of the pattern.
fn before_wildcard(pattern: &[u8]) -> (Vec<u8>, bool) {
    let mut prefix = Vec::with_capacity(pattern.len());
    let mut bytes = pattern.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'*' | b'?' | b'[' => return (prefix, false),
            // The server takes a backslash at the very end as itself.
            b'\\' => prefix.push(bytes.next().copied().unwrap_or(byte)),
            byte => prefix.push(byte),
        }
    }
    (prefix, true)
}

/// The pattern of the keys that begin with `prefix`, whatever characters it has.
pub fn starting_with(prefix: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(prefix.len() + 1);
    for &byte in prefix {
        if matches!(byte, b'*' | b'?' | b'[' | b'\\') {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern.push(b'*');
    pattern
}

/// Whether the pattern matches every key, so that it need not be sent.
pub(super) fn matches_all(pattern: &[u8]) -> bool {
    !pattern.is_empty() && pattern.iter().all(|&byte| byte == b'*')
}

/// Whether the pattern consists of wildcards, so that whoever wrote it may not know what it matches.
pub(super) fn names_nothing(pattern: &[u8]) -> bool {
    let mut rest = pattern;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = match byte {
            b'*' | b'?' => behind,
            b'[' => match behind.iter().position(|&byte| byte == b']') {
                Some(end) => &behind[end + 1..],
                // The server takes what is left as the class.
                None => &[],
            },
            _ => return false,
        };
    }
    !pattern.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pattern_without_special_characters_is_a_key() {
        assert_eq!(literal(b"user:1").as_deref(), Some(&b"user:1"[..]));
        assert_eq!(literal(br"a\*b\\").as_deref(), Some(&br"a*b\"[..]));
        assert_eq!(literal(b"").as_deref(), Some(&b""[..]));
        for pattern in ["user:*", "user:?", "user:[12]"] {
            assert_eq!(literal(pattern.as_bytes()), None, "{pattern}");
        }
    }

    #[test]
    fn only_stars_match_all() {
        assert!(matches_all(b"*") && matches_all(b"**"));
        assert!(!matches_all(b"a*") && !matches_all(b"") && !matches_all(b"*?"));
    }

    #[test]
    fn wildcards_alone_name_nothing() {
        for pattern in ["*", "**", "?*", "[a-z]*", "[^x]*", "*[*"] {
            assert!(names_nothing(pattern.as_bytes()), "{pattern}");
        }
        for pattern in ["", "a*", "*a", "[a]b*", r"\*", "user:*"] {
            assert!(!names_nothing(pattern.as_bytes()), "{pattern}");
        }
    }

    #[test]
    fn a_prefix_ends_at_the_first_wildcard() {
        assert_eq!(prefix(br"a\*b*c?"), b"a*b");
        assert_eq!(prefix(b"user:[12]*"), b"user:");
        assert!(prefix(b"*:*").is_empty() && prefix(b"[u]ser:1").is_empty());
    }

    proptest! {
        #[test]
        fn a_prefix_stands_for_itself_and_the_rest_for_anything(prefix: Vec<u8>) {
            let pattern = starting_with(&prefix);
            let (star, escaped) = pattern.split_last().unwrap();
            prop_assert_eq!(*star, b'*');
            prop_assert_eq!(literal(escaped), Some(prefix));
        }
    }
}
