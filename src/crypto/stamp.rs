//! Stamps: proof that this installation said something, readable by everybody and made by nobody else.
//!
//! A stamp is `<key id>:<base64 of an HMAC-SHA-256>`. Its key is derived from a key of the ring and from
//! what the stamp is for, so that a stamp for one purpose is none for another, and tells nothing about
//! what seals secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::hmac::{self, HMAC_SHA256};

use super::joined::joined;
use super::keyring::{Key, KeyRing};

/// Separates these keys from every other use of the ring.
const DOMAIN: &[u8] = b"studio-multidb stamp v1";

impl KeyRing {
    /// Stamps these parts, in this order, under the first key.
    pub fn stamp(&self, purpose: &str, parts: &[&[u8]]) -> String {
        let key = self.first();
        let digest = hmac::sign(&derived(key, purpose), &joined(parts));
        format!("{}:{}", key.id, BASE64.encode(digest.as_ref()))
    }

    /// Whether the stamp is one of these parts, under whichever key of the ring it names. Compared in
    /// constant time.
    pub fn is_stamp(&self, stamp: &str, purpose: &str, parts: &[&[u8]]) -> bool {
        let read = || {
            let (id, digest) = stamp.split_once(':')?;
            Some((self.find(id)?, BASE64.decode(digest).ok()?))
        };
        read().is_some_and(|(key, digest)| {
            hmac::verify(&derived(key, purpose), &joined(parts), &digest).is_ok()
        })
    }
}

fn derived(key: &Key, purpose: &str) -> hmac::Key {
    let root = hmac::Key::new(HMAC_SHA256, key.bytes.as_slice());
    let own = hmac::sign(&root, &joined(&[DOMAIN, purpose.as_bytes()]));
    hmac::Key::new(HMAC_SHA256, own.as_ref())
}

#[cfg(test)]
mod tests {
    use crate::crypto::test_keys::{NEW, OLD, ring};
    use proptest::prelude::*;

    #[test]
    fn a_stamp_outlives_the_rotation_of_its_key_and_not_its_removal() {
        let stamp = ring(OLD).stamp("test", &[b"a"]);
        assert!(ring(&format!("new:{NEW},old:{OLD}")).is_stamp(&stamp, "test", &[b"a"]));
        assert!(!ring(NEW).is_stamp(&stamp, "test", &[b"a"]));
    }

    proptest! {
        #[test]
        fn a_stamp_is_of_its_purpose_and_its_parts_alone(
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..4), 1..4),
            others in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..4), 1..4),
        ) {
            let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let other: Vec<&[u8]> = others.iter().map(Vec::as_slice).collect();
            let ring = ring(OLD);
            let stamp = ring.stamp("test", &slices);
            prop_assert!(ring.is_stamp(&stamp, "test", &slices));
            prop_assert!(!ring.is_stamp(&stamp, "tests", &slices));
            prop_assert_eq!(ring.is_stamp(&stamp, "test", &other), parts == others);
        }

        #[test]
        fn any_other_text_is_no_stamp(text in "\\PC*") {
            prop_assert!(!ring(OLD).is_stamp(&text, "test", &[b"a"]));
            let named = format!("{}:{text}", ring(OLD).first().id);
            prop_assert!(!ring(OLD).is_stamp(&named, "test", &[b"a"]));
        }
    }
}
