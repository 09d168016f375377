//! Exports and imports.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use studio_multidb::backend::redis::Client;
use studio_multidb::request::upload::Upload;
use studio_multidb::service::Service;

use super::scene::{Scene, Shift};
use super::{all, each, is_honest};
use crate::fixtures::{Records, told};
use crate::http::{request, service};
use crate::streams;
use crate::support::connect;

const KEYS: usize = 1200;
const ROUNDS: usize = 20;
/// Of each import.
const LINES: usize = 240;

fn kind(round: usize) -> String {
    format!("in{round}-")
}

/// How often each key is in an export, which goes on where it was cut off, and whether it vouches for
/// having them all.
async fn export(service: &Arc<Service>, pattern: &str) -> (HashMap<String, usize>, bool) {
    let mut found = HashMap::new();
    let mut path = format!("/export?pattern={}", encoded(pattern));
    for _ in 0..20 {
        let opened = Records::open(service, request("GET", &path, &Value::Null)).await;
        let mut records = match opened {
            Ok(records) => records,
            Err((_, answer)) => {
                assert!(is_honest(&answer["error"]["code"]), "{answer}");
                continue;
            }
        };
        let (mut sum, mut since) = (Sha256::new(), Vec::new());
        while let Some(line) = records.line().await {
            let record: Value = serde_json::from_slice(&line).unwrap();
            if let Some(key) = record.get("key") {
                since.push(key.as_str().unwrap().to_owned());
            }
            assert!(record.get("skipped").is_none(), "{record}");
            let sums = record.get("checkpoint").or(record.get("end"));
            if let Some(sums) = sums {
                assert_eq!(sums["sha256"], hex::encode(sum.clone().finalize()), "{record}");
                since.drain(..).for_each(|key| *found.entry(key).or_default() += 1);
            }
            if let Some(end) = record.get("end") {
                return (found, end["may_be_incomplete"] == false);
            }
            if let Some(checkpoint) = record.get("checkpoint") {
                let cursor = checkpoint["cursor"].as_str().unwrap();
                path = format!("/export?pattern={}&cursor={cursor}", encoded(pattern));
            }
            if let Some(error) = record.get("error") {
                assert!(is_honest(&error["code"]), "{record}");
            }
            sum.update(&line);
        }
    }
    panic!("the export does not come to its end");
}

fn encoded(pattern: &str) -> impl std::fmt::Display + '_ {
    percent_encoding::utf8_percent_encode(pattern, percent_encoding::NON_ALPHANUMERIC)
}

/// Lists, which would be longer if a part of them were written twice.
fn file(scene: &Scene, round: usize) -> Vec<u8> {
    let mut lines = vec![json!({ "redis_export": 1, "at": 0, "server": {}, "filter": {} })];
    for key in scene.keys(&kind(round), LINES) {
        lines.push(json!({ "key": key, "type": "list", "value": ["a"], "more": true }));
        lines.push(json!({ "part": ["b", "c"] }));
    }
    let line = |line: Value| format!("{line}\n");
    let count = lines.len();
    let mut file: String = lines.into_iter().map(line).collect();
    let sum = hex::encode(Sha256::digest(&file));
    let end = json!({
        "keys": LINES, "skipped": 0, "lines": count, "sha256": sum, "may_be_incomplete": false,
    });
    file += &line(json!({ "end": end }));
    file.into_bytes()
}

/// What is told in the end, and of which keys problems were told.
struct Imported {
    end: Value,
    problems: Vec<(String, Value)>,
}

