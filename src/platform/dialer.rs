//! Log-ins on the platform database, for the pool and for the session that listens.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio_postgres::config::{self, SslMode};
use tokio_postgres::{Client, Config, Connection};

use super::failure;
use super::session::Session;
use super::tls::{Connector, Stream};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::sockets::{Circuit, Condition, Dial, FIRST_PAUSE};
use crate::target::egress::Egress;
use crate::target::tls::client_config;
use crate::target::{ChannelBinding, PostgresTarget};

/// How long one attempt may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What sessions are called in `pg_stat_activity`.
const POOLED: &str = "studio-multidb";

/// Makes sessions, and checks them before they are used again.
pub(crate) struct Dialer {
    pub(super) target: PostgresTarget,
    tls: Option<Arc<ClientConfig>>,
    egress: Arc<Egress>,
    circuit: Arc<Circuit>,
}

impl Dial for Dialer {
    type Socket = Session;

    fn peer(&self) -> String {
        "the platform database".to_owned()
    }

    fn connect_timeout(&self) -> Duration {
        CONNECT_TIMEOUT
    }

    async fn dial(&self, deadline: Deadline) -> Result<Session> {
        let starting = async {
            let (client, connection) = self.connect(POOLED, deadline).await?;
            Session::start(client, connection).await
        };
        let started = deadline.run(starting).await;
        let answered = started.filter(|s| !matches!(s, Err(e) if e.code() == Code::DbTimeout));
        answered.unwrap_or_else(|| {
            let message = format!(
                "the platform database at {} did not answer within {} s",
                self.target.endpoint,
                CONNECT_TIMEOUT.as_secs()
            );
            Err(Error::new(Code::DbConnectionFailed, message))
        })
    }

    fn is_settled(&self, session: &Session) -> bool {
        session.is_idle()
    }

    fn condition(&self, session: &mut Session) -> Condition {
        if session.is_closed() { Condition::Gone } else { Condition::Trusted }
    }

    async fn is_alive(&self, session: &mut Session) -> bool {
        session.batch("").await.is_ok()
    }

    fn circuit(&self) -> Option<&Arc<Circuit>> {
        Some(&self.circuit)
    }

    /// What a request is about is another endpoint.
    fn is_of_endpoint(&self, _: &Error) -> bool {
        false
    }
}

impl Dialer {
    pub(super) fn new(target: PostgresTarget, egress: Arc<Egress>) -> Result<Self> {
        Ok(Self {
            tls: target.tls.as_ref().map(client_config).transpose()?,
            target,
            egress,
            // Callers fall back to what was read before.
            circuit: Arc::new(Circuit::new(FIRST_PAUSE).without_waiting()),
        })
    }

    /// Whether it could not be reached when that was last tried.
    pub(super) fn is_failing(&self) -> bool {
        self.circuit.cause().is_some()
    }

    /// Logs in.
    pub(super) async fn connect(
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
