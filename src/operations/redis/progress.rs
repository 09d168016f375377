//! What long work tells besides its own counts: when its progress is news, and why it ended.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Serialize;

/// How often progress is told.
const EVERY: Duration = Duration::from_millis(250);

/// When progress was told.
#[derive(Debug, Default)]
pub(super) struct Progress {
    told: Option<Instant>,
}

/// Why the work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "WorkEndedBy")]
pub(super) enum EndedBy {
    /// Nothing is left.
    Completion,
    /// A dry run has seen as much as was asked for.
    Sample,
    /// It was asked to stop.
    Stop,
    /// The connection manager shuts down.
    Shutdown,
    /// Nobody reads any more.
    Leaving,
    /// The `error` that follows says which.
    Failure,
}

impl Progress {
    /// Whether it is to be told now: it was not told a moment ago.
    pub(super) fn is_news(&mut self) -> bool {
        let is_news = self.told.is_none_or(|told| told.elapsed() >= EVERY);
        if is_news {
            self.told = Some(Instant::now());
        }
        is_news
    }
}
