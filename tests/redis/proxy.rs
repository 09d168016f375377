//! A TCP proxy that cuts connections once a request was executed, lets them fall silent, or holds
//! deletions up or slows them down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::fixtures::{carry, serve};
use crate::support::address;

/// A proxy in front of one server.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    faults: Arc<Faults>,
}

#[derive(Default)]
struct Faults {
    cut_every: AtomicU32,
    replies: AtomicU32,
    silent_below: AtomicU32,
    opened: AtomicU32,
    gate: Gate,
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

    async fn pass(&self) {
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
    /// Before the server of that URL.
    pub(crate) async fn before(server: &str) -> Self {
        let server = address(server).to_owned();
        let faults = Arc::<Faults>::default();
        let given = Arc::clone(&faults);
        let (port, _) = serve(move |client| {
            let (server, faults) = (server.clone(), Arc::clone(&given));
            async move { faults.meet(client, &server).await }
        })
        .await;
        Self { port, faults }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Cuts a connection instead of every so manieth reply; 0 cuts none.
    pub(crate) fn cut_every(&self, replies: u32) {
        self.faults.cut_every.store(replies, Ordering::Relaxed);
    }

    /// Of every connection that was opened before as many, nothing comes and nothing goes.
    pub(crate) fn silence_below(&self, opened: u32) {
        self.faults.silent_below.store(opened, Ordering::Relaxed);
    }

    /// How many connections were opened so far.
    pub(crate) fn opened(&self) -> u32 {
        self.faults.opened.load(Ordering::Relaxed)
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.faults.gate
    }
}

impl Faults {
    async fn meet(&self, client: TcpStream, server: &str) {
        let server = TcpStream::connect(server).await.unwrap();
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        let up = |sent: &[u8]| {
            let deletes = sent.windows(6).any(|word| word == b"UNLINK");
            async move {
                self.is_heard(number).await;
                if deletes {
                    self.gate.pass().await;
                }
                true
            }
        };
        let down = |_: &[u8]| async move {
            self.is_heard(number).await;
            let every = self.cut_every.load(Ordering::Relaxed);
            // Where it is cut, the server has executed it, and nobody will hear.
            every == 0 || self.replies.fetch_add(1, Ordering::Relaxed) % every != every - 1
        };
        carry(client, server, up, down).await;
    }

    /// Returns unless the connection has fallen silent.
    async fn is_heard(&self, number: u32) {
        if number < self.silent_below.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }
}
