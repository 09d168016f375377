//! A session in the hands of one request, and what becomes of it afterwards.

use std::time::Duration;

use super::cancel::cancel;
use super::connect::Connector;
use super::connection::Connection;
use crate::backend::postgres::statement::{gate, leftovers};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::sockets;

/// How long cancelling or resetting may go on after the request.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// What follows a statement that only reads. A lock that a function has taken for the session, be it
/// one behind a view, is not undone with the transaction.
pub(crate) const GIVE_BACK: &str = "ROLLBACK;SELECT pg_catalog.pg_advisory_unlock_all()";

/// What a statement called that may have left what no reset undoes: a link to another server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Called {
    Nothing,
    Something,
    /// It has surely left such a thing.
    ToLast,
}

impl Called {
    pub(crate) fn by(sql: &str) -> Self {
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
pub(crate) struct Lease {
    /// `None` only while it is being dropped.
    session: Option<sockets::Lease<Connector>>,
    /// The session may have been changed: settings, temporary tables, locks.
    pub dirty: bool,
    pub called: Called,
    /// It must not be used again.
    pub retire: bool,
}

impl From<sockets::Lease<Connector>> for Lease {
    fn from(session: sockets::Lease<Connector>) -> Self {
        Self { session: Some(session), dirty: false, called: Called::Nothing, retire: false }
    }
}

const HELD: &str = "a lease has its session until it is dropped";

impl Lease {
    /// The session.
    pub(crate) fn connection(&mut self) -> &mut Connection {
        self.session.as_mut().expect(HELD)
    }

    /// What was looked for in the statement has not come to run.
    pub(crate) fn nothing_was_called(&mut self, only_read: bool) {
        self.called = Called::Nothing;
        self.dirty = !only_read;
    }

    /// A session that is opened now, in the place of one that others may be as stale as.
    pub(crate) async fn replace(mut self, deadline: Deadline) -> Result<Self> {
        let session = self.session.take().expect(HELD);
        session.replace(deadline).await.map(Self::from)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut session) = self.session.take() else { return };
        let runtime = session.pool().dialer.runtime.clone();
        if session.is_dead() {
            session.close();
        } else if session.is_busy() {
            runtime.spawn(end(session));
        } else if self.retire || self.called == Called::ToLast && !session.is_pooled() {
            session.close();
        } else if self.dirty && session.needs_reset() {
            runtime.spawn(clean(session, self.called != Called::Nothing));
        } else {
            session.settle();
        }
    }
}

/// Ends the statement that a session runs, and the session. The right to it is given back once the
/// server was told. One that goes on all the same, as some `XPath` does, is not waited for: it would keep
/// everybody else from the slot.
async fn end(session: sockets::Lease<Connector>) {
    if let Some(key) = session.key {
        cancel(&session.pool().dialer, key, Deadline::after(AFTERWARDS)).await;
    }
}

/// Resets a session and gives it back. The request that used it does not wait for this.
async fn clean(mut session: sockets::Lease<Connector>, called: bool) {
    let clean = session.reset(called.then_some(STAYS));
    match Deadline::after(AFTERWARDS).run(clean).await {
        Some(Ok(false)) => session.settle(),
        _ => session.close(),
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
