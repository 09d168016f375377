use std::collections::{HashMap, HashSet};
use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tracing::Level;

use super::*;
use crate::error::{Code, Error, Result};
use crate::target::DatabaseType;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const NEW: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// For each variable a good value that is not its default, and a bad one.
const SAMPLES: &[(&str, &str, &str)] = &[
    ("DATABASE_URL", "postgresql://u:canary@h/d", "mysql://u:canary@h/d"),
    ("DATABASE_ENCRYPTION_KEY", KEY, "canary"),
    ("PG_META_CRYPTO_KEY", "canary-a", "SAMPLE_KEY"),
    ("REDIS_CRYPTO_KEY", "canary-b", "SAMPLE_KEY"),
    ("MONGODB_CRYPTO_KEY", "canary-c", "SAMPLE_KEY"),
    ("STUDIO_PG_META_URL", "http://u:canary@meta:8080/x?t=canary", "canary"),
    ("REDIS_URL", "redis://:canary@h:6379", "http://canary"),
    ("MONGODB_URL", "mongodb://u:canary@a,b,c/d?replicaSet=rs0", "redis://canary"),
    ("BUN_API_URL", "https://u:canary@bun.example/api?t=canary", "ftp://canary"),
    ("BUN_API_KEY", "canary", ""),
    ("MAX_POSTGRES_CONNECTIONS", "5", "0"),
    ("MAX_REDIS_CONNECTIONS", "6", "-1"),
    ("MAX_MONGODB_CONNECTIONS", "7", "ten"),
    ("ENABLE_REDIS_MANAGEMENT", "false", "no way"),
    ("ENABLE_MONGODB_MANAGEMENT", "FALSE", "2"),
    ("ENABLE_BUN_API_MANAGEMENT", "0", "nope"),
    ("MULTIDB_MAX_CLIENTS", "8", "1e9"),
    ("MULTIDB_IDLE_TIMEOUT_MS", "1000", "5m"),
    ("NEXT_PUBLIC_IS_PLATFORM", "true", "platform"),
    ("MULTIDB_ALLOWED_HOSTS", "10.0.0.0/8, db.internal", ""),
    ("MULTIDB_DENIED_HOSTS", "evil.example", ""),
    ("MULTIDB_ALLOWED_ORIGINS", "https://studio.example", "*"),
    ("MULTIDB_RATE_LIMIT", "off", "100"),
    ("MULTIDB_SHARED_REDIS_URL", "rediss://:canary@h:6379", "canary"),
    ("MULTIDB_AUTHORIZATION", "members", "admins"),
    ("MULTIDB_REQUEST_TIMEOUT_MS", "1", "0"),
    ("MULTIDB_CONNECT_TIMEOUT_MS", "2", "never"),
    ("MULTIDB_MAX_RESULT_BYTES", "1048576", "64MiB"),
    ("MULTIDB_MAX_SOCKETS", "10", "0"),
    ("MULTIDB_MAX_SOCKETS_PER_USER", "3", "few"),
    ("MULTIDB_SOCKET_PING_MS", "5000", "0"),
    ("MULTIDB_METRICS_TOKEN", "canary-0123456789", "canary"),
    ("LOG_LEVEL", "warn", "loud"),
];

fn from(env: &[(&str, &str)], options: Value) -> Result<Config> {
    let env: HashMap<&str, &str> = env.iter().copied().collect();
    let Value::Object(options) = options else { panic!("options are an object") };
    Config::from_env(|name| env.get(name).map(|text| (*text).to_owned()), &options)
}

fn refusal(env: &[(&str, &str)], options: Value) -> Error {
    from(env, options).unwrap_err()
}

fn setting(variable: &str) -> &'static Setting {
    SETTINGS.iter().find(|s| s.variable() == variable).unwrap()
}

#[test]
fn starts_with_nothing_configured() {
    let config = from(&[], json!({})).unwrap();
    assert!(config.database_url.is_none() && config.keyring.is_none());
    for kind in DatabaseType::ALL {
        assert!(config.enabled(kind));
    }
    assert_eq!(config.max_connections(DatabaseType::Postgres), 20);
    assert_eq!(config.max_connections(DatabaseType::Redis), 10);
    assert_eq!(config.max_connections(DatabaseType::Mongodb), 10);
    assert_eq!(config.max_clients, 100);
    assert_eq!(config.idle_timeout, Duration::from_secs(300));
    assert_eq!(config.rate_limit, Some(RateLimit { cost: 100, window: Duration::from_secs(60) }));
    assert_eq!(config.authorization, Authorization::Off);
    assert_eq!(config.request_timeout, Duration::from_secs(30));
    assert_eq!(config.connect_timeout, Duration::from_secs(10));
    assert_eq!(config.max_result_bytes, 64 << 20);
    assert_eq!(config.log_level, Some(Level::INFO));
    assert!(!config.is_platform);
}

