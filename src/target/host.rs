//! Host names and address literals, in one spelling.
//!
//! `2852039166`, `0xa9fea9fe` and `169.254.43518` are all one address to the C library and to every URL
//! parser. They become that address here, so that what is stored, shown and checked is what would be
//! connected to. A number with a leading zero is octal to some and decimal to others, and digits of
//! other scripts are digits to some only: such an address is none here.

use std::net::IpAddr;

use url::Host;

use crate::error::{Error, Result};

/// The longest name DNS has.
const MAX_LENGTH: usize = 253;

/// Lower-cases a name, encodes an international one (IDNA), and writes an address literal of any
/// notation in its usual form, without brackets.
pub fn normalise(host: &str) -> Result<String> {
    if host.is_empty() {
        return Err(Error::validation("the host is missing"));
    }
    if host.contains('/') || host.contains('%') || host.starts_with('@') {
        return Err(Error::validation(
            "unix sockets, and hosts with `/` or `%` in them, are not supported: give a host name \
             or an address",
        ));
    }
    if is_ambiguous(host) {
        return Err(Error::validation(
            "the address can be read in more than one way; write it without leading zeros, and in \
             plain digits",
        ));
    }
    let wrong = || {
        Error::validation(
            "the host is not a host name or an address; IPv6 addresses are written in brackets \
             in a connection string",
        )
    };
    let written = match parse(host) {
        Some(Host::Domain(name)) => name,
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => return Err(wrong()),
    };
    if written.len() > MAX_LENGTH || !written.bytes().all(is_host_byte) {
        return Err(wrong());
    }
    Ok(written)
}

/// The address that `host` is a literal of, in any notation; `None` when it is a name.
pub fn literal(host: &str) -> Option<IpAddr> {
    match parse(host)? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    }
}

/// Whether `host` is a name or an address that is read in one way only.
pub fn is_readable(host: &str) -> bool {
    parse(host).is_some()
}

/// `host` with brackets where a URL needs them.
pub fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

fn parse(host: &str) -> Option<Host> {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    if bare.contains('%') || is_ambiguous(bare) {
        return None;
    }
    if bare.contains(':') {
        return Host::parse(&format!("[{bare}]")).ok();
    }
    Host::parse(bare).ok()
}

/// Whether `host` is an IPv4 address to URL parsers and another, or a name, to others.
fn is_ambiguous(host: &str) -> bool {
    let has_zero = || {
        let is_zero_led = |part: &str| {
            part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit())
        };
        host.split('.').any(is_zero_led)
    };
    (!host.is_ascii() || has_zero()) && matches!(Host::parse(host), Ok(Host::Ipv4(_)))
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_of_an_address_is_the_same_address() {
        for notation in [
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "0xA9.0xFE.0xA9.0xFE",
            "169.254.43518",
            "169.16689662",
            "169.254.169.254.",
        ] {
            assert_eq!(normalise(notation).unwrap(), "169.254.169.254", "{notation}");
            assert_eq!(literal(notation), Some("169.254.169.254".parse().unwrap()), "{notation}");
        }
        assert_eq!(normalise("[::FFFF:A9FE:A9FE]").unwrap(), "::ffff:169.254.169.254");
        assert_eq!(normalise("0:0:0:0:0:0:0:1").unwrap(), "::1");
    }

    #[test]
    fn an_address_that_others_read_otherwise_is_refused() {
        for host in [
            "0251.0376.0251.0376",
            "010.0.0.1",
            "10.0.0.01",
            "127.00.0.1",
            "0127.1",
            "017700000001",
            "00",
            "010.0.0.1.",
            "0xa.0.0.010",
            "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
            "127\u{3002}0\u{3002}0\u{3002}1",
            "\u{2460}27.0.0.1",
            "[::ffff:010.0.0.1]",
            "::ffff:127.0.0.01",
            "%30127.0.0.1",
            "127.0.0.1%25eth0",
            "[fe80::1%25eth0]",
        ] {
            assert!(normalise(host).is_err(), "{host}");
            assert!(literal(host).is_none() && !is_readable(host), "{host}");
        }
        // Names may have zeros wherever they like.
        for name in ["010.example", "db.00", "0a.b", "00redis"] {
            assert_eq!(normalise(name).ok().as_deref(), Some(name).filter(|n| *n != "db.00"));
        }
        for (notation, address) in
            [("127.1", "127.0.0.1"), ("0", "0.0.0.0"), ("0x7f.1", "127.0.0.1")]
        {
            assert_eq!(normalise(notation).unwrap(), address, "{notation}");
        }
    }

    #[test]
    fn names_are_lower_cased_and_encoded() {
        assert_eq!(normalise("Redis.Railway.Internal").unwrap(), "redis.railway.internal");
        assert_eq!(normalise("my_redis").unwrap(), "my_redis");
        assert_eq!(normalise("bücher.example").unwrap(), "xn--bcher-kva.example");
        assert_eq!(literal("redis"), None);
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for host in [
            "",
            "/var/run/x",
            "%2Fvar%2Frun",
            "a b",
            "1.2.3.4.5",
            "256.1.1.1",
            "[::1",
            "a@b",
            "fe80::1%eth0",
            "@abstract",
            "a\nb",
            "a#b",
            "a?b",
            "a\\b",
        ] {
            assert!(normalise(host).is_err(), "{host}");
        }
    }
}
