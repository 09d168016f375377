mod edits;
mod refusals;

use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::DatabaseType::{BunApi, Mongodb, Postgres, Redis};
use super::*;
use crate::error::{Code, Error};

const PLATFORM: Rules = Rules { self_hosted: false };
const SELF_HOSTED: Rules = Rules { self_hosted: true };

fn fields(json: Value) -> TargetInput {
    serde_json::from_value(json).unwrap()
}

fn string(text: &str) -> TargetInput {
    TargetInput::from_connection_string(text)
}

fn parsed(kind: DatabaseType, input: &TargetInput) -> Target {
    Target::parse(kind, input, PLATFORM).unwrap_or_else(|e| panic!("{input:?}: {e}"))
}

fn refused(kind: DatabaseType, input: &TargetInput) -> Error {
    let error = Target::parse(kind, input, PLATFORM).unwrap_err();
    assert_eq!(error.code(), Code::ValidationError);
    assert!(!error.message().contains("canary"), "{error}");
    error
}

fn redis(input: &TargetInput) -> RedisTarget {
    let Target::Redis(target) = parsed(Redis, input) else { panic!("{input:?}") };
    target
}

fn mongodb(input: &TargetInput) -> MongoTarget {
    let Target::Mongodb(target) = parsed(Mongodb, input) else { panic!("{input:?}") };
    target
}

fn postgres(input: &TargetInput) -> PostgresTarget {
    let Target::Postgres(target) = parsed(Postgres, input) else { panic!("{input:?}") };
    target
}

fn http(input: &TargetInput) -> HttpTarget {
    let Target::Http(target) = parsed(BunApi, input) else { panic!("{input:?}") };
    target
}

/// Targets of every shape, as strings of the documents and of common providers.
const STRINGS: &[(DatabaseType, &str)] = &[
    (Postgres, "postgresql://postgres:password@postgres.railway.internal:5432/database"),
    (Postgres, "postgres://postgres:p%40ss@db.project.supabase.co/postgres?sslmode=require"),
    (
        Postgres,
        "postgresql://u@[::1]:6432?sslmode=disable&statement_timeout=5000&connect_timeout=3",
    ),
    (Postgres, "postgresql://u:p@ep.neon.tech/db?sslmode=require&channel_binding=require"),
    (
        Postgres,
        "postgres://u:p@pooler.supabase.com:6543/postgres?pgbouncer=true&connection_limit=1",
    ),
    (Redis, "redis://default:password@redis.railway.internal:6379"),
    (Redis, "redis://:password@redis-12345.rediscloud.com:12345"),
    (Redis, "rediss://:password@redis-12345.rediscloud.com:12345/3"),
    (Redis, "valkeys://u:%2F%3A%40%23%3F%25@h"),
    (Redis, "redis+cluster://u:p@h1:7000,h2:7001,h3"),
    (Redis, "redis://h1:7000,h2:7001?cluster=true"),
    (Redis, "redis+sentinel://u:p@s1,s2:26380/mymaster/2?sentinel_password=q"),
    (Redis, "rediss-sentinel://s1:1/0?sentinelMasterId=m%2F1"),
    (Redis, "redis://h?family=0&max_connections=7"),
    (Mongodb, "mongodb://username:password@mongodb.railway.internal:27017/database"),
    (
        Mongodb,
        "mongodb+srv://username:password@cluster.mongodb.net/database?retryWrites=true&w=majority&appName=Cluster0",
    ),
    (Mongodb, "mongodb+srv://u:p@cluster.mongodb.net/?tls=false"),
    (Mongodb, "mongodb://user:pass@host1:27017,host2:27017,host3:27017/db?replicaSet=rs0"),
    (
        Mongodb,
        "mongodb://u:p@h/?authSource=admin&tls=true&authMechanism=scram-sha-256&readPreference=primaryPreferred&serverSelectionTimeoutMS=4000&w=2&journal=true&wtimeoutMS=10",
    ),
    (Mongodb, "mongodb://h/?directConnection=true&maxPoolSize=5"),
    (BunApi, "https://bun-server-production.up.railway.app"),
    (BunApi, "http://localhost:3001/api/v1?api_key=k%26y"),
    (BunApi, "https://[::1]:8443/base/?pool_size=3"),
];

