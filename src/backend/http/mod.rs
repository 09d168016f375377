//! http.

use super::probe::Probe;
use super::{ConnectOptions, Gauge};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::target::HttpTarget;

/// A live client of one target.
#[derive(Debug)]
pub struct Client;

impl Client {
    /// Connects and authenticates; returns once the server answered.
    pub async fn connect(
        _target: &HttpTarget,
        _options: &ConnectOptions,
        _deadline: Deadline,
    ) -> Result<Self> {
        Err(Error::internal("not built yet"))
    }

    /// Closes every connection.
    pub async fn close(&self) {}

    /// What it holds at this moment.
    pub fn gauge(&self) -> Gauge {
        Gauge::default()
    }
}

/// Tries the target step by step.
pub async fn probe(
    _target: &HttpTarget,
    _options: &ConnectOptions,
    _probe: &mut Probe,
) -> Result<()> {
    Err(Error::internal("not built yet"))
}
