//! HTTP/1.1 connections to one service.
//!
//! A connection carries one request at a time, so that what is known of a request is known of its
//! connection: one that was cut off, timed out or cancelled is closed, and never used again.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::backend::{ConnectOptions, Gauge, dialling};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::target::egress::Egress;
use crate::target::{Endpoint, HttpTarget, tls};

/// How many connections are being made at once.
const CONNECTING: usize = 2;

/// How many requests may wait for each connection there may be.
const WAITERS_PER_CONNECTION: u32 = 16;

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

/// The connections of one client.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) dialer: Dialer,
    size: u32,
    idle_timeout: Duration,
    permits: Arc<Semaphore>,
    connecting: Semaphore,
    idle: Mutex<Vec<Connection>>,
    waiting: AtomicU32,
    closed: CancellationToken,
}

/// An open connection. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    /// Moves the bytes; it ends with the connection.
    _driver: AbortOnDropHandle<()>,
    idle_since: Instant,
}

/// A connection for one request; it counts as in use until it is dropped.
#[derive(Debug)]
pub(super) struct Checkout {
    pub(super) connection: Connection,
    /// It served a request before, and the server may have closed it since.
    pub(super) reused: bool,
    _permit: OwnedSemaphorePermit,
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
        let (sender, driver) = http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|_| {
                Error::new(
                    Code::DbConnectionFailed,
                    format!("{} closed the connection", self.endpoint),
                )
            })?;
        // How it ended reaches the request through the sender.
        let driver = tokio::spawn(async move { drop(driver.await) });
        let driver = AbortOnDropHandle::new(driver);
        Ok(Connection { sender, _driver: driver, idle_since: Instant::now() })
    }
}

impl Pool {
    pub(super) fn new(target: &HttpTarget, options: &ConnectOptions) -> Result<Self> {
        let size = target.pool_size.unwrap_or(u32::MAX).min(options.max_connections).max(1);
        Ok(Self {
            dialer: Dialer::new(target, options)?,
            size,
            idle_timeout: options.idle_timeout,
            permits: Arc::new(Semaphore::new(size as usize)),
            connecting: Semaphore::new(CONNECTING),
            idle: Mutex::new(Vec::new()),
            waiting: AtomicU32::new(0),
            closed: CancellationToken::new(),
        })
    }

    /// A connection, the most recently used first; a new one when `fresh` or when none is idle.
    pub(super) async fn check_out(&self, deadline: Deadline, fresh: bool) -> Result<Checkout> {
        let permit = self.permit(deadline).await?;
        if fresh {
            // Those that stayed were as old as the one that was just found dead.
            self.idle.lock().clear();
        }
        while let Some(mut connection) = self.pop_idle() {
            if let Some(Ok(())) = deadline.run(connection.sender.ready()).await {
                return Ok(Checkout { connection, reused: true, _permit: permit });
            }
        }
        let connection = self.unless_closed(self.open(deadline)).await??;
        Ok(Checkout { connection, reused: false, _permit: permit })
    }

    /// Keeps the connection for the next request, if it can serve one.
    pub(super) fn check_in(&self, checkout: Checkout) {
        let Checkout { mut connection, .. } = checkout;
        let mut idle = self.idle.lock();
        idle.retain(|connection| self.lives(connection));
        if !connection.sender.is_closed() && !self.closed.is_cancelled() {
            connection.idle_since = Instant::now();
            idle.push(connection);
        }
    }

    /// Closes idle connections and ends the requests that still run.
    pub(super) fn close(&self) {
        self.closed.cancel();
        self.permits.close();
        self.idle.lock().clear();
    }

    /// Runs `work` unless the pool is closed before it ends; dropping `work` closes its connection.
    pub(super) async fn unless_closed<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.closed.cancelled() => Err(self.is_closed()),
            done = work => Ok(done),
        }
    }

    pub(super) fn gauge(&self) -> Gauge {
        let free = u32::try_from(self.permits.available_permits()).unwrap_or(self.size);
        let in_use = self.size.saturating_sub(free);
        let idle = u32::try_from(self.idle.lock().len()).unwrap_or(u32::MAX);
        Gauge { open: in_use + idle, in_use, waiting: self.waiting.load(Ordering::Relaxed) }
    }

    async fn permit(&self, deadline: Deadline) -> Result<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let exhausted = || {
            Error::new(
                Code::PoolExhausted,
                format!("all {} connections to {} are in use", self.size, self.dialer.endpoint),
            )
        };
        let limit = self.size.saturating_mul(WAITERS_PER_CONNECTION);
        let Some(_waiting) = Waiting::enter(&self.waiting, limit) else { return Err(exhausted()) };
        match deadline.run(Arc::clone(&self.permits).acquire_owned()).await {
            None => Err(exhausted()),
            Some(permit) => permit.map_err(|_| self.is_closed()),
        }
    }

    async fn open(&self, deadline: Deadline) -> Result<Connection> {
        let slow = || {
            Error::timeout(
                format!("connecting to {} took too long", self.dialer.endpoint),
                Outcome::NotApplied,
            )
        };
        let _turn = deadline.run(self.connecting.acquire()).await.ok_or_else(slow)?;
        let had_its_time = deadline.remaining() >= self.dialer.timeout;
        let opened = async {
            let stream = self.dialer.tcp(deadline).await?;
            self.dialer.secure(stream, deadline).await
        };
        opened.await.map_err(|error| dialling::failed(error, had_its_time))
    }

    fn pop_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock();
        while let Some(connection) = idle.pop() {
            if self.lives(&connection) {
                return Some(connection);
            }
        }
        None
    }

    fn lives(&self, connection: &Connection) -> bool {
        !connection.sender.is_closed() && connection.idle_since.elapsed() < self.idle_timeout
    }

    fn is_closed(&self) -> Error {
        Error::new(
            Code::DbConnectionFailed,
            format!("the connections to {} were closed; try again", self.dialer.endpoint),
        )
    }
}

/// A place in the queue, left when the wait ends in any way.
struct Waiting<'p>(&'p AtomicU32);

impl<'p> Waiting<'p> {
    fn enter(waiting: &'p AtomicU32, limit: u32) -> Option<Self> {
        let entered = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
            (now < limit).then_some(now + 1)
        });
        entered.is_ok().then_some(Self(waiting))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
