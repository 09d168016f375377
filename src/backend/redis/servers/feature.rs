//! Commands that not every server has.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a server knows an optional command; found out by using it once.
#[derive(Debug, Default)]
pub(crate) struct Feature {
    is_missing: AtomicBool,
}

impl Feature {
    pub(crate) fn may_exist(&self) -> bool {
        !self.is_missing.load(Ordering::Relaxed)
    }

    pub(crate) fn set_missing(&self) {
        self.is_missing.store(true, Ordering::Relaxed);
    }
}