#[test]
fn every_setting_is_sampled_here_and_named_once() {
    let sampled: Vec<&str> = SAMPLES.iter().map(|(variable, ..)| *variable).collect();
    let listed: Vec<&str> = SETTINGS.iter().map(super::table::Setting::variable).collect();
    assert_eq!(sampled, listed);
    let names: Vec<&str> =
        SETTINGS.iter().flat_map(|s| s.names.iter().copied().chain([s.option])).collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
}

#[test]
fn every_setting_takes_effect_from_its_variable_and_from_its_option() {
    let unset = from(&[], json!({})).unwrap().fingerprint();
    let mut seen = HashSet::from([unset]);
    for (variable, good, _) in SAMPLES {
        let by_env = from(&[(variable, good)], json!({})).unwrap().fingerprint();
        assert!(seen.insert(by_env), "{variable} changed nothing, or not its own member");
        let option = setting(variable).option;
        let by_option = from(&[], json!({ option: good })).unwrap().fingerprint();
        assert_eq!(by_env, by_option, "{option}");
    }
}

#[test]
fn an_option_wins_over_the_variable_and_takes_it_back_when_empty() {
    for (variable, good, bad) in SAMPLES {
        let option = setting(variable).option;
        let both = from(&[(variable, bad)], json!({ option: good })).unwrap();
        let alone = from(&[], json!({ option: good })).unwrap();
        assert_eq!(both.fingerprint(), alone.fingerprint(), "{option}");
    }
    let config = from(&[("REDIS_URL", "redis://h")], json!({ "redisUrl": "" })).unwrap();
    assert!(config.redis_url.is_none());
    let config = from(&[("REDIS_URL", "redis://h")], json!({ "redisUrl": null })).unwrap();
    assert!(config.redis_url.is_some());
}

#[test]
fn a_bad_value_is_refused_by_name_and_never_shown_when_it_is_secret() {
    for (variable, _, bad) in SAMPLES.iter().filter(|(.., bad)| !bad.is_empty()) {
        let option = setting(variable).option;
        for error in [refusal(&[(variable, bad)], json!({})), refusal(&[], json!({ option: bad }))]
        {
            assert_eq!(error.code(), Code::ValidationError);
            assert!(error.message().contains(variable), "{error}");
            assert!(!format!("{error:?} {:?}", error.details()).contains("canary"), "{error}");
            assert_eq!(error.details()["variable"], *variable);
        }
        let wrong_kind = refusal(&[], json!({ option: { "canary": "canary" } }));
        assert!(wrong_kind.message().contains(option), "{wrong_kind}");
        assert!(!wrong_kind.message().contains("canary"), "{wrong_kind}");
    }
    let shown = refusal(&[("MULTIDB_MAX_CLIENTS", "many")], json!({}));
    assert_eq!(
        shown.message(),
        "MULTIDB_MAX_CLIENTS is `many`: must be a whole number from 1 to 100000"
    );
}

#[test]
fn empty_is_as_good_as_absent_but_for_keys() {
    for setting in SETTINGS {
        let result = from(&[(setting.variable(), "  ")], json!({}));
        if setting.variable().ends_with("CRYPTO_KEY")
            || setting.variable().ends_with("ENCRYPTION_KEY")
        {
            let error = result.unwrap_err();
            assert!(error.message().contains(setting.variable()), "{error}");
            assert!(from(&[], json!({ setting.option: "" })).is_err());
        } else {
            let unset = from(&[], json!({})).unwrap();
            assert_eq!(
                result.unwrap().fingerprint(),
                unset.fingerprint(),
                "{}",
                setting.variable()
            );
        }
    }
}

#[test]
fn older_names_are_read_where_the_newer_ones_are_not_set() {
    let config = |env: &[(&str, &str)]| from(env, json!({})).unwrap();
    let c = config(&[("REDIS_MAX_CONNECTIONS", "3"), ("MONGODB_MAX_POOL_SIZE", "4")]);
    assert_eq!((c.max_redis_connections, c.max_mongodb_connections), (3, 4));
    let c = config(&[("REDIS_MAX_CONNECTIONS", "3"), ("MAX_REDIS_CONNECTIONS", "5")]);
    assert_eq!(c.max_redis_connections, 5);
    let c = config(&[("REDIS_MAX_CONNECTIONS", "3"), ("MAX_REDIS_CONNECTIONS", "")]);
    assert_eq!(c.max_redis_connections, 3);
    assert!(config(&[("MULTI_DB_CRYPTO_KEY", KEY)]).keyring.is_some());
    let error = refusal(&[("MULTI_DB_CRYPTO_KEY", "canary")], json!({}));
    assert!(error.message().starts_with("MULTI_DB_CRYPTO_KEY: "), "{error}");
}

