//! Whether a request reads or writes. Outcome, cache and limit ask this one thing, and never the
//! HTTP method or the least permission that the operation needs.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::error::Error;
use crate::outcome::Outcome;

/// What the table of operations says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// Its input decides; the operation tells once it has read it
    /// ([`Context::will`](super::context::Context::will)), and gets no client before.
    ByInput,
    /// Whatever its input is, it changes nothing.
    Reads,
    /// It changes something, or may.
    Writes,
}

impl Declared {
    /// As the OpenAPI document says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::ByInput => "by_input",
        }
    }
}

/// What one request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It changes nothing, so that it may be sent again, and a lost answer has lost nothing else.
    Reads,
    /// It changes something, or may.
    Writes,
}

/// What is known of the effect of one request, as a [`Declared`]. It begins with what the table says;
/// what was once told to write stays that.
#[derive(Debug)]
pub struct Known(AtomicU8);

impl Known {
    pub(crate) fn of(declared: Declared) -> Self {
        Self(AtomicU8::new(declared as u8))
    }

    pub(crate) fn tell(&self, effect: Effect) {
        let told = match effect {
            Effect::Reads => Declared::Reads,
            Effect::Writes => Declared::Writes,
        };
        self.0.fetch_max(told as u8, Ordering::AcqRel);
    }

    /// Whether it is known what the request does. Until it is, nothing may be sent.
    pub(crate) fn is_told(&self) -> bool {
        self.0.load(Ordering::Acquire) != Declared::ByInput as u8
    }

    /// Whether the request may have changed something. One that never got so far as to say what it
    /// does has sent nothing.
    pub(crate) fn writes(&self) -> bool {
        self.0.load(Ordering::Acquire) == Declared::Writes as u8
    }

    /// What is known once a request ended without telling.
    pub(crate) fn lost(&self) -> Outcome {
        if self.writes() { Outcome::Unknown } else { Outcome::NotApplied }
    }

    /// The failure of a request, as its caller should know it: the lost answer of one that only reads
    /// leaves nothing unknown.
    pub(crate) fn settle(&self, error: Error) -> Error {
        if self.writes() { error } else { error.outcome(Outcome::NotApplied) }
    }
}
