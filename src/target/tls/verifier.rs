//! Certificate verification that differs from the usual: own authorities, any name, or anyone.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::Tls;
use crate::error::{Error, Result};

/// Verifies the chain up to `roots` and the name, as far as [`Tls`] says so. However little that is, the
/// server has to prove that it holds the key of its certificate.
///
/// A server that presents a certificate of `pinned` itself is accepted too: that is what a
/// self-signed server certificate given as `ca_pem` means, and the usual verification refuses it
/// where it is marked as an authority.
#[derive(Debug)]
pub(super) struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    pinned: Vec<CertificateDer<'static>>,
    any_name: bool,
    anyone: bool,
}

impl Verifier {
    pub(super) fn new(
        tls: &Tls,
        roots: Arc<RootCertStore>,
        provider: Arc<CryptoProvider>,
        pinned: Option<Vec<CertificateDer<'static>>>,
    ) -> Result<Self> {
        let inner = WebPkiServerVerifier::builder_with_provider(roots, provider)
            .build()
            .map_err(|_| Error::validation("ca_pem: no certificate in it can be used"))?;
        let pinned = pinned.unwrap_or_default();
        Ok(Self { inner, pinned, any_name: tls.any_name, anyone: tls.insecure })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.anyone {
            return Ok(ServerCertVerified::assertion());
        }
        let verified = self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        let Err(rustls::Error::InvalidCertificate(why)) = &verified else { return verified };
        // The name is looked at last: when it is what is wrong, the chain and the dates are good.
        let wrong_name = matches!(
            why,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        );
        if wrong_name && self.any_name {
            return Ok(ServerCertVerified::assertion());
        }
        // The dates are looked at before the role.
        let is_authority = matches!(
            why,
            CertificateError::Other(other) if other.0.to_string() == "CaUsedAsEndEntity"
        );
        if is_authority && self.pinned.iter().any(|pinned| pinned == end_entity) {
            if !self.any_name {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
