//! What the operator allows and denies.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use super::address::{self, Kind};
use crate::error::{Error, Result};
use crate::target::host;

/// Which addresses may be connected to, besides those that never may.
///
/// In order: never-allowed addresses; `denied`; `allowed`; then private ranges by `deny_private`.
/// The rule `*` in `denied` means everything that `allowed` does not name.
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy {
    /// Loopback and private ranges are refused unless `allowed` names them.
    pub deny_private: bool,
    /// Exceptions from `deny_private` and from `*`.
    pub allowed: Vec<HostRule>,
    /// Refused even if `allowed` names them.
    pub denied: Vec<HostRule>,
}

/// A host, a suffix or a network, on one port or on all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    Net(IpNet),
    Name(String),
    /// With its leading dot.
    Suffix(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Allowed,
    Never,
    Denied,
    Private,
}

impl EgressPolicy {
    /// Reads the comma-separated lists of `MULTIDB_ALLOWED_HOSTS` and `MULTIDB_DENIED_HOSTS`.
    pub fn parse(deny_private: bool, allowed: &str, denied: &str) -> Result<Self> {
        let rules = |name: &str, list: &str| {
            list.split(',')
                .map(str::trim)
                .filter(|rule| !rule.is_empty())
                .map(HostRule::from_str)
                .collect::<Result<Vec<_>>>()
                .map_err(|e| e.context(name))
        };
        Ok(Self {
            deny_private,
            allowed: rules("MULTIDB_ALLOWED_HOSTS", allowed)?,
            denied: rules("MULTIDB_DENIED_HOSTS", denied)?,
        })
    }

    pub(super) fn verdict(&self, host: &str, address: IpAddr, port: u16) -> Verdict {
        let kind = address::kind(address);
        if kind == Kind::Never {
            return Verdict::Never;
        }
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let addresses = addresses(address);
        let mut only_allowed = false;
        for rule in &self.denied {
            if rule.hosts == Hosts::All && rule.port.is_none() {
                only_allowed = true;
            } else if rule.fits(&host, &addresses, port) {
                return Verdict::Denied;
            }
        }
        // Only the outer address counts: allowing `10.0.0.0/8` does not allow tunnels into it.
        if self.allowed.iter().any(|rule| rule.fits(&host, &addresses[..1], port)) {
            Verdict::Allowed
        } else if only_allowed {
            Verdict::Denied
        } else if self.deny_private && kind == Kind::Private {
            Verdict::Private
        } else {
            Verdict::Allowed
        }
    }
}

/// The address itself, an IPv4-mapped one as that IPv4 address, then the ones inside it.
fn addresses(address: IpAddr) -> Vec<IpAddr> {
    let mut all = vec![address.to_canonical()];
    if let (IpAddr::V6(outer), [IpAddr::V6(_)]) = (address, all.as_slice()) {
        all.extend(address::embedded(outer).into_iter().map(IpAddr::V4));
    }
    all
}

impl HostRule {
    fn fits(&self, host: &str, addresses: &[IpAddr], port: u16) -> bool {
        let fits = match &self.hosts {
            Hosts::All => true,
            Hosts::Net(net) => addresses.iter().any(|address| net.contains(address)),
            Hosts::Name(name) => host == name,
            Hosts::Suffix(suffix) => host.ends_with(suffix.as_str()),
        };
        fits && self.port.is_none_or(|own| own == port)
    }
}

impl FromStr for HostRule {
    type Err = Error;

