//! Answers that are sent while they are made: exports, progress, events.
//!
//! The work runs by itself and fills a [`Sink`]; whoever sends the answer takes chunks from the
//! [`Feed`]. Dropping the feed ends the work: at once where it reads, at its next step where it writes.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

use super::checked;
use super::context::Context;
use super::ended::{self, Unended};
use super::feed::{self, Feed, Format, Sink};
use super::guard;
use super::operation::{Gives, Operation};
use super::reply::Reply;
use crate::error::{Code, Error, Result};
use crate::fanout::Seat;
use crate::outcome::Outcome;

/// The work behind a stream or a subscription, which writes to an `O`.
pub(super) type Work<O> =
    Box<dyn for<'a> FnOnce(&'a Context, &'a mut O) -> BoxFuture<'a, Result<()>> + Send + 'static>;

impl<T: ?Sized> Reply<T> {
    /// `200` with records that `work` writes while they are read. What can be refused at once should
    /// be refused before: from here on a failure is the last record, or cuts the answer off.
    ///
    /// The request's deadline ends with this call; each step of the work has its own
    /// ([`Context::step`]). It counts for its user while it goes on, and ends once the user's role is
    /// lost.
    pub fn stream(
        cx: &Context,
        format: Format,
        work: impl for<'a> FnOnce(&'a Context, &'a mut Sink) -> BoxFuture<'a, Result<()>>
        + Send
        + 'static,
    ) -> Result<Self> {
        let (mut feed, task) = start(cx, format, Box::new(work), false)?;
        feed.work = Some(AbortOnDropHandle::new(task));
        Ok(Self::feed(feed))
    }

    /// As [`Reply::stream`], for work that writes and must not be cut off halfway. When it is asked to
    /// stop ([`Context::job`]) or the reader leaves or loses the role ([`Sink::is_closed`]) it goes on until
    /// it notices, which it must look for before each step.
    pub fn stream_of_steps(
        cx: &Context,
        format: Format,
        work: impl for<'a> FnOnce(&'a Context, &'a mut Sink) -> BoxFuture<'a, Result<()>>
        + Send
        + 'static,
    ) -> Result<Self> {
        Ok(Self::feed(start(cx, format, Box::new(work), true)?.0))
    }
}

fn start(
    cx: &Context,
    format: Format,
    work: Work<Sink>,
    in_steps: bool,
) -> Result<(Feed, JoinHandle<()>)> {
    let user = cx.user.as_ref().map(|user| user.id.as_str());
    let seat = cx.connection.as_ref().map(|_| cx.service.seats.take(user)).transpose()?;
    let (sink, mut feed) = feed::channel(format, {
        let operation = cx.operation;
        move |record| checked::record(operation, record)
    });
    // A socket's client says itself when it has enough.
    let is_job = cx.operation.gives != Gives::Socket;
    let job = is_job.then(|| Arc::new(cx.service.jobs.begin(cx.user.clone())));
    feed.job = job.as_ref().map(|job| job.id);
    // The request's own deadline is for what was before the first record.
    let cx = Context { deadline: cx.step(), job, ..cx.clone() };
    let task = tokio::spawn(run(cx, sink, work, in_steps, seat));
    Ok((feed, task))
}

/// Does the work for as long as the user may have what comes of it.
async fn permitted(cx: &Context, sink: &mut Sink, work: Work<Sink>, in_steps: bool) -> Result<()> {
    let told = sink.refused.clone();
    let mut working = work(cx, sink);
    // A subscription looks for itself, and says goodbye.
    if cx.operation.gives == Gives::Socket {
        return working.await;
    }
    let refused = tokio::select! {
        biased;
        result = &mut working => return result,
        () = stopped(cx), if !in_steps => return Err(was_stopped().outcome(cx.effect.lost())),
        refused = Box::pin(guard::refused(cx)) => refused.outcome(cx.effect.lost()),
    };
    told.cancel();
    if in_steps {
        // Whatever else it has to say: this is why it ended.
        let _ = working.await;
    }
    Err(refused)
}

/// Returns once the work is asked to stop.
async fn stopped(cx: &Context) {
    match &cx.job {
        Some(job) => job.stopped().cancelled().await,
        None => std::future::pending().await,
    }
}

fn was_stopped() -> Error {
    Error::new(Code::Conflict, "it was asked to stop before it was at its end")
}

async fn run(cx: Context, mut sink: Sink, work: Work<Sink>, in_steps: bool, _seat: Option<Seat>) {
    let started = Instant::now();
    let operation: &'static Operation = cx.operation;
    let over = cx.running.over();
    let unended = Unended::new(&cx);
    let working = cx.on_its_behalf(permitted(&cx, &mut sink, work, in_steps));
    let working = AssertUnwindSafe(over.run_until_cancelled(working)).catch_unwind();
    let result =
        match working.await {
            Ok(Some(result)) => result,
            Ok(None) => Err(Error::unreachable("the connection manager was shut down")
                .outcome(Outcome::Unknown)),
            Err(_) => Err(ended::panicked()),
        };
    let result = result.map_err(|error| cx.effect.settle(error)).or_else(|error| {
        checked::failure(operation, &error)?;
        Err(error)
    });
    // That the reader has left says nothing about the server.
    if sink.is_closed() {
        ended::forget_answers(&cx);
    } else {
        ended::observe(&cx, result.as_ref().err());
    }
    ended::note(operation, &cx.request_id, started, result.as_ref().err());
    unended.ended();
    match result {
        Ok(()) => {
            checked::ended(operation);
            _ = sink.flush().await;
        }
        Err(error) => sink.fail(error, &cx.request_id).await,
    }
}
