//! A client of whichever backend a target is for.

use super::probe::Probe;
use super::{ConnectOptions, Gauge, http, mongodb, postgres, redis};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::target::Target;

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

/// Tries a target step by step.
pub(super) async fn probe(
    target: &Target,
    options: &ConnectOptions,
    probe: &mut Probe,
) -> Result<()> {
    match target {
        Target::Redis(t) => redis::probe(t, options, probe).await,
        Target::Mongodb(t) => mongodb::probe(t, options, probe).await,
        Target::Postgres(t) => postgres::probe(t, options, probe).await,
        Target::Http(t) => http::probe(t, options, probe).await,
    }
}
