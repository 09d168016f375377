//! Fields of hashes, and the time that each has left.

use redis::Value;

use super::seen::Seen;
use super::{Alone, Edit, EditResult, digits, result};
use crate::backend::redis::keyspace::lifetime::Expiry;
use crate::backend::redis::wire::commands::{Commands, Effect};
use crate::backend::redis::wire::{failure, reply};
use crate::error::Result;

/// What commands about the lifetime of fields answer for one that does not exist.
pub(super) const NO_FIELD: i64 = -2;

/// Sets fields; one that has a time to live keeps it.
#[must_use]
pub fn set(fields: Vec<(Vec<u8>, Vec<u8>)>, seen: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Edit {
    let names = fields.iter().map(|(name, _)| name.clone()).collect();
    let args = fields.into_iter().flat_map(|(name, value)| [name, value]).collect();
    Edit::of("hash")
        .step("HSET", args)
        .telling(|reply| reply::integer(reply).map(EditResult::Added))
        .lasting(names)
        .unless_changed(seen.into_iter().map(|(name, value)| Seen::Field(name, value)))
}

/// Deletes fields.
#[must_use]
pub fn delete(names: Vec<Vec<u8>>, seen: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Edit {
    Edit::of("hash")
        .step("HDEL", names)
        .telling(|reply| reply::integer(reply).map(EditResult::Removed))
        .alone(Alone::NeedsElements)
        .unless_changed(seen.into_iter().map(|(name, value)| Seen::Field(name, value)))
}

/// Adds to the integer in a field.
#[must_use]
pub fn increment(field: Vec<u8>, by: i64) -> Edit {
    Edit::of("hash").step("HINCRBY", vec![field, digits(by)]).telling(result::value)
}

/// Adds to the number in a field, which may have a fraction.
#[must_use]
pub fn increment_float(field: Vec<u8>, by: String) -> Edit {
    Edit::of("hash").step("HINCRBYFLOAT", vec![field, by.into_bytes()]).telling(result::value)
}

/// Sets or removes the time that fields have left.
#[must_use]
pub fn expire(names: &[Vec<u8>], expiry: Expiry) -> Edit {
    let (name, end) = match expiry {
        Expiry::Never => ("HPERSIST", vec![]),
        Expiry::In(ms) => ("HPEXPIRE", vec![digits(ms)]),
        Expiry::At(ms) => ("HPEXPIREAT", vec![digits(ms)]),
    };
    Edit::of("hash").step(name, fields(&end, names)).telling(codes).alone(Alone::NeedsElements)
}

/// `args… FIELDS n name…`
pub(in super::super) fn fields(args: &[Vec<u8>], names: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let count = [b"FIELDS".to_vec(), digits(names.len() as u64)];
    args.iter().cloned().chain(count).chain(names.iter().cloned()).collect()
}

/// Sets the times again at which the fields were to expire, as `HPEXPIRETIME` gave them.
pub(super) fn keep_ends(
    commands: &mut Commands,
    key: &[u8],
    names: &[Vec<u8>],
    ends: &Value,
) -> Result<()> {
    let ends = match failure::check(ends.clone()) {
        Ok(ends) => reply::elements(ends).unwrap_or_default(),
        // Where the server has no such command, it has no such times.
        Err(error) if failure::is_unknown_command(&error) => return Ok(()),
        Err(error) => return Err(error),
    };
    for (name, end) in names.iter().zip(&ends) {
        if let Some(end @ 0..) = reply::integer(end) {
            let args = fields(&[digits(end)], std::slice::from_ref(name));
            commands.push_about(Effect::Write, "HPEXPIREAT", key, &args);
        }
    }
    Ok(())
}

/// Counts the codes that there are, one for each field.
fn codes(reply: &Value) -> Option<EditResult> {
    let Value::Array(codes) = reply else { return None };
    let count = |wanted: fn(i64) -> bool| {
        codes.iter().filter(|code| reply::integer(code).is_some_and(wanted)).count()
    };
    let (changed, missing) = (count(|code| code > 0), count(|code| code == NO_FIELD));
    Some(EditResult::Fields { changed, missing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_that_expire_are_set_to_expire_again() {
        let names = [b"a".to_vec(), b"b".to_vec(), b"c".to_vec()];
        let ends = Value::Array([-1, 1_900_000_000_000, -2].map(Value::Int).to_vec());
        let mut commands = Commands::default();
        keep_ends(&mut commands, b"k", &names, &ends).unwrap();
        assert_eq!(commands.len(), 1);
        let sent = String::from_utf8_lossy(commands.all()).replace("\r\n", " ");
        assert!(sent.contains("HPEXPIREAT $1 k $13 1900000000000 $6 FIELDS $1 1 $1 b"), "{sent}");
    }

    #[test]
    fn codes_of_fields_are_counted() {
        let told = codes(&Value::Array([1, -2, 0, -1, 2].map(Value::Int).to_vec()));
        assert_eq!(told, Some(EditResult::Fields { changed: 2, missing: 1 }));
    }
}
