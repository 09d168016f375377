//! The server as a whole, through the HTTP door.

use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::service::Service;

use crate::fixtures::{Records, given};
use crate::http::{ok, records, request, send, service};
use crate::support::{Admin, SLOTS, address, prefix};

async fn get(service: &Arc<Service>, path: &str) -> Value {
    let answer = ok(service, "GET", path, Value::Null).await;
    answer["data"].clone()
}

/// Servers of every generation that is there.
fn generations() -> Vec<Arc<Service>> {
    let names = ["TEST_REDIS_URL", "TEST_REDIS_62_URL", "TEST_REDIS_70_URL"];
    names.iter().filter_map(|name| given(name)).map(|url| service(&url)).collect()
}

async fn run(service: &Arc<Service>, line: &str) {
    let body = json!({ "line": line, "confirm": true });
    ok(service, "POST", "/command", body).await;
}

#[tokio::test]
async fn info_is_typed_on_every_generation() {
    for service in generations() {
        run(&service, "PING").await;
        let info = get(&service, "/info").await;
        assert!(matches!(info["server"]["name"].as_str(), Some("redis" | "valkey")));
        assert!(info["server"]["version"].is_string() && info["server"]["uptime_seconds"].is_u64());
        for name in ["used_memory", "max_memory", "used_memory_rss", "used_memory_peak"] {
            assert!(info["memory"][name].is_u64(), "{name}: {}", info["memory"]);
        }
        for name in ["total_commands_processed", "ops_per_sec", "keyspace_hits", "evicted_keys"] {
            assert!(info["stats"][name].is_u64(), "{name}: {}", info["stats"]);
        }
        assert!(info["clients"]["connected_clients"].as_u64() >= Some(1));
        assert!(info["persistence"]["rdb_last_save_time"].is_u64());
        assert!(info["persistence"]["aof_enabled"].is_boolean());
        assert_eq!(info["replication"]["role"], "master");
        assert!(info["cpu"]["used_cpu_user"].is_f64());
        let commands = info["commands"].as_array().unwrap();
        assert!(commands.iter().any(|c| c["command"] == "ping" && c["calls"].as_u64() >= Some(1)));
        assert_eq!(info["warnings"], json!([]));
    }
}

/// A primary with a replica, behind a sentinel.
#[tokio::test]
async fn a_primary_tells_how_far_its_replicas_are_behind() {
    let Some(url) = given("TEST_REDIS_SENTINEL_URL") else { return };
    let info = get(&service(&url), "/info").await;
    assert_eq!(info["server"]["mode"], "sentinel");
    let replicas = info["replication"]["replicas"].as_array().unwrap();
    for replica in replicas {
        assert!(replica["lag_bytes"].is_u64() && replica["port"].is_u64(), "{replica}");
    }
}

#[tokio::test]
async fn a_cluster_tells_of_every_node_replicas_too() {
    let Some(url) = given("TEST_REDIS_CLUSTER_URL") else { return };
    let _still = SLOTS.read().await;
    let service = service(&url);
    let info = get(&service, "/info").await;
    let nodes = info["nodes"].as_array().unwrap();
    let of = |role: &str| nodes.iter().filter(|node| node["role"] == role).collect::<Vec<_>>();
    let (primaries, replicas) = (of("master"), of("slave"));
    assert!(primaries.len() > 1 && !replicas.is_empty(), "{}", nodes.len());
    for replica in replicas {
        assert!(primaries.iter().any(|primary| primary["id"] == replica["primary"]));
        assert_eq!(replica["replication"]["role"], "slave");
        assert_eq!(replica["replication"]["master"]["link_status"], "up");
    }
    let sum = |pick: fn(&Value) -> Option<u64>| {
        of("master").into_iter().map(|node| pick(node).unwrap()).sum::<u64>()
    };
    let used = sum(|node| node["memory"]["used_memory"].as_u64());
    assert_eq!(info["memory"]["used_memory"], used);
    let stats = get(&service, "/stats").await;
    assert_eq!(stats["nodes"].as_array().unwrap().len(), nodes.len());
    let databases = get(&service, "/databases").await;
    let keys = databases["nodes"].as_array().unwrap().iter().map(|n| n["keys"].as_u64().unwrap());
    assert_eq!(databases["current"]["keys"], keys.sum::<u64>());
}

