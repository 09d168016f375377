//! Holding back connection attempts to an endpoint that fails.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rand::Rng;

use crate::error::{Error, Result};

const FIRST_HOLD: Duration = Duration::from_millis(50);
const LONGEST_HOLD: Duration = Duration::from_secs(2);

/// A hold this short is waited for; a longer one fails the caller at once with the last cause.
const WORTH_WAITING: Duration = Duration::from_millis(250);

/// What is known of an endpoint that could not be reached.
#[derive(Debug, Default)]
pub(super) struct Circuit(Mutex<Option<Open>>);

#[derive(Debug)]
struct Open {
    failures: u32,
    until: Instant,
    cause: Error,
}

impl Circuit {
    /// Returns when an attempt may be made, or fails with the cause of the last failure and the
    /// time of the next try.
    pub(super) async fn pass(&self) -> Result<()> {
        loop {
            let wait = match &*self.0.lock() {
                None => return Ok(()),
                Some(open) => {
                    let wait = open.until.saturating_duration_since(Instant::now());
                    if wait > WORTH_WAITING {
                        return Err(open.cause.clone().retry_after(wait));
                    }
                    wait
                }
            };
            if wait.is_zero() {
                return Ok(());
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// An attempt succeeded.
    pub(super) fn close(&self) {
        *self.0.lock() = None;
    }

    /// An attempt failed: the next one is made later, each time twice as late.
    pub(super) fn open(&self, cause: &Error) {
        let mut open = self.0.lock();
        let failures = open.as_ref().map_or(0, |o| o.failures).saturating_add(1);
        let hold = FIRST_HOLD.saturating_mul(1 << (failures - 1).min(16)).min(LONGEST_HOLD);
        let jittered = hold.mul_f64(rand::rng().random_range(0.8..1.2));
        let until = Instant::now() + jittered;
        *open = Some(Open { failures, until, cause: cause.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[tokio::test]
    async fn fails_fast_with_the_cause_once_an_endpoint_failed_often() {
        let circuit = Circuit::default();
        assert!(circuit.pass().await.is_ok());
        let cause = Error::new(Code::DbConnectionFailed, "refused");
        for _ in 0..6 {
            circuit.open(&cause);
        }
        let error = circuit.pass().await.unwrap_err();
        assert_eq!(error.message(), "refused");
        assert!(error.wait().is_some_and(|wait| wait > WORTH_WAITING));
        circuit.close();
        assert!(circuit.pass().await.is_ok());
    }

    #[tokio::test]
    async fn a_first_failure_delays_the_next_attempt_but_does_not_fail_it() {
        let circuit = Circuit::default();
        circuit.open(&Error::new(Code::DbConnectionFailed, "refused"));
        assert!(circuit.pass().await.is_ok());
    }
}
