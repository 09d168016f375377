//! Sealed values: `mdb1:<key id>:<base64(nonce ‖ ciphertext ‖ tag)>`.
//!
//! AES-256-GCM with a random 96-bit nonce. The additional data are the format's name, the key id and
//! the place the value belongs to, so that a value copied to another row, column, table or project
//! does not open there. A value has exactly one spelling: base64 is the standard alphabet with
//! padding and nothing else, so no change of any character goes unnoticed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::SecretString;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::gcm::{self, NONCE_LEN, TAG_LEN};
use super::joined::joined;
use super::keyring::{KeyRing, is_id};
use super::random::random;
use crate::error::{Code, Error, Result};

/// Names the format, and its version, at the start of every sealed value.
const FORMAT: &str = "mdb1";

/// Where a sealed value rests. It opens only there.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Table, without its schema: `database_connections`.
    pub table: &'a str,
    /// Column: `connection_string`.
    pub column: &'a str,
    /// `id` of the row.
    pub row: Uuid,
    /// `id` of the project that the row belongs to.
    pub project: Uuid,
}

impl Place<'_> {
    /// The additional authenticated data.
    fn aad(&self, key_id: &str) -> Vec<u8> {
        joined(&[
            FORMAT.as_bytes(),
            key_id.as_bytes(),
            self.table.as_bytes(),
            self.column.as_bytes(),
            self.row.as_bytes(),
            self.project.as_bytes(),
        ])
    }

    fn refused(&self, reason: &str, why: &str) -> Error {
        let Self { table, column, row, .. } = self;
        Error::new(
            Code::InternalError,
            format!("the stored secret in {table}.{column} of row {row} cannot be opened: {why}"),
        )
        .detail("reason", reason)
    }
}

impl KeyRing {
    /// Seals `plaintext` under the first key, for this place alone.
    pub fn seal(&self, plaintext: &str, place: &Place<'_>) -> Result<String> {
        let key = self.first();
        let nonce = random::<NONCE_LEN>()?;
        // At its final size from the start: growing would leave copies of the plaintext behind.
        let mut sealed = Zeroizing::new(Vec::with_capacity(NONCE_LEN + plaintext.len() + TAG_LEN));
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext.as_bytes());
        let tag = gcm::encrypt(&key.bytes, &nonce, &place.aad(&key.id), &mut sealed[NONCE_LEN..])?;
        sealed.extend_from_slice(&tag);
        Ok(format!("{FORMAT}:{}:{}", key.id, BASE64.encode(sealed.as_slice())))
    }

    /// Opens what was sealed for this place, under whichever key of the ring it names.
    ///
    /// Anything else is `INTERNAL_ERROR` with `details.reason`: `not_sealed`, `unknown_key` or
    /// `not_authentic`. A text that is not sealed is never taken for a plaintext.
    pub fn open(&self, sealed: &str, place: &Place<'_>) -> Result<SecretString> {
        let Some((key_id, body)) = split(sealed) else {
            return Err(place.refused(
                "not_sealed",
                "it is not a sealed value; save the connection's secret again",
            ));
        };
        let Some(key) = self.find(key_id) else {
            return Err(place.refused(
                "unknown_key",
                &format!(
                    "it was sealed under the key `{key_id}`, which is not in \
                     DATABASE_ENCRYPTION_KEY; add that key behind the first one"
                ),
            ));
        };
        let not_authentic = || {
            place.refused(
                "not_authentic",
                &format!(
                    "it was changed, moved here from another row, column or project, or the key \
                     `{key_id}` is not the one it was sealed under; restore the key or save the \
                     connection's secret again"
                ),
            )
        };
        let mut bytes = Zeroizing::new(BASE64.decode(body).map_err(|_| not_authentic())?);
        let (nonce, rest) = bytes.split_at_mut_checked(NONCE_LEN).ok_or_else(not_authentic)?;
        let (buffer, tag) = rest.split_last_chunk_mut::<TAG_LEN>().ok_or_else(not_authentic)?;
        if !gcm::decrypt(&key.bytes, nonce, &place.aad(key_id), buffer, tag) {
            return Err(not_authentic());
        }
        let plaintext = std::str::from_utf8(buffer).map_err(|_| not_authentic())?;
        Ok(SecretString::from(plaintext))
    }

    /// Whether a stored value should be sealed anew: it is under another key than the first, or it
    /// is not a sealed value at all, such as one that an older Studio stored.
    pub fn needs_reseal(&self, stored: &str) -> bool {
        split(stored).is_none_or(|(key_id, _)| key_id != self.first().id)
    }
}

/// The key id and the base64 of a sealed value.
fn split(sealed: &str) -> Option<(&str, &str)> {
    let (key_id, body) = sealed.strip_prefix(FORMAT)?.strip_prefix(':')?.split_once(':')?;
    is_id(key_id).then_some((key_id, body))
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