#[test]
fn options_take_the_types_that_javascript_has() {
    let config = from(
        &[],
        json!({
            "maxClients": 20,
            "idleTimeoutMs": 1500.0,
            "enableRedisManagement": false,
            "allowedHosts": ["10.0.0.0/8", "db.internal:5432"],
            "encryptionKey": [format!("new:{NEW}"), format!("old:{KEY}")],
        }),
    )
    .unwrap();
    assert_eq!(config.max_clients, 20);
    assert_eq!(config.idle_timeout, Duration::from_millis(1500));
    assert!(!config.enabled(DatabaseType::Redis));
    assert_eq!(config.allowed_hosts, ["10.0.0.0/8", "db.internal:5432"]);
    assert_eq!(config.keyring.unwrap().ids().collect::<Vec<_>>(), ["new", "old"]);
    for bad in [json!(1.5), json!(-1), json!(1e300), json!([1]), json!({})] {
        assert!(from(&[], json!({ "maxClients": bad })).is_err());
    }
}

#[test]
fn an_unknown_option_is_refused_with_the_known_ones() {
    let error = refusal(&[], json!({ "maxClient": 1 }));
    assert!(error.message().contains("`maxClient`"), "{error}");
    assert!(error.message().contains("maxClients,"), "{error}");
}

#[test]
fn a_platform_enforces_roles_unless_told_otherwise() {
    let platform = ("NEXT_PUBLIC_IS_PLATFORM", "true");
    assert_eq!(from(&[platform], json!({})).unwrap().authorization, Authorization::Members);
    let off = from(&[platform, ("MULTIDB_AUTHORIZATION", "off")], json!({})).unwrap();
    assert_eq!(off.authorization, Authorization::Off);
}

#[test]
fn legacy_strings_are_tried_with_the_passphrase_of_their_type_first() {
    let config = from(&[("PG_META_CRYPTO_KEY", "pg "), ("REDIS_CRYPTO_KEY", "redis")], json!({}));
    let config = config.unwrap();
    let of = |kind| {
        config.legacy_passphrases(kind).map(|p| p.expose_secret().to_owned()).collect::<Vec<_>>()
    };
    // Verbatim: a space at the end of a passphrase is part of it.
    assert_eq!(of(DatabaseType::Redis), ["redis", "pg "]);
    assert_eq!(of(DatabaseType::Mongodb), ["pg "]);
    assert_eq!(of(DatabaseType::Postgres), ["pg "]);
}

#[test]
fn debug_output_shows_no_secret() {
    let env: Vec<(&str, &str)> = SAMPLES.iter().map(|(name, good, _)| (*name, *good)).collect();
    let shown = format!("{:?}", from(&env, json!({})).unwrap());
    assert!(!shown.contains("canary"), "{shown}");
    assert!(!shown.contains(&KEY[..16]), "{shown}");
    assert!(shown.contains("https://bun.example"), "{shown}");
    // Every member is there: as many as there are settings, of which those that switch types off are one.
    let switches =
        SETTINGS.iter().filter(|setting| setting.variable().starts_with("ENABLE_")).count();
    let members = shown.matches(": ").count() - shown.matches("cost: ").count();
    assert_eq!(members, SETTINGS.len() - switches + 1);
}

#[test]
fn fingerprints_tell_keys_apart_that_have_the_same_id() {
    let print = |key: &str| from(&[], json!({ "encryptionKey": key })).unwrap().fingerprint();
    assert_ne!(print(&format!("a:{KEY}")), print(&format!("a:{NEW}")));
    assert_eq!(print(KEY), print(&KEY.to_uppercase()));
}

/// `| variable | option | default | meaning |`
fn readme_row(setting: &Setting) -> String {
    let alias = setting.names.get(1).map(|name| format!(" (`{name}`)")).unwrap_or_default();
    let default = match setting.fallback {
        Fallback::Unset => "—".to_owned(),
        Fallback::Text(text) => format!("`{text}`"),
        Fallback::Depends(text, _) => text.to_owned(),
    };
    let (variable, Setting { option, meaning, .. }) = (setting.variable(), setting);
    format!("| `{variable}`{alias} | `{option}` | {default} | {meaning} |")
}

#[test]
fn the_readme_has_a_row_for_every_setting() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let Ok(readme) = std::fs::read_to_string(path) else { return };
    // Formatters pad the cells.
    let squeeze = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: HashSet<String> = readme.lines().map(squeeze).collect();
    let missing: Vec<String> =
        SETTINGS.iter().map(readme_row).filter(|row| !lines.contains(&squeeze(row))).collect();
    assert!(missing.is_empty(), "README.md lacks these rows:\n{}", missing.join("\n"));
}
