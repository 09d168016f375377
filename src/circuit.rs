//! Failing fast while an endpoint is known to fail.
//!
//! After a failure, callers get the last cause at once until the time of the next try; then one of
//! them tries. The pause doubles with jitter, so that a server coming back is not met by everybody
//! at the same moment.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// The longest pause unless told. Short, because a person is looking at a screen and has just
/// repaired it.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A pause this short is waited for by [`Circuit::pass`]; a longer one fails the caller at once.
const WORTH_WAITING: Duration = Duration::from_millis(250);
/// Established connections break now and then; only a row of failures is an endpoint that is down.
const FAILURES_WHILE_CONNECTED: u32 = 3;

/// The recent failures of one endpoint.
#[derive(Debug)]
pub struct Circuit {
    first_pause: Duration,
    // Held for a few instructions, never across an await.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open: Option<(Instant, Error)>,
}

impl Circuit {
    /// A closed circuit; `first_pause` follows the first failure.
    #[must_use]
    pub fn new(first_pause: Duration) -> Self {
        Self { first_pause, state: Mutex::default() }
    }

    fn refusal(&self) -> Option<(Duration, Error)> {
        let state = self.state.lock();
        let (until, cause) = state.open.as_ref()?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then(|| (left, cause.clone()))
    }

    /// Refuses with the last cause while the pause lasts.
    pub fn admit(&self) -> Result<()> {
        let Some((left, cause)) = self.refusal() else { return Ok(()) };
        let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        // What became of the request that failed says nothing of this one, which is not sent.
        let cause = cause.outcome(Outcome::NotApplied);
        Err(cause.detail("next_try_ms", millis).detail("circuit", "open").retry_after(left))
    }

    /// Waits for a short pause to end; refuses during a longer one.
    pub async fn pass(&self) -> Result<()> {
        while let Some((left, _)) = self.refusal() {
            if left > WORTH_WAITING {
                return self.admit();
            }
            tokio::time::sleep(left).await;
        }
        Ok(())
    }

    /// An attempt failed: the next one is made later, each time twice as late.
    pub fn attempt_failed(&self, cause: &Error) {
        self.state.lock().pause(self.first_pause, cause);
    }

    /// A request on an established client failed; says whether the client should be replaced.
    pub fn request_failed(&self, cause: &Error) -> bool {
        let mut state = self.state.lock();
        match cause.code() {
            Code::DbInvalidCredentials => {}
            Code::DbConnectionFailed => {
                if state.failures + 1 < FAILURES_WHILE_CONNECTED {
                    state.failures += 1;
                    return false;
                }
            }
            _ => return false,
        }
        state.pause(self.first_pause, cause);
        true
    }

    /// The endpoint answered.
    pub fn succeeded(&self) {
        *self.state.lock() = State::default();
    }

    /// Whether callers are being refused.
    pub fn is_open(&self) -> bool {
        self.refusal().is_some()
    }

    /// The last cause, while the circuit remembers one.
    pub fn cause(&self) -> Option<Error> {
        self.state.lock().open.as_ref().map(|(_, cause)| cause.clone())
    }
}

impl State {
    fn pause(&mut self, first: Duration, cause: &Error) {
        self.failures = self.failures.saturating_add(1);
        let doubled = first.saturating_mul(1 << (self.failures - 1).min(10)).min(LONGEST_PAUSE);
        let pause = doubled.mul_f64(rand::random_range(0.5..1.0));
        self.open = Some((Instant::now() + pause, cause.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(1);

    fn down() -> Error {
        Error::new(Code::DbConnectionFailed, "connection refused")
    }

    #[test]
    fn callers_are_told_the_cause_and_the_next_try() {
        let circuit = Circuit::new(PAUSE);
        circuit.attempt_failed(&down());
        let refused = circuit.admit().unwrap_err();
        assert_eq!(refused.message(), "connection refused");
        assert!(refused.details().contains_key("next_try_ms"));
        assert!(refused.wait().is_some());
    }

    #[test]
    fn callers_are_told_that_nothing_of_theirs_was_applied() {
        for outcome in [Outcome::Unknown, Outcome::Applied] {
            let circuit = Circuit::new(PAUSE);
            circuit.attempt_failed(&down().outcome(outcome));
            assert_eq!(circuit.admit().unwrap_err().known_outcome(), Outcome::NotApplied);
        }
    }

    #[test]
    fn one_lost_connection_does_not_open_it() {
        let circuit = Circuit::new(PAUSE);
        assert!(!circuit.request_failed(&down()));
        assert!(circuit.admit().is_ok());
    }

    #[test]
    fn refused_credentials_open_it_at_once() {
        let circuit = Circuit::new(PAUSE);
        let refused = Error::new(Code::DbInvalidCredentials, "password changed");
        assert!(circuit.request_failed(&refused));
        assert!(circuit.is_open());
    }

    #[test]
    fn a_success_closes_it() {
        let circuit = Circuit::new(PAUSE);
        circuit.attempt_failed(&down());
        circuit.succeeded();
        assert!(circuit.admit().is_ok());
    }

    #[tokio::test]
    async fn a_short_pause_is_waited_for_and_a_long_one_is_not() {
        let short = Circuit::new(Duration::from_millis(20));
        short.attempt_failed(&down());
        assert!(short.pass().await.is_ok());
        let long = Circuit::new(Duration::from_secs(2));
        long.attempt_failed(&down());
        assert!(long.pass().await.is_err());
    }
}
