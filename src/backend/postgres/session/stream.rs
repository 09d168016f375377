//! The byte stream to a server: TCP, or TLS over it after an `SSLRequest`.

use std::io;
use std::mem::MaybeUninit;
use std::sync::Arc;

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use rustls::ClientConfig;
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

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

/// A connected stream: plain TCP, or TLS.
pub(crate) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// Asks the server for TLS where the target wants it, and shakes hands. No secret has been sent before
/// this returns.
pub(super) async fn secure(
    mut tcp: TcpStream,
    host: &str,
    tls: Option<&Security>,
    deadline: Deadline,
) -> Result<Stream> {
    let Some(tls) = tls else { return Ok(Either::Left(tcp)) };
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
            Error::unreachable(format!("the server closed the connection when asked for TLS: {e}"))
        })?;
    match answer {
        b'S' => {
            let stream = target::tls::connect(&tls.config, host, tcp, deadline).await?;
            Ok(Either::Right(Box::new(stream)))
        }
        b'N' if tls.optional => Ok(Either::Left(tcp)),
        b'N' => Err(Error::new(
            Code::DbTlsError,
            "the server does not offer TLS, and this connection requires it; turn TLS on at the \
             server or set sslmode=prefer",
        )),
        _ => Err(Error::unreachable("what answers at this address is not a PostgreSQL server")),
    }
}

/// Whether secrets may be sent in the clear.
pub(crate) fn is_encrypted(stream: &Stream) -> bool {
    matches!(stream, Either::Right(_))
}

/// Whether the system holds nothing to read. The runtime may not have noticed yet what has
/// arrived, so the socket itself is asked.
pub(super) fn has_no_input(stream: &Stream) -> bool {
    let tcp = match stream {
        Either::Left(tcp) => tcp,
        Either::Right(stream) => stream.get_ref().0,
    };
    let peeked = SockRef::from(tcp).peek(&mut [MaybeUninit::uninit()]);
    matches!(peeked, Err(e) if e.kind() == io::ErrorKind::WouldBlock)
}

/// The `tls-server-end-point` channel binding data, where the certificate allows it.
pub(super) fn server_end_point(stream: &Stream) -> Option<Vec<u8>> {
    match stream {
        Either::Left(_) => None,
        Either::Right(stream) => {
            let certificate = stream.get_ref().1.peer_certificates()?.first()?;
            target::tls::server_end_point(certificate)
        }
    }
}
