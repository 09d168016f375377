//! A TCP proxy that cuts connections once a request was executed, or lets them fall silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A proxy in front of one server.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// Every how many replies a connection is cut instead; 0 never.
    pub(crate) cut_every: Arc<AtomicU32>,
    /// Connections opened before this count are silent: nothing comes, nothing goes.
    pub(crate) silent_below: Arc<AtomicU32>,
    /// Connections opened so far.
    pub(crate) opened: Arc<AtomicU32>,
}

impl Proxy {
    /// Listens on any port and passes on to `server`.
    pub(crate) async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let counter = || Arc::new(AtomicU32::new(0));
        let proxy = Self { port, cut_every: counter(), silent_below: counter(), opened: counter() };
        let (cut_every, silent_below) =
            (Arc::clone(&proxy.cut_every), Arc::clone(&proxy.silent_below));
        let (opened, replies) = (Arc::clone(&proxy.opened), counter());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                let number = opened.fetch_add(1, Ordering::Relaxed);
                let silent_below = Arc::clone(&silent_below);
                let is_silent = move || number < silent_below.load(Ordering::Relaxed);
                let (cut_every, replies) = (Arc::clone(&cut_every), Arc::clone(&replies));
                tokio::spawn(pass(client, server, is_silent, cut_every, replies));
            }
        });
        proxy
    }
}

async fn pass(
    client: TcpStream,
    server: TcpStream,
    is_silent: impl Fn() -> bool + Send + Clone + 'static,
    cut_every: Arc<AtomicU32>,
    replies: Arc<AtomicU32>,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mute = is_silent.clone();
    let up = tokio::spawn(async move {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            if mute() {
                std::future::pending::<()>().await;
            }
            if to_server.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
    });
    let mut buffer = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
        if is_silent() {
            std::future::pending::<()>().await;
        }
        let every = cut_every.load(Ordering::Relaxed);
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
