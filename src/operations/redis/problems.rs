//! How many problems are told one by one; the others are only counted.

/// Problems that one answer tells.
const MAX_TOLD: u64 = 1_000;

/// Those that were told, and those that were not.
#[derive(Debug, Default)]
pub(super) struct Problems(u64);

impl Problems {
    /// Counts one; says whether it is to be told.
    pub(super) fn admit(&mut self) -> bool {
        self.0 += 1;
        self.0 <= MAX_TOLD
    }

    /// How many were not told.
    pub(super) fn untold(&self) -> u64 {
        self.0.saturating_sub(MAX_TOLD)
    }
}
