//! A session in the hands of one request, and what becomes of it afterwards.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use super::cancel::cancel;
use super::connection::Connection;
use super::pool::Pool;
use crate::backend::postgres::statement::{gate, leftovers};
use crate::deadline::Deadline;

/// How long cancelling or resetting may go on after the request.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// What follows a statement that only reads. A lock that a function has taken for the session, be it
/// one behind a view, is not undone with the transaction.
pub(in crate::backend::postgres) const GIVE_BACK: &str =
    "ROLLBACK;SELECT pg_catalog.pg_advisory_unlock_all()";

/// The right to one session; counted as in use while it lives.
#[derive(Debug)]
pub(super) struct Hold {
    pub permit: OwnedSemaphorePermit,
    pub in_use: InUse,
}

impl Hold {
    pub(super) fn new(permit: OwnedSemaphorePermit, pool: Arc<Pool>) -> Self {
        pool.in_use.fetch_add(1, Ordering::Relaxed);
        Self { permit, in_use: InUse(pool) }
    }

    pub(in crate::backend::postgres) fn pool(&self) -> &Arc<Pool> {
        &self.in_use.0
    }
}

/// Counts one session as in use.
#[derive(Debug)]
pub(super) struct InUse(Arc<Pool>);

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.in_use.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a statement called that may have left what no reset undoes: a link to another server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend::postgres) enum Called {
    Nothing,
    Something,
    /// It has surely left such a thing.
    ToLast,
}

impl Called {
    pub(in crate::backend::postgres) fn by(sql: &str) -> Self {
        if !gate::may_stay(sql) {
            Self::Nothing
        } else if leftovers::begins_backup(sql) {
            Self::ToLast
        } else {
            Self::Something
        }
    }
}

/// A session in use. When it is dropped, the session goes back to the pool if nothing is the matter
/// with it; a statement that still runs is cancelled, and what a write may have left is undone.
#[derive(Debug)]
pub(in crate::backend::postgres) struct Lease {
    /// `None` only while it is being dropped.
    session: Option<(Connection, Hold)>,
    /// The session may have been changed: settings, temporary tables, locks.
    pub dirty: bool,
    pub called: Called,
    /// It must not be used again.
    pub retire: bool,
}

impl Lease {
    pub(super) fn new(connection: Connection, hold: Hold) -> Self {
        let session = Some((connection, hold));
        Self { session, dirty: false, called: Called::Nothing, retire: false }
    }

    /// The session.
    pub(in crate::backend::postgres) fn connection(&mut self) -> &mut Connection {
        &mut self.session.as_mut().expect("a lease has its session until it is dropped").0
    }

    /// What was looked for in the statement has not come to run.
    pub(in crate::backend::postgres) fn nothing_was_called(&mut self, only_read: bool) {
        self.called = Called::Nothing;
        self.dirty = !only_read;
    }

    /// Closes the session and keeps the right to one.
    pub(super) fn discard(mut self) -> Hold {
        self.session.take().expect("a lease has its session until it is dropped").1
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some((connection, hold)) = self.session.take() else { return };
        let runtime = hold.pool().runtime.clone();
        if connection.is_dead() {
            // Dropping it closes it.
        } else if connection.is_busy() {
            runtime.spawn(end(connection, hold));
        } else if self.retire || self.called == Called::ToLast && !connection.is_pooled() {
            // Dropping it closes it.
        } else if self.dirty && connection.needs_reset() {
            runtime.spawn(clean(connection, hold, self.called != Called::Nothing));
        } else {
            hold.pool().put_back(connection);
        }
    }
}

/// Ends the statement that a session runs, and the session. The right to it is given back once the
/// server was told. One that goes on all the same, as some `XPath` does, is not waited for: it would keep
/// everybody else from the slot.
async fn end(connection: Connection, hold: Hold) {
    if let Some(key) = connection.key {
        cancel(&hold.pool().connector, key, Deadline::after(AFTERWARDS)).await;
    }
}

/// Resets a session and gives it back. The request that used it does not wait for this.
async fn clean(mut connection: Connection, hold: Hold, called: bool) {
    let clean = connection.reset(called.then_some(STAYS));
    if matches!(Deadline::after(AFTERWARDS).run(clean).await, Some(Ok(false))) {
        hold.pool().put_back(connection);
    }
}

/// One row where something may have stayed that `DISCARD ALL` knows nothing of, and that others would
/// have with the session: a link of dblink's, a replication slot, a backup. The latter can't be asked
/// for, so that a function of the owner's that begins one is enough.
const STAYS: &str = "SELECT 1 FROM pg_catalog.pg_proc WHERE proname = 'dblink_connect' \
    UNION ALL SELECT 1 FROM pg_catalog.pg_replication_slots \
    WHERE temporary AND active_pid = pg_catalog.pg_backend_pid() \
    UNION ALL SELECT 1 FROM pg_catalog.pg_proc WHERE prolang NOT IN (SELECT oid \
    FROM pg_catalog.pg_language WHERE lanname IN ('internal', 'c')) \
    AND prosrc ~ 'pg_(backup_start|start_backup)' LIMIT 1";
