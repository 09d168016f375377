//! A million keys stay browsable. Not part of a usual run:
//!
//! `TEST_REDIS_URL=… cargo test --test redis million -- --ignored --nocapture`

use std::time::Instant;

use serde_json::{Value, json};

use crate::fixtures::{Records, given};
use crate::http::{ok, records, request, service};
use crate::support::{connect, each, prefix};

const KEYS: usize = 1_000_000;
const NAMESPACES: usize = 100;

/// Prints how long a first page, a filtered page and the tree take, and how much memory this
/// process has before and after. What is asserted is that nothing is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
#[allow(clippy::print_stderr)]
async fn a_million_keys_stay_browsable() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let prefix = prefix();
    let client = connect(&url).await;
    for chunk in 0..KEYS / 10_000 {
        let keys: Vec<String> = (0..10_000)
            .map(|i| chunk * 10_000 + i)
            .map(|i| format!("{prefix}{}:{i}", i % NAMESPACES))
            .collect();
        each(&client, &keys, |key| ["SET", key, "v"]).await;
    }
    let service = service(&url);
    let before = resident_kib();
    let get = async |path: &str| {
        let started = Instant::now();
        let answer = ok(&service, "GET", path, Value::Null).await;
        eprintln!("{:>8.1} ms  {path}", started.elapsed().as_secs_f64() * 1000.0);
        answer["data"].clone()
    };
    get("/keys?count=100").await;
    let page = get("/keys?count=100").await;
    assert!(page["keys"].as_array().unwrap().len() >= 100);
    get(&format!("/keys?count=100&prefix={prefix}7:")).await;
    get("/keys?count=100&pattern=*nothing*here*&max_ms=100").await;
    let partial = get(&format!("/tree?prefix={prefix}&max_ms=100")).await;
    assert_eq!(partial["complete"], false);

    let started = Instant::now();
    let path = format!("/tree?prefix={prefix}");
    let told = records(&service, &path).await;
    let seconds = started.elapsed().as_secs_f64();
    eprintln!("{:>8.1} ms  {path} as {} records", seconds * 1000.0, told.len());
    let last = told.last().unwrap();
    assert_eq!((&last["complete"], &last["limited"]), (&json!(true), &json!(false)));
    let mut counts = std::collections::BTreeMap::new();
    for namespace in told.iter().flat_map(|record| record["namespaces"].as_array().unwrap()) {
        counts.insert(namespace["prefix"].to_string(), namespace["keys"].as_u64().unwrap());
    }
    assert_eq!(counts.len(), NAMESPACES);
    assert!(counts.values().all(|&keys| keys >= (KEYS / NAMESPACES) as u64));
    eprintln!("{before} KiB resident before, {} KiB after", resident_kib());

    // Left in the middle, it ends.
    drop(Records::open(&service, request("GET", &path, &Value::Null)).await);
}

/// Memory of this process; 0 where the system does not say.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_ascii_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
