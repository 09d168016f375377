//! Reading one setting's text. An error says what the value must be, never what it is.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use tracing::Level;
use url::Url;

use super::effective::GuardedUrl;
use super::{Authorization, RateLimit};
use crate::crypto::{KeyRing, cryptojs};

/// What the value must be: `must be …`.
pub(super) type Refusal = String;

/// The list of keys, or one key.
pub(super) fn keyring(text: &str) -> Result<KeyRing, Refusal> {
    KeyRing::parse(text).map_err(|error| error.message().to_owned())
}

/// A crypto-js passphrase, taken as it stands: a space at its end is part of it.
pub(super) fn passphrase(text: &str) -> Result<SecretString, Refusal> {
    cryptojs::check_passphrase(text).map_err(|error| error.message().to_owned())?;
    Ok(text.into())
}

/// Any text.
pub(super) fn secret(text: &str) -> SecretString {
    text.trim().into()
}

/// A token that nobody guesses, as an `Authorization` header carries it.
pub(super) fn token(text: &str) -> Result<SecretString, Refusal> {
    let text = text.trim();
    if text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.into());
    }
    Err("must be at least 16 letters, digits and signs without spaces".to_owned())
}

/// A connection string whose scheme begins with one of `families`; its parser checks the rest.
pub(super) fn connection_string(text: &str, families: &[&str]) -> Result<SecretString, Refusal> {
    let known = text.trim().split_once("://").is_some_and(|(scheme, rest)| {
        let scheme = scheme.to_ascii_lowercase();
        !rest.is_empty() && families.iter().any(|family| scheme.starts_with(family))
    });
    if known {
        Ok(secret(text))
    } else {
        Err(format!("must be a connection string that begins with `{}://`", families[0]))
    }
}

/// An `http` or `https` URL with a host.
fn http_url(text: &str) -> Result<Url, Refusal> {
    Url::parse(text.trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| "must be a URL that begins with `http://` or `https://`".to_owned())
}

/// The URL of a service, which may hold a password.
pub(super) fn service_url(text: &str) -> Result<GuardedUrl, Refusal> {
    http_url(text).map(GuardedUrl)
}

/// A whole number.
pub(super) fn count<N>(text: &str, range: RangeInclusive<N>) -> Result<N, Refusal>
where
    N: FromStr + PartialOrd + Display,
{
    text.trim()
        .parse()
        .ok()
        .filter(|n| range.contains(n))
        .ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
}

/// A whole number of milliseconds.
pub(super) fn millis(text: &str, range: RangeInclusive<u64>) -> Result<Duration, Refusal> {
    let ms = text.trim().parse().ok().filter(|n| range.contains(n)).ok_or_else(|| {
        format!("must be a whole number of milliseconds from {} to {}", range.start(), range.end())
    })?;
    Ok(Duration::from_millis(ms))
}

/// `true` or `false`.
pub(super) fn flag(text: &str) -> Result<bool, Refusal> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("must be `true` or `false`".to_owned()),
    }
}

/// Texts between commas; empty ones are skipped.
pub(super) fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// Origins between commas, as browsers spell them.
pub(super) fn origins(text: &str) -> Result<Vec<String>, Refusal> {
    let read = |item: String| origin(&item);
    list(text).into_iter().map(read).collect::<Option<_>>().ok_or_else(|| {
        "must be a comma list of origins such as `https://studio.example.com`, without a path"
            .to_owned()
    })
}

/// An origin as browsers spell it: in small letters, without the usual port.
pub(crate) fn origin(text: &str) -> Option<String> {
    let url = http_url(text).ok()?;
    let bare = url.username().is_empty() && url.password().is_none() && url.path() == "/";
    let bare = bare && url.query().is_none() && url.fragment().is_none();
    bare.then(|| url.origin().ascii_serialization())
}

/// `<cost>/<number><unit>`, or `off`.
pub(super) fn rate_limit(text: &str) -> Result<Option<RateLimit>, Refusal> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    limit(text).map(Some).ok_or_else(|| {
        "must be a cost and a time of at most a day, like `100/60s` (`s`, `m` or `h`), or `off`"
            .to_owned()
    })
}

