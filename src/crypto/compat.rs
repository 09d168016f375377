//! `encryptConnectionString` and `decryptConnectionString`: AES-256-GCM as three hexadecimal strings.
//!
//! Code written for Node's `crypto` stored these. They are bound to no place, so nothing in this
//! package stores them; new values belong in [`seal`](super::seal).

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::gcm::{self, NONCE_LEN, TAG_LEN};
use super::keyring::KeyRing;
use super::random::random;
use crate::error::{Code, Error, Result};

/// An encrypted connection string; every member is hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EncryptedConnectionString {
    /// The ciphertext, as long as the plaintext.
    pub encrypted: String,
    /// 12 random bytes; 16 are read, since older code made those.
    pub iv: String,
    /// The authentication tag, 16 bytes.
    pub auth_tag: String,
}

impl KeyRing {
    /// Encrypts under the first key.
    pub fn encrypt_connection_string(&self, plaintext: &str) -> Result<EncryptedConnectionString> {
        let iv = random::<NONCE_LEN>()?;
        let mut buffer = Zeroizing::new(plaintext.as_bytes().to_vec());
        let tag = gcm::encrypt(&self.first().bytes, &iv, &[], &mut buffer)?;
        Ok(EncryptedConnectionString {
            encrypted: hex::encode(buffer.as_slice()),
            iv: hex::encode(iv),
            auth_tag: hex::encode(tag),
        })
    }

    /// Decrypts under whichever key of the ring fits; the value doesn't name one.
    pub fn decrypt_connection_string(
        &self,
        value: &EncryptedConnectionString,
    ) -> Result<SecretString> {
        let mut buffer = Zeroizing::new(bytes("encrypted", &value.encrypted)?);
        let iv = bytes("iv", &value.iv)?;
        if iv.len() != NONCE_LEN && iv.len() != 16 {
            return Err(Error::validation("`iv` must be 12 or 16 bytes in hexadecimal"));
        }
        let tag: [u8; TAG_LEN] = bytes("authTag", &value.auth_tag)?
            .try_into()
            .map_err(|_| Error::validation("`authTag` must be 16 bytes in hexadecimal"))?;
        self.iter()
            .any(|key| gcm::decrypt(&key.bytes, &iv, &[], &mut buffer, &tag))
            .then(|| std::str::from_utf8(&buffer).ok().map(SecretString::from))
            .flatten()
            .ok_or_else(|| {
                Error::new(
                    Code::InternalError,
                    "the connection string cannot be decrypted: it was changed, or the key it was \
                     encrypted under is not in DATABASE_ENCRYPTION_KEY",
                )
                .detail("reason", "not_authentic")
            })
    }
}

fn bytes(name: &str, text: &str) -> Result<Vec<u8>> {
    hex::decode(text).map_err(|_| Error::validation(format!("`{name}` must be hexadecimal")))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::crypto::test_keys::{NEW, OLD, ring};

    /// Made by Node's `crypto.createCipheriv('aes-256-gcm', key, randomBytes(16))`.
    fn from_node() -> EncryptedConnectionString {
        EncryptedConnectionString {
            encrypted: "471cddb31d296c1a3d5704b7b03191e24761e3c7f0955f3770f5351c30e78fab9566664\
                        82b5d81"
                .into(),
            iv: "2fc545efc9731ecd054ccd6409c50192".into(),
            auth_tag: "616f56644f5077c163b82d79a6bf8e95".into(),
        }
    }

    #[test]
    fn decrypts_what_node_encrypted_with_a_16_byte_iv() {
        for keys in [OLD.to_owned(), format!("new:{NEW},old:{OLD}")] {
            let opened = ring(&keys).decrypt_connection_string(&from_node()).unwrap();
            assert_eq!(opened.expose_secret(), "redis://default:пароль@redis:6379");
        }
    }

    #[test]
    fn decrypts_under_an_older_key_what_it_encrypted() {
        let value = ring(OLD).encrypt_connection_string("redis://h:6379").unwrap();
        assert_eq!(value.iv.len(), 24);
        let opened = ring(&format!("new:{NEW},old:{OLD}")).decrypt_connection_string(&value);
        assert_eq!(opened.unwrap().expose_secret(), "redis://h:6379");
        assert!(ring(NEW).decrypt_connection_string(&value).is_err());
        let json = serde_json::to_value(&value).unwrap();
        let mut names: Vec<_> = json.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["authTag", "encrypted", "iv"]);
    }

    #[test]
    fn refuses_changed_shortened_and_malformed_parts() {
        let ring = ring(OLD);
        let change = |edit: fn(&mut EncryptedConnectionString)| {
            let mut value = from_node();
            edit(&mut value);
            ring.decrypt_connection_string(&value).unwrap_err().code()
        };
        assert_eq!(change(|v| v.encrypted.replace_range(..1, "5")), Code::InternalError);
        assert_eq!(change(|v| v.iv.replace_range(..1, "3")), Code::InternalError);
        assert_eq!(change(|v| v.auth_tag.replace_range(..1, "7")), Code::InternalError);
        // A short tag is easy to forge, so Node's leniency about its length is not shared.
        assert_eq!(change(|v| v.auth_tag.truncate(8)), Code::ValidationError);
        assert_eq!(change(|v| v.iv.truncate(16)), Code::ValidationError);
        assert_eq!(change(|v| v.iv.clear()), Code::ValidationError);
        assert_eq!(change(|v| v.encrypted.push('g')), Code::ValidationError);
    }
}