#[tokio::test]
async fn databases_are_counted() {
    for service in generations() {
        let key = prefix();
        run(&service, &format!("SET {key} v EX 100")).await;
        let databases = get(&service, "/databases").await;
        let first = &databases["databases"][0];
        assert_eq!(first["db"], 0);
        assert!(first["keys"].as_u64() >= Some(1) && first["expires"].as_u64() >= Some(1));
        assert!(databases["current"]["keys"].as_u64() >= Some(1));
        assert_eq!((&databases["current"]["db"], &databases["count"]), (&json!(0), &json!(16)));
        run(&service, &format!("DEL {key}")).await;
    }
}

#[tokio::test]
async fn the_slow_log_shows_arguments_apart_and_no_secrets() {
    for name in ["TEST_REDIS_URL", "TEST_REDIS_62_URL", "TEST_REDIS_70_URL"] {
        let Some(url) = given(name) else { continue };
        let mut admin = Admin::connect(address(&url)).await;
        admin.done(&["CONFIG", "SET", "slowlog-log-slower-than", "0"]).await;
        let key = prefix();
        admin.done(&["SET", &key, "\"a b\""]).await;
        admin.ask(&["AUTH", "canary-user", "canary-secret"]).await;
        admin.ask(&["CONFIG", "SET", "masterauth", "canary-secret"]).await;
        admin.ask(&["CONFIG", "SET", "masterauth", "\"\""]).await;
        admin.done(&["CONFIG", "SET", "slowlog-log-slower-than", "10000"]).await;
        let log = get(&service(&url), "/slowlog?limit=100").await;
        let entries = log["entries"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["args"][1] == key.as_str()).unwrap();
        assert_eq!(entry["args"], json!(["SET", key, "a b"]));
        assert!(entry["duration_us"].is_u64() && entry["at"].as_u64() > Some(1_600_000_000_000));
        assert!(entry["client"].as_str().unwrap().starts_with("127.0.0.1:"));
        assert!(!log.to_string().contains("canary-secret"), "{name}: {log}");
        assert_eq!(log["threshold_us"], 10_000);
        assert!(log["total"].as_u64() >= Some(entries.len() as u64));
    }
}

#[tokio::test]
async fn clients_are_told_page_by_page() {
    let _still = SLOTS.read().await;
    for name in ["TEST_REDIS_URL", "TEST_REDIS_62_URL", "TEST_REDIS_CLUSTER_URL"] {
        let Some(url) = given(name) else { continue };
        let service = service(&url);
        let mut others = Vec::new();
        for _ in 0..5 {
            let mut other = Admin::connect(address(&url)).await;
            other.done(&["CLIENT", "SETNAME", "12"]).await;
            others.push(other);
        }
        let (mut cursor, mut seen, mut pages) = ("0".to_owned(), Vec::new(), 0);
        loop {
            let page =
                get(&service, &format!("/clients?limit=2&type=normal&cursor={cursor}")).await;
            let clients = page["clients"].as_array().unwrap();
            assert!(clients.len() <= 2 && page["total"].as_u64() >= Some(6));
            seen.extend(clients.iter().cloned());
            pages += 1;
            cursor = page["cursor"].as_str().unwrap().to_owned();
            if cursor == "0" {
                break;
            }
        }
        assert!(pages >= 3, "{name}");
        let named = seen.iter().filter(|client| client["name"] == "12").collect::<Vec<_>>();
        assert_eq!(named.len(), 5, "{name}: {seen:?}");
        assert!(named[0]["age"].is_u64() && named[0]["user"] == "default");
    }
}

#[tokio::test]
async fn settings_are_told_without_secrets() {
    let Some(url) = given("TEST_REDIS_CLUSTER_URL") else { return };
    let _still = SLOTS.read().await;
    let mut admin = Admin::connect(address(&url)).await;
    admin.done(&["CONFIG", "SET", "masterauth", "canary-secret"]).await;
    admin.done(&["CONFIG", "SET", "slowlog-max-len", "99"]).await;
    let config = get(&service(&url), "/config").await;
    admin.done(&["CONFIG", "SET", "masterauth", "\"\""]).await;
    admin.done(&["CONFIG", "SET", "slowlog-max-len", "128"]).await;
    assert!(!config.to_string().contains("canary-secret"));
    let nodes = config["nodes"].as_array().unwrap();
    let all = std::iter::once(&config["settings"]).chain(nodes.iter().map(|n| &n["differing"]));
    let of = |name: &str| all.clone().filter_map(|s| s[name].as_str()).collect::<Vec<_>>();
    assert!(of("masterauth").contains(&"(redacted)"));
    assert!(of("slowlog-max-len").contains(&"99") && of("slowlog-max-len").contains(&"128"));
    // Each has a port of its own.
    assert!(of("port").len() == nodes.len());
}