#[test]
fn a_target_survives_its_connection_string_and_its_columns() {
    for (kind, text) in STRINGS {
        let target = parsed(*kind, &string(text));
        let whole = target.connection_string();
        let again = parsed(*kind, &string(whole.expose_secret()));
        assert_eq!(again.columns(), target.columns(), "{text}");
        assert_eq!(again.connection_string().expose_secret(), whole.expose_secret(), "{text}");

        let Stored { columns, mut password, .. } = target.stored();
        let json = serde_json::to_string(&columns).unwrap();
        let columns = serde_json::from_str(&json).unwrap();
        let mut input = TargetInput::from_stored(columns, None, password.take());
        // Other secrets are in the sealed string only.
        if let Target::Redis(RedisTarget { sentinel_password: Some(secret), .. }) = &target {
            let options = input.options.get_or_insert_default();
            options.insert("sentinel_password".into(), secret.expose_secret().into());
            password = Some("".into());
        }
        drop(password);
        let again =
            Target::parse(*kind, &input, PLATFORM).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(again.connection_string().expose_secret(), whole.expose_secret(), "{text}");
        assert!(!target.requires_secret_again(&again), "{text}");
    }
}

#[test]
fn masked_strings_show_everything_but_secrets() {
    let masked = |kind, text| {
        let target = parsed(kind, &string(text));
        target.columns().masked(kind, target.password().is_some())
    };
    for (kind, text, expected) in [
        (Redis, "redis://:canary@host:6379", "redis://default:***@host:6379/0"),
        (Redis, "redis://host", "redis://host:6379/0"),
        (Redis, "rediss://u:canary@h/4", "rediss://u:***@h:6379/4"),
        (
            Redis,
            "redis+sentinel://u:canary@s1,s2/m?sentinel_password=canary",
            "redis://u:***@s1:26379,s2:26379/0?sentinel_master=m",
        ),
        (Redis, "redis+cluster://a:1,b:2", "redis://a:1,b:2/?cluster=true"),
        (
            Mongodb,
            "mongodb+srv://u:canary@c.example.net/db?w=majority",
            "mongodb+srv://u:***@c.example.net/db?w=majority",
        ),
        (
            Mongodb,
            "mongodb://u:canary@a:1,b:2/db?replicaSet=rs0",
            "mongodb://u:***@a:1,b:2/db?replicaSet=rs0",
        ),
        (
            Postgres,
            "postgres://u:canary@[::1]/db?sslmode=require",
            "postgresql://u:***@[::1]:5432/db?sslmode=verify-full",
        ),
        (BunApi, "https://api.example.com/v1?api_key=canary", "https://api.example.com/v1/"),
    ] {
        assert_eq!(masked(kind, text), expected);
    }
}

#[test]
fn no_secret_is_in_columns_or_debug_output() {
    for (kind, text) in [
        (Redis, "redis+sentinel://u:canary@s1/m?sentinel_password=canary"),
        (Mongodb, "mongodb://u:canary@h/db"),
        (Postgres, "postgres://u:canary@h/db"),
        (BunApi, "https://h/?api_key=canary"),
    ] {
        let target = parsed(kind, &string(text));
        assert!(!format!("{target:?} {:?}", target.stored()).contains("canary"), "{text}");
        assert!(!serde_json::to_string(&target.columns()).unwrap().contains("canary"), "{text}");
        assert!(target.connection_string().expose_secret().contains("canary"), "{text}");
    }
}

#[test]
fn the_seeds_fields_are_read() {
    let target = redis(&fields(json!({
        "host": "Redis.Railway.Internal", "port": 6379, "username": "default", "password": "p",
        "options": { "db": 2, "tls": true }
    })));
    assert_eq!(target.endpoints[0].to_string(), "redis.railway.internal:6379");
    assert_eq!((target.db, target.tls.is_some()), (2, true));

    let target = redis(&fields(json!({
        "host": "s1", "port": 26379,
        "options": { "sentinel": { "master": "m", "sentinels": [
            { "host": "s1", "port": 26379 }, { "host": "s2", "port": 26380 }
        ] } }
    })));
    assert_eq!(target.endpoints.len(), 2);
    assert_eq!(target.topology, RedisTopology::Sentinel { master: "m".into() });

    let target = mongodb(&fields(json!({
        "host": "h", "port": 27017, "database_name": "d", "username": "u", "password": "p",
        "options": { "replica_set": "rs0", "auth_source": "admin", "tls": false,
                     "server_selection_timeout": 5000 }
    })));
    assert_eq!(target.replica_set.as_deref(), Some("rs0"));
    assert_eq!(target.server_selection_timeout_ms, Some(5000));

    let target = postgres(&fields(json!({
        "host": "h", "port": 5432, "database_name": "d", "username": "u", "password": "p",
        "options": { "ssl": true, "pool_size": 5, "statement_timeout": 1000 }
    })));
    assert!(target.tls.is_some_and(|tls| !tls.insecure && !tls.optional));
    assert_eq!((target.pool_size, target.statement_timeout_ms), (Some(5), Some(1000)));

    let input = fields(json!({ "connection_string": "redis://h", "config": {
        "maxmemory": "256mb", "maxmemory_policy": "allkeys-lru", "databases": 16 } }));
    let target = Target::parse(Redis, &input, PLATFORM).unwrap();
    assert_eq!(target.columns().options["maxmemory"], "256mb");

    let target = http(&fields(json!({ "host": "https://api.example.com/v1", "password": "key" })));
    assert_eq!(target.base_url.as_str(), "https://api.example.com/v1/");
    assert_eq!(target.api_key.unwrap().expose_secret(), "key");
}

