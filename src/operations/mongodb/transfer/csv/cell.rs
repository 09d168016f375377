//! What the text of a cell stands for.

use serde::de::IgnoredAny;

/// Whether a cell with this text is read as this text.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty() && !is_value(text) && !is_formula(unescaped(text))
}

/// Whether a cell is read as Extended JSON. A number is one only if it is written with the same digits
/// again: `007`, `1.10`, `1e5` and what has more digits than a number keeps are text.
pub(super) fn is_value(cell: &str) -> bool {
    match cell.as_bytes().first() {
        Some(b'{' | b'[' | b'"') => serde_json::from_str::<IgnoredAny>(cell).is_ok(),
        Some(b'-' | b'0'..=b'9') => is_number(cell),
        _ => matches!(cell, "true" | "false" | "null"),
    }
}

fn is_number(cell: &str) -> bool {
    if let Ok(integer) = cell.parse::<i64>() {
        return integer.to_string() == cell;
    }
    let Some(double) = cell.parse::<f64>().ok().filter(|double| double.is_finite()) else {
        return false;
    };
    // Without an exponent, and with one.
    format!("{double:?}") == cell || (cell.contains('.') && double.to_string() == cell)
}

/// Whether spreadsheets would run the text. Numbers are numbers, signs and all.
pub(super) fn is_formula(text: &str) -> bool {
    let begins_so = text.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]);
    let is_number = || {
        text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
            && text.parse::<f64>().is_ok()
    };
    begins_so && !is_number()
}

/// The text with an apostrophe before it, where it is a formula or looks like one that has it already.
pub(super) fn without_formula(text: &str) -> String {
    if is_formula(unescaped(text)) { format!("'{text}") } else { text.to_owned() }
}

/// The text behind the apostrophes that keep it from being run.
fn unescaped(text: &str) -> &str {
    text.trim_start_matches('\'')
}

/// What a cell said before it was kept from being run.
pub(super) fn before_escaping(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_formula(unescaped(text)) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_is_written_with_the_same_digits_again() {
        for number in [
            "0",
            "-1",
            "42",
            "9223372036854775807",
            "-9223372036854775808",
            "0.5",
            "1.25",
            "-0.0",
            "1.0",
            "0.00001",
            "1e-7",
            "1e300",
            "-1.5e-300",
            "9007199254740993",
        ] {
            assert!(is_value(number), "{number}");
        }
        for text in [
            "",
            "-",
            ".",
            "007",
            "-0",
            "+1",
            "1.",
            ".5",
            "1.10",
            "1e5",
            "1E300",
            "1e+300",
            "1234e567",
            "12345678901234567890",
            "0.12345678901234567890",
            "1_000",
            "0x1F",
            " 5",
            "5 ",
            "NaN",
            "Infinity",
            "-inf",
            "1e-400",
            "true ",
            "True",
            "nul",
            "[URGENT] call",
            "{x} y",
            "{",
            "[1,]",
            "\"a\" b",
            "{\"a\":1} {}",
        ] {
            assert!(!is_value(text), "{text}");
        }
        for value in ["true", "false", "null", "{}", "[1, 2]", "\"5\"", "{\"$oid\": 1}"] {
            assert!(is_value(value), "{value}");
        }
    }
}
