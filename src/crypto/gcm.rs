//! AES-256-GCM over a buffer in place (NIST SP 800-38D), always with the full 128-bit tag.
//!
//! The cipher is made anew for each value: expanding the key takes well under a microsecond, and
//! no expanded key outlives its use.

use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Key, Nonce, Tag};

use crate::error::{Error, Result};

pub(super) const KEY_LEN: usize = 32;
pub(super) const NONCE_LEN: usize = 12;
pub(super) const TAG_LEN: usize = 16;

/// Encrypts `buffer` in place and returns the tag. A nonce must never repeat under one key.
pub(super) fn encrypt(
    key: &[u8; KEY_LEN],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    buffer: &mut [u8],
) -> Result<[u8; TAG_LEN]> {
    let cipher = AesGcm::<Aes256, U12>::new(Key::<AesGcm<Aes256, U12>>::from_slice(key));
    let tag = cipher
        .encrypt_in_place_detached(Nonce::<U12>::from_slice(nonce), aad, buffer)
        .map_err(|_| Error::validation("the value is too long to be encrypted"))?;
    Ok(tag.into())
}

/// Decrypts `buffer` in place; `false`, with the buffer as it was, when it is not authentic.
///
/// The IV has 96 bits, or 128 as Node code likes to make them; any other length is not authentic.
pub(super) fn decrypt(
    key: &[u8; KEY_LEN],
    iv: &[u8],
    aad: &[u8],
    buffer: &mut [u8],
    tag: &[u8; TAG_LEN],
) -> bool {
    let tag = Tag::from_slice(tag);
    match iv.len() {
        12 => AesGcm::<Aes256, U12>::new(Key::<AesGcm<Aes256, U12>>::from_slice(key))
            .decrypt_in_place_detached(Nonce::<U12>::from_slice(iv), aad, buffer, tag)
            .is_ok(),
        16 => AesGcm::<Aes256, U16>::new(Key::<AesGcm<Aes256, U16>>::from_slice(key))
            .decrypt_in_place_detached(Nonce::<U16>::from_slice(iv), aad, buffer, tag)
            .is_ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// The members of each record, by their names in NIST's file.
    fn known_answers() -> impl Iterator<Item = HashMap<&'static str, Vec<u8>>> {
        let records = include_str!("../../tests/fixtures/gcmEncryptExtIV256.rsp").split("Count =");
        records.skip(1).map(|record| {
            let members = record.lines().filter(|line| !line.starts_with('['));
            let members = members.filter_map(|line| line.split_once(" ="));
            members.map(|(name, hex)| (name, hex::decode(hex.trim()).unwrap())).collect()
        })
    }

    #[test]
    fn gives_the_known_answers_of_nist() {
        assert_eq!(known_answers().count(), 20);
        for known in known_answers() {
            let key = known["Key"].as_slice().try_into().unwrap();
            let nonce = known["IV"].as_slice().try_into().unwrap();
            let mut buffer = known["PT"].clone();

            let tag = encrypt(key, nonce, &known["AAD"], &mut buffer).unwrap();
            assert_eq!(buffer, known["CT"]);
            assert_eq!(tag, known["Tag"][..]);

            assert!(decrypt(key, nonce, &known["AAD"], &mut buffer, &tag));
            assert_eq!(buffer, known["PT"]);
        }
    }

    #[test]
    fn refuses_a_known_answer_with_a_changed_tag_or_other_data() {
        for mut known in known_answers() {
            let key: [u8; KEY_LEN] = known["Key"].as_slice().try_into().unwrap();
            let tag: [u8; TAG_LEN] = known["Tag"].as_slice().try_into().unwrap();
            let mut buffer = known["CT"].clone();

            let mut changed = tag;
            changed[15] ^= 1;
            assert!(!decrypt(&key, &known["IV"], &known["AAD"], &mut buffer, &changed));
            known.get_mut("AAD").unwrap()[0] ^= 0x80;
            assert!(!decrypt(&key, &known["IV"], &known["AAD"], &mut buffer, &tag));
            assert_eq!(buffer, known["CT"], "nothing was decrypted");
        }
    }
}
