//! The sessions of one target, and what was learned of its catalog.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::catalog::{Owners, TypeNames};
use super::session::{Connector, Lease};
use crate::backend::{ConnectOptions, Gauge};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::sockets::{Limits, Pool};
use crate::target::PostgresTarget;

/// A live client of one target.
#[derive(Debug)]
pub struct Client {
    pub(super) pool: Arc<Pool<Connector>>,
    pub(super) types: TypeNames,
    pub(super) owners: Owners,
    /// A session turned out to go through a pooler, though the server did not look like it: all do.
    behind_pooler: AtomicBool,
}

impl Client {
    /// Connects and authenticates; returns once the server answered.
    pub async fn connect(
        target: &PostgresTarget,
        options: &ConnectOptions,
        deadline: Deadline,
    ) -> Result<Self> {
        let most = options.max_connections.min(target.pool_size.unwrap_or(u32::MAX));
        let limits = Limits::of(most, options.idle_timeout);
        let client = Self {
            pool: Pool::new(Connector::new(target, options)?, limits),
            types: TypeNames::default(),
            owners: Owners::default(),
            behind_pooler: AtomicBool::new(false),
        };
        drop(client.session(deadline).await?);
        Ok(client)
    }

    /// A session that is ready, as soon as there is one.
    pub(super) async fn session(&self, deadline: Deadline) -> Result<Lease> {
        self.pool.lease(deadline).await.map(Lease::from)
    }

    pub(super) fn found_pooler(&self) {
        self.behind_pooler.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_behind_pooler(&self) -> bool {
        self.behind_pooler.load(Ordering::Relaxed)
    }

    /// The `statement_timeout` that the target asks for; none, where it asks for no limit.
    pub fn statement_timeout(&self) -> Option<Duration> {
        let wanted = self.pool.dialer.target.statement_timeout_ms.filter(|ms| *ms > 0);
        wanted.map(Duration::from_millis)
    }

    /// Closes every connection. Requests that still run fail.
    #[allow(clippy::unused_async)]
    pub async fn close(&self) {
        self.pool.close();
    }

    /// What it holds at this moment.
    pub fn gauge(&self) -> Gauge {
        self.pool.gauge()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.pool.close();
    }
}
