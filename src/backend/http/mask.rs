//! Taking the API key out of what a service answered.
//!
//! A service may repeat what it was sent. The key is looked for as it is and reversed, in hex and in
//! Base64 at each of its three alignments, whatever the case where case does not matter, and whatever
//! of it is percent-encoded, escaped as in JSON or HTML, or broken over lines. A service that changes
//! it in any other way can't be outwitted: what readers may ask of such a service is for the
//! connection's `reader_paths`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What stands where the key was.
const MASK: &[u8] = b"***";

/// Shorter keys are not looked for: masking them would eat innocent text.
const SHORTEST: usize = 8;

/// So many line breaks, or NULs of wider characters, may stand between two characters.
const MOST_BETWEEN: usize = 3;

/// The spellings of one key.
pub(super) struct Mask {
    needles: Vec<Needle>,
    /// Bytes that a spelling can begin with.
    starts: [bool; 256],
}

struct Needle {
    text: Vec<u8>,
    /// Capitals are as good as small letters.
    any_case: bool,
}

impl Mask {
    /// `None` for a key that is too short to be looked for.
    pub(super) fn of(key: &str) -> Option<Self> {
        if key.len() < SHORTEST {
            return None;
        }
        let any = |text: Vec<u8>| Needle { text, any_case: true };
        let mut needles = vec![
            any(key.as_bytes().to_vec()),
            any(key.chars().rev().collect::<String>().into_bytes()),
            any(hex::encode(key).into_bytes()),
        ];
        for before in 0..3 {
            for url_safe in [false, true] {
                let text = aligned(key.as_bytes(), before, url_safe);
                if !needles.iter().any(|needle| needle.text == text) {
                    needles.push(Needle { text, any_case: false });
                }
            }
        }
        let mut starts = [false; 256];
        for escape in b"%\\&=" {
            starts[usize::from(*escape)] = true;
        }
        for first in needles.iter().filter_map(|needle| needle.text.first()) {
            for byte in [first.to_ascii_lowercase(), first.to_ascii_uppercase()] {
                starts[usize::from(byte)] = true;
            }
        }
        Some(Self { needles, starts })
    }

    /// The text without the key; `None` where it is not in it.
    pub(super) fn apply(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut masked: Option<Vec<u8>> = None;
        let (mut at, mut copied) = (0, 0);
        while at < text.len() {
            let may_begin = self.starts[usize::from(text[at])];
            let found = || self.needles.iter().filter_map(|needle| needle.at(&text[at..])).max();
            let Some(length) = may_begin.then(found).flatten() else {
                at += 1;
                continue;
            };
            let masked = masked.get_or_insert_default();
            masked.extend_from_slice(&text[copied..at]);
            masked.extend_from_slice(MASK);
            at += length;
            copied = at;
        }
        masked.map(|mut masked| {
            masked.extend_from_slice(&text[copied..]);
            masked
        })
    }
}

impl Needle {
    /// How long it is at the beginning of the text, however it is escaped there.
    fn at(&self, text: &[u8]) -> Option<usize> {
        let is = |byte: u8, wanted: u8| {
            byte == wanted || (self.any_case && byte.eq_ignore_ascii_case(&wanted))
        };
        let (&first, rest) = self.text.split_first()?;
        let mut ends = Ends::default();
        step(text, 0, |byte| is(byte, first), &mut ends);
        for &wanted in rest {
            let mut next = Ends::default();
            for at in ends.all() {
                let at = at + between(&text[at..]);
                step(text, at, |byte| is(byte, wanted), &mut next);
            }
            ends = next;
            if ends.count == 0 {
                return None;
            }
        }
        ends.all().max()
    }
}

/// Where what was found so far may end: an `&` may stand for itself, or begin an escape.
#[derive(Default)]
struct Ends {
    at: [usize; 4],
    count: usize,
}

impl Ends {
    fn add(&mut self, end: usize) {
        if self.count < self.at.len() && !self.at[..self.count].contains(&end) {
            self.at[self.count] = end;
            self.count += 1;
        }
    }

    fn all(&self) -> impl Iterator<Item = usize> {
        self.at[..self.count].iter().copied()
    }
}

/// Adds where the character that is looked for ends, if it begins there.
fn step(text: &[u8], at: usize, is: impl Fn(u8) -> bool, ends: &mut Ends) {
    let rest = &text[at..];
    if rest.first().is_some_and(|&byte| is(byte)) {
        ends.add(at + 1);
    }
    if let Some((byte, length)) = escaped(rest)
        && is(byte)
    {
        ends.add(at + length);
    }
}

/// Characters of the Base64 of `key` behind so many other bytes that depend on nothing but the key.
fn aligned(key: &[u8], before: usize, url_safe: bool) -> Vec<u8> {
    let bytes = [&vec![0; before], key].concat();
    let text =
        if url_safe { URL_SAFE_NO_PAD.encode(&bytes) } else { STANDARD_NO_PAD.encode(&bytes) };
    let first = (before * 8).div_ceil(6);
    let end = bytes.len() * 8 / 6;
    text.as_bytes()[first..end].to_vec()
}

