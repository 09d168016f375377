//! Requests to one service, over the connections of its pool.

use std::sync::Arc;

use url::Url;

use super::dialer::{Connection, Dialer};
use super::exchange::{Answer, Request};
use super::path;
use super::service::{Service, Try, status_of_unreadable};
use crate::backend::{ConnectOptions, Gauge};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::sockets::{Limits, Pool};
use crate::target::HttpTarget;

/// Where a service tells whether it is well.
pub const HEALTH: &str = "health";

/// Where a service tells what it is.
pub const INFO: &str = "info";

/// A live client of one service.
#[derive(Debug)]
pub struct Client {
    service: Service,
    pool: Arc<Pool<Dialer>>,
}

impl Client {
    /// Connects and asks for the service's health, to see whether it accepts the key.
    pub async fn connect(
        target: &HttpTarget,
        options: &ConnectOptions,
        deadline: Deadline,
    ) -> Result<Self> {
        let most = target.pool_size.unwrap_or(u32::MAX).min(options.max_connections);
        let limits = Limits::of(most, options.idle_timeout);
        let service = Service::new(target)?;
        let client = Self { service, pool: Pool::new(Dialer::new(target, options)?, limits) };
        match client.send(&Request::get(HEALTH), deadline).await {
            Ok(answer) => client.service.check_accepted(answer.status)?,
            // It answered, so it is there; other paths may well be fit to be read.
            Err(error) if matches!(error.code(), Code::PayloadTooLarge | Code::DbQueryError) => {
                if let Some(status) = status_of_unreadable(&error) {
                    client.service.check_accepted(status)?;
                }
            }
            Err(error) => return Err(error),
        }
        Ok(client)
    }

    /// Sends one request and reads the whole answer, of whatever status.
    ///
    /// `GET` and `HEAD` are sent once more when the connection is lost; others only when nothing of
    /// them was sent. Errors: `OPERATION_NOT_ALLOWED` for a path or method that is refused,
    /// `PAYLOAD_TOO_LARGE` for an answer above the request's cap, and those of connecting. The outcome
    /// of a write whose answer was lost is unknown.
    pub async fn send(&self, request: &Request, deadline: Deadline) -> Result<Answer> {
        request.check(&self.service.request_headers)?;
        let url = path::below(&self.service.base_url, &request.path, &request.query)?;
        let mut lease = self.pool.lease(deadline).await?;
        let mut repeated = false;
        loop {
            let (error, may_repeat) =
                match self.attempt(&mut lease, request, &url, deadline).await? {
                    Try::Answered(answer) => return Ok(answer),
                    // The server had closed the connection while it was idle.
                    Try::NotSent => (self.lost(Outcome::NotApplied), lease.is_reused()),
                    Try::Lost => (self.lost(request.once_sent()), request.only_reads()),
                };
            if repeated || !may_repeat {
                return Err(error);
            }
            repeated = true;
            // Those that are idle are as old as the one that was just found dead.
            self.pool.clear();
            lease = lease.replace(deadline).await?;
        }
    }

    /// Whether somebody who may only read may send the request: it only reads, and the connection does
    /// not say that its readers may ask for other paths alone.
    pub fn is_for_readers(&self, request: &Request) -> Result<bool> {
        let base_url = &self.service.base_url;
        let url = path::below(base_url, &request.path, &request.query)?;
        let below = url.path().strip_prefix(base_url.path()).unwrap_or_default();
        let listed = self.service.reader_paths.as_ref().is_none_or(|paths| paths.has(below));
        Ok(request.only_reads() && listed)
    }

    /// Closes every connection; requests that still run fail.
    #[allow(clippy::unused_async, reason = "the other backends wait for theirs")]
    pub async fn close(&self) {
        self.pool.close();
    }

    /// What it holds at this moment.
    pub fn gauge(&self) -> Gauge {
        self.pool.gauge()
    }

    async fn attempt(
        &self,
        connection: &mut Connection,
        request: &Request,
        url: &Url,
        deadline: Deadline,
    ) -> Result<Try> {
        let message = self.service.message(request, url)?;
        let exchange = self.service.exchange(connection, message, request);
        match deadline.run(self.pool.unless_closed(exchange)).await {
            None => Err(Error::timeout(
                format!("{} did not answer {} in time", self.pool.dialer.endpoint, request.method),
                request.once_sent(),
            )),
            Some(Err(closed)) => Err(closed.outcome(request.once_sent())),
            Some(Ok(tried)) => tried,
        }
    }

    fn lost(&self, outcome: Outcome) -> Error {
        let endpoint = &self.pool.dialer.endpoint;
        let message = format!("{endpoint} closed the connection before it answered");
        Error::new(Code::DbConnectionFailed, message).outcome(outcome)
    }
}

#[cfg(test)]
mod tests;
