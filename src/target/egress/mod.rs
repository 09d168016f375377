//! The egress guard: every socket of every backend is opened here.
//!
//! It resolves a name once, checks **all** answers against the policy, and connects to one of the
//! checked addresses, so that a second look-up cannot lead elsewhere. The name itself stays with
//! the caller, for SNI and certificate checks.

mod address;
mod dial;
mod policy;

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;

use self::policy::Verdict;
pub use self::policy::{EgressPolicy, HostRule};
use super::host;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// Whether no policy lets `host` be connected to, as far as that is seen without looking it up.
pub fn is_never_reached(host: &str) -> bool {
    match host::literal(host) {
        Some(address) => address::kind(address) == address::Kind::Never,
        None => !host::is_readable(host),
    }
}

/// Opens sockets to where the policy allows, and nowhere else.
#[derive(Debug, Clone, Default)]
pub struct Egress {
    policy: EgressPolicy,
}

impl Egress {
    /// A guard that keeps to `policy`.
    pub fn new(policy: EgressPolicy) -> Self {
        Self { policy }
    }

    /// The guard for endpoints that the operator configured (`DATABASE_URL`, `REDIS_URL`, …):
    /// private ranges are allowed, metadata addresses are not.
    pub fn operator() -> Self {
        Self::default()
    }

    /// Resolves `host` once and checks every answer; one that is not allowed refuses them all.
    pub async fn resolve(
        &self,
        host: &str,
        port: u16,
        deadline: Deadline,
    ) -> Result<Vec<SocketAddr>> {
        if !host::is_readable(host) {
            let message =
                format!("{host:?} is not a host name or address that can be read in one way");
            return Err(Error::new(Code::HostNotAllowed, message).detail("host", host));
        }
        let found = match host::literal(host) {
            Some(address) => vec![SocketAddr::new(address, port)],
            None => dial::look_up(host, port, deadline).await?,
        };
        for address in &found {
            self.check(host, address.ip(), port)?;
        }
        Ok(found)
    }

    /// Opens a TCP connection to a checked address of `host`, with keepalive and without Nagle.
    pub async fn connect(&self, host: &str, port: u16, deadline: Deadline) -> Result<TcpStream> {
        let addresses = self.resolve(host, port, deadline).await?;
        let stream = deadline
            .run(dial::first_to_answer(&addresses))
            .await
            .ok_or_else(|| {
                Error::timeout(
                    format!(
                        "connecting to {host}:{port} took too long; a firewall may be dropping \
                         the packets"
                    ),
                    Outcome::NotApplied,
                )
            })?
            .map_err(|e| dial::connect_failed(host, port, &e))?;
        dial::keep_alive(&stream);
        Ok(stream)
    }

    /// `host` is the name the address was found under, or the address itself.
    fn check(&self, host: &str, address: IpAddr, port: u16) -> Result<()> {
        // What is said about a name must not tell the addresses it has on the operator's network.
        let why = match self.policy.verdict(host, address, port) {
            Verdict::Allowed => return Ok(()),
            Verdict::Never => {
                "is a link-local, metadata or otherwise unroutable address; these are never \
                 connected to"
            }
            Verdict::Denied => "is denied by this installation (MULTIDB_DENIED_HOSTS)",
            Verdict::Private => {
                "is a loopback or private address; the operator can allow it with \
                 MULTIDB_ALLOWED_HOSTS"
            }
        };
        Err(Error::new(Code::HostNotAllowed, format!("{host} {why}")).detail("host", host))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(5))
    }

    fn platform() -> Egress {
        Egress::new(EgressPolicy { deny_private: true, ..EgressPolicy::default() })
    }

    #[tokio::test]
    async fn metadata_addresses_get_no_connection_in_any_notation() {
        for host in [
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "169.254.43518",
            "::ffff:169.254.169.254",
            "[::ffff:a9fe:a9fe]",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::",
            "fd00:ec2::254",
            "fd00:c1::a9fe:a9fe",
            "fd00:42::42",
            "fe80::1",
            "100.100.100.200",
            "168.63.129.16",
            "0",
            "::",
        ] {
            let error = Egress::operator().connect(host, 80, soon()).await.unwrap_err();
            assert_eq!(error.code(), Code::HostNotAllowed, "{host}");
        }
    }

    #[tokio::test]
    async fn a_name_is_refused_when_it_resolves_to_a_private_address() {
        let error = platform().resolve("localhost", 80, soon()).await.unwrap_err();
        assert_eq!(error.code(), Code::HostNotAllowed);
        assert!(!error.message().contains("127.0.0.1"), "{error}");
    }

    #[tokio::test]
    async fn connects_to_loopback_where_private_addresses_are_allowed() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        Egress::operator().connect("localhost", port, soon()).await.unwrap();
        drop(listener);
        let error = Egress::operator().connect("127.0.0.1", port, soon()).await.unwrap_err();
        assert_eq!(error.code(), Code::DbConnectionFailed);
        assert_eq!(error.known_outcome(), Outcome::NotApplied);
    }

    #[tokio::test]
    async fn a_rule_with_a_port_allows_that_port_only() {
        let allowed = vec!["localhost:6379".parse().unwrap()];
        let egress =
            Egress::new(EgressPolicy { deny_private: true, allowed, ..EgressPolicy::default() });
        assert!(egress.resolve("localhost", 6379, soon()).await.is_ok());
        assert!(egress.resolve("localhost", 6380, soon()).await.is_err());
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_a_failed_connection() {
        let error = platform().resolve("no-such-host.invalid", 80, soon()).await.unwrap_err();
        assert_eq!(error.code(), Code::DbConnectionFailed);
    }
}
