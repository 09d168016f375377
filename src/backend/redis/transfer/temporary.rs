//! Names for values that are not ready to be seen, in the slot of the key that they are for.

use std::sync::OnceLock;

use crate::backend::redis::servers::slot::{self, SLOTS};

/// A name beside `key`: in its slot, so that one can be renamed to the other, and where that is
/// possible beginning with it, so that a user who may write only keys with a prefix may write it too.
/// `token` tells it from others' names.
pub(super) fn beside(key: &[u8], token: &str) -> Vec<u8> {
    let suffix = format!(":import-{token}");
    if slot::hash_tag(key).is_some() {
        return [key, suffix.as_bytes()].concat();
    }
    let tag = format!("{{{}}}", tag_of(slot::of(key)));
    if key.contains(&b'{') {
        // Its braces, which are no tag, would swallow one behind them.
        return [tag.as_bytes(), suffix.as_bytes(), b":", key].concat();
    }
    [key, suffix.as_bytes(), tag.as_bytes()].concat()
}

/// The smallest number whose digits belong to the slot.
fn tag_of(slot: u16) -> u32 {
    static TAGS: OnceLock<Vec<u32>> = OnceLock::new();
    let tags = TAGS.get_or_init(|| {
        let mut tags = vec![None; usize::from(SLOTS)];
        let mut missing = tags.len();
        let mut digits = itoa::Buffer::new();
        for number in 0_u32.. {
            let tag = &mut tags[usize::from(slot::of(digits.format(number).as_bytes()))];
            if tag.is_none() {
                *tag = Some(number);
                missing -= 1;
            }
            if missing == 0 {
                break;
            }
        }
        tags.into_iter().flatten().collect()
    });
    tags[usize::from(slot)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_begins_with_its_key_where_that_is_possible() {
        assert!(beside(b"user:1", "t").starts_with(b"user:1:import-t{"));
        assert_eq!(beside(b"{user}:1", "t"), b"{user}:1:import-t");
        for odd in [&b"a{b"[..], b"{}a", b"a{}{b}"] {
            assert!(beside(odd, "t").ends_with(odd));
        }
    }

    proptest! {
        #[test]
        fn a_name_is_in_the_slot_of_its_key(key in "[ab{}]{0,8}", bytes: Vec<u8>) {
            for key in [key.as_bytes(), &bytes] {
                let name = beside(key, "0123456789abcdef");
                prop_assert_eq!(slot::of(&name), slot::of(key));
                prop_assert_ne!(name, key);
            }
        }
    }
}
