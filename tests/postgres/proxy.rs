//! A proxy that breaks connections.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::fixtures::serve;

/// What a proxy does to the bytes from the server once a session is ready, per connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    None,
    /// Every byte in a packet of its own.
    Trickle,
    /// Closes after so many bytes.
    CutAfter(u64),
    /// Sends garbage after so many bytes, and closes.
    GarbageAfter(u64),
    /// Passes nothing on after so many bytes, and keeps the connection open.
    SilentAfter(u64),
    /// Passes nothing on once this is true, and keeps the connection open.
    SilentWhen(&'static AtomicBool),
}

/// A proxy before the real server. `fault` is asked for each connection, by its number.
pub(crate) async fn proxy(
    upstream: SocketAddr,
    fault: impl Fn(usize) -> Fault + Send + Sync + 'static,
) -> SocketAddr {
    let counter = AtomicUsize::new(0);
    let each = move |client| pass(client, upstream, fault(counter.fetch_add(1, Ordering::Relaxed)));
    let (port, _) = serve(each).await;
    SocketAddr::from(([127, 0, 0, 1], port))
}

async fn pass(client: TcpStream, upstream: SocketAddr, fault: Fault) {
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let upward = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
    });
    let mut ready = false;
    let mut passed = 0_u64;
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
        let limit = match fault {
            _ if !ready => u64::MAX,
            Fault::CutAfter(n) | Fault::GarbageAfter(n) | Fault::SilentAfter(n) => n,
            Fault::SilentWhen(dead) if dead.load(Ordering::Relaxed) => 0,
            Fault::None | Fault::Trickle | Fault::SilentWhen(_) => u64::MAX,
        };
        let take = read.min(usize::try_from(limit.saturating_sub(passed)).unwrap_or(read));
        let chunk = if matches!(fault, Fault::Trickle) { 1 } else { take.max(1) };
        for piece in buffer[..take].chunks(chunk) {
            if to_client.write_all(piece).await.is_err() {
                return;
            }
            if chunk == 1 {
                tokio::task::yield_now().await;
            }
        }
        passed += take as u64;
        if passed >= limit {
            match fault {
                Fault::GarbageAfter(_) => {
                    let _ = to_client.write_all(&[0xff; 64]).await;
                }
                Fault::SilentAfter(_) | Fault::SilentWhen(_) => std::future::pending().await,
                _ => {}
            }
            break;
        }
        if !ready && buffer[..read].ends_with(b"Z\0\0\0\x05I") {
            (ready, passed) = (true, 0);
        }
    }
    upward.abort();
}
