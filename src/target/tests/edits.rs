//! Stored secrets under an edited target.

use super::*;

#[test]
fn a_changed_destination_must_bring_the_secret_again() {
    let cases: &[(DatabaseType, &str, Value)] = &[
        (DatabaseType::Redis, "rediss://u:p@h:6379/0", json!({ "host": "evil" })),
        (DatabaseType::Redis, "rediss://u:p@h:6379/0", json!({ "port": 6380 })),
        (DatabaseType::Redis, "rediss://u:p@h:6379/0", json!({ "username": "v" })),
        (DatabaseType::Redis, "rediss://u:p@h:6379/0", json!({ "options": { "tls": false } })),
        (
            DatabaseType::Redis,
            "rediss://u:p@h:6379/0",
            json!({ "connection_string": "redis://u:***@h:6379/0" }),
        ),
        (
            DatabaseType::Redis,
            "rediss://u:p@h:6379/0",
            json!({ "connection_string": "rediss://u@evil/0" }),
        ),
        (
            DatabaseType::Mongodb,
            "mongodb://u:p@h/?tls=true",
            json!({ "options": { "tls": true, "authMechanism": "PLAIN" } }),
        ),
        (DatabaseType::Mongodb, "mongodb://u:p@h/", json!({ "options": { "hosts": ["evil"] } })),
        (
            DatabaseType::Postgres,
            "postgres://u:p@h/db?sslmode=require",
            json!({ "options": { "sslmode": "prefer" } }),
        ),
        (DatabaseType::BunApi, "https://h/v1?api_key=k", json!({ "host": "evil" })),
        (DatabaseType::BunApi, "https://h/v1?api_key=k", json!({ "host": "https://evil/v1" })),
        (
            DatabaseType::Redis,
            "redis+sentinel://s1/m?sentinel_password=q",
            json!({ "connection_string": "redis+sentinel://evil/m" }),
        ),
    ];
    for (kind, text, changes) in cases {
        let old = read(*kind, text);
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
        (DatabaseType::Redis, "redis://:p@h/0", json!({ "options": { "db": 3 } })),
        (DatabaseType::Redis, "redis://:p@h/0", json!({ "host": "H", "port": 6379 })),
        (
            DatabaseType::Redis,
            "redis://:p@h/0",
            json!({ "connection_string": "redis://default:***@h:6379/3", "username": "default" }),
        ),
        (DatabaseType::Redis, "redis://:p@h/0", json!({ "password": "***" })),
        (DatabaseType::Mongodb, "mongodb://u:p@h/a", json!({ "database_name": "b" })),
        (DatabaseType::Postgres, "postgres://u:p@h/a", json!({ "database_name": "b" })),
        (DatabaseType::BunApi, "https://h/?api_key=p", json!({ "options": { "pool_size": 2 } })),
        (
            DatabaseType::Redis,
            "redis+sentinel://u:p@s1/m?sentinel_password=q",
            json!({ "connection_string": "redis+sentinel://u:***@s1/m/4" }),
        ),
    ] {
        let edited = read(kind, text).edited(&fields(changes.clone()), PLATFORM);
        let edited = edited.unwrap_or_else(|e| panic!("{text} {changes}: {e}"));
        assert_eq!(edited.password().unwrap().expose_secret(), "p", "{text} {changes}");
        if let Target::Redis(RedisTarget { topology: RedisTopology::Sentinel { .. }, .. }) = &edited
        {
            assert!(edited.connection_string().expose_secret().contains("sentinel_password=q"));
        }
    }
    // A password is cleared by an empty one.
    let edited = read(DatabaseType::Redis, "redis://:p@h")
        .edited(&fields(json!({ "password": "" })), PLATFORM);
    assert!(edited.unwrap().password().is_none());
}
