//! How often a reader is sent to.
//!
//! The first message after a pause leaves at once. When more follow, they leave together: each
//! crossing and each write costs about the same, whatever it carries. Readers share one rhythm, so
//! that what is ready for many of them crosses in one wake-up.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Between two sends to one reader, for each reader that there is.
const PER_READER: Duration = Duration::from_micros(100);
const SHORTEST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(10);

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The rhythm of one reader.
pub(super) struct Pace {
    sent: Option<Instant>,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { sent: None }
    }

    /// Waits for the next beat, or not at all after a pause.
    pub(super) async fn wait(&mut self, readers: usize) {
        let interval = interval(readers);
        if self.sent.is_some_and(|sent| sent.elapsed() < interval) {
            let beat = next_beat(EPOCH.elapsed(), interval);
            tokio::time::sleep_until((*EPOCH + beat).into()).await;
        }
        self.sent = Some(Instant::now());
    }
}

fn interval(readers: usize) -> Duration {
    let readers = u32::try_from(readers).unwrap_or(u32::MAX);
    PER_READER.saturating_mul(readers).clamp(SHORTEST, LONGEST)
}

fn next_beat(now: Duration, interval: Duration) -> Duration {
    let beats = now.as_micros() / interval.as_micros() + 1;
    interval.saturating_mul(u32::try_from(beats).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_readers_are_sent_to_less_often_but_often_enough() {
        assert_eq!(interval(1), SHORTEST);
        assert_eq!(interval(50), Duration::from_millis(5));
        assert_eq!(interval(usize::MAX), LONGEST);
    }

    #[test]
    fn readers_share_their_beats() {
        let ms = Duration::from_millis;
        assert_eq!(next_beat(ms(41), ms(10)), ms(50));
        assert_eq!(next_beat(ms(50), ms(10)), ms(60));
    }
}
