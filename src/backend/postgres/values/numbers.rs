//! Floating-point numbers in the form that JavaScript gives them.

/// A `float4` or `float8` in text form. PostgreSQL writes the shortest digits that read back as the
/// same value, and so does JavaScript: in plain notation the texts are equal.
pub(super) fn float(text: &[u8], out: &mut Vec<u8>) {
    let plain = text.iter().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-'));
    if plain && !text.is_empty() && text != b"-0" {
        out.extend_from_slice(text);
    } else {
        decimal(text, out);
    }
}

/// A number in text form, read as a double.
pub(super) fn decimal(text: &[u8], out: &mut Vec<u8>) {
    let value = std::str::from_utf8(text).ok().and_then(|t| t.parse::<f64>().ok());
    match value {
        Some(value) if value.is_finite() => javascript(value, out),
        _ => out.extend_from_slice(b"null"),
    }
}

/// `Number::toString` of ECMAScript (section 6.1.6.1.20), for finite values.
pub(super) fn javascript(value: f64, out: &mut Vec<u8>) {
    if value == 0.0 {
        out.push(b'0');
        return;
    }
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(value);
    let text = text.strip_prefix('-').map_or(text, |t| {
        out.push(b'-');
        t
    });
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let leading = all.len() - all.trim_start_matches('0').len();
    let digits = all.trim_matches('0').as_bytes();
    // The value is 0.digits × 10^point.
    let point =
        i32::try_from(whole.len()).unwrap_or(0) - i32::try_from(leading).unwrap_or(0) + exponent;
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |out: &mut Vec<u8>, n: i32| out.extend((0..n).map(|_| b'0'));
    if count <= point && point <= 21 {
        out.extend_from_slice(digits);
        zeros(out, point - count);
    } else if 0 < point && point <= 21 {
        let (before, after) = digits.split_at(point.unsigned_abs() as usize);
        out.extend_from_slice(before);
        out.push(b'.');
        out.extend_from_slice(after);
    } else if -6 < point && point <= 0 {
        out.extend_from_slice(b"0.");
        zeros(out, -point);
        out.extend_from_slice(digits);
    } else {
        let (first, rest) = digits.split_at(1);
        out.extend_from_slice(first);
        if !rest.is_empty() {
            out.push(b'.');
            out.extend_from_slice(rest);
        }
        let sign = if point > 0 { '+' } else { '-' };
        out.extend_from_slice(format!("e{sign}{}", (point - 1).abs()).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: f64) -> String {
        let mut out = Vec::new();
        javascript(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_look_as_javascript_prints_them() {
        for (value, expected) in [
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (123_456.789, "123456.789"),
            (0.000_001, "0.000001"),
            (1.5e-7, "1.5e-7"),
            (-0.0, "0"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (-1_234_500.0, "-1234500"),
        ] {
            assert_eq!(written(value), expected);
        }
    }

    #[test]
    fn what_json_has_not_is_null() {
        for text in ["NaN", "Infinity", "-Infinity", "", "x"] {
            let mut out = Vec::new();
            float(text.as_bytes(), &mut out);
            assert_eq!(out, b"null", "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_finite_number_reads_back_as_it_was(value in any::<f64>()) {
            prop_assume!(value.is_finite());
            let read: f64 = written(value).parse().unwrap();
            // JSON.stringify writes -0 as 0.
            prop_assert!(read.to_bits() == value.to_bits() || value == 0.0);
        }
    }
}
