//! Stored secrets under an edited target.

use super::*;

#[test]
fn a_changed_destination_must_bring_the_secret_again() {
    let cases: &[(DatabaseType, &str, Value)] = &[
        (Redis, "rediss://u:p@h:6379/0", json!({ "host": "evil" })),
        (Redis, "rediss://u:p@h:6379/0", json!({ "port": 6380 })),
        (Redis, "rediss://u:p@h:6379/0", json!({ "username": "v" })),
        (Redis, "rediss://u:p@h:6379/0", json!({ "options": { "tls": false } })),
        (Redis, "rediss://u:p@h:6379/0", json!({ "connection_string": "redis://u:***@h:6379/0" })),
        (Redis, "rediss://u:p@h:6379/0", json!({ "connection_string": "rediss://u@evil/0" })),
        (
            Mongodb,
            "mongodb://u:p@h/?tls=true",
            json!({ "options": { "tls": true, "authMechanism": "PLAIN" } }),
        ),
        (Mongodb, "mongodb://u:p@h/", json!({ "options": { "hosts": ["evil"] } })),
        (
            Postgres,
            "postgres://u:p@h/db?sslmode=require",
            json!({ "options": { "sslmode": "prefer" } }),
        ),
        (BunApi, "https://h/v1?api_key=k", json!({ "host": "evil" })),
        (BunApi, "https://h/v1?api_key=k", json!({ "host": "https://evil/v1" })),
        (
            Redis,
            "redis+sentinel://s1/m?sentinel_password=q",
            json!({ "connection_string": "redis+sentinel://evil/m" }),
        ),
    ];
    for (kind, text, changes) in cases {
        let old = parsed(*kind, &string(text));
        let error = old.edited(&fields(changes.clone()), PLATFORM).unwrap_err();
        assert!(error.message().contains("again"), "{text} {changes}: {error}");
        // With the secret it is fine.
        if !matches!(old, Target::Redis(RedisTarget { sentinel_password: Some(_), .. })) {
            let mut changes = fields(changes.clone());
            changes.connection_string =
                changes.connection_string.map(|s| s.expose_secret().replace(":***", "").into());
            changes.password = Some("new".into());
            let edited = old.edited(&changes, PLATFORM).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(edited.password().unwrap().expose_secret(), "new");
        }
    }
}

#[test]
fn an_edit_that_goes_nowhere_else_keeps_the_secret() {
    for (kind, text, changes) in [
        (Redis, "redis://:p@h/0", json!({ "options": { "db": 3 } })),
        (Redis, "redis://:p@h/0", json!({ "host": "H", "port": 6379 })),
        (
            Redis,
            "redis://:p@h/0",
            json!({ "connection_string": "redis://default:***@h:6379/3", "username": "default" }),
        ),
        (Redis, "redis://:p@h/0", json!({ "password": "***" })),
        (Mongodb, "mongodb://u:p@h/a", json!({ "database_name": "b" })),
        (Postgres, "postgres://u:p@h/a", json!({ "database_name": "b" })),
        (BunApi, "https://h/?api_key=p", json!({ "options": { "pool_size": 2 } })),
        (
            Redis,
            "redis+sentinel://u:p@s1/m?sentinel_password=q",
            json!({ "connection_string": "redis+sentinel://u:***@s1/m/4" }),
        ),
    ] {
        let edited = parsed(kind, &string(text)).edited(&fields(changes.clone()), PLATFORM);
        let edited = edited.unwrap_or_else(|e| panic!("{text} {changes}: {e}"));
        assert_eq!(edited.password().unwrap().expose_secret(), "p", "{text} {changes}");
        if let Target::Redis(RedisTarget { topology: RedisTopology::Sentinel { .. }, .. }) = &edited
        {
            assert!(edited.connection_string().expose_secret().contains("sentinel_password=q"));
        }
    }
    // A password is cleared by an empty one.
    let edited =
        parsed(Redis, &string("redis://:p@h")).edited(&fields(json!({ "password": "" })), PLATFORM);
    assert!(edited.unwrap().password().is_none());
}

