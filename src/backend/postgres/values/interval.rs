//! Intervals in arrays, which `pg` reads into objects of their parts.

use super::numbers;
use crate::json::{Object, Writer};

/// Writes an interval in the `postgres` style, `1 year 2 mons -3 days +04:05:06.789`, as the object
/// that `postgres-interval` makes of it. Parts that are zero are left out.
pub(super) fn write(value: &[u8], out: &mut Writer) {
    let mut rest = std::str::from_utf8(value).unwrap_or("");
    let mut parts: Vec<(&str, f64)> = Vec::new();
    for (name, unit) in [("years", "year"), ("months", "mon"), ("days", "day")] {
        if let Some((number, after)) = counted(rest, unit) {
            parts.push((name, number));
            rest = after.trim_start();
        }
    }
    time(rest, &mut parts);
    let mut object = Object::open(out);
    for (name, number) in parts.into_iter().filter(|(_, number)| *number != 0.0) {
        numbers::javascript(number, object.key(name).buffer());
    }
    object.close();
}

/// `3 days` or `1 day`.
fn counted<'a>(text: &'a str, unit: &str) -> Option<(f64, &'a str)> {
    let (number, after) = text.split_once(' ')?;
    let after = after.trim_start().strip_prefix(unit)?;
    Some((number.parse().ok()?, after.strip_prefix('s').unwrap_or(after)))
}

/// `04:05:06.789`, with a sign that holds for all of it.
fn time(text: &str, parts: &mut Vec<(&'static str, f64)>) {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1.0, text),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut fields = text.splitn(3, ':');
    let (Some(hours), Some(minutes), Some(seconds)) = (fields.next(), fields.next(), fields.next())
    else {
        return;
    };
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let mut part = |name, digits: &str| {
        if let Ok(number) = digits.parse::<f64>() {
            parts.push((name, sign * number));
        }
    };
    part("hours", hours);
    part("minutes", minutes);
    part("seconds", seconds);
    if let Ok(micros) = format!("{fraction:0<6}").parse::<f64>() {
        parts.push(("milliseconds", sign * (micros / 1000.0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &str) -> String {
        let mut out = Writer::new();
        write(value.as_bytes(), &mut out);
        String::from_utf8(out.into_bytes()).unwrap()
    }

    #[test]
    fn an_interval_is_an_object_of_its_parts() {
        assert_eq!(
            written("1 year 2 mons -3 days +04:05:06.789"),
            r#"{"years":1,"months":2,"days":-3,"hours":4,"minutes":5,"seconds":6,"milliseconds":789}"#
        );
        assert_eq!(written("-00:00:00.000001"), r#"{"milliseconds":-0.001}"#);
        assert_eq!(written("00:00:00"), "{}");
        assert_eq!(written("1 day"), r#"{"days":1}"#);
    }
}
