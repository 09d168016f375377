//! Deleting, expiring, persisting and copying many keys, with progress.
//!
//! A key that is met again, because the server's table grew, its slot moved or another server took over
//! meanwhile, is counted once.

mod copy;
mod guard;
mod input;
mod pace;
mod preview;
mod record;
mod tally;
mod work;

use self::record::BulkRecord;
use crate::request::operation::operations;

operations! {
    /// Deletes, expires, persists or copies many keys, with progress.
    ///
    /// Needs write permission, but for a dry run; to copy keys, on the connection that they are copied to.
    /// What would reach nine tenths of the database's keys or more, or without saying what their names begin
    /// with most of them, is refused unless it is confirmed.
    ///
    /// The `error` of work that failed has the counts too, and says `not_applied` only where nothing was
    /// done. A copy that is to `fail` where a key is there already can end with `CONFLICT` at one that it
    /// wrote itself; `exact: false` says that this may be so.
    ///
    /// A copy takes keys to another connection of the project, with their times and in one piece each. What
    /// was there already (unless it is replaced), and what is gone or over meanwhile, is `skipped`.
    "redis.bulk" POST "/redis/{scope}/keys/bulk" Connection(Redis) Read 20 does by_input fails WrongType
        gives records(BulkRecord<'static>) => work::run;
}
