//! Telling configurations apart without keeping or showing them.

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use url::Url;

use super::Config;

impl Config {
    /// A hash of everything, secrets included: managers with equal configurations share one service
    /// by it. It must not be shown, since a weak password could be guessed from it.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        // Named one by one, so that a new member cannot be forgotten.
        let Self {
            database_url,
            keyring,
            pg_meta_crypto_key,
            redis_crypto_key,
            mongodb_crypto_key,
            pg_meta_url,
            redis_url,
            mongodb_url,
            bun_api_url,
            bun_api_key,
            max_postgres_connections,
            max_redis_connections,
            max_mongodb_connections,
            unmanaged,
            max_clients,
            idle_timeout,
            allowed_hosts,
            denied_hosts,
            allowed_origins,
            is_platform,
            rate_limit,
            shared_redis_url,
            authorization,
            request_timeout,
            connect_timeout,
            max_result_bytes,
            max_sockets,
            max_sockets_per_user,
            socket_ping,
            metrics_token,
            log_level,
        } = self;
        let mut hash = Fingerprint(Sha256::new());
        for secret in [
            database_url,
            pg_meta_crypto_key,
            redis_crypto_key,
            mongodb_crypto_key,
            redis_url,
            mongodb_url,
            bun_api_key,
            shared_redis_url,
            metrics_token,
        ] {
            hash.optional(secret.as_ref().map(ExposeSecret::expose_secret));
        }
        for url in [pg_meta_url, bun_api_url] {
            hash.optional(url.as_ref().map(Url::as_str));
        }
        hash.0.update([u8::from(keyring.is_some())]);
        if let Some(keyring) = keyring {
            keyring.update(&mut hash.0);
        }
        for list in [allowed_hosts, denied_hosts, allowed_origins] {
            hash.part(&list.join(","));
        }
        // No secret among these, and their `Debug` output tells every two values apart.
        hash.part(&format!(
            "{max_postgres_connections} {max_redis_connections} {max_mongodb_connections} \
             {unmanaged:?} {max_clients} {idle_timeout:?} \
             {is_platform} {rate_limit:?} {authorization:?} {request_timeout:?} \
             {connect_timeout:?} {max_result_bytes} {max_sockets} {max_sockets_per_user} \
             {socket_ping:?} {log_level:?}"
        ));
        hash.0.finalize().into()
    }
}

/// Hashes parts so that no two lists of parts are the same bytes.
struct Fingerprint(Sha256);

impl Fingerprint {
    fn part(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
    }

    fn optional(&mut self, text: Option<&str>) {
        self.0.update([u8::from(text.is_some())]);
        self.part(text.unwrap_or_default());
    }
}