#[tokio::test]
async fn only_the_wanted_settings_are_told() {
    for service in generations() {
        let config = get(&service, "/config?pattern=maxmemory*").await;
        assert_eq!(config["settings"]["maxmemory"], "0");
        assert_eq!(config["settings"]["port"], Value::Null);
        assert_eq!(config["nodes"], Value::Null);
    }
}

#[tokio::test]
async fn an_interval_is_measured_between_the_records_of_a_stream() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let first = get(&service, "/stats").await;
    assert_eq!(first["interval"], Value::Null);
    let request = request("GET", "/stats?interval=0.25", &Value::Null);
    let mut records = Records::open(&service, request).await.unwrap();
    records.next().await.unwrap();
    run(&service, "GET nothing").await;
    let record = records.next().await.unwrap();
    let interval = &record["interval"];
    assert!(interval["seconds"].as_f64().unwrap() > 0.1, "{interval}");
    assert!(
        interval["commands"].as_u64() >= Some(1) && interval["ops_per_sec"].as_f64() > Some(0.0)
    );
    assert!(interval["keyspace_misses"].as_u64() >= Some(1));
    assert!(interval["hit_rate"].as_f64() < Some(1.0));
    assert!(interval["net_output_bytes_per_sec"].as_f64() > Some(0.0));
}

/// Keys of several sizes below one prefix, written through the console.
async fn fill(service: &Arc<Service>, prefix: &str) {
    for i in 0..40 {
        run(service, &format!("SET {prefix}a:{i} {}", "x".repeat(100))).await;
    }
    run(service, &format!("SET {prefix}b:big {}", "x".repeat(50_000))).await;
    run(service, &format!("RPUSH {prefix}b:list a b c")).await;
}

