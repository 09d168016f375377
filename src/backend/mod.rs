//! The four backends. None of them knows another, the pools, or HTTP.

use std::sync::Arc;
use std::time::Duration;

use crate::deadline::Deadline;
use crate::error::Result;
use crate::target::Target;
use crate::target::egress::Egress;

mod dialling;
pub mod http;
pub mod mongodb;
pub mod postgres;
pub mod probe;
pub mod redis;
mod warnings;

pub use self::warnings::Warnings;

/// What a client needs besides its target.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// Opens every socket.
    pub egress: Arc<Egress>,
    /// Most connections this client may hold, pending ones included.
    pub max_connections: u32,
    /// How long one connection attempt may take, from name look-up to authentication.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept.
    pub idle_timeout: Duration,
}

/// What a client holds at this moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Gauge {
    /// Connections that are open.
    pub open: u32,
    /// Connections that are working on a request.
    pub in_use: u32,
    /// Requests that wait for a connection.
    pub waiting: u32,
}

/// A live client of one target.
#[derive(Debug)]
pub enum Client {
    /// Redis.
    Redis(redis::Client),
    /// MongoDB.
    Mongodb(mongodb::Client),
    /// PostgreSQL.
    Postgres(postgres::Client),
    /// HTTP.
    Http(Box<http::Client>),
}

impl Client {
    /// Connects and authenticates; returns once the target answered.
    pub async fn connect(
        target: &Target,
        options: &ConnectOptions,
        deadline: Deadline,
    ) -> Result<Self> {
        Ok(match target {
            Target::Redis(t) => Self::Redis(redis::Client::connect(t, options, deadline).await?),
            Target::Mongodb(t) => {
                Self::Mongodb(mongodb::Client::connect(t, options, deadline).await?)
            }
            Target::Postgres(t) => {
                Self::Postgres(postgres::Client::connect(t, options, deadline).await?)
            }
            Target::Http(t) => {
                Self::Http(Box::new(http::Client::connect(t, options, deadline).await?))
            }
        })
    }

    /// Closes every connection. Requests that still run fail.
    pub async fn close(&self) {
        match self {
            Self::Redis(c) => c.close().await,
            Self::Mongodb(c) => c.close().await,
            Self::Postgres(c) => c.close().await,
            Self::Http(c) => c.close().await,
        }
    }

    /// What it holds at this moment.
    pub fn gauge(&self) -> Gauge {
        match self {
            Self::Redis(c) => c.gauge(),
            Self::Mongodb(c) => c.gauge(),
            Self::Postgres(c) => c.gauge(),
            Self::Http(c) => c.gauge(),
        }
    }
}
