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
            .and_then(|chain| tls::server_end_point(chain.first()?))
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
