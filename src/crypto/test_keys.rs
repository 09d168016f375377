//! Keys that tests seal with.

use super::KeyRing;

pub(super) const OLD: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub(super) const NEW: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

pub(super) fn ring(text: &str) -> KeyRing {
    KeyRing::parse(text).unwrap()
}
