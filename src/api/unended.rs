//! An operation whose caller leaves before it has ended. Its work is dropped where it stands, so what it
//! was about to tell is told here.

use std::time::Instant;

use super::context::Context;
use super::dispatch;
use crate::error::{Code, Error};

/// Held while an operation runs.
pub(super) struct Unended<'a> {
    cx: &'a Context,
    started: Instant,
    has_ended: bool,
}

impl<'a> Unended<'a> {
    pub(super) fn new(cx: &'a Context) -> Self {
        Self { cx, started: Instant::now(), has_ended: false }
    }

    /// The operation has come to its own end, which notes itself.
    pub(super) fn ended(mut self) {
        self.has_ended = true;
    }
}

impl Drop for Unended<'_> {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        dispatch::forget_answers(self.cx);
        // A panic is caught and told further up.
        if !std::thread::panicking() {
            let error = gone().outcome(self.cx.effect.lost());
            dispatch::note(self.cx.operation, &self.cx.request_id, self.started, Some(&error));
        }
    }
}

/// Why there is nobody to answer.
pub(super) fn gone() -> Error {
    Error::new(Code::DbConnectionFailed, "the reader of the answer has left")
}
