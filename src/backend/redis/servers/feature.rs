//! Commands that not every server has.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a server knows an optional command; found out by using it once.
#[derive(Debug)]
pub(crate) struct Feature(AtomicBool);

impl Default for Feature {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl Feature {
    pub(crate) fn may_exist(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set_missing(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
