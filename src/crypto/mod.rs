//! Sealed values, the key ring, and what older Studios stored.
//!
//! A secret rests in the platform database as a **sealed value** ([`seal`]): AES-256-GCM under a key
//! of the operator's [`KeyRing`], bound to the one place it belongs to. Two other forms exist only
//! for the sake of older code: the passphrase form of the npm package crypto-js ([`cryptojs`]), which
//! is read once and then sealed, and the three hexadecimal strings of `encryptConnectionString`
//! ([`compat`]). Plaintext leaves this module only as a `SecretString`. What is not secret and must be known
//! to be our own has a `stamp`.

pub mod compat;
pub mod cryptojs;
mod gcm;
mod joined;
pub mod keyring;
mod random;
pub mod seal;
mod stamp;
#[cfg(test)]
mod test_keys;

pub use keyring::KeyRing;
pub use seal::Place;
