//! From a target to a session: resolve, connect, TLS, log in.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::runtime::Handle;

use super::connection::Connection;
use super::startup;
use super::stream::{self, Security, Stream};
use crate::backend::ConnectOptions;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::sockets::{Condition, Dial};
use crate::target::egress::Egress;
use crate::target::{PostgresTarget, tls};

/// Opens sessions with one target.
#[derive(Debug)]
pub(crate) struct Connector {
    pub target: PostgresTarget,
    security: Option<Security>,
    pub egress: Arc<Egress>,
    /// How long one attempt may take.
    timeout: Duration,
    /// Where cancelling and resetting go on after a request is gone.
    pub(super) runtime: Handle,
}

impl Connector {
    /// Refuses TLS settings that can't be used.
    pub(crate) fn new(target: &PostgresTarget, options: &ConnectOptions) -> Result<Self> {
        let security = match &target.tls {
            Some(tls) => {
                Some(Security { config: tls::client_config(tls)?, optional: tls.optional })
            }
            None => None,
        };
        Ok(Self {
            target: target.clone(),
            security,
            egress: options.egress.clone(),
            timeout: target
                .connect_timeout_ms
                .map_or(options.connect_timeout, Duration::from_millis),
            runtime: Handle::current(),
        })
    }

    /// A stream that is as secure as the target asks for.
    pub(super) async fn stream(&self, deadline: Deadline) -> Result<Stream> {
        let endpoint = &self.target.endpoint;
        let tcp = self.egress.connect(&endpoint.host, endpoint.port, deadline).await?;
        self.secure(tcp, deadline).await
    }

    /// TLS over an open connection, where the target asks for it.
    pub(crate) async fn secure(&self, tcp: TcpStream, deadline: Deadline) -> Result<Stream> {
        let host = &self.target.endpoint.host;
        stream::secure(tcp, host, self.security.as_ref(), deadline).await
    }

    /// Logs in.
    pub(crate) async fn log_in(&self, stream: Stream, deadline: Deadline) -> Result<Connection> {
        let work = startup::log_in(stream, &self.target);
        deadline.run(work).await.unwrap_or_else(|| {
            Err(Error::timeout("the server did not log us in in time", Outcome::NotApplied))
        })
    }
}

impl Dial for Connector {
    type Socket = Connection;
    const SETTING: Option<&'static str> = Some("MAX_POSTGRES_CONNECTIONS");

    fn peer(&self) -> String {
        "the server".to_owned()
    }

    fn connect_timeout(&self) -> Duration {
        self.timeout
    }

    async fn dial(&self, deadline: Deadline) -> Result<Connection> {
        let stream = self.stream(deadline).await?;
        self.log_in(stream, deadline).await
    }

    fn is_settled(&self, connection: &Connection) -> bool {
        !connection.is_dead() && !connection.is_busy()
    }

    /// What has arrived unasked may be the end, or only a notice.
    fn condition(&self, connection: &mut Connection) -> Condition {
        if connection.is_quiet() { Condition::Trusted } else { Condition::Doubtful }
    }

    async fn is_alive(&self, connection: &mut Connection) -> bool {
        connection.ping().await.is_ok()
    }
}
