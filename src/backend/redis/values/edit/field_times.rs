//! The time that fields of hashes have left.

use redis::Value;

use super::digits;
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::error::Result;

/// What commands about the lifetime of fields answer for one that does not exist.
pub(super) const NO_FIELD: i64 = -2;

/// `end FIELDS n name…`
pub fn about_fields(end: Option<Vec<u8>>, names: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let count = [b"FIELDS".to_vec(), digits(names.len() as u64)];
    end.into_iter().chain(count).chain(names.iter().cloned()).collect()
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
            let args = about_fields(Some(digits(end)), std::slice::from_ref(name));
            commands.push_about(Effect::Write, "HPEXPIREAT", key, &args);
        }
    }
    Ok(())
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
}
