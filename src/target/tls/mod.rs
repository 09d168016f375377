//! TLS, the same way for every backend: rustls with the ring provider.
//!
//! A server is verified against the public authorities, or against the given ones alone. No file
//! of the host is read and no setting of the process is used.

mod channel_binding;
mod failure;
mod verifier;

use std::sync::{Arc, LazyLock};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub use self::channel_binding::server_end_point;
pub(crate) use self::failure::explain;
use self::verifier::Verifier;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// How TLS is used. `None` in a target means plain TCP.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// PEM text of the certificate authority to trust instead of the public ones.
    pub ca_pem: Option<String>,
    /// PEM text of a client certificate and its key.
    pub client_pem: Option<SecretString>,
    /// Skip verification of chain and name. Only parsed when self-hosted, or together with
    /// `optional`, where an attacker could as well have no TLS at all.
    pub insecure: bool,
    /// Verify the chain but not the name: PostgreSQL's `verify-ca`, `tlsAllowInvalidHostnames`.
    pub any_name: bool,
    /// PostgreSQL's `prefer`: fall back to plain TCP where the server has no TLS.
    pub optional: bool,
}

static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));

static PUBLIC_ROOTS: LazyLock<Arc<RootCertStore>> =
    LazyLock::new(|| Arc::new(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }));

/// The rustls configuration of a target. Build it once per client: connections made with the same
/// one can resume each other's sessions.
///
/// Errors are `VALIDATION_ERROR` and say what is wrong with which PEM text.
pub fn client_config(tls: &Tls) -> Result<Arc<ClientConfig>> {
    let pinned = tls.ca_pem.as_deref().map(authorities).transpose()?;
    let roots = match &pinned {
        Some(pinned) => Arc::new(private_roots(pinned)?),
        None => Arc::clone(&PUBLIC_ROOTS),
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER))
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::internal(format!("TLS is not available: {e}")))?;
    let builder = if tls.insecure || tls.any_name || pinned.is_some() {
        let verifier = Verifier::new(tls, roots, Arc::clone(&PROVIDER), pinned)?;
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    } else {
        builder.with_root_certificates(roots)
    };
    let config = match &tls.client_pem {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let (chain, key) = client_identity(pem.expose_secret())?;
            builder.with_client_auth_cert(chain, key).map_err(|_| {
                Error::validation("client_pem: the key does not belong to the certificate")
            })?
        }
    };
    Ok(Arc::new(config))
}

/// Does the TLS handshake on an open connection, verifying the server as `host`.
///
/// The configuration is `client_config`'s. No secret was sent when this fails.
pub async fn connect(
    config: &Arc<ClientConfig>,
    host: &str,
    stream: TcpStream,
    deadline: Deadline,
) -> Result<TlsStream<TcpStream>> {
    let name = server_name(host)?;
    let handshake = TlsConnector::from(Arc::clone(config)).connect(name, stream);
    match deadline.run(handshake).await {
        Some(Ok(stream)) => Ok(stream),
        Some(Err(error)) => Err(explain(host, &error).unwrap_or_else(|| {
            Error::new(
                Code::DbTlsError,
                format!(
                    "{host} closed the connection during the TLS handshake; it may not speak TLS \
                     on this port"
                ),
            )
        })),
        None => Err(Error::timeout(
            format!("the TLS handshake with {host} took too long"),
            Outcome::NotApplied,
        )),
    }
}

/// `host` as rustls verifies it.
fn server_name(host: &str) -> Result<ServerName<'static>> {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(bare.trim_end_matches('.').to_owned()).map_err(|_| {
        Error::new(Code::DbTlsError, format!("{host} cannot be the name in a TLS certificate"))
    })
}

fn private_roots(authorities: &[CertificateDer<'static>]) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in authorities {
        roots.add(certificate.clone()).map_err(|_| {
            Error::validation("ca_pem: a certificate in it cannot be used as an authority")
        })?;
    }
    Ok(roots)
}

/// The certificates of an option, which wants `what`.
fn certificates(option: &str, pem: &str, what: &str) -> Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| Error::validation(format!("{option}: {}", wrong_pem(&e))))?;
    if found.is_empty() {
        return Err(Error::validation(format!(
            "{option}: there is no `-----BEGIN CERTIFICATE-----` in it; give the PEM text {what}, \
             not a file name"
        )));
    }
    Ok(found)
}

fn authorities(pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    certificates("ca_pem", pem, "itself")
}

fn client_identity(pem: &str) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain = certificates("client_pem", pem, "of certificate and key")?;
    if pem.contains("BEGIN ENCRYPTED PRIVATE KEY") || pem.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(Error::validation(
            "client_pem: the key is protected by a passphrase; give it without (`openssl pkey`), \
             it is stored encrypted",
        ));
    }
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|e| match e {
        pem::Error::NoItemsFound => Error::validation(
            "client_pem: there is no private key in it; give certificate and key in one text",
        ),
        other => Error::validation(format!("client_pem: {}", wrong_pem(&other))),
    })?;
    Ok((chain, key))
}

/// What is wrong with a PEM text; never a part of the text.
fn wrong_pem(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "an `-----END …-----` line is missing",
        pem::Error::IllegalSectionStart { .. } => "a `-----BEGIN …-----` line is malformed",
        pem::Error::Base64Decode(_) => "what is between BEGIN and END is not Base64",
        pem::Error::NoItemsFound => "nothing usable is in it",
        _ => "it is not PEM text",
    }
}

#[cfg(test)]
mod tests;
