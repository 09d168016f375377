//! A small pool of tokio-postgres sessions.
//!
//! Every statement here is short, so a session is checked, used and handed back; what a
//! session was doing when its user went away is never guessed at: such a session is closed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio_postgres::{Client, Connection, Row};

use super::answering::Answering;
use super::dialer::{CONNECT_TIMEOUT, Dialer};
use super::failure;
use super::session::Parameters;
use super::tls::Stream;
use crate::config::Config;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::sockets::{Lease, Limits, Pool};
use crate::target::egress::Egress;
use crate::target::{DatabaseType, Rules, Target, TargetInput};

/// What is kept there is read from memory nearly always; a handful of sessions is plenty.
const MOST_SESSIONS: u32 = 8;
/// How long callers wait for a session: for one to become free, or to be opened.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an unused one is kept.
const IDLE: Duration = Duration::from_secs(300);
/// What the session that listens is called in `pg_stat_activity`.
const LISTENER: &str = "studio-multidb listener";

/// A session that goes back to the pool when it is dropped.
pub(crate) type Lent = Lease<Dialer>;

/// The platform database.
#[derive(Debug)]
pub struct Platform {
    pool: Arc<Pool<Dialer>>,
    answering: Answering,
}

impl Platform {
    /// The platform database of a configuration, if there is one. Nothing is connected before it is
    /// first asked.
    ///
    /// Fails where `DATABASE_URL` is malformed.
    pub fn open(config: &Config, egress: Arc<Egress>) -> Result<Option<Arc<Self>>> {
        let Some(url) = &config.database_url else { return Ok(None) };
        let input = TargetInput::from_connection_string(url.expose_secret());
        // It is the operator's own, and may use every option.
        let target = Target::parse(DatabaseType::Postgres, &input, Rules { self_hosted: true })
            .map_err(|e| e.context("DATABASE_URL"))?;
        let Target::Postgres(target) = target else {
            return Err(Error::internal("DATABASE_URL was read as another type"));
        };
        let pool = Pool::new(Dialer::new(target, egress)?, Limits::of(MOST_SESSIONS, IDLE));
        Ok(Some(Arc::new(Self { pool, answering: Answering::default() })))
    }

    /// Whether it answers, and how fast.
    pub async fn check(&self, deadline: Deadline) -> Result<Duration> {
        let started = Instant::now();
        let answer = deadline.run(self.read("SELECT 1", &[])).await.unwrap_or_else(|| {
            Err(Error::timeout("the platform database did not answer in time", Outcome::NotApplied))
        });
        answer.map(|_| started.elapsed())
    }

    /// Rows of a statement that changes nothing. It is sent once more, on another session, when the
    /// first one turned out to be dead.
    pub(crate) async fn read(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>> {
        let asked = self.answering.asked();
        let rows = async {
            let mut session = self.session().await?;
            match session.run(sql, parameters).await {
                Err(cause) if failure::session_is_dead(&cause) => {
                    drop(session);
                    // What ended it may have ended the others.
                    self.pool.retire();
                    self.session().await?.rows(sql, parameters).await
                }
                other => other.map_err(|e| failure::of(&e, Outcome::NotApplied)),
            }
        };
        let rows = rows.await;
        asked.ended(&rows);
        rows
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
        let session = self.pool.lease(Deadline::after(PATIENCE)).await;
        match &session {
            Ok(_) => asked.goes_on(),
            Err(_) => asked.ended(&session),
        }
        session
    }

    /// Whether it could be reached when it was last needed, without asking it; `None` where nobody
    /// needed it yet.
    pub fn reached(&self) -> Option<bool> {
        if self.pool.dialer.is_failing() {
            return Some(false);
        }
        self.answering.last()
    }

    /// A connection outside the pool, for `LISTEN`; the caller drives it.
    pub(super) async fn dial(&self) -> Result<(Client, Connection<TcpStream, Stream>)> {
        self.pool.dialer.connect(LISTENER, Deadline::after(CONNECT_TIMEOUT)).await
    }

    /// Closes every session; what still runs fails.
    pub fn close(&self) {
        self.pool.close();
    }
}
