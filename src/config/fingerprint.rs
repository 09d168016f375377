//! Telling configurations apart without keeping or showing them.

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::Config;

impl Config {
    /// A hash of everything, secrets included: managers with equal configurations share one service
    /// by it. It must not be shown, since a weak password could be guessed from it.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        // Each with its length, so that no two lists of parts are the same bytes.
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        // All that is no secret is told apart by this.
        part(&format!("{self:?}"));
        for secret in [
            &self.database_url,
            &self.pg_meta_crypto_key,
            &self.redis_crypto_key,
            &self.mongodb_crypto_key,
            &self.redis_url,
            &self.mongodb_url,
            &self.bun_api_key,
            &self.shared_redis_url,
            &self.metrics_token,
        ] {
            part(secret.as_ref().map_or("", ExposeSecret::expose_secret));
        }
        for url in [&self.pg_meta_url, &self.bun_api_url] {
            part(url.as_ref().map_or("", |url| url.as_str()));
        }
        if let Some(keyring) = &self.keyring {
            keyring.update(&mut hash);
        }
        hash.finalize().into()
    }
}
