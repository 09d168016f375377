//! Failing fast while an endpoint is known to fail.
//!
//! After a failure, callers get the last cause at once until the time of the next try; then one of
//! them tries. The wait doubles with jitter, so that a server coming back is not met by everybody
//! at the same moment.

use std::time::{Duration, Instant};

use rand::Rng as _;

use crate::error::{Code, Error};
use crate::outcome::Outcome;

/// The first wait, and the one after a success.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// The longest wait. Short, because a person is looking at a screen and has just repaired it.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Established connections break now and then; only a row of failures is an endpoint that is down.
const FAILURES_WHILE_CONNECTED: u32 = 3;

/// The recent failures of one endpoint.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    failures: u32,
    open: Option<(Instant, Error)>,
}

impl Circuit {
    /// Refuses with the last cause while the circuit is open.
    pub(super) fn admit(&self) -> Result<(), Error> {
        let Some((until, cause)) = &self.open else { return Ok(()) };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        // What became of the request that failed says nothing of this one, which is not sent.
        let refusal = cause.clone().outcome(Outcome::NotApplied);
        Err(refusal.detail("next_try_ms", millis).detail("circuit", "open").retry_after(left))
    }

    /// A connection attempt failed.
    pub(super) fn attempt_failed(&mut self, cause: &Error) {
        self.failures = self.failures.saturating_add(1);
        let doubled = FIRST_WAIT.saturating_mul(1 << self.failures.saturating_sub(1).min(8));
        let wait = doubled.min(LONGEST_WAIT).mul_f64(rand::rng().random_range(0.5..1.0));
        self.open = Some((Instant::now() + wait, cause.clone()));
    }

    /// A request on an established client failed; says whether the client should be replaced.
    pub(super) fn request_failed(&mut self, cause: &Error) -> bool {
        match cause.code() {
            Code::DbInvalidCredentials => {
                self.attempt_failed(cause);
                true
            }
            Code::DbConnectionFailed => {
                self.failures = self.failures.saturating_add(1);
                if self.failures < FAILURES_WHILE_CONNECTED {
                    return false;
                }
                self.attempt_failed(cause);
                true
            }
            _ => false,
        }
    }

    /// The endpoint answered.
    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
        self.open = None;
    }

    /// Whether callers are being refused.
    pub(super) fn is_open(&self) -> bool {
        self.admit().is_err()
    }

    /// The last cause, while the circuit remembers one.
    pub(super) fn cause(&self) -> Option<&Error> {
        self.open.as_ref().map(|(_, cause)| cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down() -> Error {
        Error::new(Code::DbConnectionFailed, "connection refused")
    }

    #[test]
    fn callers_are_told_the_cause_and_the_next_try() {
        let mut circuit = Circuit::default();
        circuit.attempt_failed(&down());
        let refused = circuit.admit().unwrap_err();
        assert_eq!(refused.message(), "connection refused");
        assert!(refused.details().contains_key("next_try_ms"));
        assert!(refused.wait().is_some());
    }

    #[test]
    fn callers_are_told_that_nothing_of_theirs_was_applied() {
        for outcome in [Outcome::Unknown, Outcome::Applied] {
            let mut circuit = Circuit::default();
            circuit.attempt_failed(&down().outcome(outcome));
            assert_eq!(circuit.admit().unwrap_err().known_outcome(), Outcome::NotApplied);
        }
    }

    #[test]
    fn one_lost_connection_does_not_open_it() {
        let mut circuit = Circuit::default();
        assert!(!circuit.request_failed(&down()));
        assert!(circuit.admit().is_ok());
    }

    #[test]
    fn refused_credentials_open_it_at_once() {
        let mut circuit = Circuit::default();
        let refused = Error::new(Code::DbInvalidCredentials, "password changed");
        assert!(circuit.request_failed(&refused));
        assert!(circuit.is_open());
    }

    #[test]
    fn a_success_closes_it() {
        let mut circuit = Circuit::default();
        circuit.attempt_failed(&down());
        circuit.succeeded();
        assert!(circuit.admit().is_ok());
    }
}
