//! From a target to a session: resolve, connect, TLS, log in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use super::connection::Connection;
use super::startup;
use super::stream::{Security, Stream};
use crate::backend::ConnectOptions;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::sockets::dialling;
use crate::target::egress::Egress;
use crate::target::{PostgresTarget, tls};

/// Sessions are replaced after this, give or take a tenth.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Opens sessions with one target.
#[derive(Debug)]
pub(in crate::backend::postgres) struct Connector {
    pub target: PostgresTarget,
    security: Option<Security>,
    pub egress: Arc<Egress>,
    /// How long one attempt may take.
    pub timeout: Duration,
}

impl Connector {
    /// Refuses TLS settings that can't be used.
    pub(in crate::backend::postgres) fn new(
        target: &PostgresTarget,
        options: &ConnectOptions,
    ) -> Result<Self> {
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
        })
    }

    /// A stream that is as secure as the target asks for.
    pub(super) async fn stream(&self, deadline: Deadline) -> Result<Stream> {
        let endpoint = &self.target.endpoint;
        let tcp = self.egress.connect(&endpoint.host, endpoint.port, deadline).await?;
        self.secure(tcp, deadline).await
    }

    /// TLS over an open connection, where the target asks for it.
    pub(in crate::backend::postgres) async fn secure(
        &self,
        tcp: TcpStream,
        deadline: Deadline,
    ) -> Result<Stream> {
        let host = &self.target.endpoint.host;
        Stream::secure(tcp, host, self.security.as_ref(), deadline).await
    }

    /// A session that is ready.
    pub(in crate::backend::postgres) async fn connect(
        &self,
        deadline: Deadline,
    ) -> Result<Connection> {
        let had_its_time = deadline.remaining() >= self.timeout;
        let deadline = deadline.or_after(self.timeout);
        let opened = async {
            let stream = self.stream(deadline).await?;
            self.log_in(stream, deadline).await
        };
        opened.await.map_err(|error| dialling::failed(error, had_its_time))
    }

    /// Logs in.
    pub(in crate::backend::postgres) async fn log_in(
        &self,
        stream: Stream,
        deadline: Deadline,
    ) -> Result<Connection> {
        // Sessions opened together must not all end together.
        let lifetime = MAX_LIFETIME.mul_f64(rand::random_range(0.9..1.1));
        let expires = Instant::now() + lifetime;
        let work = startup::log_in(stream, &self.target, expires);
        deadline.run(work).await.unwrap_or_else(|| {
            Err(Error::timeout("the server did not log us in in time", Outcome::NotApplied))
        })
    }
}
