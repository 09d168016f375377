//! Stands between the client and the server and misbehaves on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::support::counted;
use crate::fixtures::serve;

/// What the proxy does with bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Fault {
    /// Passes them on.
    None,
    /// Passes requests on; closes the connection in place of the next answer to a `marked` one.
    CutAnswers,
    /// Closes the connection in place of the next request.
    CutRequests,
    /// Takes them and says nothing.
    Silent,
    /// Passes them on one by one.
    Drip,
}

const FAULTS: [Fault; 5] =
    [Fault::None, Fault::CutAnswers, Fault::CutRequests, Fault::Silent, Fault::Drip];

/// Beside a fault: the first command that meets it ends it.
const ONCE: u8 = 1 << 7;

pub(super) struct Proxy {
    pub(super) port: u16,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    fault: AtomicU8,
    /// Only commands that have this in them are met with a fault; the driver's own are left alone.
    marker: &'static [u8],
    cuts: AtomicU32,
    /// `marked` commands whose answers were passed on.
    answered: AtomicU32,
    /// Answers that came from a fail point.
    failures: AtomicU32,
    generation: watch::Sender<u32>,
}

impl Proxy {
    pub(super) async fn before(port: u16, marker: &'static str) -> Self {
        let state = Arc::new(State {
            fault: AtomicU8::new(0),
            marker: marker.as_bytes(),
            cuts: AtomicU32::new(0),
            answered: AtomicU32::new(0),
            failures: AtomicU32::new(0),
            generation: watch::Sender::new(0),
        });
        let accepting = Arc::clone(&state);
        let (here, task) = serve(move |client| {
            let state = Arc::clone(&accepting);
            async move {
                if let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await {
                    exchange(client, server, &state).await;
                }
            }
        })
        .await;
        Self { port: here, state, task }
    }

    pub(super) fn set(&self, fault: Fault) {
        self.state.fault.store(fault as u8, Ordering::SeqCst);
    }

    /// Cuts one connection, and no other. Returns once that is done.
    pub(super) async fn cut_one(&self, fault: Fault) {
        let cuts = self.cuts();
        self.state.fault.store(fault as u8 | ONCE, Ordering::SeqCst);
        counted("cutting", || self.cuts(), cuts + 1).await;
    }

    /// Returns once so many more commands were answered.
    pub(super) async fn answers(&self, more: u32) {
        let answered = || self.state.answered.load(Ordering::SeqCst);
        counted("answering", answered, answered() + more).await;
    }

    /// Closes every connection.
    pub(super) fn reset(&self) {
        self.state.generation.send_modify(|generation| *generation += 1);
    }

    pub(super) fn cuts(&self) -> u32 {
        self.state.cuts.load(Ordering::SeqCst)
    }

    /// How often a server answered that a fail point made it fail.
    pub(super) fn failures(&self) -> u32 {
        self.state.failures.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    fn fault(&self) -> Fault {
        FAULTS[usize::from(self.fault.load(Ordering::SeqCst) & !ONCE)]
    }

    /// What a command meets.
    fn meet(&self) -> Fault {
        let set = self.fault.load(Ordering::SeqCst);
        let end = || {
            let none = Fault::None as u8;
            self.fault.compare_exchange(set, none, Ordering::SeqCst, Ordering::SeqCst)
        };
        // Of several at once, one ends it.
        if set & ONCE != 0 && end().is_err() {
            Fault::None
        } else {
            FAULTS[usize::from(set & !ONCE)]
        }
    }

    fn cut(&self) {
        self.cuts.fetch_add(1, Ordering::SeqCst);
    }

    fn note(&self, answer: &[u8]) {
        if memchr::memmem::find(answer, b"'failCommand'").is_some() {
            self.failures.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The protocol has one request at a time on a connection, so a connection is a loop of both.
async fn exchange(mut client: TcpStream, mut server: TcpStream, state: &State) {
    server.set_nodelay(true).unwrap();
    let mut reset = state.generation.subscribe();
    let exchange = async {
        while let Some(request) = message(&mut client).await {
            let marked = request.windows(state.marker.len()).any(|part| part == state.marker);
            let fault = if marked { state.meet() } else { Fault::None };
            if fault == Fault::CutRequests {
                state.cut();
                return None;
            }
            if fault == Fault::Silent {
                std::future::pending::<()>().await;
            }
            server.write_all(&request).await.ok()?;
            loop {
                let answer = message(&mut server).await?;
                state.note(&answer);
                if fault == Fault::CutAnswers {
                    state.cut();
                    return None;
                }
                if state.fault() == Fault::Drip {
                    for byte in &answer {
                        client.write_all(std::slice::from_ref(byte)).await.ok()?;
                    }
                } else {
                    client.write_all(&answer).await.ok()?;
                }
                // Heartbeats ask for more answers to one request.
                let more_to_come = answer[12..16] == 2013_i32.to_le_bytes() && answer[16] & 2 != 0;
                if !more_to_come {
                    state.answered.fetch_add(u32::from(marked), Ordering::SeqCst);
                    break;
                }
            }
        }
        None
    };
    let exchange = async {
        let _: Option<()> = exchange.await;
    };
    tokio::select! {
        () = exchange => {}
        _ = reset.changed() => {}
    }
}

async fn message(from: &mut TcpStream) -> Option<Vec<u8>> {
    let length = from.read_i32_le().await.ok()?;
    let mut message = length.to_le_bytes().to_vec();
    message.resize(usize::try_from(length).ok()?, 0);
    from.read_exact(&mut message[4..]).await.ok()?;
    Some(message)
}
