//! The byte stream to a server: TCP, or TLS over it after an `SSLRequest`.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use rustls::ClientConfig;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::target;

/// How a stream is secured.
#[derive(Debug)]
pub(super) struct Security {
    /// Shared by all streams to one target, so that they can resume each other's TLS sessions.
    pub config: Arc<ClientConfig>,
    /// Go on without TLS where the server has none.
    pub optional: bool,
}

/// A connected stream, encrypted or not.
#[derive(Debug)]
pub(crate) enum Stream {
    /// Plain TCP.
    Plain(TcpStream),
    /// TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Asks the server for TLS where the target wants it, and shakes hands. No secret has been sent
    /// before this returns.
    pub(super) async fn secure(
        mut tcp: TcpStream,
        host: &str,
        tls: Option<&Security>,
        deadline: Deadline,
    ) -> Result<Self> {
        let Some(tls) = tls else { return Ok(Self::Plain(tcp)) };
        let mut request = BytesMut::new();
        frontend::ssl_request(&mut request);
        // Exactly one byte is read: anything sent along with it before the handshake would be
        // unauthenticated, and reaches the TLS layer, which refuses it.
        let asked = deadline.run(async {
            tcp.write_all(&request).await?;
            tcp.read_u8().await
        });
        let answer = asked
            .await
            .ok_or_else(|| {
                Error::timeout(
                    "the server did not answer the request for TLS in time",
                    Outcome::NotApplied,
                )
            })?
            .map_err(|e| {
                Error::new(
                    Code::DbConnectionFailed,
                    format!("the server closed the connection when asked for TLS: {e}"),
                )
            })?;
        match answer {
            b'S' => {
                let stream = target::tls::connect(&tls.config, host, tcp, deadline).await?;
                Ok(Self::Tls(Box::new(stream)))
            }
            b'N' if tls.optional => Ok(Self::Plain(tcp)),
            b'N' => Err(Error::new(
                Code::DbTlsError,
                "the server does not offer TLS, and this connection requires it; turn TLS on at \
                 the server or set sslmode=prefer",
            )),
            _ => Err(Error::new(
                Code::DbConnectionFailed,
                "what answers at this address is not a PostgreSQL server",
            )),
        }
    }

    /// Whether secrets may be sent in the clear.
    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Whether the system holds nothing to read. The runtime may not have noticed yet what has
    /// arrived, so the socket itself is asked.
    pub(super) fn has_no_input(&self) -> bool {
        let tcp = match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(stream) => stream.get_ref().0,
        };
        let peeked = SockRef::from(tcp).peek(&mut [MaybeUninit::uninit()]);
        matches!(peeked, Err(e) if e.kind() == io::ErrorKind::WouldBlock)
    }

    /// The `tls-server-end-point` channel binding data, where the certificate allows it.
    pub(super) fn server_end_point(&self) -> Option<Vec<u8>> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(stream) => {
                let certificate = stream.get_ref().1.peer_certificates()?.first()?;
                crate::target::tls::server_end_point(certificate)
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(s) => Pin::new(s).poll_read(cx, buf),
            Self::Tls(s) => Pin::new(s.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(s) => Pin::new(s).poll_write(cx, buf),
            Self::Tls(s) => Pin::new(s.as_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(s) => Pin::new(s).poll_flush(cx),
            Self::Tls(s) => Pin::new(s.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(s) => Pin::new(s).poll_shutdown(cx),
            Self::Tls(s) => Pin::new(s.as_mut()).poll_shutdown(cx),
        }
    }
}
