//! What characters may stand for, and what may stand between them, in text that somebody has escaped.

/// So often may `%` or `&` be escaped over.
const DEEPEST: usize = 8;

/// So many backslashes may stand before what they escape: JSON doubles them each time.
const MOST_BACKSLASHES: usize = 16;

/// So many digits may a number have, with the zeros before it.
const LONGEST_NUMBER: usize = 32;

/// How long the blank or separator there is, escaped or not; 0 for anything else.
pub(super) fn between(text: &[u8], at: usize) -> usize {
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
pub(super) fn readings(text: &[u8], mut found: impl FnMut(u8, usize)) {
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