/// How long what stands between two characters is: line breaks, escaped or not, and the halves of
/// wider characters.
fn between(text: &[u8]) -> usize {
    let mut at = 0;
    for _ in 0..MOST_BETWEEN {
        at += match &text[at..] {
            [b'\r' | b'\n' | 0, ..] => 1,
            [b'\\', b'r' | b'n', ..] => 2,
            [b'\\', b'u', b'0', b'0', b'0', b'0' | b'a' | b'd' | b'A' | b'D', ..] => 6,
            // Quoted-printable breaks its lines like this.
            [b'=', b'\r', b'\n', ..] => 3,
            _ => break,
        };
    }
    at
}

/// The byte that is escaped at the beginning of the text, and how long that is.
fn escaped(text: &[u8]) -> Option<(u8, usize)> {
    let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    match text {
        // Encoded twice.
        [b'%', b'2', b'5', rest @ ..] if rest.len() >= 2 && hex(&rest[..2]).is_some() => {
            Some((hex(&rest[..2])?, 5))
        }
        [b'%' | b'=', a, b, ..] => Some((hex(&[*a, *b])?, 3)),
        [b'\\', b'u', b'0', b'0', a, b, ..] => Some((hex(&[*a, *b])?, 6)),
        [b'\\', b'x', a, b, ..] => Some((hex(&[*a, *b])?, 4)),
        [b'\\', byte @ (b'"' | b'\'' | b'\\' | b'/'), ..] => Some((*byte, 2)),
        [b'&', rest @ ..] => {
            let end = rest.iter().take(8).position(|byte| *byte == b';')?;
            let byte = match &rest[..end] {
                [b'#', b'x' | b'X', digits @ ..] => {
                    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
                }
                [b'#', digits @ ..] => std::str::from_utf8(digits).ok()?.parse().ok()?,
                b"amp" => b'&',
                b"lt" => b'<',
                b"gt" => b'>',
                b"quot" => b'"',
                b"apos" => b'\'',
                _ => return None,
            };
            Some((byte, end + 2))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "sk-Canary/+&\"key~9";

    fn masked(text: &[u8]) -> Vec<u8> {
        Mask::of(KEY).unwrap().apply(text).unwrap_or_else(|| text.to_vec())
    }

    fn each(write: impl Fn(&mut String, u8)) -> String {
        KEY.bytes().fold(String::new(), |mut text, byte| {
            write(&mut text, byte);
            text
        })
    }

    #[test]
    fn the_key_is_found_in_every_spelling() {
        let json = serde_json::to_string(KEY).unwrap();
        let spellings = [
            KEY.to_owned(),
            KEY.to_uppercase(),
            KEY.to_lowercase(),
            KEY.chars().rev().collect(),
            each(|text, byte| _ = write!(text, "%{byte:02X}")),
            each(|text, byte| _ = write!(text, "%{byte:02x}")),
            each(|text, byte| _ = write!(text, "%25{byte:02x}")),
            percent_encoding::utf8_percent_encode(KEY, percent_encoding::NON_ALPHANUMERIC)
                .to_string(),
            each(|text, byte| _ = write!(text, "\\u00{byte:02x}")),
            each(|text, byte| _ = write!(text, "\\x{byte:02x}")),
            each(|text, byte| _ = write!(text, "&#{byte};")),
            each(|text, byte| _ = write!(text, "&#x{byte:x};")),
            each(|text, byte| _ = write!(text, "={byte:02X}")),
            KEY.replace('&', "&amp;").replace('"', "&quot;"),
            json[1..json.len() - 1].to_owned(),
            KEY.replace('"', "\\\"").replace('/', "\\/"),
            hex::encode(KEY),
            hex::encode_upper(KEY),
            format!("{}\r\n{}", &KEY[..5], &KEY[5..]),
            each(|text, byte| _ = write!(text, "{}\0", char::from(byte))),
        ];
        for spelling in spellings {
            let shown = masked(format!("a: <{spelling}>, b").as_bytes());
            let shown = String::from_utf8(shown).unwrap();
            assert!(shown.starts_with("a: <***") && shown.ends_with(">, b"), "{spelling}: {shown}");
        }
    }

    #[test]
    fn innocent_text_stays_as_it_is() {
        for text in ["", "sk-Canary", "%%%&&&\\\\\\===", "{\"a\":\"\\u0073k-\"}", "c2stQ2Fu"] {
            assert!(Mask::of(KEY).unwrap().apply(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Mask::of("short").is_none());
    }

    proptest! {
        #[test]
        fn base64_is_found_wherever_the_key_stands(
            before in proptest::collection::vec(any::<u8>(), 0..7),
            after in proptest::collection::vec(any::<u8>(), 0..7),
        ) {
            let bytes = [before.as_slice(), KEY.as_bytes(), after.as_slice()].concat();
            for text in [STANDARD.encode(&bytes), URL_SAFE.encode(&bytes)] {
                let shown = masked(text.as_bytes());
                prop_assert!(shown.windows(3).any(|three| three == MASK), "{}", text);
                prop_assert!(shown.len() <= text.len() - KEY.len(), "{}", text);
            }
        }

        #[test]
        fn no_text_makes_it_fail(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = masked(&text);
        }

        #[test]
        fn what_is_around_the_key_stays(before in "[0-9 ]{0,9}", after in "[ 0-9]{0,9}") {
            let shown = masked(format!("{before}{KEY}{after}").as_bytes());
            prop_assert_eq!(shown, format!("{before}***{after}").into_bytes());
        }
    }
}
