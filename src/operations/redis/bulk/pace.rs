//! Not wearing a server out: when its answers become slow, the work waits.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

/// Chunks that the first baseline is taken from.
const LEARNING: u32 = 3;

/// An answer that takes so many times the baseline is slow …
const SLOW_FACTOR: f64 = 4.0;

/// … unless it is quick all the same.
const ALWAYS_QUICK: Duration = Duration::from_millis(10);

const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How much a chunk within bounds moves the baseline: slowly, so that a server that becomes slow is
/// not taken for one that always was.
const DRIFT: f64 = 0.05;

/// The round trips of chunks of equal size, and the pauses after them.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    seen: u32,
    baseline: Duration,
    last: Duration,
    pause: Duration,
    throttled: Duration,
}

impl Pace {
    /// Notes how long a chunk took; says how long to wait before the next one.
    pub(crate) fn observe(&mut self, took: Duration) -> Duration {
        self.last = took;
        self.seen += 1;
        if self.seen <= LEARNING {
            // The quickest: the first ones may have opened connections.
            self.baseline = if self.seen == 1 { took } else { self.baseline.min(took) };
            return Duration::ZERO;
        }
        if took > self.baseline.mul_f64(SLOW_FACTOR).max(ALWAYS_QUICK) {
            // At first as long as the server was busy, then twice as long each time.
            self.pause = (self.pause * 2).max(took).min(LONGEST_PAUSE);
        } else {
            self.baseline = self.baseline.mul_f64(1.0 - DRIFT) + took.mul_f64(DRIFT);
            self.pause /= 2;
            if self.pause < ALWAYS_QUICK {
                self.pause = Duration::ZERO;
            }
        }
        self.throttled += self.pause;
        self.pause
    }

    /// What is told of it.
    pub(super) fn told(&self) -> Paced {
        Paced {
            round_trip_ms: ms(self.last),
            baseline_ms: ms(self.baseline),
            throttled_ms: ms(self.throttled),
        }
    }
}

/// How quick the server is.
#[allow(clippy::struct_field_names)] // The names of the answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Paced {
    /// The last round trip, in milliseconds.
    round_trip_ms: f64,
    /// What a round trip takes when nothing is slow, in milliseconds.
    baseline_ms: f64,
    /// All pauses so far that the server was given, in milliseconds.
    throttled_ms: f64,
}

fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn learned(baseline: u64) -> Pace {
        let mut pace = Pace::default();
        for _ in 0..LEARNING {
            assert_eq!(pace.observe(millis(baseline)), Duration::ZERO);
        }
        pace
    }

    #[test]
    fn a_server_that_stays_quick_is_not_waited_for() {
        let mut pace = learned(5);
        assert!((0..1000).all(|i| pace.observe(millis(4 + i % 4)).is_zero()));
        assert_eq!(pace.throttled, Duration::ZERO);
    }

    #[test]
    fn a_server_that_becomes_slow_gets_longer_and_longer_pauses() {
        let mut pace = learned(5);
        let pauses: Vec<_> = (0..8).map(|_| pace.observe(millis(100))).collect();
        assert_eq!(pauses[0], millis(100));
        assert!(pauses.windows(2).all(|two| two[0] <= two[1]));
        assert_eq!(pauses[7], LONGEST_PAUSE);
        assert_eq!(pace.baseline, millis(5));
    }

    #[test]
    fn pauses_shrink_when_the_server_has_recovered() {
        let mut pace = learned(5);
        for _ in 0..8 {
            pace.observe(millis(100));
        }
        let pauses: Vec<_> = (0..10).map(|_| pace.observe(millis(5))).collect();
        assert!(pauses.windows(2).all(|two| two[1] < two[0] || two[1].is_zero()));
        assert_eq!(pauses[9], Duration::ZERO);
    }

    #[test]
    fn what_is_quick_all_the_same_is_not_slow() {
        let mut pace = learned(0);
        assert_eq!(pace.observe(millis(9)), Duration::ZERO);
    }
}
