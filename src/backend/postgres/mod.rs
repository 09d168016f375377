//! PostgreSQL.
//!
//! This backend speaks the wire protocol itself and asks for every value in text form: pg-meta's
//! JSON is defined on that form, and several built-in types have no other that can be shown. Values
//! go from the socket's buffer into the answer without a tree in between.
//!
//! [`Client`] holds a `pool` of sessions. A request leases one, `gate` judges its SQL, `query` runs
//! it in one round trip, `columns` and `values` write the rows. When the lease is dropped, `lease`
//! decides what becomes of the session: back to the pool, reset, or cancelled and closed.

use std::sync::Arc;
use std::time::Duration;

mod arrays;
mod cancel;
mod columns;
mod connect;
mod connection;
mod error;
mod execute;
mod extensions;
mod functions;
mod gate;
mod interval;
mod lease;
mod leftovers;
mod lexer;
mod numbers;
mod parameters;
mod pool;
mod pooler;
mod probe;
mod query;
mod receive;
mod send;
mod settled;
mod startup;
mod statements;
mod stream;
mod tables;
mod types;
mod values;
mod weight;

pub use self::execute::{Answer, Column, Notice};
pub use self::parameters::Parameter;
pub use self::probe::probe;
pub use self::query::{Shape, Statement};
pub use self::tables::TableFilter;

use self::connect::Connector;
use self::extensions::Owners;
use self::pool::Pool;
use self::types::TypeNames;
use super::{ConnectOptions, Gauge};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::target::PostgresTarget;

/// A live client of one target.
#[derive(Debug)]
pub struct Client {
    pool: Arc<Pool>,
    types: TypeNames,
    owners: Owners,
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
