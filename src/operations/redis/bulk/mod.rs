//! Deleting, expiring, persisting and copying many keys, with progress.
//!
//! The answer is a stream of records. The first is
//! `{ job, action, dry_run, keyspace }`; with `DELETE …/jobs/{job}` the work is asked to stop. Then
//! come `{ progress: { examined, matched, done, skipped, failed, unknown, node, round_trip_ms,
//! baseline_ms, throttled_ms } }` as it goes, `{ problem: { key, outcome, code, message } }` for keys
//! that could not be changed, and at last `{ end: { …, ended_by } }` with the exact numbers:
//! `matched` is the sum of `done`, `skipped`, `failed` and `unknown`. What is unknown may or may not
//! have been done, and is never sent again.
//!
//! A key that is met again, because the server's table grew, its slot moved or another server took over
//! meanwhile, is counted once. With more than 900,000 keys not all are remembered; then `exact` is false,
//! and the counts are those of visits. A copy that is to `fail` where a key is there already can then end
//! with `CONFLICT` at one that it wrote itself, and `exact: false` says that this may be so.
//!
//! What would reach nine tenths of the database's keys or more, or without saying what their names begin
//! with most of them, is refused unless it is confirmed. An `error` at the end has the counts too, and says
//! `not_applied` only where nothing was done.
//!
//! A copy takes keys to another connection of the project, with their times and in one piece each. What
//! was there already (unless it is replaced), and what is gone or over meanwhile, is `skipped`.

use crate::request::operation::operations;

mod copy;
mod guard;
mod input;
mod pace;
mod preview;
mod tally;
mod work;

operations! {
    /// Deletes, expires, persists or copies many keys, with progress. Needs write permission, but for
    /// a dry run; to copy them, on the connection that they are copied to.
    "redis.bulk" POST "/redis/{scope}/keys/bulk" Connection(Redis) Read 20 does by_input fails WrongType gives records(crate::request::answer::Undeclared) => work::run;
    /// Asks work of one's own to stop after the step that is under way.
    "redis.jobs.stop" DELETE "/redis/{scope}/jobs/{job}" Connection(Redis) Read 1 does reads => work::stop;
}
