//! Which of two stored values of one type comes first.

use std::cmp::Ordering;

/// Digits of a `Decimal128` at most.
const DIGITS: u32 = 34;

/// Compares values of one type as servers order them; `None` for types whose order says nothing.
pub(super) fn compare(kind: u8, a: &[u8], b: &[u8]) -> Option<Ordering> {
    Some(match kind {
        0x01 => double(a, b)?,
        // A string after its length, by its bytes.
        0x02 | 0x0e => a.get(4..)?.cmp(b.get(4..)?),
        0x07 | 0x08 => a.cmp(b),
        0x09 | 0x12 => long(a)?.cmp(&long(b)?),
        0x10 => int(a)?.cmp(&int(b)?),
        // Seconds stand behind the counter, so that they weigh more.
        0x11 => long(a)?.cast_unsigned().cmp(&long(b)?.cast_unsigned()),
        0x13 => Decimal::read(a)?.cmp(&Decimal::read(b)?),
        _ => return None,
    })
}

fn int(value: &[u8]) -> Option<i32> {
    value.try_into().ok().map(i32::from_le_bytes)
}

fn long(value: &[u8]) -> Option<i64> {
    value.try_into().ok().map(i64::from_le_bytes)
}

fn double(a: &[u8], b: &[u8]) -> Option<Ordering> {
    let read = |value: &[u8]| value.try_into().ok().map(f64::from_le_bytes);
    let (a, b): (f64, f64) = (read(a)?, read(b)?);
    // What is not a number comes before all numbers.
    Some(a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan())))
}

/// A `Decimal128`, so that equal numbers are equal however they are written.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Decimal {
    NotANumber,
    NegativeInfinity,
    /// The larger the magnitude the smaller the number.
    Negative(std::cmp::Reverse<(i32, u128)>),
    Zero,
    /// Where the first digit stands, and all digits from there.
    Positive((i32, u128)),
    Infinity,
}

impl Decimal {
    fn read(value: &[u8]) -> Option<Self> {
        let bits = u128::from_le_bytes(value.try_into().ok()?);
        let negative = bits >> 127 == 1;
        let (exponent, coefficient) = match bits >> 122 & 0b1_1111 {
            0b1_1111 => return Some(Self::NotANumber),
            0b1_1110 if negative => return Some(Self::NegativeInfinity),
            0b1_1110 => return Some(Self::Infinity),
            // The other encoding is for coefficients that are too large, which count as zero.
            0b1_1000..=0b1_1101 => (0, 0),
            _ => (bits >> 113 & 0x3fff, bits & ((1 << 113) - 1)),
        };
        if coefficient == 0 || coefficient >= 10_u128.pow(DIGITS) {
            return Some(Self::Zero);
        }
        let digits = coefficient.ilog10() + 1;
        let first = i32::try_from(exponent).ok()? + i32::try_from(digits).ok()?;
        let magnitude = (first, coefficient * 10_u128.pow(DIGITS - digits));
        Some(if negative {
            Self::Negative(std::cmp::Reverse(magnitude))
        } else {
            Self::Positive(magnitude)
        })
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::Decimal128;
    use proptest::prelude::*;

    use super::*;

    fn decimals(a: &str, b: &str) -> Ordering {
        let read = |text: &str| text.parse::<Decimal128>().unwrap().bytes();
        compare(0x13, &read(a), &read(b)).unwrap()
    }

    #[test]
    fn decimals_are_ordered_by_their_value() {
        let ordered = [
            "NaN",
            "-Infinity",
            "-1E+3",
            "-2",
            "-1.9999",
            "0",
            "1E-6176",
            "0.5",
            "3",
            "1E+3",
            "Infinity",
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(decimals(a, b), i.cmp(&j), "{a} and {b}");
            }
        }
        assert_eq!(decimals("1.0", "1.000"), Ordering::Equal);
        assert_eq!(decimals("-0", "0E+10"), Ordering::Equal);
        let many = "9999999999999999999999999999999999";
        assert_eq!(decimals(many, "1E+34"), Ordering::Less);
    }

    #[test]
    fn what_is_not_a_number_comes_first() {
        let compare = |a: f64, b: f64| compare(0x01, &a.to_le_bytes(), &b.to_le_bytes()).unwrap();
        assert_eq!(compare(f64::NAN, f64::NEG_INFINITY), Ordering::Less);
        assert_eq!(compare(1.0, f64::NAN), Ordering::Greater);
        assert_eq!(compare(f64::NAN, f64::NAN), Ordering::Equal);
        assert_eq!(compare(-0.0, 0.0), Ordering::Equal);
    }

    #[test]
    fn types_without_a_useful_order_have_none() {
        assert_eq!(compare(0x03, &[], &[]), None);
        assert_eq!(compare(0x0b, b"a\0\0", b"b\0\0"), None);
    }

    proptest! {
        #[test]
        fn decimals_are_ordered_as_whole_numbers_are(a in any::<i32>(), b in any::<i32>(), e in 0..4_i32) {
            let write = |n: i32| format!("{n}E{e}");
            prop_assert_eq!(decimals(&write(a), &write(b)), a.cmp(&b));
        }

        #[test]
        fn stamps_are_ordered_by_their_seconds_first(a in any::<(u32, u32)>(), b in any::<(u32, u32)>()) {
            let stored = |(t, i): (u32, u32)| [i.to_le_bytes(), t.to_le_bytes()].concat();
            prop_assert_eq!(compare(0x11, &stored(a), &stored(b)), Some(a.cmp(&b)));
        }
    }
}
