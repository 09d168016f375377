//! What is not accepted, and where certificates may go unverified.

use super::*;

/// Connection strings that are refused, and a word of the reason.
const REFUSED: &[(DatabaseType, &str, &str)] = &[
    (Mongodb, "mongodb://h/?tlsCAFile=/etc/canary", "ca_pem"),
    (Mongodb, "mongodb://h/?tlsCertificateKeyFile=/canary", "client_pem"),
    (Mongodb, "mongodb://h/?tls=true&tlsInsecure=true", "verified"),
    (Mongodb, "mongodb://h/?tls=true&tlsAllowInvalidCertificates=true", "verified"),
    (Mongodb, "mongodb://h/?proxyHost=canary&proxyPort=1", "proxy"),
    (Mongodb, "mongodb://u:canary@h/?authMechanism=MONGODB-AWS", "AWS"),
    (Mongodb, "mongodb://h/?authMechanism=MONGODB-OIDC", "OIDC"),
    (Mongodb, "mongodb://u@h/?authMechanism=GSSAPI", "GSSAPI"),
    (Mongodb, "mongodb://h/?authMechanismProperties=SERVICE_NAME:x", "mechanisms"),
    (Mongodb, "mongodb://u:canary@h/?authMechanism=PLAIN", "tls"),
    (Mongodb, "mongodb://%2Ftmp%2Fmongodb-27017.sock/db", "unix sockets"),
    (Postgres, "postgres://%2Fvar%2Frun%2Fpostgresql/db", "unix sockets"),
    (Postgres, "postgres://h/db?sslrootcert=/etc/ca", "ca_pem"),
    (Postgres, "postgres://h/db?sslkey=/etc/key", "client_pem"),
    (Postgres, "postgres://h/db?options=-c%20search_path%3Dx", "statement_timeout"),
    (Postgres, "postgres://h/db?hostaddr=169.254.169.254", "address as host"),
    (Postgres, "postgres://h/db?host=/var/run", "before the path"),
    (Postgres, "postgres://h/db?service=canary", "mechanisms"),
    (Postgres, "postgres://h/db?sslmode=no-verify", "verified"),
    (Postgres, "postgres://h/db?sslmode=require&tls_verify=false", "verified"),
    (Postgres, "postgres://h/db?sslmode=verify-ca", "ca_pem"),
    (Postgres, "postgres://h1,h2/db", "one host"),
    (Redis, "unix:///tmp/redis.sock", "unix"),
    (Redis, "redis+unix://tmp", "unix"),
    (Redis, "redis://h1,h2", "cluster"),
    (Redis, "redis+cluster://h/1", "database 0"),
    (Redis, "redis+sentinel://h", "primary"),
    (Redis, "redis://h/x", "number"),
    (Redis, "redis://u:***@h", "masked"),
    (Redis, "http://h", "redis://"),
    (Redis, "redis://h?cannary=1", "cannary"),
    (BunApi, "https://u:canary@h/", "API key"),
    (BunApi, "https://h/?other=1", "other"),
    (BunApi, "ftp://h/", "https://"),
    (Mongodb, "mongodb+srv://h:27017/", "port"),
    (Mongodb, "mongodb+srv://127.0.0.1/", "address"),
    (Mongodb, "mongodb://h/a%2Fb", "database name"),
];

/// The strings alone.
pub(super) fn strings() -> impl Iterator<Item = (DatabaseType, &'static str)> {
    REFUSED.iter().map(|(kind, text, _)| (*kind, *text))
}

#[test]
fn files_proxies_and_mechanisms_of_the_host_are_refused_with_a_reason() {
    for &(kind, text, why) in REFUSED {
        let error = refused(kind, &string(text));
        assert!(error.message().contains(why), "{text}: {error}");
    }
}

#[test]
fn verification_is_turned_off_only_when_self_hosted() {
    for (kind, text) in [
        (Mongodb, "mongodb://h/?tls=true&tlsInsecure=true"),
        (Redis, "rediss://h?tls_verify=false"),
        (Postgres, "postgres://h/db?sslmode=no-verify"),
        (Postgres, "postgres://h/db?sslmode=require&tls_verify=false"),
        (BunApi, "https://h?tls_verify=false"),
    ] {
        let input = string(text);
        assert!(Target::parse(kind, &input, PLATFORM).is_err(), "{text}");
        let target = Target::parse(kind, &input, SELF_HOSTED).unwrap();
        assert!(target.tls().is_some_and(|tls| tls.insecure), "{text}");
        let stored = string(target.connection_string().expose_secret());
        assert!(Target::parse(kind, &stored, PLATFORM).is_err(), "{text}");
        assert!(!target.requires_secret_again(&Target::parse(kind, &stored, SELF_HOSTED).unwrap()));
    }
}

#[test]
fn sslmode_is_never_weaker_than_what_it_says() {
    let tls = |query: &str| postgres(&string(&format!("postgres://h/db?{query}"))).tls;
    assert!(tls("sslmode=disable").is_none());
    assert!(tls("ssl=false").is_none());
    assert!(tls("").is_some_and(|tls| tls.optional && tls.insecure));
    assert!(tls("sslmode=prefer&tls_verify=true").is_some_and(|tls| tls.optional && !tls.insecure));
    for query in ["sslmode=require", "sslmode=verify-full", "ssl=true"] {
        let tls = tls(query).unwrap();
        assert!(!tls.optional && !tls.insecure && !tls.any_name, "{query}");
    }
}

#[test]
fn a_nul_character_is_refused_in_every_field_of_every_type() {
    const FIELDS: [&str; 5] =
        ["host", "database_name", "username", "password", "connection_string"];
    for kind in DatabaseType::ALL {
        for nul in ["a\0b", "\0", "canary\0"] {
            for name in FIELDS {
                let mut object = json!({ "host": "h" });
                object[name] = nul.into();
                let error = refused(kind, &fields(object));
                assert!(error.message().contains(name), "{kind:?} {name}: {error}");
            }
            for value in [json!(nul), json!([nul]), json!({ "a": { nul: 1 } })] {
                for name in ["api_key", "client_pem", "ca_pem", "hosts", "reader_paths", "none"] {
                    let options = json!({ name: value });
                    let error = refused(kind, &fields(json!({ "host": "h", "options": options })));
                    assert!(error.message().contains("options"), "{kind:?} {name}: {error}");
                }
            }
        }
    }
    for (kind, text) in [
        (BunApi, "https://h/a%00b"),
        (BunApi, "https://h/?api_key=a%00b"),
        (Redis, "redis://:a%00b@h"),
        (Mongodb, "mongodb://h/a%00b"),
        (Postgres, "postgres://a%00:b@h/c"),
    ] {
        refused(kind, &string(text));
    }
}
