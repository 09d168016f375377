//! Taking the API key out of what a service answered.
//!
//! A service may repeat what it was sent. The key is looked for as it is and reversed, and in hex, in
//! decimal codes and in Base64 at each of its three alignments, of one, two or four bytes a character.
//! In each of these, any character may be escaped as URLs, JSON, programs or HTML do, also several
//! times over, and blanks and what separates the items of a list may stand between any two. A service
//! that changes it in any other way can't be outwitted: what readers may ask of such a service is for
//! the connection's `reader_paths`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What stands where the key was.
const MASK: &[u8] = b"***";

/// Shorter keys are not looked for: masking them would eat innocent text.
const SHORTEST: usize = 8;

/// So many blanks and separators may stand between two characters. A bound, so that the work stays in
/// proportion to the text.
const MOST_BETWEEN: usize = 64;

/// So often may `%` or `&` be escaped over.
const DEEPEST: usize = 8;

/// So many backslashes may stand before what they escape: JSON doubles them each time.
const MOST_BACKSLASHES: usize = 16;

/// So many digits may a number have, with the zeros before it.
const LONGEST_NUMBER: usize = 32;

/// The spellings of one key.
pub(super) struct Mask {
    needles: Vec<Needle>,
    /// Bytes that a spelling can begin with.
    begins: [bool; 256],
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
        let reversed = key.chars().rev().collect::<String>();
        let mut needles = vec![any(key.as_bytes().to_vec()), any(reversed.into_bytes())];
        // UTF-16 and UTF-32, whichever end comes first, have zeros between the characters.
        for zeros in [0, 1, 3] {
            let bytes = key.as_bytes().iter().map(std::slice::from_ref).collect::<Vec<_>>();
            let bytes = bytes.join(vec![0; zeros].as_slice());
            needles.push(any(hex::encode(&bytes).into_bytes()));
            needles.push(any(bytes.iter().map(u8::to_string).collect::<String>().into_bytes()));
            for before in 0..3 {
                for url_safe in [false, true] {
                    let text = aligned(&bytes, before, url_safe);
                    if !needles.iter().any(|needle| needle.text == text) {
                        needles.push(Needle { text, any_case: false });
                    }
                }
            }
        }
        let mut begins = [false; 256];
        for first in needles.iter().filter_map(|needle| needle.text.first()) {
            for byte in [first.to_ascii_lowercase(), first.to_ascii_uppercase()] {
                begins[usize::from(byte)] = true;
            }
        }
        Some(Self { needles, begins })
    }

    /// The text without the key; `None` where it is not in it.
    pub(super) fn apply(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut masked: Option<Vec<u8>> = None;
        let (mut at, mut copied) = (0, 0);
        while at < text.len() {
            let mut may_begin = false;
            readings(&text[at..], |byte, _| may_begin |= self.begins[usize::from(byte)]);
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
    fn is(&self, byte: u8, wanted: u8) -> bool {
        byte == wanted || (self.any_case && byte.eq_ignore_ascii_case(&wanted))
    }

    /// How long it is at the beginning of the text, however it is escaped and taken apart there.
    fn at(&self, text: &[u8]) -> Option<usize> {
        let (&first, rest) = self.text.split_first()?;
        let byte = *text.first()?;
        if byte.is_ascii_alphanumeric() && !self.is(byte, first) {
            return None;
        }
        let mut ends = Ends::default();
        self.step(text, 0, first, &mut ends);
        for &wanted in rest {
            if ends.count == 0 {
                return None;
            }
            let mut next = Ends::default();
            for mut at in ends.all() {
                // What may stand between may also be the character itself.
                for _ in 0..=MOST_BETWEEN {
                    self.step(text, at, wanted, &mut next);
                    match between(text, at) {
                        0 => break,
                        length => at += length,
                    }
                }
            }
            ends = next;
        }
        ends.all().max()
    }

    /// Adds where the character that is looked for ends, if it begins there.
    fn step(&self, text: &[u8], at: usize, wanted: u8, ends: &mut Ends) {
        readings(&text[at..], |byte, length| {
            if self.is(byte, wanted) {
                ends.add(at + length);
            }
        });
    }
}

/// Where what was found so far may end: an `&` may stand for itself, or begin an escape.
#[derive(Default)]
struct Ends {
    at: [usize; 8],
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

/// Characters of the Base64 of `key` behind so many other bytes that depend on nothing but the key.
fn aligned(key: &[u8], before: usize, url_safe: bool) -> Vec<u8> {
    let bytes = [&vec![0; before], key].concat();
    let text =
        if url_safe { URL_SAFE_NO_PAD.encode(&bytes) } else { STANDARD_NO_PAD.encode(&bytes) };
    let first = (before * 8).div_ceil(6);
    let end = bytes.len() * 8 / 6;
    text.as_bytes()[first..end].to_vec()
}

/// How long the blank or separator there is, escaped or not; 0 for anything else.
fn between(text: &[u8], at: usize) -> usize {
    let rest = &text[at..];
    let escaped = |is: fn(u8) -> bool| {
        let mut longest = 0;
        readings(rest, |byte, length| {
            if length > 1 && is(byte) {
                longest = length;
            }
        });
        longest
    };
    match rest {
        [b'"', after @ ..] => 1 + index(after),
        [b'0', b'x' | b'X', ..] => 2,
        // Quoted-printable breaks its lines like this.
        [b'=', b'\r' | b'\n', ..] => 1,
        // The backslash before it was passed over.
        [b'n' | b'r' | b't', ..] if at > 0 && text[at - 1] == b'\\' => 1,
        [b'\\', ..] => escaped(is_blank).max(1),
        [b'%' | b'&' | b'=', ..] => escaped(separates),
        [byte, ..] if separates(*byte) => 1,
        _ => 0,
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0)
}

fn separates(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b':' | b',' | b';' | b'-' | b'"' | b'\'')
}

/// How long the rest of a name that is only the item's number is, as in `{"0":115,"1":107}`.
fn index(text: &[u8]) -> usize {
    let digits = text.iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
    let slashes = backslashes(&text[digits..]);
    match &text[digits + slashes..] {
        [b'"', b':', ..] | [b'"', b' ', b':', ..] if digits > 0 => digits + slashes + 1,
        _ => 0,
    }
}

fn backslashes(text: &[u8]) -> usize {
    text.iter().take(MOST_BACKSLASHES).take_while(|byte| **byte == b'\\').count()
}

/// What the beginning of the text may stand for, and how long that is: itself, and what it escapes.
fn readings(text: &[u8], mut found: impl FnMut(u8, usize)) {
    let Some(&byte) = text.first() else { return };
    found(byte, 1);
    match byte {
        b'%' => percent(text, found),
        b'\\' => backslash(text, found),
        b'&' => entity(text, found),
        b'=' => {
            if let Some(byte) = number(text.get(1..3), 16) {
                found(byte, 3);
            }
        }
        _ => {}
    }
}

/// `%73`, `%2573` and so on; `%u0073`.
fn percent(text: &[u8], mut found: impl FnMut(u8, usize)) {
    let mut at = 1;
    for _ in 0..=DEEPEST {
        if let Some(byte) = number(text.get(at..at + 2), 16) {
            found(byte, at + 2);
        }
        if text[at..].starts_with(b"u00")
            && let Some(byte) = number(text.get(at + 3..at + 5), 16)
        {
            found(byte, at + 5);
        }
        if !text[at..].starts_with(b"25") {
            return;
        }
        at += 2;
    }
}

/// `\u0073`, `\u{73}`, `\U00000073`, `\x73`, `\163` and `\/`, behind any number of backslashes.
fn backslash(text: &[u8], mut found: impl FnMut(u8, usize)) {
    let run = backslashes(text);
    let rest = &text[run..];
    let mut digits = |from: usize, length: usize, closing: usize, radix: u32| {
        if let Some(byte) = number(rest.get(from..from + length), radix) {
            found(byte, run + from + length + closing);
        }
    };
    match rest {
        [b'u' | b'x', b'{', inner @ ..] => {
            let end = inner.iter().take(LONGEST_NUMBER).position(|byte| *byte == b'}');
            if let Some(length) = end {
                digits(2, length, 1, 16);
            }
        }
        [b'u', ..] => digits(1, 4, 0, 16),
        [b'U', ..] => digits(1, 8, 0, 16),
        [b'x', ..] => digits(1, 2, 0, 16),
        [b'0'..=b'7', ..] => {
            for length in 1..=3 {
                digits(0, length, 0, 8);
            }
        }
        [byte, ..] if !byte.is_ascii_alphanumeric() => found(*byte, run + 1),
        _ => {}
    }
}

/// `&#115;` and `&#x73;` with any zeros, with or without the `;`, and the names that XML has; behind
/// an `&` that may be escaped itself.
fn entity(text: &[u8], mut found: impl FnMut(u8, usize)) {
    let mut at = 1;
    for _ in 0..DEEPEST {
        if !text[at..].starts_with(b"amp;") {
            break;
        }
        at += b"amp;".len();
        found(b'&', at);
    }
    let (from, radix) = match &text[at..] {
        [b'#', b'x' | b'X', ..] => (at + 2, 16),
        [b'#', ..] => (at + 1, 10),
        rest => {
            for (name, byte) in [("lt;", b'<'), ("gt;", b'>'), ("quot;", b'"'), ("apos;", b'\'')] {
                if rest.starts_with(name.as_bytes()) {
                    found(byte, at + name.len());
                }
            }
            return;
        }
    };
    let digits = text[from..].iter().take(LONGEST_NUMBER);
    let end = from + digits.take_while(|byte| char::from(**byte).is_digit(radix)).count();
    if let Some(byte) = number(text.get(from..end), radix) {
        found(byte, end + usize::from(text.get(end) == Some(&b';')));
    }
}

fn number(digits: Option<&[u8]>, radix: u32) -> Option<u8> {
    let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_alphanumeric))?;
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
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

    fn each_item(write: impl Fn(usize, u8) -> String) -> String {
        let items: Vec<String> =
            KEY.bytes().enumerate().map(|(index, byte)| write(index, byte)).collect();
        // The first name is in front of the key.
        let items = items.join(",");
        items[items.find("115").unwrap()..].to_owned()
    }

    fn list(items: impl Iterator<Item = impl ToString>, between: &str) -> String {
        items.map(|item| item.to_string()).collect::<Vec<_>>().join(between)
    }

    /// As it stands in JSON, without the quotes around it.
    fn json_of(text: &str) -> String {
        let json = serde_json::to_string(text).unwrap();
        json[1..json.len() - 1].to_owned()
    }

    /// One byte, escaped in one of many ways.
    fn escaped(byte: u8, way: usize, deep: usize) -> String {
        let (percent, slashes) = ("25".repeat(deep), "\\".repeat(1 << deep));
        let amp = format!("&{}", "amp;".repeat(deep));
        match way {
            0 => format!("%{percent}{byte:02x}"),
            1 => format!("%{percent}u{byte:04X}"),
            2 => format!("{slashes}u{byte:04x}"),
            3 => format!("{slashes}u{{{byte:x}}}"),
            4 => format!("{slashes}x{byte:02X}"),
            5 => format!("{slashes}U{byte:08x}"),
            6 => format!("{slashes}{byte:03o}"),
            7 => format!("{amp}#{byte:0>width$};", width = 3 + deep * 2),
            8 => format!("{amp}#x{byte:x};"),
            9 => format!("={byte:02X}"),
            _ => char::from(byte).to_string(),
        }
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
            format!("{}\n    {}", &KEY[..5], &KEY[5..]),
            format!("{}\\n\\t{}", &KEY[..5], &KEY[5..]),
            json_of(&json_of(&json_of(KEY))),
            json_of(&json_of(&KEY.replace('/', "\\/"))),
            list(KEY.chars(), "\",\""),
            each_item(|index, byte| format!("\"{index}\":{byte}")),
            each_item(|index, byte| format!("\\\"{index}\\\": {byte}")),
            list(KEY.bytes(), ","),
            list(KEY.bytes(), ",\n      "),
            list(KEY.bytes().map(|byte| format!("{byte:02x}")), ":"),
            list(KEY.bytes().map(|byte| format!("{byte:02X}")), " "),
            list(KEY.bytes().map(|byte| format!("{byte:02x}")), ", 0x"),
            each(|text, byte| _ = write!(text, "\\{byte:o}")),
        ];
        for spelling in spellings {
            let shown = masked(format!("a: <{spelling}>, b").as_bytes());
            let shown = String::from_utf8(shown).unwrap();
            assert!(shown.starts_with("a: <***") && shown.ends_with(">, b"), "{spelling}: {shown}");
        }
    }

    #[test]
    fn a_key_with_escapes_in_it_is_found_however_often_it_is_escaped() {
        for key in [r"\nabc\\d\u0073e", "a%73b%25c%d", "&amp;a&#115;b&", "a--b::c\"\"d,,"] {
            let mask = Mask::of(key).unwrap();
            let percent = |text: &str| text.replace('%', "%25");
            let html = |text: &str| text.replace('&', "&amp;");
            for spelling in [
                key.to_owned(),
                json_of(key),
                json_of(&json_of(key)),
                percent(key),
                percent(&percent(key)),
                html(key),
                html(&html(key)),
            ] {
                let shown = mask.apply(format!("<{spelling}>").as_bytes());
                assert_eq!(shown.as_deref(), Some(&b"<***>"[..]), "{key}: {spelling}");
            }
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
        fn the_key_is_found_however_its_characters_are_escaped_and_taken_apart(
            ways in proptest::collection::vec((0..12_usize, 0..5_usize), KEY.len()),
            between in proptest::collection::vec("([ \\t\r\n:,;'\0]{0,9}|\\\\{1,4}[nrt]|%0A|&#32;|\\\\u000a|=\r\n)", KEY.len()),
        ) {
            let pieces = KEY.bytes().zip(&ways).zip(&between);
            let text = pieces.enumerate().fold(String::new(), |text, (index, ((byte, way), gap))| {
                let gap = if index == 0 { "" } else { gap.as_str() };
                text + gap + &escaped(byte, way.0, way.1)
            });
            let shown = masked(format!("<{text}>").as_bytes());
            prop_assert_eq!(&shown, b"<***>", "{}", text);
        }

        #[test]
        fn codes_are_found_of_every_width_and_wrapped(
            zeros in prop::sample::select(vec![0_usize, 1, 3]),
            big_end in any::<bool>(),
            before in "[a-z]{0,5}",
            width in 1..30_usize,
            indent in "\r?\n[ \t]{0,40}",
        ) {
            let wide = format!("{before}{KEY}{before}").bytes().fold(Vec::new(), |mut bytes, byte| {
                let zeros = vec![0; zeros];
                bytes.extend(if big_end { [zeros, vec![byte]] } else { [vec![byte], zeros] }.concat());
                bytes
            });
            for text in [STANDARD.encode(&wide), URL_SAFE.encode(&wide), hex::encode(&wide)] {
                let lines: Vec<&str> =
                    text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
                let shown = masked(lines.join(&indent).as_bytes());
                prop_assert!(shown.windows(3).any(|three| three == MASK), "{}", text);
                let left = shown.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
                prop_assert!(left <= text.len() - KEY.len() * (zeros + 1), "{}", text);
            }
            let decimals = list(wide.iter(), &format!(",{indent}"));
            prop_assert!(masked(decimals.as_bytes()).windows(3).any(|three| three == MASK));
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
