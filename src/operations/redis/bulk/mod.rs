//! Deleting, expiring, persisting and copying many keys, with progress.
//!
//! The answer is a stream of records. The first is
//! `{ job, action, dry_run, keyspace }`; with `DELETE …/jobs/{job}` the work is asked to stop. Then
//! come `{ progress: { examined, matched, done, skipped, failed, unknown, node, round_trip_ms,
//! baseline_ms, throttled_ms } }` as it goes, `{ problem: { key, outcome, code, message } }` for keys
//! that could not be changed, and at last `{ end: { …, ended_by } }` with the exact numbers:
//! `matched` is the sum of `done`, `skipped`, `failed` and `unknown`. What is unknown may or may not
//! have been done, and is never sent again.

mod input;
mod pace;
mod preview;
mod tally;
mod work;

pub(super) use work::{run, stop};
