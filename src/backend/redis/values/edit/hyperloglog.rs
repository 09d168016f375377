//! HyperLogLogs: strings that count distinct elements without holding them.

use super::seen::Seen;
use super::{Edit, EditResult};
use crate::backend::redis::wire::reply;

/// Adds elements; `changed` is 1 if the estimate may be another now.
#[must_use]
pub fn add(elements: Vec<Vec<u8>>) -> Edit {
    Edit::of("string")
        .step("PFADD", elements)
        .telling(|reply| reply::integer(reply).map(EditResult::Changed))
        .unless_changed([Seen::HyperLogLog])
}
