//! What other drivers' wrappers read beside `REDIS_URL` and `MONGODB_URL`: whether TLS is used, and its
//! certificates. It is taken over into the URL, or refused by its name. Silently without TLS is what
//! nobody who set one of these has asked for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::Config;
use crate::error::{Error, Result};
use crate::target::DatabaseType;

/// The environment.
pub(super) type Env<'e> = &'e dyn Fn(&str) -> Option<String>;

/// A URL beside which wrappers of other drivers have variables.
pub(super) struct Wrapped {
    pub(super) kind: DatabaseType,
    pub(super) url: fn(&mut Config) -> &mut Option<SecretString>,
    /// How those variables begin; the first is what is read here.
    pub(super) own: &'static [&'static str],
    /// By which other product's name.
    pub(super) others: &'static [&'static str],
}

pub(super) const WRAPPED: [Wrapped; 2] = [
    Wrapped {
        kind: DatabaseType::Redis,
        url: |config| &mut config.redis_url,
        own: &["REDIS", "REDISS"],
        others: &["VALKEY"],
    },
    Wrapped {
        kind: DatabaseType::Mongodb,
        url: |config| &mut config.mongodb_url,
        own: &["MONGODB"],
        others: &["MONGO"],
    },
];

/// Names behind the prefix that is read. Each list is of names for the same thing.
const SWITCHES: [&str; 6] = ["USE_TLS", "USE_SSL", "TLS_ENABLED", "SSL_ENABLED", "TLS", "SSL"];
const AUTHORITIES: [&str; 5] = ["CA_CERT", "TLS_CA", "SSL_CA", "TLS_CA_CERT", "CA"];
const CERTIFICATES: [&str; 4] = ["CLIENT_CERT", "TLS_CERT", "SSL_CERT", "TLS_CLIENT_CERT"];
const KEYS: [&str; 4] = ["CLIENT_KEY", "TLS_KEY", "SSL_KEY", "TLS_CLIENT_KEY"];
/// Refused when they are on.
const UNVERIFIED: [&str; 4] =
    ["ALLOW_INSECURE_TLS", "TLS_INSECURE", "TLS_ALLOW_INVALID_CERTIFICATES", "TLS_SKIP_VERIFY"];
/// Refused when it is off.
const VERIFIED: [&str; 2] = ["TLS_REJECT_UNAUTHORIZED", "TLS_VERIFY"];
/// Refused when they are set: paths, and what belongs to a key that is encrypted.
const PATHS: [&str; 10] = [
    "CA_FILE",
    "CA_PATH",
    "TLS_CA_FILE",
    "CERT_FILE",
    "TLS_CERT_FILE",
    "KEY_FILE",
    "TLS_KEY_FILE",
    "CLIENT_CERT_FILE",
    "CLIENT_KEY_FILE",
    "CLIENT_KEY_PASSPHRASE",
];

/// Whether a variable is read here.
pub(super) fn reads(prefix: &str, name: &str) -> bool {
    let lists: [&[&str]; 7] =
        [&SWITCHES, &AUTHORITIES, &CERTIFICATES, &KEYS, &UNVERIFIED, &VERIFIED, &PATHS];
    WRAPPED.iter().any(|wrapped| wrapped.own[0] == prefix)
        && lists.iter().any(|list| list.contains(&name))
}

/// Takes over what stands beside the URLs that are set.
pub(super) fn take_over(config: &mut Config, env: Env<'_>) -> Result<()> {
    for Wrapped { url, own, .. } in WRAPPED {
        if let Some(whole) = url(config) {
            let beside = Beside { prefix: own[0], env };
            *whole = beside.added_to(whole)?;
        }
    }
    Ok(())
}

struct Beside<'e> {
    prefix: &'static str,
    env: Env<'e>,
}

