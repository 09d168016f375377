//! The platform database: a small pool of tokio-postgres sessions.
//!
//! Every statement of the registry is short, so a session is checked, used and handed back; what a
//! session was doing when its user went away is never guessed at: such a session is closed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, PoolError, RecycleError, RecycleResult, TimeoutType};
use rustls::ClientConfig;
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_postgres::config::{self, SslMode};
use tokio_postgres::{Client, Config, Connection, Row};

use super::answering::Answering;
use super::failure;
use super::session::{Lent, Parameters, Session};
use super::tls::{Connector, Stream};
use crate::circuit::Circuit;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::target::egress::Egress;
use crate::target::{ChannelBinding, PostgresTarget};

/// How long callers fall back to the cache after the first failed attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// A session that waits this long unused is asked whether it still lives before it is used.
const TRUSTED_FOR: Duration = Duration::from_millis(500);
/// What sessions are called in `pg_stat_activity`.
const POOLED: &str = "studio-multidb";
const LISTENER: &str = "studio-multidb listener";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);
const VALIDATION_TIMEOUT: Duration = Duration::from_secs(1);

/// A pool of sessions.
pub(crate) struct Platform {
    pool: managed::Pool<Dialer>,
    answering: Answering,
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform")
            .field("endpoint", &self.pool.manager().target.endpoint)
            .field("sessions", &self.pool.status())
            .field("answering", &self.answering)
            .finish()
    }
}

impl Platform {
    /// A pool of at most `max_size` sessions. Nothing is connected before the first use.
    pub(crate) fn new(
        target: PostgresTarget,
        egress: Arc<Egress>,
        max_size: usize,
    ) -> Result<Self> {
        let tls = target.tls.as_ref().map(crate::target::tls::client_config).transpose()?;
        let dialer = Dialer {
            target,
            tls,
            egress,
            circuit: Circuit::new(FIRST_PAUSE),
            doubts: AtomicU64::new(0),
            // A burst after a restart must not become a storm of log-ins.
            attempts: Semaphore::new(2),
        };
        let pool = managed::Pool::builder(dialer)
            .max_size(max_size)
            .wait_timeout(Some(WAIT_TIMEOUT))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .recycle_timeout(Some(VALIDATION_TIMEOUT))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|e| Error::internal(format!("the platform database's pool: {e}")))?;
        Ok(Self { pool, answering: Answering::default() })
    }

    /// Rows of a statement that changes nothing. It is sent once more, on another session, when the
    /// first one turned out to be dead.
    pub(crate) async fn read(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>> {
        let asked = self.answering.asked();
        let rows = self.read_on_some_session(sql, parameters).await;
        asked.ended(&rows);
        rows
    }

    async fn read_on_some_session(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>> {
        let mut session = self.session().await?;
        match session.run(sql, parameters).await {
            Err(cause) if failure::session_is_dead(&cause) => {
                drop(session);
                self.pool.manager().doubts.fetch_add(1, Ordering::AcqRel);
                let mut session = self.session().await?;
                session.rows(sql, parameters).await
            }
            other => other.map_err(|e| failure::of(&e, Outcome::NotApplied)),
        }
    }

    /// Rows of a single statement that changes something, in a transaction of its own.
    pub(crate) async fn write(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>> {
        let asked = self.answering.asked();
        let rows = async {
            let done = self.session().await?.run(sql, parameters).await;
            done.map_err(|e| failure::of(&e, Outcome::Unknown))
        };
        let rows = rows.await;
        asked.ended(&rows);
        rows
    }

    /// A session for one caller, for transactions.
    pub(crate) async fn session(&self) -> Result<Lent> {
        let asked = self.answering.asked();
        let session = self.pooled().await;
        match &session {
            Ok(_) => asked.goes_on(),
            Err(_) => asked.ended(&session),
        }
        session
    }

    async fn pooled(&self) -> Result<Lent> {
        // Boxed: it holds a whole log-in, and is inside every future that reads anything.
        match Box::pin(self.pool.get()).await {
            Ok(session) => Ok(session.into()),
            Err(PoolError::Backend(error)) => Err(error),
            Err(PoolError::Timeout(TimeoutType::Wait)) => Err(Error::new(
                Code::PoolExhausted,
                "all connections to the platform database are in use; try again",
            )),
            Err(PoolError::Timeout(_)) => {
                let target = &self.pool.manager().target.endpoint;
                let error = Error::new(
                    Code::DbConnectionFailed,
                    format!(
                        "the platform database at {}:{} did not answer within {} s",
                        target.host,
                        target.port,
                        CONNECT_TIMEOUT.as_secs()
                    ),
                );
                self.pool.manager().circuit.attempt_failed(&error);
                Err(error)
            }
            Err(PoolError::Closed) => Err(Error::new(
                Code::DbConnectionFailed,
                "the connection manager was shut down; the platform database is closed",
            )),
            Err(error) => Err(Error::internal(format!("the platform database's pool: {error}"))),
        }
    }

    /// Whether it could be reached when it was last needed; `None` where nobody needed it yet.
    pub(super) fn reached(&self) -> Option<bool> {
        if self.pool.manager().circuit.cause().is_some() {
            return Some(false);
        }
        self.answering.last()
    }

    /// A connection outside the pool, for `LISTEN`; the caller drives it.
    pub(super) async fn dial(&self) -> Result<(Client, Connection<TcpStream, Stream>)> {
        self.pool.manager().dial(LISTENER, Deadline::after(CONNECT_TIMEOUT)).await
    }

    /// Closes sessions that were unused for longer than `idle`.
    pub(crate) fn sweep(&self, idle: Duration) {
        self.pool.retain(|_, metrics| metrics.last_used() < idle);
    }

    /// Closes every session; what still runs fails.
    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

/// Makes sessions, and checks them before they are used again.
pub(crate) struct Dialer {
    target: PostgresTarget,
    tls: Option<Arc<ClientConfig>>,
    egress: Arc<Egress>,
    circuit: Circuit,
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
    async fn dial(
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