fn limit(text: &str) -> Option<RateLimit> {
    let (cost, window) = text.split_once('/')?;
    let window = window.trim();
    let digits = window.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match &window[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        _ => return None,
    };
    let seconds = digits.parse::<u64>().ok()?.checked_mul(unit)?;
    let cost = cost.trim().parse::<u32>().ok()?;
    let window = Duration::from_secs(seconds);
    (cost > 0 && !window.is_zero() && window <= RateLimit::LONGEST_WINDOW)
        .then_some(RateLimit { cost, window })
}

/// `off` or `members`.
pub(super) fn authorization(text: &str) -> Result<Authorization, Refusal> {
    match text.trim().to_ascii_lowercase().as_str() {
        "off" => Ok(Authorization::Off),
        "members" => Ok(Authorization::Members),
        _ => Err("must be `members` or `off`".to_owned()),
    }
}

/// A level's name. The variable is shared with other software, so its spellings are known too.
pub(super) fn level(text: &str) -> Result<Option<Level>, Refusal> {
    match text.trim().to_ascii_lowercase().as_str() {
        "off" | "silent" | "none" => Ok(None),
        "error" | "fatal" => Ok(Some(Level::ERROR)),
        "warn" | "warning" => Ok(Some(Level::WARN)),
        "info" => Ok(Some(Level::INFO)),
        "debug" => Ok(Some(Level::DEBUG)),
        "trace" => Ok(Some(Level::TRACE)),
        _ => Err("must be `off`, `error`, `warn`, `info`, `debug` or `trace`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rate_limits() {
        let read = |text| rate_limit(text).unwrap();
        let limit = |cost, seconds| Some(RateLimit { cost, window: Duration::from_secs(seconds) });
        assert_eq!(read("100/60s"), limit(100, 60));
        assert_eq!(read(" 5 / 1m "), limit(5, 60));
        assert_eq!(read("1/24h"), limit(1, 86_400));
        assert_eq!(read("OFF"), None);
        for bad in ["", "100", "100/", "/60s", "0/60s", "100/0s", "100/60", "100/60d", "100/s"] {
            assert!(rate_limit(bad).is_err(), "{bad}");
        }
        for bad in ["-1/60s", "1/25h", "4294967296/1s", "1/18446744073709551615h", "1/60s/2", "1/é"]
        {
            assert!(rate_limit(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reads_numbers_only_within_their_range() {
        assert_eq!(count(" 7 ", 1..=10), Ok(7));
        for bad in ["0", "11", "-1", "1.5", "1e1", "seven", "99999999999999999999"] {
            assert!(count(bad, 1..=10).is_err(), "{bad}");
        }
        assert_eq!(millis("250", 1..=1000), Ok(Duration::from_millis(250)));
        assert!(millis("1001", 1..=1000).is_err());
    }

    #[test]
    fn knows_the_families_of_connection_strings() {
        for good in ["redis://h", "rediss://h:1/0", "REDIS://h", "valkey://h"] {
            assert!(connection_string(good, &["redis", "valkey"]).is_ok(), "{good}");
        }
        for bad in ["redis://", "mongodb://h", "h:6379", "://h", "redis:/h"] {
            assert!(connection_string(bad, &["redis", "valkey"]).is_err(), "{bad}");
        }
    }

    #[test]
    fn wants_a_host_in_http_urls() {
        assert_eq!(http_url(" https://a.example/b ").unwrap().as_str(), "https://a.example/b");
        for bad in ["a.example", "ftp://a.example", "http://", "file:///etc/passwd", "javascript:x"]
        {
            assert!(http_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reads_origins_as_browsers_spell_them() {
        let read = origins(" https://Studio.Example:443/, http://[::1]:3000 ").unwrap();
        assert_eq!(read, ["https://studio.example", "http://[::1]:3000"]);
        for bad in ["*", "null", "studio.example", "https://", "https://a/b", "https://u@a"] {
            assert!(origins(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn splits_lists_at_commas() {
        assert_eq!(
            list(" a.example , 10.0.0.0/8,, [::1]:6379 "),
            ["a.example", "10.0.0.0/8", "[::1]:6379"]
        );
        assert!(list("").is_empty());
    }
}
