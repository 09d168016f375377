//! The way out for the driver's sockets.
//!
//! The `mongodb` crate resolves names and opens sockets by itself, and connects to whatever hosts a
//! server's `hello` or an SRV record name. It has no hook for that, but it can go through a SOCKS5
//! proxy and then leaves names unresolved. So each client has a proxy of its own, in this process
//! and on the loopback interface, which opens every socket through the egress guard: whatever the
//! driver is told to connect to is resolved once, checked and connected to here.
//!
//! TLS to the server begins here too, so that certificates are verified the same way as for every
//! other backend, client keys need no file for the driver to read, and a failed handshake is known
//! as what it is. The price is that the hop from the driver to the proxy, inside this host's network
//! namespace, is not encrypted; with the mechanism PLAIN, that includes the password. Reading it takes
//! the right to capture the loopback interface. The proxy asks for a login that only this client's
//! driver has.
//!
//! The hop costs about 15 µs for a small answer and 45 µs for one of 250 KB.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rand::Rng;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use super::socks;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::target::egress::Egress;
use crate::target::{Endpoint, tls};

/// Buffers start at this size and grow while they are filled by single reads.
const BUFFER: usize = 8 * 1024;
const BUFFER_MAX: usize = 128 * 1024;
/// How many endpoints' failures are remembered.
const REMEMBERED: usize = 64;

/// A proxy for one client. Dropping it closes its listener and all connections through it.
pub(crate) struct Tunnel {
    address: SocketAddr,
    exit: Arc<Exit>,
    task: JoinHandle<()>,
}

/// Opens sockets to servers.
pub(super) struct Exit {
    egress: Arc<Egress>,
    tls: Option<Arc<ClientConfig>>,
    connect_timeout: Duration,
    login: socks::Login,
    /// Why each endpoint could not be connected to, last time it was tried.
    failures: Mutex<Vec<(Endpoint, Error)>>,
    /// How many connections to servers there are.
    connections: AtomicUsize,
}

impl Tunnel {
    /// Starts listening on a free port of the loopback interface.
    pub(crate) async fn open(
        egress: Arc<Egress>,
        tls: Option<Arc<ClientConfig>>,
        connect_timeout: Duration,
    ) -> Result<Self> {
        let login = socks::Login { user: token(), password: token() };
        let failures = Mutex::default();
        let connections = AtomicUsize::new(0);
        let exit = Exit { egress, tls, connect_timeout, login, failures, connections };
        let exit = Arc::new(exit);
        let refused = |e| Error::internal(format!("cannot listen on the loopback interface: {e}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let task = tokio::spawn(accept(listener, Arc::clone(&exit)));
        Ok(Self { address, exit, task })
    }

    /// Where the driver finds it.
    pub(crate) fn proxy(&self) -> mongodb::options::Socks5Proxy {
        let socks::Login { user, password } = &self.exit.login;
        mongodb::options::Socks5Proxy::builder()
            .host(self.address.ip().to_string())
            .port(self.address.port())
            .authentication((user.clone(), password.clone()))
            .build()
    }

    /// The gravest reason for which an endpoint could not be connected to when it was last tried.
    pub(crate) fn failure(&self) -> Option<Error> {
        let failures = self.exit.failures.lock();
        let grave = |code| match code {
            Code::HostNotAllowed => 3,
            Code::DbTlsError => 2,
            Code::DbConnectionFailed => 1,
            _ => 0,
        };
        failures.iter().map(|(_, error)| error).max_by_key(|e| grave(e.code())).cloned()
    }

    /// Whether there is a connection to any server.
    pub(crate) fn is_connected(&self) -> bool {
        self.exit.connections.load(Ordering::Relaxed) > 0
    }

    /// Closes the listener and all connections through it.
    pub(crate) fn close(&self) {
        // The connections' tasks belong to this one and end with it.
        self.task.abort();
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.close();
    }
}

impl std::fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tunnel").field("address", &self.address).finish_non_exhaustive()
    }
}

fn token() -> String {
    hex::encode(rand::rng().random::<[u8; 32]>())
}

