//! What needs no manager.

use mongodb::bson::Bson;
use napi_derive::napi;
use secrecy::{ExposeSecret as _, SecretString};

use super::errors::thrown;
use crate::backend::mongodb::gate;
use crate::crypto::compat::EncryptedConnectionString;
use crate::crypto::{KeyRing, cryptojs};
use crate::ejson;
use crate::error::Error;

/// The package's version.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// A text sealed with AES-256-GCM; all members are hex digits.
#[napi(object)]
pub struct SealedText {
    /// The ciphertext.
    pub encrypted: String,
    /// The nonce.
    pub iv: String,
    /// The authentication tag.
    pub auth_tag: String,
}

/// Seals a text under the first key of `keys`, which are as in `DATABASE_ENCRYPTION_KEY`.
#[napi]
pub fn encrypt_sealed(text: String, keys: String) -> napi::Result<SealedText> {
    let sealed = KeyRing::parse(&keys).and_then(|keys| keys.encrypt_connection_string(&text));
    let sealed = sealed.map_err(|error| thrown(&error))?;
    let EncryptedConnectionString { encrypted, iv, auth_tag } = sealed;
    Ok(SealedText { encrypted, iv, auth_tag })
}

/// Opens what `encryptSealed` made, under whichever key of `keys` it was sealed.
#[napi]
pub fn decrypt_sealed(sealed: SealedText, keys: String) -> napi::Result<String> {
    let SealedText { encrypted, iv, auth_tag } = sealed;
    let sealed = EncryptedConnectionString { encrypted, iv, auth_tag };
    let opened = KeyRing::parse(&keys).and_then(|keys| keys.decrypt_connection_string(&sealed));
    opened.map(|text| text.expose_secret().to_owned()).map_err(|error| thrown(&error))
}

/// Opens what crypto-js sealed under a passphrase.
#[napi]
pub fn decrypt_with(text: String, passphrase: String) -> napi::Result<String> {
    cryptojs::decrypt(&text, &SecretString::from(passphrase))
        .map(|text| text.expose_secret().to_owned())
        .map_err(|error| thrown(&error))
}

/// Throws where a MongoDB query, given as JSON, holds an operator that runs code on the server.
#[napi]
pub fn refuse_operators(query: String) -> napi::Result<()> {
    let checked = ejson::parse_value(&query).and_then(|query| match query {
        Bson::Document(query) => gate::expression(&query),
        _ => Err(Error::validation("the query must be an object")),
    });
    checked.map_err(|error| thrown(&error))
}

/// `1536` as `1.5 KB`.
#[napi]
pub fn format_byte_count(bytes: f64) -> String {
    crate::json::human_bytes(bytes)
}
