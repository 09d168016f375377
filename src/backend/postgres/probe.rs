//! Trying a target step by step.

use super::error::Failure;
use super::query::{Progress, Statement, exchange};
use super::session::{Connector, is_encrypted};
use crate::backend::ConnectOptions;
use crate::backend::probe::Probe;
use crate::error::{Error, Result};
use crate::json::Writer;
use crate::target::PostgresTarget;

const CAPABILITIES: &str = "select current_setting('server_version'), \
    current_setting('server_encoding'), current_setting('is_superuser') = 'on', \
    pg_catalog.pg_is_in_recovery()";

const NO_TLS: &str = "the server offers no TLS: the connection is not encrypted; turn TLS on at the \
    server, and set sslmode=require";

const UNVERIFIED: &str = "the server's certificate was not checked: the connection is encrypted, \
    but not sure to be with the right server; set sslmode=require, with options.ca_pem where the \
    server has a certificate authority of its own";

const SUPERUSER: &str = "the stored role is a superuser: whoever may write here may do anything on \
    the server, and read-only queries can read all of it; store a role with the rights that are \
    needed";

/// Tries the target: `resolve`, `connect`, `tls`, `auth`, `ping`, `capabilities`.
pub async fn probe(
    target: &PostgresTarget,
    options: &ConnectOptions,
    probe: &mut Probe,
) -> Result<()> {
    let deadline = probe.deadline;
    let connector = Connector::new(target, options)?;
    let (host, port) = (target.endpoint.host.as_str(), target.endpoint.port);
    probe.step("resolve", options.egress.resolve(host, port, deadline)).await?;
    let tcp = probe.step("connect", options.egress.connect(host, port, deadline)).await?;
    let mut warnings = Vec::new();
    let stream = match &target.tls {
        Some(tls) => {
            let stream = probe.step("tls", connector.secure(tcp, deadline)).await?;
            if !is_encrypted(&stream) {
                probe.do_without(NO_TLS);
            } else if tls.insecure {
                warnings.push(UNVERIFIED);
            }
            stream
        }
        None => connector.secure(tcp, deadline).await?,
    };
    probe.fact("encrypted", is_encrypted(&stream));
    let mut connection = probe.step("auth", connector.log_in(stream, deadline)).await?;
    let told = |failure: Failure| failure.told(|error| error.to_error(None));
    let ping = async { connection.ping().await.map_err(told) };
    probe.step("ping", ping).await?;
    let statement = Statement::question(CAPABILITIES, options.connect_timeout, 1);
    let mut out = Writer::new();
    let work = async {
        let mut progress = Progress::default();
        exchange(&mut connection, &statement, &mut out, &mut progress).await.map_err(told)
    };
    probe.step("capabilities", work).await?;
    let rows: Vec<(String, String, bool, bool)> = serde_json::from_slice(&out.into_bytes())
        .map_err(|e| Error::internal(format!("the server's settings could not be read: {e}")))?;
    for (version, encoding, is_superuser, is_standby) in rows {
        // Debian adds its own: `15.18 (Debian 15.18-0+deb12u1)`.
        probe.fact("version", version.split(' ').next().unwrap_or_default());
        probe.fact("server_encoding", encoding);
        probe.fact("is_superuser", is_superuser);
        probe.fact("is_standby", is_standby);
        if is_superuser {
            warnings.push(SUPERUSER);
        }
    }
    if !warnings.is_empty() {
        probe.fact("warnings", warnings);
    }
    Ok(())
}