/// What users may give, good and bad, of every kind.
fn given() -> Vec<(DatabaseType, Value)> {
    let mut all: Vec<(DatabaseType, Value)> = STRINGS
        .iter()
        .copied()
        .chain(super::refusals::strings())
        .map(|(kind, text)| (kind, json!({ "connection_string": text })))
        .collect();
    let fields = [
        json!({ "host": "h" }),
        json!({ "host": "" }),
        json!({ "host": "010.0.0.1" }),
        json!({ "host": "a b" }),
        json!({ "host": "h1,h2" }),
        json!({ "host": "/var/run/x" }),
        json!({ "host": "fe80::1%eth0" }),
        json!({ "host": "h", "username": "a\0b" }),
        json!({ "host": "h", "database_name": "a/b" }),
        json!({ "host": "h", "database_name": "99" }),
        json!({ "host": "h", "options": { "hosts": ["h2", "a b"] } }),
        json!({ "host": "h", "options": { "hosts": ["h2:0"] } }),
        json!({ "host": "h", "options": { "hosts": vec!["h"; 100] } }),
        json!({ "host": "h", "options": { "cluster": true, "hosts": ["h2"] } }),
        json!({ "host": "h", "options": { "sentinel": { "master": "m", "sentinels": ["010.0.0.1"] } } }),
        json!({ "host": "h", "options": { "srv": true } }),
        json!({ "host": "127.0.0.1", "options": { "srv": true } }),
        json!({ "host": "h", "port": 27017, "options": { "srv": true } }),
        json!({ "host": "h", "options": { "tls": false, "ca_pem": "x" } }),
        json!({ "host": "h", "options": { "tls": true, "ca_pem": "x" } }),
        json!({ "host": "h", "options": { "tls_verify": false } }),
        json!({ "host": "h", "options": { "sslmode": "no-verify" } }),
        json!({ "host": "h", "options": { "tlsCAFile": "/etc/passwd" } }),
        json!({ "host": "h", "options": { "options": "-c x=y" } }),
        json!({ "host": "h", "options": { "proxyHost": "p" } }),
        json!({ "host": "h", "options": { "authMechanism": "MONGODB-AWS" } }),
        json!({ "host": "h", "options": { "pool_size": 0 } }),
        json!({ "host": "h", "options": { "pool_size": 5 } }),
        json!({ "host": "h", "options": { "reader_paths": ["tasks"] } }),
        json!({ "host": "h", "options": { "request_headers": ["Host"] } }),
        json!({ "host": "h", "options": { "unheard_of": 1 } }),
        json!({ "host": "https://h/a?b=c" }),
        json!({ "host": "https://h/a" }),
        json!({ "connection_string": "redis://h", "host": "other" }),
        json!({ "connection_string": "postgres://h/a", "database_name": "b" }),
    ];
    for kind in DatabaseType::ALL {
        all.extend(fields.iter().map(|fields| (kind, fields.clone())));
    }
    all
}

#[test]
fn an_edit_is_refused_where_the_same_is_refused_of_a_new_target() {
    let olds = [
        (Redis, "redis://old"),
        (Mongodb, "mongodb://old"),
        (Postgres, "postgres://old/d?sslmode=disable"),
        (BunApi, "http://old"),
    ];
    let mut refused = 0;
    for rules in [PLATFORM, SELF_HOSTED] {
        for (kind, given) in given() {
            // What is masked was shown by us, and counts as not given in an edit.
            if given.to_string().contains("***") {
                continue;
            }
            let old = olds.iter().find(|(of, _)| *of == kind).unwrap();
            let old = Target::parse(kind, &string(old.1), rules);
            // An edit keeps what it does not name; here it names everything.
            let mut named = given.clone();
            if named.get("connection_string").is_none() {
                let members = named.as_object_mut().unwrap();
                members.entry("options").or_insert(json!({}));
                members.entry("username").or_insert(json!(""));
                members.entry("database_name").or_insert(json!(""));
            }
            let new = Target::parse(kind, &fields(named.clone()), rules);
            let edited = old.unwrap().edited(&fields(named.clone()), rules);
            let (new, edited) = (new.err(), edited.err());
            let message = |error: &Option<Error>| error.as_ref().map(|e| e.message().to_owned());
            assert_eq!(message(&edited), message(&new), "{kind:?} {named}");
            refused += usize::from(new.is_some());
        }
    }
    assert!(refused > 100, "{refused}");
}