impl Beside<'_> {
    fn added_to(&self, url: &SecretString) -> Result<SecretString> {
        self.refuse_what_weakens()?;
        let authority = self.pem(&AUTHORITIES)?;
        let identity = match (self.pem(&CERTIFICATES)?, self.pem(&KEYS)?) {
            (None, None) => None,
            (Some((_, certificate)), Some((_, key))) => {
                Some(Zeroizing::new(format!("{}\n{}", certificate.trim(), key.trim())))
            }
            (Some((name, _)), None) | (None, Some((name, _))) => {
                return Err(refused(&name, "goes with a certificate and its key: set both"));
            }
        };
        let switch = self.switch()?;
        if let (Some((name, false)), true) = (&switch, authority.is_some() || identity.is_some()) {
            return Err(refused(name, "is off, and certificates for TLS are set beside it"));
        }
        let mut options = Vec::new();
        if let Some((_, on)) = switch.filter(|(_, on)| *on) {
            options.push(("tls", Zeroizing::new(on.to_string())));
        }
        options.extend(authority.map(|(_, pem)| ("ca_pem", pem)));
        options.extend(identity.map(|pem| ("client_pem", pem)));
        Ok(with_options(url, &options))
    }

    fn refuse_what_weakens(&self) -> Result<()> {
        let verifies = format!(
            "asks for TLS whose certificates nobody checks; set {0}_CA_CERT to the authority's \
             certificate, or say tls_verify=false in {0}_URL itself",
            self.prefix
        );
        // Each by itself: one that is harmless must not hide another that is not.
        let unverified = UNVERIFIED.iter().map(|name| (name, true));
        for (name, weakens) in unverified.chain(VERIFIED.iter().map(|name| (name, false))) {
            if let Some((name, on)) = self.flag(name)?
                && on == weakens
            {
                return Err(refused(&name, &verifies));
            }
        }
        match self.first(&PATHS) {
            None => Ok(()),
            Some((name, _)) => Err(refused(
                &name,
                &format!(
                    "is not read here: give the PEM text itself, or its base64, in {0}_CA_CERT, \
                     {0}_CLIENT_CERT and {0}_CLIENT_KEY",
                    self.prefix
                ),
            )),
        }
    }

    /// Whether TLS is asked for. Two names that say different things are refused by one of them.
    fn switch(&self) -> Result<Option<(String, bool)>> {
        let mut found: Option<(String, bool)> = None;
        for name in SWITCHES {
            let Some((name, on)) = self.flag(name)? else { continue };
            match &found {
                Some((other, before)) if *before != on => {
                    return Err(refused(&name, &format!("says the opposite of {other}")));
                }
                Some(_) => {}
                None => found = Some((name, on)),
            }
        }
        Ok(found)
    }

    fn flag(&self, name: &str) -> Result<Option<(String, bool)>> {
        let Some((name, text)) = self.first(&[name]) else { return Ok(None) };
        let on = match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "enabled" | "required" => true,
            "false" | "0" | "no" | "off" | "disabled" => false,
            _ => return Err(refused(&name, "must be `true` or `false`")),
        };
        Ok(Some((name, on)))
    }

    /// PEM text, with its lines broken or written `\n`, or the base64 of it.
    fn pem(&self, names: &[&str]) -> Result<Option<(String, Zeroizing<String>)>> {
        let Some((name, text)) = self.first(names) else { return Ok(None) };
        let text = Zeroizing::new(text.replace("\\n", "\n"));
        if text.contains("-----BEGIN ") {
            return Ok(Some((name, text)));
        }
        let packed: Zeroizing<String> =
            Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect());
        STANDARD
            .decode(packed.as_bytes())
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .filter(|pem| pem.contains("-----BEGIN "))
            .map(|pem| Some((name.clone(), Zeroizing::new(pem))))
            .ok_or_else(|| refused(&name, "must be PEM text, or the base64 of it, and no path"))
    }

    fn first(&self, names: &[&str]) -> Option<(String, Zeroizing<String>)> {
        names.iter().find_map(|name| {
            let name = format!("{}_{name}", self.prefix);
            let text = Zeroizing::new((self.env)(&name)?);
            (!text.trim().is_empty()).then_some((name, text))
        })
    }
}

fn refused(name: &str, why: &str) -> Error {
    Error::validation(format!("{name} {why}")).detail("variable", name)
}

