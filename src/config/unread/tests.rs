//! Every variable that a wrapper may have beside a URL, as far as it can be made of words.

use std::collections::HashMap;

use serde_json::{Map, json};

use super::*;

fn config(variables: &[(&str, &str)]) -> Result<Config> {
    let variables: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Config::from_variables(&variables, &Map::new())
}

/// Each name behind each prefix, beside a URL of its own, without TLS or with it.
fn beside(name: &str, value: &str, tls: bool) -> Vec<Result<Config>> {
    let urls = [
        ("REDIS", ["redis://h", "rediss://h"]),
        ("MONGODB", ["mongodb://h", "mongodb://h/?tls=true"]),
    ];
    urls.map(|(prefix, urls)| {
        let (variable, name) = (format!("{prefix}_URL"), format!("{prefix}_{name}"));
        config(&[(&variable, urls[usize::from(tls)]), (&name, value)])
    })
    .into()
}

const SWITCHES: [&str; 9] = [
    "ENABLE_TLS",
    "REQUIRE_TLS",
    "TLS_MODE",
    "SSLMODE",
    "SCHEME",
    "USETLS",
    "SECURE",
    "SENTINEL_TLS",
    "CLUSTER_SSL_ON",
];
const VALUES: [(&str, &str); 15] = [
    ("TLS_URL", "rediss://h:6380"),
    ("PRIMARY", "rediss://h:6380"),
    ("SSL_CA_CERTS", "/x"),
    ("TLS_SERVERNAME", "db.example"),
    ("TLS_PORT", "6380"),
    ("CA_CERT_PATH", "/x"),
    ("CLIENT_CERT_PATH", "/x"),
    ("CLIENT_KEY_PASSWORD", "canary"),
    ("TLS_CERTIFICATE_KEY_FILE", "/x"),
    ("SSL_CA_FILE", "/x"),
    ("X509_CERT", "/x"),
    ("CACERT", "/x"),
    ("PEM", "/x"),
    ("NO_TLS", "false"),
    ("TLS_MIN_VERSION", "1.3"),
];

#[test]
fn a_name_that_nothing_reads_and_that_asks_for_tls_is_refused_beside_a_plain_url() {
    let on = ["true", "1", " YES ", "required", "rediss", "prefer"];
    let switched = SWITCHES.iter().flat_map(|name| on.map(|value| (*name, value)));
    for (name, value) in switched.chain(VALUES) {
        for refused in beside(name, value, false) {
            let error = refused.expect_err(name);
            assert!(error.message().contains(&format!("_{name} is not read")), "{error}");
            assert!(!error.message().contains("canary"), "{error}");
        }
    }
}

#[test]
fn what_would_weaken_tls_is_refused_whatever_the_url_is() {
    for (name, value) in [
        ("SSL_VALIDATE", "false"),
        ("SSL_CERT_REQS", "none"),
        ("TLS_CHECK_HOSTNAME", "0"),
        ("REJECT_UNAUTHORIZED", "off"),
        ("SSL_INSECURE", "true"),
        ("TLS_ALLOW_SELF_SIGNED", "yes"),
        ("TLS_DISABLE_VERIFY", "true"),
    ] {
        for tls in [false, true] {
            assert!(beside(name, value, tls).iter().all(Result::is_err), "{name}");
        }
    }
}

#[test]
fn what_holds_anyway_and_what_is_off_or_of_another_kind_is_harmless() {
    for name in SWITCHES {
        for off in ["", " ", "false", "0", "off"] {
            assert!(beside(name, off, false).iter().all(Result::is_ok), "{name}={off}");
        }
        for on in ["true", "required"] {
            for read in beside(name, on, true) {
                assert!(read.is_ok(), "{name}={on}: {read:?}");
            }
        }
    }
    for (name, value) in [
        ("CACHE_TTL", "300"),
        ("TTLS", "300"),
        ("PASSWORDLESS", "true"),
        ("PORT", "6379"),
        ("PROTOCOL", "3"),
        ("CLIENT_NAME", "studio"),
        ("TLS_SERVICE_HOST", "10.0.0.1"),
        ("TLS_PORT_6379_TCP", "tcp://10.0.0.1:6379"),
        ("USE_TLS", "true"),
        ("CRYPTO_KEY", "a passphrase"),
    ] {
        for read in beside(name, value, false) {
            assert!(read.is_ok(), "{name}: {read:?}");
        }
    }
    assert!(config(&[("REDIS_URL", "redis://h"), ("MONGODB_ENABLE_TLS", "true")]).is_ok());
    assert!(config(&[("REDIS_ENABLE_TLS", "true")]).is_ok());
    let taken_over = [("REDIS_URL", "redis://h"), ("REDIS_USE_TLS", "1")];
    let both = [taken_over[0], taken_over[1], ("REDIS_ENABLE_TLS", "true")];
    assert!(config(&both).is_ok());
}

#[test]
fn a_url_given_as_an_option_is_guarded_as_well() {
    let variables = HashMap::from([("REDIS_ENABLE_TLS".to_owned(), "true".to_owned())]);
    let options = json!({ "redisUrl": "redis://h" });
    let options = options.as_object().unwrap();
    assert!(Config::from_variables(&variables, options).is_err());
}
