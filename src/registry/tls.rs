//! TLS for the platform database: rustls under tokio-postgres, with channel binding.
//!
//! The password exchange is bound to the server's certificate (`tls-server-end-point`, RFC 5929),
//! so that a man in the middle with a certificate of its own cannot relay it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use rustls::ClientConfig;
use sha2::{Digest, Sha256, Sha384, Sha512};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_rustls::client::TlsStream as RustlsStream;

use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::target::tls;

/// Starts TLS on one socket.
pub(super) struct Connector {
    /// `None` where the target is plain TCP; tokio-postgres then never asks for TLS.
    pub(super) config: Option<Arc<ClientConfig>>,
    pub(super) host: String,
    pub(super) deadline: Deadline,
}

impl TlsConnect<TcpStream> for Connector {
    type Stream = Stream;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Stream>>;

    fn connect(self, socket: TcpStream) -> Self::Future {
        Box::pin(async move {
            let config = self.config.ok_or_else(|| Error::internal("TLS was not asked for"))?;
            tls::connect(&config, &self.host, socket, self.deadline).await.map(Stream)
        })
    }
}

/// A socket that speaks TLS.
pub(super) struct Stream(RustlsStream<TcpStream>);

impl TlsStream for Stream {
    fn channel_binding(&self) -> ChannelBinding {
        let (_, session) = self.0.get_ref();
        session
            .peer_certificates()
            .and_then(|chain| end_point(chain.first()?))
            .map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// The certificate's hash under the hash function of its own signature, SHA-256 in place of MD5 and
/// SHA-1 (RFC 5929 section 4.1). `None` for signatures that do not name one hash function.
fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    // 1.2.840.113549.1.1.x are RSA signatures, 1.2.840.10045.4.x are ECDSA ones.
    let digest = match signature_algorithm(certificate)? {
        // MD5, SHA-1 and SHA-256 with RSA; SHA-1 and SHA-256 with ECDSA.
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04 | 0x05 | 0x0b]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02] => Sha256::digest(certificate).to_vec(),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03] => Sha384::digest(certificate).to_vec(),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04] => Sha512::digest(certificate).to_vec(),
        _ => return None,
    };
    Some(digest)
}

/// `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { algorithm OID, … }, … }`
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    let (outer, _) = der(certificate, 0x30)?;
    let (_, after_body) = der(outer, 0x30)?;
    let (algorithm, _) = der(after_body, 0x30)?;
    der(algorithm, 0x06).map(|(oid, _)| oid)
}

/// The content of the DER element with this tag that `input` starts with, and what follows it.
fn der(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    if first < 0x80 {
        return rest.split_at_checked(usize::from(first));
    }
    let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    if digits.len() > size_of::<u32>() {
        return None;
    }
    let length = digits.iter().fold(0, |length: usize, &digit| length << 8 | usize::from(digit));
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A certificate's frame around an algorithm identifier.
    fn certificate(oid: &[u8]) -> Vec<u8> {
        let element = |tag: u8, content: &[u8]| {
            let mut out = vec![tag, 0x82];
            out.extend_from_slice(&u16::try_from(content.len()).unwrap().to_be_bytes());
            out.extend_from_slice(content);
            out
        };
        let mut body = element(0x30, &[7; 300]);
        body.extend(element(0x30, &element(0x06, oid)));
        body.extend(element(0x03, &[0; 64]));
        element(0x30, &body)
    }

    #[test]
    fn a_certificate_is_hashed_as_it_was_signed() {
        let ecdsa_sha384 = certificate(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03]);
        assert_eq!(end_point(&ecdsa_sha384), Some(Sha384::digest(&ecdsa_sha384).to_vec()));
    }

    #[test]
    fn sha1_signatures_are_hashed_with_sha256() {
        let rsa_sha1 = certificate(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05]);
        assert_eq!(end_point(&rsa_sha1), Some(Sha256::digest(&rsa_sha1).to_vec()));
    }

    #[test]
    fn ed25519_has_no_end_point_hash() {
        assert_eq!(end_point(&certificate(&[0x2b, 0x65, 0x70])), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in any::<Vec<u8>>()) {
            let _ = end_point(&bytes);
        }
    }
}