#[test]
fn string_and_fields_must_agree() {
    let parse = |json| Target::parse(Redis, &fields(json), PLATFORM);
    let string = "redis://u:p@h:6379/1";
    assert!(
        parse(json!({ "connection_string": string, "host": "H", "port": 6379,
        "username": "u", "password": "p", "options": { "db": 1 } }))
        .is_ok()
    );
    for other in [
        json!({ "host": "other" }),
        json!({ "port": 6380 }),
        json!({ "username": "v" }),
        json!({ "password": "q" }),
        json!({ "options": { "db": 2 } }),
        json!({ "database_name": "2" }),
    ] {
        let mut both = other.as_object().unwrap().clone();
        both.insert("connection_string".into(), string.into());
        let error = parse(Value::Object(both)).unwrap_err();
        assert_eq!(error.code(), Code::ValidationError, "{other}");
    }
    // What the string leaves open, the fields say.
    let target = parse(json!({ "connection_string": "redis://h", "port": 7000, "password": "p" }));
    let target = target.unwrap();
    assert_eq!(target.endpoints()[0].port, 7000);
    assert!(target.password().is_some());
}

#[test]
fn sentinels_clusters_and_defaults_are_told_apart() {
    assert_eq!(redis(&string("redis://h")).topology, RedisTopology::Standalone);
    assert_eq!(redis(&string("redis://h")).endpoints[0].port, 6379);
    let sentinel = redis(&string("redis+sentinel://s1,s2:26380/mymaster/2"));
    assert_eq!(sentinel.topology, RedisTopology::Sentinel { master: "mymaster".into() });
    assert_eq!((sentinel.endpoints[0].port, sentinel.db), (26379, 2));
    let cluster = redis(&string("redis://a:7000,b:7001?cluster=1"));
    assert_eq!((cluster.topology, cluster.endpoints.len()), (RedisTopology::Cluster, 2));
    assert!(mongodb(&string("mongodb+srv://u:p@c.example.net")).tls.is_some());
    assert!(mongodb(&string("mongodb://h")).tls.is_none());
    assert_eq!(postgres(&string("postgres://bob@h")).database, "bob");
}

proptest! {
    #[test]
    fn any_secret_survives_and_is_shown_nowhere(
        username in "[^\\x00]{1,20}",
        secret in "[^\\x00]{0,20}canary[^\\x00]{0,20}",
        kind in prop::sample::select(&DatabaseType::ALL[..]),
    ) {
        let username = (kind != BunApi).then_some(username);
        let input = TargetInput {
            host: Some("h".into()),
            username: username.clone(),
            password: Some(secret.clone().into()),
            ..TargetInput::default()
        };
        let target = Target::parse(kind, &input, PLATFORM).unwrap();
        let whole = target.connection_string();
        let again = parsed(kind, &string(whole.expose_secret()));
        prop_assert_eq!(again.password().unwrap().expose_secret(), &secret);
        prop_assert_eq!(&again.columns().username, &username);
        let shown = format!("{target:?} {} {}", target.columns().masked(kind, true),
            serde_json::to_string(&target.columns()).unwrap());
        prop_assert!(username.is_some_and(|u| u.contains("canary")) || !shown.contains("canary"));
    }

    #[test]
    fn no_input_panics_or_is_quoted(
        text in "[a-z:/@?#=&%,\\[\\].0-9]{0,30}",
        scheme in prop::sample::select(vec!["redis", "mongodb", "mongodb+srv", "postgres", "https"]),
        kind in prop::sample::select(&DatabaseType::ALL[..]),
    ) {
        let text = format!("{scheme}://u:{text}canary@{text}");
        let input = string(&text);
        if let Err(error) = Target::parse(kind, &input, SELF_HOSTED) {
            prop_assert!(!error.message().contains("canary"), "{text}: {error}");
        }
    }
}
