//! What is known about a write after it ended, well or badly.

use schemars::JsonSchema;
use serde::Serialize;

/// Whether the operation took effect on the server.
///
/// A retry, by us or by the caller, is only safe after `not_applied`, or for reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The server confirmed it.
    Applied,
    /// It is proven that the server did not run it.
    NotApplied,
    /// The request may have reached the server and its answer was lost.
    Unknown,
}

impl Outcome {
    /// The name used in JSON and in JavaScript.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::NotApplied => "not_applied",
            Self::Unknown => "unknown",
        }
    }
}

/// What work of many steps has done so far, which its failure must not hide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Steps that the server confirmed.
    pub applied: u64,
    /// Steps that may have been done.
    pub unknown: u64,
}

impl Extent {
    /// What is known of all the work after it failed; `failure` is what is known of the step that did.
    pub fn outcome(self, failure: Outcome) -> Outcome {
        match (self, failure) {
            (Self { unknown: 1.., .. }, _) | (_, Outcome::Unknown) => Outcome::Unknown,
            (Self { applied: 1.., .. }, _) | (_, Outcome::Applied) => Outcome::Applied,
            (_, Outcome::NotApplied) => Outcome::NotApplied,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Applied, NotApplied, Unknown};

    #[test]
    fn only_work_of_which_nothing_was_done_is_not_applied() {
        for (applied, unknown) in [(0, 0), (1, 0), (0, 1), (2, 3)] {
            let extent = Extent { applied, unknown };
            for failure in [Applied, NotApplied, Unknown] {
                let outcome = extent.outcome(failure);
                let nothing = applied + unknown == 0 && failure == NotApplied;
                assert_eq!(outcome == NotApplied, nothing, "{extent:?} {failure:?}");
                let doubt = unknown > 0 || failure == Unknown;
                assert_eq!(outcome == Unknown, doubt, "{extent:?} {failure:?}");
            }
        }
    }
}
