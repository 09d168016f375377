//! The moment by which an operation must have ended.

use std::future::Future;
use std::time::{Duration, Instant};

/// The longest time in milliseconds that a request or a connection may ask for.
pub const MAX_TIMEOUT_MS: u64 = 600_000;

/// A point in time that is handed down from the request to every wait below it.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// `after` from now.
    pub fn after(after: Duration) -> Self {
        Self(Instant::now() + after)
    }

    /// What is left; zero once it passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it passed.
    pub fn passed(self) -> bool {
        self.remaining().is_zero()
    }

    /// The earlier of this and `after` from now.
    #[must_use]
    pub fn or_after(self, after: Duration) -> Self {
        Self(self.0.min(Instant::now() + after))
    }

    /// The instant itself.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// Awaits `work` until the deadline; `None` when it passed first.
    pub async fn run<F: Future>(self, work: F) -> Option<F::Output> {
        tokio::time::timeout_at(self.0.into(), work).await.ok()
    }
}