/// The URL with more options in its query; what it says itself must agree with them.
fn with_options(url: &SecretString, options: &[(&str, Zeroizing<String>)]) -> SecretString {
    if options.is_empty() {
        return url.clone();
    }
    let mut whole = Zeroizing::new(url.expose_secret().trim().to_owned());
    let after_scheme = whole.find("://").map_or(0, |at| at + 3);
    if !whole[after_scheme..].contains(['/', '?']) {
        whole.push('/');
    }
    for (name, value) in options {
        let value: Zeroizing<String> =
            Zeroizing::new(url::form_urlencoded::byte_serialize(value.as_bytes()).collect());
        let separator = if whole.contains('?') { '&' } else { '?' };
        whole.push(separator);
        whole.push_str(name);
        whole.push('=');
        // A `+` is a space in forms only.
        whole.push_str(&value.replace('+', "%20"));
    }
    SecretString::from(whole.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::target::{DatabaseType, Rules, Target, TargetInput};

    const CA: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    fn config(set: &[(&str, &str)]) -> Result<Config> {
        let env = |name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Config::from_env(env, &Map::new())
    }

    /// Both URLs, each with what stands beside it.
    fn urls(name: &str, value: &str) -> Vec<Result<String>> {
        [("REDIS", "redis://h:1"), ("MONGODB", "mongodb://h:1")]
            .map(|(prefix, url)| {
                let (variable, name) = (format!("{prefix}_URL"), format!("{prefix}_{name}"));
                let config = config(&[(&variable, url), (&name, value)])?;
                let url = config.redis_url.or(config.mongodb_url).unwrap();
                Ok(url.expose_secret().to_owned())
            })
            .into()
    }

    #[test]
    fn every_switch_is_honoured_or_refused_by_its_name() {
        for name in SWITCHES {
            for on in ["true", "1", " TRUE ", "yes", "on"] {
                for url in urls(name, on) {
                    assert!(url.as_ref().unwrap().ends_with("/?tls=true"), "{name} {url:?}");
                }
            }
            for off in ["false", "0", "", "  "] {
                for url in urls(name, off) {
                    assert!(!url.unwrap().contains("tls"), "{name}");
                }
            }
            for odd in ["maybe", "rediss://other", "{}"] {
                for url in urls(name, odd) {
                    let error = url.unwrap_err();
                    assert!(error.message().contains(&format!("_{name} ")), "{error}");
                    assert!(!error.message().contains(odd), "{error}");
                }
            }
        }
    }

    #[test]
    fn a_target_made_of_it_uses_tls() {
        let redis = ["redis://:p%40ss@h:1/2", "redis://h", "redis://h:1?db=2", "valkey://h/"];
        let mongodb = ["mongodb://u:p@a,b/x?replicaSet=r", "mongodb://h"];
        let redis = redis.map(|url| (DatabaseType::Redis, "REDIS_URL", url));
        let mongodb = mongodb.map(|url| (DatabaseType::Mongodb, "MONGODB_URL", url));
        for (kind, variable, url) in redis.into_iter().chain(mongodb) {
            let asks = [(variable, url), ("REDIS_USE_TLS", "true"), ("MONGODB_TLS", "true")];
            let config = config(&asks).unwrap();
            let connection_string = config.redis_url.or(config.mongodb_url);
            let input = TargetInput { connection_string, ..TargetInput::default() };
            let target = Target::parse(kind, &input, Rules::default()).unwrap();
            assert!(target.tls().is_some(), "{url}");
        }
    }

    #[test]
    fn a_url_that_says_the_opposite_is_refused() {
        let config =
            config(&[("REDIS_URL", "redis://h/?tls=false"), ("REDIS_USE_TLS", "true")]).unwrap();
        let input = TargetInput { connection_string: config.redis_url, ..TargetInput::default() };
        assert!(Target::parse(DatabaseType::Redis, &input, Rules::default()).is_err());
    }

    #[test]
    fn certificates_are_taken_as_text_or_base64_and_never_as_a_path() {
        let (packed, lines) = (STANDARD.encode(CA), CA.replace('\n', "\\n"));
        for name in AUTHORITIES {
            for given in [CA, &packed, &lines] {
                for url in urls(name, given) {
                    assert!(url.unwrap().contains("ca_pem=-----BEGIN%20CERTIFICATE-----%0AAAAA"));
                }
            }
            for path in ["/etc/ca.pem", "ca.crt", "AAAA"] {
                for url in urls(name, path) {
                    assert!(url.unwrap_err().message().contains(&format!("_{name} ")));
                }
            }
        }
    }

    #[test]
    fn a_client_certificate_and_its_key_go_together() {
        for (certificate, key) in CERTIFICATES.iter().zip(KEYS) {
            let (certificate, key) = (format!("REDIS_{certificate}"), format!("REDIS_{key}"));
            let url = ("REDIS_URL", "redis://h");
            let both = config(&[url, (&certificate, CA), (&key, CA)]).unwrap();
            assert!(both.redis_url.unwrap().expose_secret().contains("client_pem="));
            for alone in [&certificate, &key] {
                let error = config(&[url, (alone, CA)]).unwrap_err();
                assert!(error.message().starts_with(alone.as_str()), "{error}");
            }
        }
        let off = config(&[("REDIS_URL", "redis://h"), ("REDIS_TLS", "no"), ("REDIS_CA_CERT", CA)]);
        assert!(off.unwrap_err().message().starts_with("REDIS_TLS "));
    }

    #[test]
    fn what_weakens_tls_and_what_names_files_is_refused_by_its_name() {
        let on = UNVERIFIED.map(|name| (name, "true"));
        let off = VERIFIED.map(|name| (name, "0"));
        let paths = PATHS.map(|name| (name, "/x"));
        for (name, value) in on.into_iter().chain(off).chain(paths) {
            for url in urls(name, value) {
                let error = url.unwrap_err();
                assert!(error.message().contains(&format!("_{name} ")), "{error}");
            }
        }
        for (name, value) in
            UNVERIFIED.map(|n| (n, "false")).into_iter().chain([(VERIFIED[0], "1")])
        {
            assert!(urls(name, value).iter().all(Result::is_ok), "{name}");
        }
        let (harmless, weakens) = (UNVERIFIED[0], UNVERIFIED[1]);
        let (harmless, weakens) = (format!("REDIS_{harmless}"), format!("REDIS_{weakens}"));
        let both = config(&[("REDIS_URL", "redis://h"), (&harmless, "0"), (&weakens, "1")]);
        assert!(both.unwrap_err().message().starts_with(weakens.as_str()));
    }

    #[test]
    fn without_a_url_nothing_of_it_matters() {
        assert!(config(&[("REDIS_USE_TLS", "maybe"), ("MONGODB_CA_FILE", "/x")]).is_ok());
    }
}
