//! The sessions of one target, and what was learned of its catalog.

use std::sync::Arc;
use std::time::Duration;

use super::catalog::{Owners, TypeNames};
use super::session::{Connector, Pool};
use crate::backend::{ConnectOptions, Gauge};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::target::PostgresTarget;

/// A live client of one target.
#[derive(Debug)]
pub struct Client {
    pub(super) pool: Arc<Pool>,
    pub(super) types: TypeNames,
    pub(super) owners: Owners,
}

impl Client {
    /// Connects and authenticates; returns once the server answered.
    pub async fn connect(
        target: &PostgresTarget,
        options: &ConnectOptions,
        deadline: Deadline,
    ) -> Result<Self> {
        let pool = Pool::new(Connector::new(target, options)?, options);
        let client = Self { pool, types: TypeNames::default(), owners: Owners::default() };
        drop(client.pool.acquire(deadline).await?);
        Ok(client)
    }

    /// The `statement_timeout` that the target asks for; none, where it asks for no limit.
    pub fn statement_timeout(&self) -> Option<Duration> {
        let wanted = self.pool.connector.target.statement_timeout_ms.filter(|ms| *ms > 0);
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
