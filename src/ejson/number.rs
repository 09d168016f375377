//! Numbers that are written as text. Parsers that are made for people take more than what is a number,
//! such as nothing at all for zero; here every text is refused that does not say its value.

use std::str::FromStr;

use mongodb::bson::Decimal128;

/// An integer, with a minus or without a sign.
pub fn integer<T: FromStr>(text: &str) -> Option<T> {
    if text.starts_with('+') { None } else { text.parse().ok() }
}

/// A double: digits, or the names that Extended JSON has for what has none. Digits that are too large or
/// too small for one are none.
pub fn double(text: &str) -> Option<f64> {
    match text {
        "Infinity" => return Some(f64::INFINITY),
        "-Infinity" => return Some(f64::NEG_INFINITY),
        "NaN" => return Some(f64::NAN),
        "-NaN" => return Some(-f64::NAN),
        _ => {}
    }
    let mantissa = mantissa(text)?;
    let is_zero = mantissa.bytes().all(|byte| !matches!(byte, b'1'..=b'9'));
    let value: f64 = text.parse().ok()?;
    (value.is_finite() && (value != 0.0 || is_zero)).then_some(value)
}

/// A decimal number of 34 digits, infinite, or none.
pub fn decimal(text: &str) -> Option<Decimal128> {
    let name = text.strip_prefix(['-', '+']).unwrap_or(text).to_ascii_lowercase();
    if matches!(name.as_str(), "nan" | "inf" | "infinity") || mantissa(text).is_some() {
        text.parse().ok()
    } else {
        None
    }
}

/// What stands before the exponent, where the text is digits, perhaps with a sign, a point and an exponent.
fn mantissa(text: &str) -> Option<&str> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_is_one = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && are_digits(digits)
    });
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    (has_digits && are_digits(whole) && are_digits(fraction) && exponent_is_one).then_some(mantissa)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the corpus of the BSON specification refuses as decimal numbers, and their like.
    const NO_NUMBERS: [&str; 38] = [
        "", " ", ".", "-", "+", "-.", "+.", "e", "E", ".e", "e5", "E01", ".E5", "-E1", "1e", "1E",
        "1e+", "1e-", "1e1.5", "1ee5", "1..2", "1.2.3", "..1", "--1", "+-1", "-+1", "1-", "1+",
        "1 ", " 1", "1\n", "1,5", "1_000", "0x1F", "J/9", "Infinit", "Na", "sNaN",
    ];

    #[test]
    fn what_says_no_value_is_no_number() {
        for text in NO_NUMBERS {
            assert!(decimal(text).is_none(), "{text:?}");
            assert!(double(text).is_none(), "{text:?}");
            assert!(integer::<i64>(text).is_none(), "{text:?}");
        }
        for text in ["inf", "nan", "infinity", "-nan", "1e400", "-1e400", "1e-400", "0.5e-324"] {
            assert!(double(text).is_none(), "{text:?}");
        }
        for text in ["1E6145", "10000000000000000000000000000000001.5", "1E-6177"] {
            assert!(decimal(text).is_none(), "{text:?}");
        }
        for text in ["+5", "9223372036854775808", "5.0"] {
            assert!(integer::<i64>(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn what_says_a_value_is_that_value() {
        for (text, value) in [
            ("0", "0"),
            ("-0", "-0"),
            ("00012", "12"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+1.20", "1.20"),
            ("1e5", "1E+5"),
            ("1E-6176", "1E-6176"),
            ("inf", "Infinity"),
            ("-Infinity", "-Infinity"),
            ("NaN", "NaN"),
            ("0e-99999", "0E-6176"),
        ] {
            assert_eq!(decimal(text).unwrap().to_string(), value, "{text}");
        }
        for (text, value) in [("0e-999", 0.0), ("1.5e3", 1500.0), (".5", 0.5), ("-1", -1.0)] {
            assert!((double(text).unwrap() - value).abs() < f64::EPSILON, "{text}");
        }
        assert_eq!(integer("-9223372036854775808"), Some(i64::MIN));
    }
}
