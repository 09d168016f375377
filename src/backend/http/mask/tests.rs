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
        percent_encoding::utf8_percent_encode(KEY, percent_encoding::NON_ALPHANUMERIC).to_string(),
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
