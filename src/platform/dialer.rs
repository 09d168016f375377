//! Log-ins on the platform database, for the pool and for the session that listens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use rustls::ClientConfig;
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_postgres::config::{self, SslMode};
use tokio_postgres::{Client, Config, Connection};

use super::failure;
use super::session::Session;
use super::tls::{Connector, Stream};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::sockets::Circuit;
use crate::target::egress::Egress;
use crate::target::tls::client_config;
use crate::target::{ChannelBinding, PostgresTarget};

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long callers fall back to the cache after the first failed attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// A session that waits this long unused is asked whether it still lives before it is used.
const TRUSTED_FOR: Duration = Duration::from_millis(500);
/// What sessions are called in `pg_stat_activity`.
const POOLED: &str = "studio-multidb";

/// Makes sessions, and checks them before they are used again.
pub(crate) struct Dialer {
    pub(super) target: PostgresTarget,
    tls: Option<Arc<ClientConfig>>,
    egress: Arc<Egress>,
    pub(super) circuit: Circuit,
    /// Raised when a session turned out to be dead: what ended it may have ended the others.
    doubts: AtomicU64,
    attempts: Semaphore,
}

impl managed::Manager for Dialer {
    type Type = Session;
    type Error = Error;

    async fn create(&self) -> Result<Session> {
        self.circuit.admit()?;
        let _turn = self.attempts.acquire().await.map_err(|e| Error::internal(e.to_string()))?;
        // Those who queued behind a failed attempt share its result.
        self.circuit.admit()?;
        let dialled = self.dial(POOLED, Deadline::after(CONNECT_TIMEOUT)).await;
        match &dialled {
            Ok(_) => self.circuit.succeeded(),
            Err(cause) => self.circuit.attempt_failed(cause),
        }
        let (client, connection) = dialled?;
        Session::start(client, connection, self.doubts.load(Ordering::Acquire)).await
    }

    async fn recycle(&self, session: &mut Session, metrics: &Metrics) -> RecycleResult<Error> {
        if !session.is_sound() {
            return Err(RecycleError::message("the session was left in an unknown state"));
        }
        let doubts = self.doubts.load(Ordering::Acquire);
        if metrics.last_used() > TRUSTED_FOR || !session.is_trusted(doubts) {
            session.check(doubts).await?;
        }
        Ok(())
    }
}

impl Dialer {
    pub(super) fn new(target: PostgresTarget, egress: Arc<Egress>) -> Result<Self> {
        Ok(Self {
            tls: target.tls.as_ref().map(client_config).transpose()?,
            target,
            egress,
            circuit: Circuit::new(FIRST_PAUSE),
            doubts: AtomicU64::new(0),
            // A burst after a restart must not become a storm of log-ins.
            attempts: Semaphore::new(2),
        })
    }

    /// A session turned out to be dead.
    pub(super) fn doubt(&self) {
        self.doubts.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) async fn dial(
        &self,
        name: &str,
        deadline: Deadline,
    ) -> Result<(Client, Connection<TcpStream, Stream>)> {
        let target = &self.target;
        let endpoint = &target.endpoint;
        let what = "the platform database (DATABASE_URL)";
        let socket = self
            .egress
            .connect(&endpoint.host, endpoint.port, deadline)
            .await
            .map_err(|e| e.context(what))?;
        let mut settings = Config::new();
        settings.user(&target.username).dbname(&target.database).application_name(name);
        if let Some(password) = &target.password {
            settings.password(password.expose_secret());
        }
        settings.ssl_mode(match &target.tls {
            None => SslMode::Disable,
            Some(tls) if tls.optional => SslMode::Prefer,
            Some(_) => SslMode::Require,
        });
        settings.channel_binding(match target.channel_binding {
            ChannelBinding::Disable => config::ChannelBinding::Disable,
            ChannelBinding::Prefer => config::ChannelBinding::Prefer,
            ChannelBinding::Require => config::ChannelBinding::Require,
        });
        let connector =
            Connector { config: self.tls.clone(), host: endpoint.host.clone(), deadline };
        let connected = deadline.run(settings.connect_raw(socket, connector)).await;
        connected
            .ok_or_else(|| {
                Error::timeout(format!("{what} did not finish the log-in"), Outcome::NotApplied)
            })?
            .map_err(|e| failure::of(&failure::Cause::Driver(e), Outcome::NotApplied))
    }
}
