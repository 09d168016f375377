//! Changes of many keys, and whether what is reported adds up.

use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::backend::redis::Client;
use studio_multidb::service::Service;

use super::scene::{Scene, Shift};
use super::{all, each, is_honest};
use crate::fixtures::told;
use crate::http::service;
use crate::streams;
use crate::support::connect;

const ROUNDS: usize = 12;
const KEYS: usize = 240;

fn kind(round: usize) -> String {
    format!("bulk{round}-")
}

fn deletes(round: usize) -> bool {
    round.is_multiple_of(2)
}

async fn fill(scene: &Scene, client: &Client) {
    for round in 0..ROUNDS {
        let keys = scene.keys(&kind(round), KEYS).into_iter();
        all(client, keys.map(|key| vec!["SET".to_owned(), key, "v".to_owned()]).collect()).await;
    }
}

/// Deletes the keys of a round, or has them expire; what is told of it in the end.
async fn change(scene: &Scene, service: &Arc<Service>, round: usize) -> Value {
    let pattern = scene.pattern(&kind(round));
    let body = if deletes(round) {
        json!({ "action": "delete", "pattern": pattern, "confirm": true })
    } else {
        json!({ "action": "expire", "ttl": 5000, "pattern": pattern, "confirm": true })
    };
    let records = match streams::bulk(service, body).await {
        Ok(records) => records.all().await,
        Err((_, answer)) => {
            assert!(is_honest(&answer["error"]["code"]), "{answer}");
            return json!({ "ended_by": "failure" });
        }
    };
    for problem in told(&records, "problem") {
        assert!(is_honest(&problem["code"]), "{problem}");
    }
    let end = records.iter().find_map(|record| record.get("end")).unwrap();
    if let Some(error) = records.last().unwrap().get("error") {
        assert!(is_honest(&error["code"]), "{error}");
        assert_eq!(end["ended_by"], "failure");
    }
    end.clone()
}

/// Compares what was told with what is there.
async fn check(scene: &Scene, client: &Client, round: usize, end: &Value, may_lose: bool) {
    let count = |name: &str| usize::try_from(end[name].as_u64().unwrap_or(0)).unwrap();
    let (done, unknown, failed) = (count("done"), count("unknown"), count("failed"));
    assert_eq!(count("matched"), done + unknown + failed + count("skipped"), "{end}");
    let keys = scene.keys(&kind(round), KEYS);
    let changed = if deletes(round) {
        each(client, &keys, "EXISTS").await.into_iter().filter(|exists| exists == 0).count()
    } else {
        each(client, &keys, "TTL").await.into_iter().filter(|ttl| ttl != -1).count()
    };
    assert!(changed <= done + unknown, "{changed} are changed: {end}");
    if may_lose {
        return;
    }
    // What is met a second time is deleted once; it may well be given its time twice.
    assert!(!deletes(round) || changed >= done, "{changed} are changed: {end}");
    let vouched = end["ended_by"] == "completion" && end["may_be_incomplete"] == false;
    if vouched && failed == 0 {
        assert!(changed + unknown >= KEYS, "{changed} are changed: {end}");
    }
}

async fn adds_up(shift: Shift) {
    let Some(scene) = Scene::of(shift).await else { return };
    let (client, service) = (connect(&scene.url).await, service(&scene.url));
    fill(&scene, &client).await;
    scene.is_replicated().await;
    let mut shifting = scene.shift().await;
    let mut ends = Vec::new();
    while shifting.is_under_way() && ends.len() < ROUNDS - 2 {
        ends.push(change(&scene, &service, ends.len()).await);
    }
    shifting.over().await;
    let meanwhile = ends.len();
    for round in meanwhile..meanwhile + 2 {
        ends.push(change(&scene, &service, round).await);
    }
    scene.end(shifting).await;
    for (round, end) in ends.iter().enumerate() {
        let may_lose = shift == Shift::Sentinel && round < meanwhile;
        check(&scene, &client, round, end, may_lose).await;
        if round >= meanwhile {
            // What moved a moment ago is looked at again.
            let done = usize::try_from(end["done"].as_u64().unwrap()).unwrap();
            assert!(if deletes(round) { done == KEYS } else { done >= KEYS }, "{end}");
            assert_eq!(end["ended_by"], "completion");
        }
    }
    for round in 0..ROUNDS {
        let keys = scene.keys(&kind(round), KEYS).into_iter();
        all(&client, keys.map(|key| vec!["UNLINK".to_owned(), key]).collect()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slots move"]
async fn what_is_reported_of_many_keys_adds_up_while_slots_move() {
    adds_up(Shift::Slots).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a replica takes over"]
async fn what_is_reported_of_many_keys_adds_up_while_a_replica_takes_over() {
    adds_up(Shift::Cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "sentinels make another server the primary"]
async fn what_is_reported_of_many_keys_adds_up_while_sentinels_name_another_primary() {
    adds_up(Shift::Sentinel).await;
}
