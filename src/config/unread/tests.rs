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

const SWITCHES: &str =
    "ENABLE_TLS REQUIRE_TLS TLS_MODE SSLMODE SCHEME USETLS SECURE SENTINEL_TLS CLUSTER_SSL_ON";

#[test]
fn a_name_that_nothing_reads_and_that_asks_for_tls_is_refused_beside_a_plain_url() {
    let on = ["true", "1", " YES ", "required", "rediss", "prefer"];
    let switched = SWITCHES.split(' ').flat_map(|name| on.map(|value| (name, value)));
    let paths = "SSL_CA_CERTS CA_CERT_PATH CLIENT_CERT_PATH TLS_CERTIFICATE_KEY_FILE SSL_CA_FILE \
                 X509_CERT CACERT PEM";
    let values = [
        ("TLS_URL", "rediss://h:6380"),
        ("PRIMARY", "rediss://h:6380"),
        ("TLS_SERVERNAME", "db.example"),
        ("TLS_PORT", "6380"),
        ("CLIENT_KEY_PASSWORD", "canary"),
        ("NO_TLS", "false"),
        ("TLS_MIN_VERSION", "1.3"),
    ];
    let named = paths.split(' ').map(|name| (name, "/x")).chain(values);
    for (name, value) in switched.chain(named) {
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
    for name in SWITCHES.split(' ') {
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

/// Prefixes of a URL's wrappers, with a plain URL and one with TLS.
const BESIDE: [(&str, &str, [&str; 2]); 4] = [
    ("REDIS", "REDIS_URL", ["redis://h", "rediss://h"]),
    ("VALKEY", "REDIS_URL", ["redis://h", "rediss://h"]),
    ("MONGODB", "MONGODB_URL", ["mongodb://h", "mongodb://h/?tls=true"]),
    ("MONGO", "MONGODB_URL", ["mongodb://h", "mongodb+srv://h.example"]),
];

/// Whether a variable is let be, behind every prefix: beside a plain URL, and beside one with TLS.
fn let_be(name: &str, value: &str) -> Vec<(String, [bool; 2])> {
    let ask = |(prefix, variable, urls): (&str, &str, [&str; 2])| {
        let name = format!("{prefix}_{name}");
        let is_let_be = urls.map(|url| {
            let read = config(&[(variable, url), (&name, value)]);
            if let Err(error) = &read {
                assert!(error.message().contains(&name), "{name}: {error}");
            }
            read.is_ok()
        });
        (name, is_let_be)
    };
    BESIDE.map(ask).into()
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn check(names: &[String], values: &[&str], expected: [bool; 2]) {
    for (name, value) in names.iter().flat_map(|name| values.iter().map(move |v| (name, v))) {
        for (name, is_let_be) in let_be(name, value) {
            assert_eq!(is_let_be, expected, "{name}={value}");
        }
    }
}

const ON: [&str; 8] = ["true", "1", " TRUE ", "yes", "y", "on", "required", "\"true\""];
const OFF: [&str; 6] = ["false", "0", "no", "off", "disabled", " False "];
const TLS: [&str; 3] = ["TLS", "SSL", "ENCRYPTION"];

/// Every word for TLS in every place of a name.
fn named(patterns: &str) -> Vec<String> {
    let all = patterns.split(' ').flat_map(|pattern| TLS.map(|word| pattern.replace('*', word)));
    all.filter(|name| !beside::reads("REDIS", name)).collect()
}

#[test]
fn every_name_that_asks_for_tls_gets_it_or_is_refused_whatever_word_it_uses() {
    let asks = named(
        "ENABLE_* ENABLE* REQUIRE_* FORCE_* *_ON *_REQUIRED *_ONLY CLIENT_* SENTINEL_* TRANSIT_* \
         USE_TRANSIT_* CONNECTION_* WITH_*",
    );
    let others = words("ENCRYPTED SECURE SECURITY HTTPS MTLS STUNNEL SCHEME");
    let asks = [asks, others].concat();
    check(&asks, &ON, [false, true]);
    check(&asks, &OFF, [true, true]);
    check(&asks, &["", " "], [true, true]);
}

#[test]
fn every_name_that_asks_for_none_is_let_be_and_one_that_asks_for_it_by_a_no_is_not() {
    let negates = named("NO_* NO* DISABLE_* *_DISABLED WITHOUT_* *_OFF");
    check(&negates, &ON, [true, true]);
    check(&negates, &OFF, [false, true]);
}

#[test]
fn checks_want_tls_and_what_loosens_them_is_refused() {
    let checks = words("VERIFY VERIFY_PEER REJECT_UNAUTHORIZED CHECK_HOSTNAME VERIFY_HOST");
    check(&checks, &ON, [false, true]);
    check(&checks, &OFF, [false, false]);
    let loosens = words("SKIP_VERIFY NO_VERIFY NOVERIFY INSECURE DISABLE_CERT_CHECK");
    check(&loosens, &ON, [false, false]);
    check(&loosens, &OFF, [true, true]);
}

#[test]
fn files_and_names_that_nothing_reads_are_refused() {
    let names = words(
        "ROOTCA ROOT_CA CABUNDLE CA_BUNDLE CA_DATA PRIVATE_KEY PRIVATEKEY KEY_PATH KEYFILE PFX \
         CLIENT_PFX PKCS12 P12 TRUSTSTORE TRUST_STORE KEYSTORE SERVERNAME SERVER_NAME TLSCAFILE \
         TLS_CIPHERS EXTRA_CA_CERTS SSL_CERT_DATA TLS_CONFIG TLS_PROFILE",
    );
    check(&names, &["/x", "canary", "{}", "3"], [false, false]);
}

#[test]
fn a_value_that_says_tls_is_seen_behind_any_name() {
    let names = words("MODE PROTO PROTOCOL TRANSPORT KIND CONNECTION");
    check(&names, &["tls", "TLS", "ssl", "mtls", "rediss"], [false, true]);
    check(&names, &["tcp", "standalone", "cluster", "3", ""], [true, true]);
    let names = words("OPTIONS CONFIG CLIENT_OPTIONS EXTRA");
    let asks = ["{\"tls\":{}}", "{\"db\":0,\"tls\":true}", "tls=true", "ssl=1&w=1", "?tls=true"];
    check(&names, &asks, [false, true]);
    let more = ["{\"tls\":{\"ca\":\"x\"}}", "{\"tls\":{\"rejectUnauthorized\":false}}"];
    check(&names, &more, [false, false]);
    check(&names, &["{}", "{\"tls\":false}", "{\"retries\":3}", "w=1", "a"], [true, true]);
    let texts = words("KEY_PREFIX NAMESPACE QUEUE_NAME HOST");
    check(&texts, &["tls", "ssl"], [true, true]);
}

#[test]
fn keys_for_what_is_stored_and_words_that_only_look_alike_are_let_be() {
    let names = words(
        "ENCRYPTION_KEY ENCRYPTED_FIELDS ENCRYPTION_ALGORITHM TTLS CACHE_TTL VERIFICATION_PREFIX \
         PASSWORDLESS KEY_PREFIX TRUSTED_USERS MAX_CLIENTS SECRET NODES NOTIFICATIONS CASCADE",
    );
    check(&names, &["true", "false", "canary", "300"], [true, true]);
}

/// Of a URL, a name and a value: whether the variable is let be.
const LOGINS: [(&str, &str, &str, bool); 26] = [
    ("redis://h", "DB", "3", false),
    ("redis://h", "DATABASE", "3", false),
    ("redis://h", "DB_INDEX", "3", false),
    ("redis://h/3", "DB", "3", true),
    ("redis://h?db=3", "DB", " 3 ", true),
    ("redis://h/3", "DB", "0", false),
    ("redis://h", "DB", "0", true),
    ("redis://h", "DB", "", true),
    ("redis://h", "DB", "cache", false),
    ("redis://h", "PASSWORD", "canary", false),
    ("redis://h", "PASS", "canary", false),
    ("redis://h", "AUTH", "canary", false),
    ("redis://h", "AUTH", "true", true),
    ("redis://h", "PASSWORD_FILE", "/x", false),
    ("redis://:can%61ry@h", "PASSWORD_FILE", "/x", true),
    ("redis://:can%61ry@h", "PASSWORD", "canary", true),
    ("redis://:other@h", "PASSWORD", "canary", false),
    ("redis://:other@h", "SENTINEL_PASSWORD", "canary", true),
    ("redis://:other@h", "USER", "default", true),
    ("redis://:other@h", "USERNAME", "canary", false),
    ("redis://canary:p@h", "USERNAME", "canary", true),
    ("mongodb://h", "DATABASE", "shop", true),
    ("mongodb://h", "USERNAME", "canary", false),
    ("mongodb://canary:p@h", "USER", "canary", true),
    ("mongodb://u:p@h", "PASSWORD", "canary", false),
    ("mongodb://u:p@h", "INITDB_ROOT_PASSWORD", "canary", true),
];

#[test]
fn a_user_a_password_or_a_database_beside_a_url_is_the_urls_or_refused() {
    for (url, name, value, is_let_be) in LOGINS {
        let own = if url.starts_with("redis") { "REDIS" } else { "MONGODB" };
        for (prefix, variable, _) in
            BESIDE.iter().filter(|(p, ..)| own.starts_with(p) || *p == "VALKEY")
        {
            if *prefix == "VALKEY" && own == "MONGODB" {
                continue;
            }
            let name = format!("{prefix}_{name}");
            let read = config(&[(variable, url), (&name, value)]);
            assert_eq!(read.is_ok(), is_let_be, "{url} {name}={value}: {read:?}");
            if let Err(error) = read {
                assert!(error.message().contains(&name), "{error}");
                assert!(!error.message().contains("canary"), "{error}");
            }
        }
    }
}

#[test]
fn another_server_by_another_products_name_is_none_of_ours() {
    let ours = ("REDIS_URL", "redis://h");
    let asks = ("VALKEY_TLS", "true");
    assert!(config(&[ours, asks]).is_err());
    assert!(config(&[ours, asks, ("VALKEY_URL", "redis://other")]).is_ok());
    assert!(config(&[ours, asks, ("VALKEY_URL", "redis://h")]).is_err());
    assert!(config(&[ours, ("VALKEY_URL", "rediss://other")]).is_ok());
    assert!(config(&[ours, ("REDIS_TLS_URL", "rediss://h")]).is_err());
    assert!(config(&[ours, ("REDISS_URL", "rediss://h")]).is_err());
    assert!(config(&[ours, ("REDIS_ENCRYPTION", "on"), ("REDIS_URI", "redis://other")]).is_err());
    assert!(config(&[("REDIS_URL", "rediss://h"), ("REDIS_TLS_URL", "rediss://h")]).is_ok());
    let lower = [("redis_use_tls", "true"), ("Redis_Encryption", "on"), ("mongo_tls", "1")];
    for asks in lower {
        assert!(config(&[ours, ("MONGODB_URL", "mongodb://h"), asks]).is_err(), "{asks:?}");
    }
}
