//! Taking a connection string apart, for all kinds alike.
//!
//! General URL parsers do not know lists of hosts and guess at passwords that are not encoded. This
//! one accepts such passwords where only one reading is possible, and otherwise asks for encoding.
//! Messages never quote any part of the string, since any part may be a piece of the password.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::SecretString;

use super::host;
use crate::error::{Error, Result};

/// Characters that stay as they are: the unreserved ones of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A connection string in its parts.
#[derive(Debug)]
pub(super) struct Uri {
    /// Lower case, without `://`.
    pub(super) scheme: String,
    pub(super) username: Option<String>,
    pub(super) password: Option<SecretString>,
    /// At least one.
    pub(super) hosts: Vec<(String, Option<u16>)>,
    /// Without its leading `/`, still encoded.
    pub(super) path: String,
    /// Decoded names and values.
    pub(super) query: Vec<(String, String)>,
}

impl Uri {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let (scheme, rest) = split_scheme(text.trim())?;
        if scheme.ends_with("unix") || scheme.ends_with("socket") {
            return Err(Error::validation("unix sockets are not supported"));
        }
        let (userinfo, rest) = split_userinfo(rest)?;
        let (authority, path, query) = split_rest(rest);
        let (username, password) = userinfo.map(credentials).transpose()?.unwrap_or_default();
        Ok(Self {
            scheme,
            username,
            password,
            hosts: hosts(authority)?,
            path: path.to_owned(),
            query: pairs(query)?,
        })
    }
}

/// Percent-encodes everything that means something in a connection string.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Decodes percent-encoded UTF-8; `what` is named when it is not.
pub(super) fn decode(text: &str, what: &str) -> Result<String> {
    let bytes = text.as_bytes();
    let is_escape = |at: usize| {
        bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    };
    if bytes.iter().enumerate().any(|(at, &byte)| byte == b'%' && !is_escape(at)) {
        return Err(Error::validation(format!(
            "{what} in the connection string has a `%` that is not followed by two hex digits; \
             write `%25` for a percent sign"
        )));
    }
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| {
        Error::validation(format!("{what} in the connection string is not UTF-8 once decoded"))
    })?;
    if decoded.contains('\0') {
        return Err(Error::validation(format!(
            "{what} in the connection string holds a NUL character"
        )));
    }
    Ok(decoded.into_owned())
}

fn split_scheme(text: &str) -> Result<(String, &str)> {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    };
    match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => Ok((scheme.to_ascii_lowercase(), rest)),
        Some(("jdbc:postgresql", _)) => Err(Error::validation(
            "JDBC strings are not supported: leave out `jdbc:` and put user and password before \
             the host, as in postgresql://user:password@host:5432/database",
        )),
        _ => Err(Error::validation(
            "the connection string does not begin with a scheme such as `redis://`",
        )),
    }
}

/// Separates `user:password@`. The authority ends at the first `/`, `?` or `#`, but a password that
/// was not encoded may hold those, and `@` too.
fn split_userinfo(rest: &str) -> Result<(Option<&str>, &str)> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, after) = rest.split_at(end);
    let at = authority.rfind('@');
    let first_host = at.map_or(authority, |at| &authority[at + 1..]);
    if !after.contains('@') {
        return Ok(match at {
            Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
            None => (None, rest),
        });
    }
    if hosts(first_host).is_ok() {
        return Err(Error::validation(
            "there is an `@` after the host part of the connection string, so that it can be read \
             in two ways; percent-encode the password and the options: `@` as %40, `/` as %2F, \
             `?` as %3F, `#` as %23",
        ));
    }
    let at = rest.rfind('@').unwrap_or(end);
    Ok((Some(&rest[..at]), &rest[at + 1..]))
}

fn split_rest(rest: &str) -> (&str, &str, &str) {
    let rest = rest.split('#').next().unwrap_or_default();
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = before.split_once('/').unwrap_or((before, ""));
    (authority, path, query)
}

fn credentials(userinfo: &str) -> Result<(Option<String>, Option<SecretString>)> {
    let both = userinfo.split_once(':');
    let (username, password) = both.map_or((userinfo, None), |(name, word)| (name, Some(word)));
    let username = decode(username, "the user name")?;
    let password = password.map(|p| decode(p, "the password")).transpose()?;
    Ok((
        Some(username).filter(|u| !u.is_empty()),
        password.filter(|p| !p.is_empty()).map(SecretString::from),
    ))
}

