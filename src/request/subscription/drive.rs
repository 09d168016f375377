//! The life of one subscription, from its first byte to its goodbye.

use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, timeout, timeout_at};

use super::Session;
use super::ending::Ending;
use super::pace::Pace;
use super::wire::{MAX_MESSAGE, Wire};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::fanout::{Frames, Framing, Outbox};
use crate::request::checked;
use crate::request::context::{Accept, Context};
use crate::request::feed::Sink;
use crate::request::guard::{self, Lost};
use crate::request::stream::Work;
use crate::request::upload::Upload;

/// What is sent to a reader at once.
const CHUNK: usize = 64 << 10;

/// What may wait for a reader, in bytes.
const QUEUE: usize = 1 << 20;

/// Messages of the client that may wait for the operation.
const REQUESTS: usize = 64;

/// How long what still waits is sent for, before the goodbye.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long the client's answer to our goodbye is waited for.
const GOODBYE: Duration = Duration::from_secs(1);

/// One reader: how it is sent to, and how long it may be silent.
struct Reader<'a> {
    cx: &'a Context,
    outbox: Outbox,
    framing: Framing,
    wire: Option<Mutex<Wire>>,
    /// The protocol has something to send.
    spoke: Notify,
    patience: Duration,
}

/// Runs a subscription until either side ends it.
pub(super) async fn drive(
    cx: &Context,
    sink: &mut Sink,
    mut input: Option<Upload>,
    work: Work<Session>,
) -> Result<()> {
    let is_socket = cx.accept == Accept::Socket;
    let reader = Reader {
        cx,
        outbox: Outbox::new(QUEUE),
        framing: match cx.accept {
            Accept::Socket => Framing::Socket,
            Accept::Events => Framing::Events,
            Accept::Json | Accept::Ndjson => Framing::Lines,
        },
        wire: is_socket.then(|| Mutex::new(Wire::new())),
        spoke: Notify::new(),
        patience: cx.service.config.socket_ping,
    };
    let (sender, requests) = mpsc::channel(REQUESTS);
    let mut session = Session { outbox: reader.outbox.clone(), requests };
    let closing = cx.running.closing();
    let ending = {
        let work: BoxFuture<'_, Result<()>> = work(cx, &mut session);
        let mut receiving = pin!(reader.receive(input.as_mut(), &sender));
        tokio::select! {
            biased;
            () = closing.cancelled() => Ending::Away,
            lost = guard::lost(cx) => match lost {
                Lost::Changed => Ending::Changed,
                Lost::Refused(error) => Ending::Failed(error),
            },
            ending = &mut receiving => ending,
            ended = work => ended.map_or_else(Ending::Failed, |()| Ending::Done),
            cause = reader.outbox.ended() => Ending::Failed(cause),
            ending = reader.pump(sink) => ending,
        }
    };
    reader.goodbye(&ending, input.as_mut(), sink).await;
    match ending {
        Ending::Failed(error) => Err(error),
        Ending::Changed if !is_socket => {
            Err(Error::unreachable("the connection was changed; open it again"))
        }
        _ => Ok(()),
    }
}

impl Reader<'_> {
    /// Reads what the client says, until it leaves.
    async fn receive(&self, input: Option<&mut Upload>, requests: &mpsc::Sender<Bytes>) -> Ending {
        match (input, &self.wire) {
            (Some(input), Some(wire)) => self.receive_frames(wire, input, requests).await,
            (Some(input), None) => receive_lines(input, requests).await,
            (None, _) => pending().await,
        }
    }

    async fn receive_frames(
        &self,
        wire: &Mutex<Wire>,
        input: &mut Upload,
        requests: &mpsc::Sender<Bytes>,
    ) -> Ending {
        let mut heard = Instant::now();
        let mut asked = false;
        loop {
            let until = heard + self.patience * (1 + u32::from(asked));
            let bytes = match timeout_at(until, input.chunk()).await {
                // Nothing came, not even an answer: the other end is no longer there.
                Err(_) if asked => return Ending::Gone,
                Err(_) => {
                    asked = true;
                    wire.lock().ping();
                    self.spoke.notify_one();
                    continue;
                }
                Ok(Err(_)) => return Ending::Gone,
                Ok(Ok(None)) => return Ending::Away,
                Ok(Ok(Some(bytes))) => bytes,
            };
            heard = Instant::now();
            asked = false;
            let mut wire = wire.lock();
            wire.arrived(bytes);
            loop {
                match wire.next() {
                    Ok(None) => break,
                    Ok(Some(text)) if requests.try_send(text.clone().into()).is_ok() => {}
                    Ok(Some(_)) => return Ending::Broken(1008, "too many messages"),
                    Err(ending) => return ending,
                }
            }
            self.spoke.notify_one();
        }
    }

    /// Sends what waits, until nobody takes it any more.
    async fn pump(&self, sink: &mut Sink) -> Ending {
        let mut pace = Pace::new();
        loop {
            let news = async {
                tokio::select! {
                    () = self.outbox.ready() => {}
                    () = self.spoke.notified() => {}
                }
            };
            if timeout(self.patience, news).await.is_err() {
                if self.framing != Framing::Events {
                    continue;
                }
                // Whoever is on the way takes a silent stream for a dead one.
                sink.writer().raw(b":\n\n");
            }
            pace.wait(self.cx.service.seats.open()).await;
            if self.send(sink).await.is_err() {
                return Ending::Gone;
            }
        }
    }

    /// Sends one chunk: what the protocol has to say first.
    async fn send(&self, sink: &mut Sink) -> Result<()> {
        self.say(sink);
        let check = |frames: &Frames| {
            frames.texts().try_for_each(|text| checked::record(self.cx.operation, text))
        };
        self.outbox.take(sink.writer().buffer(), CHUNK, self.framing, check)?;
        sink.flush().await
    }

    fn say(&self, sink: &mut Sink) {
        if let Some(wire) = &self.wire {
            sink.writer().raw(wire.lock().answers());
        }
    }

    async fn goodbye(&self, ending: &Ending, input: Option<&mut Upload>, sink: &mut Sink) {
        if ending.is_orderly() {
            let last_words =
                async { while !self.outbox.is_empty() && self.send(sink).await.is_ok() {} };
            let _ = Deadline::after(LAST_WORDS).run(last_words).await;
        }
        let Some(wire) = &self.wire else { return };
        if let Some(frame) = ending.frame() {
            wire.lock().close(frame);
        }
        self.say(sink);
        let parting = async {
            let sent = sink.flush().await.is_ok();
            if let Some(input) = input.filter(|_| sent && ending.is_orderly()) {
                answered(wire, input).await;
            }
        };
        let _ = Deadline::after(GOODBYE).run(parting).await;
    }
}

/// Reads requests of a client that has no socket, one per line.
async fn receive_lines(input: &mut Upload, requests: &mpsc::Sender<Bytes>) -> Ending {
    loop {
        match input.line(MAX_MESSAGE).await {
            Ok(Some(line)) if line.is_empty() => {}
            // Such a client is the process's own code: it waits its turn.
            Ok(Some(line)) => {
                if requests.send(line).await.is_err() {
                    return Ending::Done;
                }
            }
            Ok(None) => return Ending::Done,
            Err(error) => return Ending::Failed(error),
        }
    }
}

/// Waits for the client's own close frame, or the end of its bytes.
async fn answered(wire: &Mutex<Wire>, input: &mut Upload) {
    while let Ok(Some(bytes)) = input.chunk().await {
        let mut wire = wire.lock();
        wire.arrived(bytes);
        loop {
            match wire.next() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
}
