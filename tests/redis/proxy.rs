//! A TCP proxy that cuts connections once a request was executed, lets them fall silent, or holds
//! deletions up or slows them down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// A proxy in front of one server.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// Every how many replies a connection is cut instead; 0 never.
    pub(crate) cut_every: Arc<AtomicU32>,
    /// Connections opened before this count are silent: nothing comes, nothing goes.
    pub(crate) silent_below: Arc<AtomicU32>,
    /// Connections opened so far.
    pub(crate) opened: Arc<AtomicU32>,
    /// Deletions wait here.
    pub(crate) gate: Arc<Gate>,
}

/// How long a slow deletion takes.
const SLOW: Duration = Duration::from_millis(600);

/// Holds up what deletes (`UNLINK`).
#[derive(Default)]
pub(crate) struct Gate {
    closed: AtomicBool,
    /// Deletions that pass quickly before the others become slow; 0 is all.
    quick: AtomicU32,
    passed: AtomicU32,
    waiting: AtomicU32,
    opened: Notify,
    came: Notify,
}

impl Gate {
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn open(&self) {
        self.closed.store(false, Ordering::SeqCst);
        self.opened.notify_waiters();
    }

    /// Lets so many deletions pass quickly, and the others slowly.
    pub(crate) fn slow_down_after(&self, quick: u32) {
        self.quick.store(quick, Ordering::SeqCst);
    }

    /// Returns once something waits.
    pub(crate) async fn has_something(&self) {
        while self.waiting.load(Ordering::SeqCst) == 0 {
            self.came.notified().await;
        }
    }

    async fn pass(&self, sent: &[u8]) {
        if !sent.windows(6).any(|word| word == b"UNLINK") {
            return;
        }
        let passed = self.passed.fetch_add(1, Ordering::SeqCst);
        let quick = self.quick.load(Ordering::SeqCst);
        if quick != 0 && passed >= quick {
            tokio::time::sleep(SLOW).await;
        }
        let mut opened = std::pin::pin!(self.opened.notified());
        opened.as_mut().enable();
        if self.closed.load(Ordering::SeqCst) {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            self.came.notify_one();
            opened.await;
        }
    }
}

impl Proxy {
    /// Listens on any port and passes on to `server`.
    pub(crate) async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let counter = || Arc::new(AtomicU32::new(0));
        let gate = Arc::<Gate>::default();
        let proxy = Self {
            port,
            cut_every: counter(),
            silent_below: counter(),
            opened: counter(),
            gate: Arc::clone(&gate),
        };
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
                let gate = Arc::clone(&gate);
                tokio::spawn(pass(client, server, is_silent, gate, cut_every, replies));
            }
        });
        proxy
    }
}

async fn pass(
    client: TcpStream,
    server: TcpStream,
    is_silent: impl Fn() -> bool + Send + Clone + 'static,
    gate: Arc<Gate>,
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
            gate.pass(&buffer[..count]).await;
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
