//! What the caller saw, and must still be so.

use redis::Value;

use super::digits;
use crate::backend::redis::values::string::MAGIC;
use crate::backend::redis::wire::{Commands, Effect, failure, json, reply};
use crate::error::{Code, Error, Result};
use crate::json::TextOrBytes;

/// Longest value that a conflict tells.
const MAX_TOLD: u64 = 64 << 10;

/// How far behind the end of a string an edit may write. Redis fills the gap with zeros, and a slip
/// of a digit must not cost the server half a gigabyte.
const MAX_GAP: u64 = 64 << 20;

/// Something to look at before an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A whole string.
    Whole(Vec<u8>),
    /// Bytes of a string, at least one, from an offset on.
    Range(u64, Vec<u8>),
    /// The last byte that is written is not far behind the end of the string.
    Near(u64),
    /// A field of a hash; `None` is absent.
    Field(Vec<u8>, Option<Vec<u8>>),
    /// The element of a list at an index.
    Element(i64, Vec<u8>),
    /// The score of a member of a sorted set; `None` is absent.
    Score(Vec<u8>, Option<String>),
    /// The string is a HyperLogLog.
    HyperLogLog,
}

impl Seen {
    /// Adds the one command that looks.
    pub(super) fn push(&self, commands: &mut Commands, key: &[u8]) {
        let (name, args): (_, Vec<Vec<u8>>) = match self {
            // One byte more than is compared or told shows that there are more.
            Self::Whole(seen) => {
                let last = MAX_TOLD.max(seen.len() as u64);
                ("GETRANGE", vec![digits(0), digits(last)])
            }
            Self::Range(offset, seen) => {
                let last = offset + seen.len() as u64 - 1;
                ("GETRANGE", vec![digits(*offset), digits(last)])
            }
            Self::Near(_) => ("STRLEN", vec![]),
            Self::Field(field, _) => ("HGET", vec![field.clone()]),
            Self::Element(index, _) => ("LINDEX", vec![digits(*index)]),
            Self::Score(member, _) => ("ZSCORE", vec![member.clone()]),
            Self::HyperLogLog => ("GETRANGE", vec![digits(0), digits(3)]),
        };
        commands.push_about(Effect::Read, name, key, &args);
    }

    /// `CONFLICT`, with what is there now as `current`, unless it is as it was seen.
    pub(super) fn check(&self, reply: &Value) -> Result<()> {
        let reply = failure::check(reply.clone())?;
        let found = reply::bytes(&reply);
        match self {
            Self::Whole(seen) | Self::Range(_, seen) if found == Some(seen) => Ok(()),
            Self::Field(_, seen) if found == seen.as_deref() => Ok(()),
            Self::Element(_, seen) if found == Some(seen) => Ok(()),
            Self::Score(_, seen) if same_score(&reply, seen.as_deref()) => Ok(()),
            Self::HyperLogLog if found == Some(MAGIC) => Ok(()),
            Self::HyperLogLog => Err(failure::wrong_type("string", Some("hyperloglog"))),
            Self::Near(last) => {
                let length = reply::integer(&reply).unwrap_or(0).cast_unsigned();
                if *last <= length.saturating_add(MAX_GAP) {
                    return Ok(());
                }
                let message = format!(
                    "that is more than {} MiB behind the end of the value, which has {length} \
                     bytes; make it longer in steps if that is meant",
                    MAX_GAP >> 20
                );
                Err(Error::validation(message))
            }
            Self::Field(name, _) => Err(conflict(&reply).detail("field", TextOrBytes(name))),
            Self::Score(member, _) => Err(conflict(&reply).detail("member", TextOrBytes(member))),
            Self::Element(index, _) => Err(conflict(&reply).detail("index", *index)),
            Self::Whole(_) | Self::Range(..) => Err(conflict(&reply)),
        }
    }
}

fn conflict(current: &Value) -> Error {
    let error = Error::new(
        Code::Conflict,
        "the value was changed by someone else meanwhile; nothing was written",
    );
    match (current, reply::bytes(current)) {
        (Value::Double(score), _) => error.detail("current", json::spell(*score)),
        (_, Some(bytes)) if bytes.len() as u64 > MAX_TOLD => {
            error.detail("current", serde_json::Value::Null).detail("current_too_long", true)
        }
        (_, Some(bytes)) => error.detail("current", TextOrBytes(bytes)),
        (_, None) => error.detail("current", serde_json::Value::Null),
    }
}

/// RESP2 gives scores as text, RESP3 as numbers.
fn same_score(reply: &Value, seen: Option<&str>) -> bool {
    let found = match reply {
        Value::Double(score) => Some(*score),
        other => reply::text(other).and_then(|text| text.parse().ok()),
    };
    // Bit by bit: −0 is not 0 to who sees it.
    found.map(f64::to_bits) == seen.and_then(|seen| seen.parse().ok()).map(f64::to_bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bulk(bytes: &[u8]) -> Value {
        Value::BulkString(bytes.to_vec())
    }

    #[test]
    fn a_conflict_tells_what_is_there_now() {
        let seen = Seen::Field(b"f".to_vec(), Some(b"old".to_vec()));
        assert!(seen.check(&bulk(b"old")).is_ok());
        let error = seen.check(&bulk(&[0xff])).unwrap_err();
        assert_eq!(error.code(), Code::Conflict);
        assert_eq!(error.details()["current"]["$binary"]["base64"], "/w==");
        assert_eq!(error.details()["field"], "f");
        assert!(seen.check(&Value::Nil).unwrap_err().details()["current"].is_null());
        assert!(Seen::Field(vec![], None).check(&Value::Nil).is_ok());
    }

    #[test]
    fn a_value_that_is_too_long_to_tell_is_not_told_in_part() {
        let seen = Seen::Whole(b"old".to_vec());
        let error = seen.check(&bulk(&vec![b'x'; 65 << 10])).unwrap_err();
        assert_eq!(error.details()["current_too_long"], true);
        assert!(error.details()["current"].is_null());
    }

    #[test]
    fn scores_are_compared_as_numbers_however_they_are_spelt() {
        for (reply, seen, same) in [
            (Value::Double(1.5), Some("1.50"), true),
            (bulk(b"1.5"), Some("1.5"), true),
            (Value::Double(f64::INFINITY), Some("inf"), true),
            (Value::Double(-0.0), Some("0"), false),
            (Value::Double(1.0), None, false),
            (Value::Nil, None, true),
            (Value::Nil, Some("0"), false),
        ] {
            assert_eq!(same_score(&reply, seen), same, "{reply:?} {seen:?}");
        }
    }

    #[test]
    fn a_slip_of_a_digit_does_not_fill_the_server() {
        assert!(Seen::Near(1 << 20).check(&Value::Int(0)).is_ok());
        assert!(Seen::Near(1 << 29).check(&Value::Int(0)).is_err());
        assert!(Seen::Near(1 << 29).check(&Value::Int(1 << 29)).is_ok());
    }

    proptest! {
        #[test]
        fn only_the_very_same_bytes_are_the_same(seen: Vec<u8>, found: Vec<u8>) {
            let whole = Seen::Whole(seen.clone()).check(&bulk(&found)).is_ok();
            let element = Seen::Element(0, seen.clone()).check(&bulk(&found)).is_ok();
            prop_assert_eq!([whole, element], [seen == found; 2]);
        }
    }
}
