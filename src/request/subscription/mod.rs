//! Subscriptions: operations whose answer is messages, for as long as anybody reads them.
//!
//! # How an operation becomes a subscription
//!
//! Its line in the table says `gives socket(Message, Heard)`, and its function answers with [`Reply::subscription`].
//! What is wrong with the request is told before that, as with every operation; from then on `work`
//! runs beside the reader:
//!
//! ```text
//! "mongodb.watch" GET "/mongodb/{scope}/watch" Connection(Mongodb) Read 5
//!     gives socket(WatchMessage, Silence) => watch::open;
//!
//! Reply::subscription(cx, |cx, session| Box::pin(async move {
//!     loop {
//!         tokio::select! {
//!             change = changes.next() => session.outbox().send(&encode(change?)?).await,
//!             request = session.request() => …,
//!         }
//!     }
//! }))
//! ```
//!
//! - `work` writes [`Frames`](crate::fanout::Frames) to the session's [`Outbox`]: `send` waits for a
//!   slow reader, `offer` drops and tells the reader of the gap, `tell` is for answers to the reader
//!   itself. The outbox may be cloned and handed to whoever has the messages.
//! - `work` is dropped when the reader leaves, the process shuts down, or the user's role or the
//!   connection is lost; what it holds must let go of everything when it is dropped.
//! - `work` returning ends the subscription; a failure becomes its close code ([`ending`](self)).
//!
//! Readers come through three doors, and `work` sees no difference. A WebSocket is a request whose
//! body is the bytes that come in and whose answer is a stream of bytes that go out; the protocol is
//! spoken here. `Accept: text/event-stream` gets the messages as server-sent events. A typed client
//! gets them line by line, and its requests are lines of its body. Any other `GET` is told with
//! `426` that this is a WebSocket.

mod drive;
mod ending;
mod pace;
mod wire;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::feed::Format;
use super::reply::Reply;
use super::stream::Work;
use crate::error::Result;
use crate::fanout::Outbox;
use crate::request::context::{Accept, Context};

/// A subscription as its operation sees it.
#[derive(Debug)]
pub struct Session {
    outbox: Outbox,
    requests: mpsc::Receiver<Bytes>,
}

impl Session {
    /// Where messages to the reader go.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// The next message of the client, a text. Never ready where the client says nothing; a client
    /// that leaves ends the work instead.
    pub async fn request(&mut self) -> Bytes {
        match self.requests.recv().await {
            Some(request) => request,
            None => std::future::pending().await,
        }
    }
}

impl<T: ?Sized> Reply<T> {
    /// A subscription: `work` runs until it or its reader ends.
    pub fn subscription(
        cx: &Context,
        work: impl for<'a> FnOnce(&'a Context, &'a mut Session) -> BoxFuture<'a, Result<()>>
        + Send
        + 'static,
    ) -> Result<Self> {
        // Without one there is nobody who could say anything.
        let input = cx.bytes();
        let work: Work<Session> = Box::new(work);
        let (format, status) = match cx.accept {
            Accept::Socket => (Format::Frames, 101),
            _ => (cx.records(), 200),
        };
        let mut reply = Self::stream(cx, format, move |cx, sink| {
            Box::pin(drive::drive(cx, sink, input, work))
        })?;
        reply.status = status;
        Ok(reply)
    }
}
