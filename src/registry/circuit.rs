//! Failing fast while the platform database cannot be reached.
//!
//! Without it, every request would wait for a connection attempt of its own before it falls back to
//! what is cached.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::error::Error;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Remembers the last failed attempt to connect, and when the next one may be made.
#[derive(Debug, Default)]
pub(super) struct Circuit(Mutex<Option<Open>>);

#[derive(Debug)]
struct Open {
    cause: Error,
    failures: u32,
    until: Instant,
}

impl Circuit {
    /// Fails with the last cause while the pause lasts.
    pub(super) fn check(&self) -> Result<(), Error> {
        match &*self.0.lock() {
            Some(open) => match open.until.checked_duration_since(Instant::now()) {
                Some(left) if !left.is_zero() => Err(open.cause.clone().retry_after(left)),
                _ => Ok(()),
            },
            None => Ok(()),
        }
    }

    /// An attempt succeeded.
    pub(super) fn close(&self) {
        *self.0.lock() = None;
    }

    /// An attempt failed: pause, longer each time, with jitter so that processes do not come back
    /// in step.
    pub(super) fn open(&self, cause: &Error) {
        let mut state = self.0.lock();
        let failures = state.as_ref().map_or(0, |open| open.failures).saturating_add(1);
        let pause = FIRST_PAUSE.saturating_mul(1 << (failures - 1).min(10)).min(LONGEST_PAUSE);
        let pause = pause.mul_f64(rand::random_range(0.5..1.0));
        *state = Some(Open { cause: cause.clone(), failures, until: Instant::now() + pause });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn callers_fail_with_the_last_cause_and_are_told_when_to_come_back() {
        let circuit = Circuit::default();
        assert!(circuit.check().is_ok());
        circuit.open(&Error::new(Code::DbConnectionFailed, "refused"));
        let error = circuit.check().unwrap_err();
        assert_eq!(error.message(), "refused");
        assert!(error.wait().unwrap() <= FIRST_PAUSE);
        circuit.close();
        assert!(circuit.check().is_ok());
    }

    #[test]
    fn the_pause_grows_to_a_limit() {
        let circuit = Circuit::default();
        for _ in 0..100 {
            circuit.open(&Error::new(Code::DbConnectionFailed, "refused"));
        }
        let wait = circuit.check().unwrap_err().wait().unwrap();
        assert!(wait > LONGEST_PAUSE / 4 && wait <= LONGEST_PAUSE);
    }
}