#[tokio::test]
async fn memory_is_told_by_type_prefix_and_key() {
    let _still = SLOTS.read().await;
    for url in ["TEST_REDIS_URL", "TEST_REDIS_70_URL", "TEST_REDIS_CLUSTER_URL"]
        .into_iter()
        .filter_map(given)
    {
        let service = service(&url);
        let prefix = prefix();
        fill(&service, &prefix).await;
        let path = format!("/memory?prefix={prefix}&depth=2&top=2");
        let memory = get(&service, &path).await;
        assert_eq!(
            (&memory["done"], &memory["complete"]),
            (&json!(true), &json!(true)),
            "{memory}"
        );
        assert_eq!(
            (&memory["all"]["keys"], &memory["all"]["estimated_keys"]),
            (&json!(42), &json!(42))
        );
        assert_eq!(memory["ended_by"], "keyspace");
        let names: Vec<&str> = memory["prefixes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["prefix"].as_str().unwrap())
            .collect();
        assert_eq!(names, [format!("{prefix}b:"), format!("{prefix}a:")]);
        assert_eq!(memory["prefixes"][1]["keys"], 40);
        assert_eq!(memory["types"][0]["type"], "string");
        assert_eq!(memory["types"][1]["type"], "list");
        assert_eq!(memory["biggest"][0]["key"], format!("{prefix}b:big"));
        assert!(memory["biggest"][0]["bytes"].as_u64() > Some(50_000));
        assert_eq!(memory["biggest"].as_array().unwrap().len(), 2);
        assert_eq!(memory["hot_keys"]["available"], false);
        assert!(memory["hot_keys"]["reason"].as_str().unwrap().contains("noeviction"));
        let streamed = records(&service, &path).await;
        assert_eq!(streamed.last().unwrap()["all"], memory["all"]);
        let lists = get(&service, &format!("/memory?prefix={prefix}&type=list")).await;
        assert_eq!(lists["all"]["keys"], 1);
    }
}

#[tokio::test]
async fn a_part_of_the_keyspace_stands_for_all_of_it() {
    let Some(url) = given("TEST_REDIS_70_URL") else { return };
    let service = service(&url);
    let prefix = prefix();
    let script = format!("for i=1,3000 do redis.call('SET', '{prefix}'..i, 'x') end");
    run(&service, &format!("EVAL \"{script}\" 0")).await;
    let memory = get(&service, "/memory?max_examined=1000").await;
    assert_eq!((&memory["complete"], &memory["ended_by"]), (&json!(false), &json!("examined")));
    let (examined, total) =
        (memory["examined"].as_f64().unwrap(), memory["total"].as_f64().unwrap());
    assert!((1000.0..2000.0).contains(&examined) && total >= 3000.0);
    let estimated = memory["all"]["estimated_keys"].as_f64().unwrap();
    assert!((estimated - total).abs() / total < 0.01, "{estimated} {total}");
    let script = format!("for i=1,3000 do redis.call('DEL', '{prefix}'..i) end");
    run(&service, &format!("EVAL \"{script}\" 0")).await;
}

#[tokio::test]
async fn the_most_used_keys_are_told_where_the_server_counts() {
    let Some(url) = given("TEST_REDIS_62_URL") else { return };
    let mut admin = Admin::connect(address(&url)).await;
    admin.done(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lfu"]).await;
    let service = service(&url);
    let prefix = prefix();
    fill(&service, &prefix).await;
    for _ in 0..200 {
        admin.ask(&["GET", &format!("{prefix}a:7")]).await;
    }
    let memory = get(&service, &format!("/memory?prefix={prefix}")).await;
    admin.done(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await;
    assert_eq!(memory["hot_keys"]["available"], true);
    assert_eq!(memory["hot_keys"]["policy"], "allkeys-lfu");
    assert_eq!(memory["hot_keys"]["keys"][0]["key"], format!("{prefix}a:7"));
    assert!(memory["hot_keys"]["keys"][0]["frequency"].as_u64() > Some(5));
}

/// `bob` reads keys, and nothing of the server.
#[tokio::test]
async fn what_the_user_may_not_see_is_null_with_a_warning() {
    let Some(address) = given("TEST_REDIS_ACL") else { return };
    let service = service(&format!("redis://bob:secret@{address}"));
    let cases = [
        ("/info", "memory", "info"),
        ("/stats", "stats", "info"),
        ("/slowlog", "entries", "entries"),
        ("/clients", "clients", "clients"),
        ("/config", "settings", "settings"),
        ("/databases", "databases", "databases"),
    ];
    for (path, member, field) in cases {
        let data = get(&service, path).await;
        assert_eq!(data[member], Value::Null, "{path}");
        let warnings = data["warnings"].as_array().unwrap();
        let warning = warnings.iter().find(|warning| warning["field"] == field);
        assert_eq!(warning.unwrap()["code"], "PERMISSION_DENIED", "{path}: {data}");
    }
    let databases = get(&service, "/databases").await;
    assert!(databases["current"]["keys"].is_u64());
}

/// `alice` may not use `MEMORY` and `OBJECT`.
#[tokio::test]
async fn sizes_that_may_not_be_asked_are_not_zero() {
    let Some(address) = given("TEST_REDIS_ACL") else { return };
    let service = service(&format!("redis://alice:secret@{address}"));
    let prefix = prefix();
    run(&service, &format!("SET {prefix}a v")).await;
    let memory = get(&service, &format!("/memory?prefix={prefix}")).await;
    assert_eq!((&memory["all"]["keys"], &memory["all"]["bytes"]), (&json!(1), &Value::Null));
    assert_eq!(memory["types"][0]["type"], "string");
    assert_eq!(memory["warnings"][0]["field"], "bytes");
}

#[tokio::test]
async fn what_is_too_much_or_makes_no_sense_is_refused() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let cases = [
        ("/slowlog?limit=0", 400),
        ("/slowlog?limit=1001", 413),
        ("/clients?limit=5000", 413),
        ("/clients?cursor=x", 400),
        ("/clients?type=evil%20thing", 400),
        ("/memory?depth=0", 400),
        ("/memory?depth=9", 400),
        ("/memory?separator=", 400),
        ("/memory?samples=0", 400),
        ("/memory?top=5000", 413),
        ("/memory?pattern=x", 400),
        ("/config?patern=x", 400),
        ("/info?x=1", 400),
    ];
    for (path, status) in cases {
        let (got, answer) = send(&service, "GET", path, Value::Null).await;
        assert_eq!(got, status, "{path}: {answer}");
    }
}
