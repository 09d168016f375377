//! Dates as relaxed Extended JSON shows them: RFC 3339 in UTC, with milliseconds only where there are
//! some.

/// 9999-12-31T23:59:59.999Z, the last date with a four-digit year.
const LAST: i64 = 253_402_300_799_999;
const MS_PER_DAY: i64 = 86_400_000;

/// Appends `1970-01-01T00:00:00Z`; `false` for a date outside the years 1970 to 9999, which relaxed
/// Extended JSON shows as a number of milliseconds.
pub(super) fn rfc3339_into(out: &mut Vec<u8>, ms: i64) -> bool {
    if !(0..=LAST).contains(&ms) {
        return false;
    }
    let (year, month, day) = civil(ms / MS_PER_DAY);
    let of_day = ms % MS_PER_DAY;
    let seconds = of_day / 1000;
    digits(out, year, 4);
    out.push(b'-');
    digits(out, month, 2);
    out.push(b'-');
    digits(out, day, 2);
    out.push(b'T');
    digits(out, seconds / 3600, 2);
    out.push(b':');
    digits(out, seconds / 60 % 60, 2);
    out.push(b':');
    digits(out, seconds % 60, 2);
    let fraction = of_day % 1000;
    if fraction != 0 {
        out.push(b'.');
        digits(out, fraction, 3);
    }
    out.push(b'Z');
    true
}

/// Year, month and day of a number of days since 1970-01-01, not before it.
///
/// Counts in eras of 400 years whose years begin in March, so that the leap day is the last day of a
/// year and month lengths follow one formula (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

fn digits(out: &mut Vec<u8>, value: i64, width: u32) {
    for place in (0..width).rev() {
        let digit = value / 10_i64.pow(place) % 10;
        out.push(b'0' + u8::try_from(digit).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(ms: i64) -> Option<String> {
        let mut out = Vec::new();
        rfc3339_into(&mut out, ms).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn milliseconds_are_shown_only_where_there_are_some() {
        assert_eq!(shown(0).unwrap(), "1970-01-01T00:00:00Z");
        assert_eq!(shown(1_356_351_330_501).unwrap(), "2012-12-24T12:15:30.501Z");
        assert_eq!(shown(1_356_351_330_500).unwrap(), "2012-12-24T12:15:30.500Z");
        assert_eq!(shown(951_782_400_000).unwrap(), "2000-02-29T00:00:00Z");
        assert_eq!(shown(LAST).unwrap(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_date_outside_four_digit_years_since_1970_is_left_to_the_caller() {
        assert_eq!(shown(-1), None);
        assert_eq!(shown(LAST + 1), None);
    }

    proptest! {
        #[test]
        fn any_date_reads_back_as_the_same_moment(ms in 0..=LAST) {
            let text = shown(ms).unwrap();
            let read = mongodb::bson::DateTime::parse_rfc3339_str(&text).unwrap();
            prop_assert_eq!(read.timestamp_millis(), ms);
        }
    }
}