fn hosts(authority: &str) -> Result<Vec<(String, Option<u16>)>> {
    authority.split(',').map(host_and_port).collect()
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`, with the host normalised.
pub(super) fn host_and_port(text: &str) -> Result<(String, Option<u16>)> {
    let (name, port) = match text.rfind(':') {
        Some(colon) if !text[colon..].contains(']') => (&text[..colon], Some(&text[colon + 1..])),
        _ => (text, None),
    };
    if name.contains(':') && !name.starts_with('[') {
        return Err(Error::validation(
            "the host is not a host name or an address; IPv6 addresses are written in brackets, \
             as in [::1]:6379",
        ));
    }
    let port = match port {
        None | Some("") => None,
        Some(port) => Some(port.parse::<u16>().ok().filter(|&port| port > 0).ok_or_else(|| {
            Error::validation(
                "the port in the connection string is not a number from 1 to 65535; \
                 percent-encode a `:` or `@` in the password",
            )
        })?),
    };
    Ok((host::normalise(name)?, port))
}

fn pairs(query: &str) -> Result<Vec<(String, String)>> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or_else(|| {
                Error::validation(
                    "the options of the connection string are not `name=value` pairs; \
                     percent-encode a `?` in the password as %3F",
                )
            })?;
            Ok((decode(name, "an option name")?, decode(value, "an option")?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    fn password(text: &str) -> Option<String> {
        let uri = Uri::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        uri.password.map(|p| p.expose_secret().to_owned())
    }

    fn host(text: &str) -> (String, Option<u16>) {
        Uri::parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).hosts.remove(0)
    }

    #[test]
    fn all_parts_are_found() {
        let uri = Uri::parse("MongoDB://u%40x:p%2Fw@H1:1,[::1]:2,h3/db?a=b%26&c=").unwrap();
        assert_eq!(uri.scheme, "mongodb");
        assert_eq!(uri.username.as_deref(), Some("u@x"));
        assert_eq!(uri.password.unwrap().expose_secret(), "p/w");
        let hosts = [("h1".into(), Some(1)), ("::1".into(), Some(2)), ("h3".into(), None)];
        assert_eq!(uri.hosts, hosts);
        assert_eq!(uri.path, "db");
        assert_eq!(uri.query, [("a".into(), "b&".into()), ("c".into(), String::new())]);
    }

    #[test]
    fn passwords_that_are_not_encoded_are_read_where_only_one_reading_is_possible() {
        assert_eq!(password("redis://:p@ss@host:6379/0").as_deref(), Some("p@ss"));
        assert_eq!(password("redis://:p:w@host").as_deref(), Some("p:w"));
        assert_eq!(password("redis://u:p/w@host:6379/0").as_deref(), Some("p/w"));
        assert_eq!(password("redis://u:p#w?x@host").as_deref(), Some("p#w?x"));
        assert_eq!(password("redis://u:@host"), None);
        assert_eq!(host("redis://u:p/w@host:6379/0"), ("host".into(), Some(6379)));
    }

    #[test]
    fn a_string_that_can_be_read_in_two_ways_is_refused() {
        for text in
            ["redis://u:1/x@host", "redis://u:p@ss/w@host", "redis://h/0?a=b@c", "redis://h#a@b"]
        {
            let error = Uri::parse(text).unwrap_err();
            assert!(error.message().contains("%40"), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_no_connection_string_is_refused() {
        for text in [
            "",
            "host:6379",
            "host=h dbname=d",
            "jdbc:postgresql://h/d",
            "redis://",
            "redis://:6379",
            "redis://h:0",
            "redis://h:65536",
            "redis://h:x",
            "redis://::1:6379",
            "redis://[::1",
            "redis://u:%zz@h",
            "redis://u:%00@h",
            "redis://u:%ff@h",
            "redis://%2Ftmp%2Fsock",
            "redis:///tmp/sock",
            "redis://h?a",
            "1redis://h",
            "redis://a,,b",
        ] {
            assert!(Uri::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_encoded_password_reads_back_as_it_was(text in "[^\0]{1,40}", user in "[^\0]{1,9}") {
            let uri = format!("redis://{}:{}@host:1/0", encode(&user), encode(&text));
            let read = Uri::parse(&uri).unwrap();
            let password = read.password.unwrap();
            prop_assert_eq!(password.expose_secret(), &text);
            prop_assert_eq!(read.username.unwrap(), user);
            prop_assert_eq!(&read.hosts[0].0, "host");
        }

        #[test]
        fn a_password_that_is_not_encoded_never_becomes_a_host(text in "[a-z@/:#?%,.]{1,20}") {
            let uri = format!("redis://u:{text}canary@host:1/0");
            if let Ok(read) = Uri::parse(&uri) {
                prop_assert_eq!(&read.hosts, &[("host".to_owned(), Some(1))]);
            }
        }

        #[test]
        fn no_message_quotes_the_string(text in "[a-z@/:#?%,.\\[\\]]{0,12}") {
            if let Err(error) = Uri::parse(&format!("redis://u:{text}canary{text}@host:1/0")) {
                prop_assert!(!error.message().contains("canary"));
            }
        }

        #[test]
        fn no_input_panics(text in any::<String>()) {
            let _ = Uri::parse(&text);
            let _ = Uri::parse(&format!("redis://{text}"));
        }
    }
}