async fn import(service: &Arc<Service>, file: &[u8]) -> Option<Imported> {
    let records = match streams::import(service, "", Upload::whole(file)).await {
        Ok(records) => records.all().await,
        Err((_, answer)) => {
            assert!(is_honest(&answer["error"]["code"]), "{answer}");
            return None;
        }
    };
    if let Some(error) = records.last().unwrap().get("error") {
        assert!(is_honest(&error["code"]), "{error}");
    }
    let end = records.iter().find_map(|record| record.get("end")).unwrap().clone();
    let problems = told(&records, "problem").into_iter().map(|problem| {
        // A failover of sentinels may lose the first half of a key; then it is not made of the second.
        let (code, outcome) = (&problem["code"], &problem["outcome"]);
        assert!(is_honest(code) || (code == "CONFLICT" && outcome == "not_applied"), "{problem}");
        (problem["key"].as_str().unwrap().to_owned(), problem["outcome"].clone())
    });
    Some(Imported { problems: problems.collect(), end })
}

/// Compares what was told with what is there.
async fn check(scene: &Scene, client: &Client, round: usize, told: &Imported, may_lose: bool) {
    let end = &told.end;
    let count = |name: &str| usize::try_from(end[name].as_u64().unwrap()).unwrap();
    let keys = scene.keys(&kind(round), LINES);
    let lengths = each(client, &keys, "LLEN").await;
    assert!(
        lengths.iter().all(|length| length == 0 || length == 3),
        "in part, or twice: {lengths:?}"
    );
    let there = lengths.iter().filter(|length| **length == 3).count();
    assert!(there <= count("done") + count("unknown"), "{there} are there: {end}");
    assert!(may_lose || there >= count("done"), "{there} are there: {end}");
    for (key, outcome) in &told.problems {
        let at = keys.iter().position(|known| known == key).unwrap();
        assert!(outcome != "not_applied" || lengths[at] == 0, "{key} is there");
    }
}

async fn carry_everything_once(shift: Shift) {
    let Some(scene) = Scene::of(shift).await else { return };
    let (client, service) = (connect(&scene.url).await, service(&scene.url));
    let keys = scene.keys("out", KEYS);
    all(&client, keys.iter().map(|key| vec!["SET".into(), key.clone(), "v".into()]).collect())
        .await;
    scene.is_replicated().await;
    let mut shifting = scene.shift().await;
    let mut imports = Vec::new();
    while shifting.is_under_way() && imports.len() < ROUNDS - 1 {
        let (found, vouches) = export(&service, &scene.pattern("out")).await;
        let missing = keys.iter().filter(|key| !found.contains_key(*key)).count();
        assert!(missing == 0 || !vouches, "{missing} keys are missing without a word");
        imports.push(import(&service, &file(&scene, imports.len())).await);
    }
    shifting.over().await;
    let meanwhile = imports.len();
    imports.push(import(&service, &file(&scene, meanwhile)).await);
    scene.end(shifting).await;
    let last = imports.last().unwrap().as_ref().unwrap();
    assert_eq!((&last.end["done"], &last.end["checksum"]), (&json!(LINES), &json!("right")));
    for (round, told) in imports.iter().enumerate() {
        let may_lose = shift == Shift::Sentinel && round < meanwhile;
        if let Some(told) = told {
            check(&scene, &client, round, told, may_lose).await;
        }
    }
    // At rest, each is there once.
    let (found, vouches) = export(&service, &scene.pattern("out")).await;
    assert!(vouches && found.len() == KEYS && found.values().all(|&times| times == 1), "{found:?}");
    let imported = (0..ROUNDS).flat_map(|round| scene.keys(&kind(round), LINES));
    let all_keys = keys.into_iter().chain(imported);
    all(&client, all_keys.map(|key| vec!["UNLINK".to_owned(), key]).collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slots move"]
async fn exports_and_imports_carry_everything_once_while_slots_move() {
    carry_everything_once(Shift::Slots).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a replica takes over"]
async fn exports_and_imports_carry_everything_once_while_a_replica_takes_over() {
    carry_everything_once(Shift::Cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "sentinels make another server the primary"]
async fn exports_and_imports_carry_everything_once_while_sentinels_name_another_primary() {
    carry_everything_once(Shift::Sentinel).await;
}
