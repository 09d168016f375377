//! HTTP/1.1 connections to one service.
//!
//! A connection carries one request at a time, so that what is known of a request is known of its
//! connection: one that was cut off, timed out or cancelled is closed, and never used again.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::task::AbortOnDropHandle;

use crate::backend::ConnectOptions;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::sockets::{Condition, Dial};
use crate::target::egress::Egress;
use crate::target::{Endpoint, HttpTarget, tls};

/// The largest head of an answer.
const MAX_HEAD: usize = 256 * 1024;

/// Makes connections: where to, and how.
#[derive(Debug)]
pub(super) struct Dialer {
    pub(super) endpoint: Endpoint,
    tls: Option<Arc<ClientConfig>>,
    egress: Arc<Egress>,
    timeout: Duration,
}

/// An open connection. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    /// A request was sent, and its answer not read to the end.
    pub(super) is_busy: bool,
    /// Moves the bytes; it ends with the connection.
    _driver: AbortOnDropHandle<()>,
}

impl Dialer {
    pub(super) fn new(target: &HttpTarget, options: &ConnectOptions) -> Result<Self> {
        Ok(Self {
            endpoint: target.endpoint(),
            tls: target.tls.as_ref().map(tls::client_config).transpose()?,
            egress: Arc::clone(&options.egress),
            timeout: options.connect_timeout,
        })
    }

    /// Looks the host up and checks its addresses.
    pub(super) async fn resolve(&self, deadline: Deadline) -> Result<()> {
        let Endpoint { host, port } = &self.endpoint;
        self.egress.resolve(host, *port, deadline).await.map(drop)
    }

    pub(super) async fn tcp(&self, deadline: Deadline) -> Result<TcpStream> {
        let Endpoint { host, port } = &self.endpoint;
        self.egress.connect(host, *port, deadline.or_after(self.timeout)).await
    }

    /// TLS where it is used, then HTTP.
    pub(super) async fn secure(&self, stream: TcpStream, deadline: Deadline) -> Result<Connection> {
        let deadline = deadline.or_after(self.timeout);
        match &self.tls {
            Some(config) => {
                let stream = tls::connect(config, &self.endpoint.host, stream, deadline).await?;
                self.handshake(stream).await
            }
            None => self.handshake(stream).await,
        }
    }

    async fn handshake<S>(&self, stream: S) -> Result<Connection>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let closed = |_| {
            let message = format!("{} closed the connection", self.endpoint);
            Error::new(Code::DbConnectionFailed, message)
        };
        let shaking = http1::Builder::new().max_buf_size(MAX_HEAD).handshake(TokioIo::new(stream));
        let (sender, driver) = shaking.await.map_err(closed)?;
        // How it ended reaches the request through the sender.
        let driver = tokio::spawn(async move { drop(driver.await) });
        let driver = AbortOnDropHandle::new(driver);
        Ok(Connection { sender, is_busy: false, _driver: driver })
    }
}

impl Dial for Dialer {
    type Socket = Connection;

    fn peer(&self) -> String {
        self.endpoint.to_string()
    }

    fn connect_timeout(&self) -> Duration {
        self.timeout
    }

    async fn dial(&self, deadline: Deadline) -> Result<Connection> {
        let stream = self.tcp(deadline).await?;
        self.secure(stream, deadline).await
    }

    fn is_settled(&self, connection: &Connection) -> bool {
        !connection.is_busy && !connection.sender.is_closed()
    }

    fn condition(&self, connection: &mut Connection) -> Condition {
        match &connection.sender {
            sender if sender.is_closed() => Condition::Gone,
            sender if sender.is_ready() => Condition::Trusted,
            _ => Condition::Doubtful,
        }
    }

    /// There is nothing that every service answers: its driver tells what it has seen.
    async fn is_alive(&self, connection: &mut Connection) -> bool {
        connection.sender.ready().await.is_ok()
    }
}
