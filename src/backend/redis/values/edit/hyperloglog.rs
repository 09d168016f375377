//! HyperLogLogs: strings that count distinct elements without holding them.

use super::Edit;
use super::seen::Seen;

/// Adds elements; `changed` is 1 if the estimate may be another now.
#[must_use]
pub fn add(elements: Vec<Vec<u8>>) -> Edit {
    Edit::of("string")
        .step("PFADD", elements)
        .telling("changed")
        .unless_changed([Seen::HyperLogLog])
}
