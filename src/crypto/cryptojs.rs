//! What `CryptoJS.AES.encrypt(text, passphrase).toString()` makes, both ways.
//!
//! That is `openssl enc -aes-256-cbc -md md5 -a -salt`: base64 of `Salted__`, eight bytes of salt and
//! AES-256-CBC with PKCS #7 padding, key and IV derived by `EVP_BytesToKey` with one round of MD5.
//! It is weak (no authentication, a passphrase hashed once) and exists for two things: the
//! `x-connection-encrypted` header of pg-meta, and reading what an older Studio stored. Since it is
//! not authenticated, about one wrong passphrase in a few hundred is only noticed by the result not
//! being text; who reads a connection string with it must still parse it as one.

use aes::Aes256;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::random::random;
use crate::error::{Code, Error, Result};

const MAGIC: &[u8; 8] = b"Salted__";
const SALT_LEN: usize = 8;
const HEADER_LEN: usize = MAGIC.len() + SALT_LEN;
const KEY_LEN: usize = 32;
const IV_LEN: usize = 16;
const BLOCK_LEN: usize = 16;

/// What the Studio's own code falls back to where no passphrase is set: the same for everyone.
const SAMPLE_KEY: &str = "SAMPLE_KEY";

/// Encrypts as crypto-js does, with a random salt.
pub fn encrypt(plaintext: &str, passphrase: &SecretString) -> Result<String> {
    check_passphrase(passphrase.expose_secret())?;
    encrypt_with_salt(plaintext, passphrase, random()?)
}

fn encrypt_with_salt(
    plaintext: &str,
    passphrase: &SecretString,
    salt: [u8; SALT_LEN],
) -> Result<String> {
    let (key, iv) = derive(passphrase, &salt);
    // Padding adds one to sixteen bytes. At its final size from the start: growing would leave
    // copies of the plaintext behind.
    let padded = (plaintext.len() / BLOCK_LEN + 1) * BLOCK_LEN;
    let mut out = Zeroizing::new(vec![0; HEADER_LEN + padded]);
    out[..MAGIC.len()].copy_from_slice(MAGIC);
    out[MAGIC.len()..HEADER_LEN].copy_from_slice(&salt);
    let buffer = &mut out[HEADER_LEN..];
    buffer[..plaintext.len()].copy_from_slice(plaintext.as_bytes());
    cbc::Encryptor::<Aes256>::new(key.as_slice().into(), iv.as_slice().into())
        .encrypt_padded_mut::<Pkcs7>(buffer, plaintext.len())
        .map_err(|_| Error::internal("the buffer has no room for the padding"))?;
    Ok(BASE64.encode(out.as_slice()))
}

/// Decrypts what crypto-js or `openssl enc -a` made; line breaks are ignored.
///
/// A text of another form is `VALIDATION_ERROR`. A wrong passphrase and a damaged text cannot be
/// told apart and get one answer, `INTERNAL_ERROR` with `details.reason` `wrong_passphrase`, however
/// far the decryption came.
pub fn decrypt(text: &str, passphrase: &SecretString) -> Result<SecretString> {
    check_passphrase(passphrase.expose_secret())?;
    let compact: String = text.split_ascii_whitespace().collect();
    let mut bytes = Zeroizing::new(BASE64.decode(compact).map_err(|_| not_cryptojs())?);
    let (header, buffer) = bytes.split_at_mut_checked(HEADER_LEN).ok_or_else(not_cryptojs)?;
    let salt = header.strip_prefix(MAGIC).ok_or_else(not_cryptojs)?;
    if buffer.is_empty() || buffer.len() % BLOCK_LEN != 0 {
        return Err(not_cryptojs());
    }
    let (key, iv) = derive(passphrase, salt);
    cbc::Decryptor::<Aes256>::new(key.as_slice().into(), iv.as_slice().into())
        .decrypt_padded_mut::<Pkcs7>(buffer)
        .ok()
        .and_then(|plaintext| std::str::from_utf8(plaintext).ok())
        .map(SecretString::from)
        .ok_or_else(|| {
            Error::new(
                Code::InternalError,
                "the text that crypto-js encrypted cannot be decrypted: the passphrase is another \
                 one than it was encrypted with, or the text is damaged",
            )
            .detail("reason", "wrong_passphrase")
        })
}

/// Whether a stored text is one that crypto-js encrypted: base64 that begins with `Salted__`.
pub fn is_legacy(stored: &str) -> bool {
    stored.trim_ascii_start().starts_with("U2FsdGVkX1")
}

/// Refuses an empty passphrase and the published `SAMPLE_KEY`.
pub fn check_passphrase(passphrase: &str) -> Result<()> {
    if passphrase.trim().is_empty() {
        return Err(Error::validation("the passphrase is empty"));
    }
    if passphrase.trim() == SAMPLE_KEY {
        return Err(Error::validation(format!(
            "`{SAMPLE_KEY}` is a published example and protects nothing; set a passphrase of your own"
        )));
    }
    Ok(())
}

fn not_cryptojs() -> Error {
    Error::validation("the text is not one that crypto-js or `openssl enc -a -salt` encrypted")
}

/// `EVP_BytesToKey` with MD5 and one round: each digest hashes the one before it, the passphrase and
/// the salt, until there are bytes enough.
fn derive(
    passphrase: &SecretString,
    salt: &[u8],
) -> (Zeroizing<[u8; KEY_LEN]>, Zeroizing<[u8; IV_LEN]>) {
    const DIGEST_LEN: usize = 16;
    let mut material = Zeroizing::new([0; KEY_LEN + IV_LEN]);
    for at in (0..material.len()).step_by(DIGEST_LEN) {
        let mut hasher = Md5::new();
        if let Some(before) = at.checked_sub(DIGEST_LEN) {
            hasher.update(&material[before..at]);
        }
        hasher.update(passphrase.expose_secret());
        hasher.update(salt);
        let digest: Zeroizing<[u8; DIGEST_LEN]> = Zeroizing::new(hasher.finalize().into());
        material[at..at + DIGEST_LEN].copy_from_slice(digest.as_slice());
    }
    let mut key = Zeroizing::new([0; KEY_LEN]);
    let mut iv = Zeroizing::new([0; IV_LEN]);
    key.copy_from_slice(&material[..KEY_LEN]);
    iv.copy_from_slice(&material[KEY_LEN..]);
    (key, iv)
}

#[cfg(test)]
#[path = "cryptojs_tests.rs"]
mod tests;