    /// `10.0.0.0/8`, `::1`, `db.internal`, `*.internal`, `*`; all with an optional `:port`, IPv6
    /// then in brackets.
    fn from_str(rule: &str) -> Result<Self> {
        let wrong = || {
            Error::validation(format!(
                "`{rule}` is not a host, `*.suffix`, address or network (CIDR), with or without \
                 `:port`"
            ))
        };
        // More than one colon without brackets is an IPv6 address or network.
        let (hosts, port) = match rule.rsplit_once(':') {
            Some((hosts, port)) if !hosts.contains(':') || hosts.ends_with(']') => {
                let port = port.parse::<u16>().map_err(|_| wrong())?;
                (hosts, Some(port))
            }
            _ => (rule, None),
        };
        let bare = hosts.trim_start_matches('[').trim_end_matches(']');
        let hosts = if bare == "*" {
            Hosts::All
        } else if let Ok(net) = bare.parse::<IpNet>() {
            Hosts::Net(net.trunc())
        } else if let Some(suffix) = bare.strip_prefix("*.") {
            Hosts::Suffix(format!(".{}", host::normalise(suffix).map_err(|_| wrong())?))
        } else if let Some(address) = host::literal(bare) {
            Hosts::Net(address.to_canonical().into())
        } else {
            let name = host::normalise(bare).map_err(|_| wrong())?;
            Hosts::Name(name.trim_end_matches('.').to_owned())
        };
        Ok(Self { hosts, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(policy: &EgressPolicy, host: &str, address: &str, port: u16) -> Verdict {
        policy.verdict(host, address.parse().unwrap(), port)
    }

    #[test]
    fn private_ranges_are_denied_unless_listed() {
        let policy =
            EgressPolicy::parse(true, "10.1.0.0/16, *.railway.internal, [::1]:6379", "").unwrap();
        assert_eq!(verdict(&policy, "10.1.2.3", "10.1.2.3", 1), Verdict::Allowed);
        assert_eq!(verdict(&policy, "x", "::ffff:10.1.2.3", 1), Verdict::Allowed);
        assert_eq!(verdict(&policy, "10.2.2.3", "10.2.2.3", 1), Verdict::Private);
        assert_eq!(verdict(&policy, "db.Railway.Internal.", "fd12::1", 1), Verdict::Allowed);
        assert_eq!(verdict(&policy, "railway.internal", "fd12::1", 1), Verdict::Private);
        assert_eq!(verdict(&policy, "xrailway.internal", "fd12::1", 1), Verdict::Private);
        assert_eq!(verdict(&policy, "::1", "::1", 6379), Verdict::Allowed);
        assert_eq!(verdict(&policy, "::1", "::1", 6380), Verdict::Private);
        assert_eq!(verdict(&policy, "example.com", "93.184.216.34", 1), Verdict::Allowed);
    }

    #[test]
    fn an_allowed_network_does_not_allow_tunnels_into_it() {
        let policy = EgressPolicy::parse(true, "10.0.0.0/8", "").unwrap();
        assert_eq!(verdict(&policy, "x", "64:ff9b::a00:1", 1), Verdict::Private);
    }

    #[test]
    fn a_denied_network_is_denied_through_tunnels_too() {
        let policy = EgressPolicy::parse(false, "", "192.168.0.0/16").unwrap();
        assert_eq!(verdict(&policy, "x", "192.168.1.1", 1), Verdict::Denied);
        assert_eq!(verdict(&policy, "x", "2002:c0a8:0101::1", 1), Verdict::Denied);
        assert_eq!(verdict(&policy, "x", "10.0.0.1", 1), Verdict::Allowed);
    }

    #[test]
    fn metadata_is_denied_even_if_listed() {
        let policy = EgressPolicy::parse(false, "169.254.0.0/16,*", "").unwrap();
        assert_eq!(verdict(&policy, "x", "169.254.169.254", 80), Verdict::Never);
    }

    #[test]
    fn a_denied_star_leaves_only_what_is_allowed() {
        let policy = EgressPolicy::parse(false, "db.example.com", "*").unwrap();
        assert_eq!(verdict(&policy, "db.example.com", "1.2.3.4", 1), Verdict::Allowed);
        assert_eq!(verdict(&policy, "other.example.com", "1.2.3.4", 1), Verdict::Denied);
    }

    #[test]
    fn a_bad_rule_is_refused_with_the_name_of_its_variable() {
        for rule in ["10.0.0.0/33", "db:port", "a b", "http://x", "*.", "db:70000"] {
            let error = EgressPolicy::parse(true, rule, "").unwrap_err();
            assert!(error.message().contains("MULTIDB_ALLOWED_HOSTS"), "{rule}: {error}");
        }
    }
}
