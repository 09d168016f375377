//! How an operation ended: what is noted of it, counted, and forgotten.
//!
//! One whose caller leaves before it has ended is dropped where it stands, so what it was about to tell
//! is told by its [`Unended`].

use std::time::Instant;

use super::context::{Context, FAILED_CONNECTION};
use super::feed::gone;
use super::operation::{Operation, Subject};
use crate::error::{Code, Error};
use crate::outcome::Outcome;

/// Held while an operation runs.
pub(crate) struct Unended<'a> {
    cx: &'a Context,
    started: Instant,
    has_ended: bool,
}

impl<'a> Unended<'a> {
    pub(crate) fn new(cx: &'a Context) -> Self {
        Self { cx, started: Instant::now(), has_ended: false }
    }

    /// The operation has come to its own end, which notes itself.
    pub(crate) fn ended(mut self) {
        self.has_ended = true;
    }
}

impl Drop for Unended<'_> {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        forget_answers(self.cx);
        // A panic is caught and told further up.
        if !std::thread::panicking() {
            let error = gone().outcome(self.cx.effect.lost());
            note(self.cx.operation, &self.cx.request_id, self.started, Some(&error));
        }
    }
}

/// Feeds the circuit of the connection's client, and forgets cached answers after a change.
pub(crate) fn observe(cx: &Context, error: Option<&Error>) {
    forget_answers(cx);
    let Some(connection) = &cx.connection else { return };
    if matches!(cx.operation.subject, Subject::Connection(_)) {
        let own = error.filter(|error| !error.details().contains_key(FAILED_CONNECTION));
        cx.service.pools.observe(&connection.pool_key(), cx.began, own);
    }
}

/// Forgets cached answers after what may have changed them.
pub(super) fn forget_answers(cx: &Context) {
    if let Some(connection) = cx.connection.as_ref().filter(|_| cx.effect.writes()) {
        cx.service.answers.forget(connection.id);
    }
}

/// Counts and logs how an operation ended.
pub(crate) fn note(
    operation: &Operation,
    request_id: &str,
    started: Instant,
    error: Option<&Error>,
) {
    let took = started.elapsed();
    operation.tally.count(took, error);
    let (operation, ms) = (operation.name, took.as_secs_f64() * 1000.0);
    let Some(error) = error else {
        tracing::debug!(operation, request_id, ms, "done");
        return;
    };
    let (code, outcome) = (error.code().as_str(), error.known_outcome().as_str());
    // Messages about user data stay out of the log; a defect of ours must be told.
    if error.code() == Code::InternalError {
        tracing::error!(operation, request_id, ms, code, outcome, message = error.message());
    } else {
        tracing::info!(operation, request_id, ms, code, outcome, "failed");
    }
}

/// What is told of a panic.
pub(crate) fn panicked() -> Error {
    Error::internal("an internal error occurred; the log has the place").outcome(Outcome::Unknown)
}
