//! A TCP proxy that cuts connections once a request was executed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A proxy in front of one server.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// Every how many replies a connection is cut instead; 0 never.
    pub(crate) cut_every: Arc<AtomicU32>,
}

impl Proxy {
    /// Listens on any port and passes on to `server`.
    pub(crate) async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut_every = Arc::new(AtomicU32::new(0));
        let (setting, replies) = (Arc::clone(&cut_every), Arc::new(AtomicU32::new(0)));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, Arc::clone(&setting), Arc::clone(&replies)));
            }
        });
        Self { port, cut_every }
    }
}

async fn pass(
    client: TcpStream,
    server: TcpStream,
    setting: Arc<AtomicU32>,
    replies: Arc<AtomicU32>,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
    });
    let mut buffer = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
        let every = setting.load(Ordering::Relaxed);
        if every != 0 && replies.fetch_add(1, Ordering::Relaxed) % every == every - 1 {
            // The server has executed it; nobody will hear.
            break;
        }
        if to_client.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    up.abort();
}
