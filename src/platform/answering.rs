//! Whether the platform database answered when it was last needed: for those who must know without
//! asking it.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::failure::is_outage;
use crate::error::{Code, Result};

/// Whoever gives up sooner may have had other reasons than silence.
const SILENCE: Duration = Duration::from_secs(1);

/// How the last question ended.
#[derive(Debug, Default)]
pub(super) struct Answering(Mutex<Option<bool>>);

impl Answering {
    /// `None` where nothing was asked yet.
    pub(super) fn last(&self) -> Option<bool> {
        *self.0.lock()
    }

    /// A question begins. One that is dropped without an end was given up.
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked { answering: self, since: Instant::now(), ended: false }
    }
}

/// A question that has no answer yet.
pub(super) struct Asked<'a> {
    answering: &'a Answering,
    since: Instant,
    ended: bool,
}

impl Asked<'_> {
    /// Notes what came of it: also an error that the server told is an answer.
    pub(super) fn ended<T>(mut self, result: &Result<T>) {
        self.ended = true;
        match result {
            // It was not asked at all.
            Err(error) if error.code() == Code::PoolExhausted => {}
            Err(error) if is_outage(error) => *self.answering.0.lock() = Some(false),
            _ => *self.answering.0.lock() = Some(true),
        }
    }

    /// It goes on, as a transaction of which others hear.
    pub(super) fn goes_on(mut self) {
        self.ended = true;
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if !self.ended && self.since.elapsed() >= SILENCE {
            *self.answering.0.lock() = Some(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn what_was_answered_last_counts() {
        let answering = Answering::default();
        assert_eq!(answering.last(), None);
        answering.asked().ended(&Ok(()));
        assert_eq!(answering.last(), Some(true));
        for (code, answered) in [
            (Code::DbConnectionFailed, false),
            (Code::DbQueryError, true),
            (Code::DbTimeout, false),
            (Code::PoolExhausted, false),
            (Code::Conflict, true),
        ] {
            answering.asked().ended::<()>(&Err(Error::new(code, "x")));
            assert_eq!(answering.last(), Some(answered), "{code:?}");
        }
    }

    #[test]
    fn a_question_that_is_given_up_at_once_says_nothing_and_one_given_up_late_says_silence() {
        let answering = Answering::default();
        drop(answering.asked());
        assert_eq!(answering.last(), None);
        let mut late = answering.asked();
        late.since = Instant::now().checked_sub(SILENCE).unwrap();
        drop(late);
        assert_eq!(answering.last(), Some(false));
    }
}