async fn accept(listener: TcpListener, exit: Arc<Exit>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((driver, _)) => {
                    connections.spawn(carry(driver, Arc::clone(&exit)));
                }
                // Out of file descriptors, most likely: let some be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection of the driver, from its handshake to its end.
async fn carry(mut driver: TcpStream, exit: Arc<Exit>) {
    let _ = driver.set_nodelay(true);
    let deadline = Deadline::after(exit.connect_timeout);
    let Some(Ok(endpoint)) = deadline.run(socks::accept(&mut driver, &exit.login)).await else {
        return;
    };
    let server = exit.connect(&endpoint, deadline).await;
    let _counted = server.is_ok().then(|| CountedConnection::new(&exit.connections));
    let refusal = server.as_ref().err().map(Error::code);
    if socks::answer(&mut driver, refusal).await.is_err() {
        return;
    }
    if let Ok(server) = server {
        exchange(driver, server, exit.connect_timeout).await;
    }
}

/// Counts a connection while it lives.
struct CountedConnection<'c>(&'c AtomicUsize);

impl<'c> CountedConnection<'c> {
    fn new(connections: &'c AtomicUsize) -> Self {
        connections.fetch_add(1, Ordering::Relaxed);
        Self(connections)
    }
}

impl Drop for CountedConnection<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(crate) type ServerStream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

impl Exit {
    async fn connect(&self, endpoint: &Endpoint, deadline: Deadline) -> Result<ServerStream> {
        let connected = connect(&self.egress, self.tls.as_ref(), endpoint, deadline).await;
        let mut failures = self.failures.lock();
        failures.retain(|(other, _)| other != endpoint);
        if let Err(error) = &connected {
            failures.truncate(REMEMBERED - 1);
            failures.push((endpoint.clone(), error.clone()));
        }
        drop(failures);
        connected
    }
}

/// A socket to a server, with TLS if that is given.
pub(crate) async fn connect(
    egress: &Egress,
    tls: Option<&Arc<ClientConfig>>,
    endpoint: &Endpoint,
    deadline: Deadline,
) -> Result<ServerStream> {
    let Endpoint { host, port } = endpoint;
    let stream = egress.connect(host, *port, deadline).await?;
    let Some(config) = tls else { return Ok(Either::Left(stream)) };
    Ok(Either::Right(Box::new(tls::connect(config, host, stream, deadline).await?)))
}

/// Copies both ways until either side ends. The protocol has no half-closed connections: a driver
/// that closed one gave up on the answer, and the server should see that at once.
///
/// The server's first byte must come within `patience`: the driver puts no limit on the handshake, so
/// a server that accepts and says nothing would hold one of its few pending connections for ever.
async fn exchange(mut driver: TcpStream, server: ServerStream, patience: Duration) {
    let (from_driver, to_driver) = driver.split();
    let (from_server, to_server) = tokio::io::split(server);
    tokio::select! {
        () = copy(from_driver, to_server, None, |from| acknowledge(from.as_ref())) => {}
        () = copy(from_server, to_driver, Some(patience), |_| {}) => {}
    }
}

/// Tells the driver's side at once that its bytes arrived.
///
/// The driver sends a message of more than 8 KiB as its header and then the rest, on a socket that it
/// leaves with Nagle's algorithm. The rest waits until the header is acknowledged, and an
/// acknowledgement that nobody asks for is delayed by 40 ms.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn acknowledge(driver: &TcpStream) {
    let _ = socket2::SockRef::from(driver).set_tcp_quickack(true);
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn acknowledge(_driver: &TcpStream) {}

async fn copy<R: AsyncRead + Unpin>(
    mut from: R,
    mut to: impl AsyncWrite + Unpin,
    mut patience: Option<Duration>,
    arrived: impl Fn(&R),
) {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = from.read(&mut buffer);
        let read = match patience.take() {
            Some(patience) => match tokio::time::timeout(patience, read).await {
                Ok(read) => read,
                Err(_) => return,
            },
            None => read.await,
        };
        let Ok(length @ 1..) = read else { return };
        arrived(&from);
        if to.write_all(&buffer[..length]).await.is_err() || to.flush().await.is_err() {
            return;
        }
        if length == buffer.len() && length < BUFFER_MAX {
            buffer.resize(length * 2, 0);
        }
    }
}
