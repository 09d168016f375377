//! Copies to another connection while the servers on one side of it change, with a ledger of what was
//! told of each key.

use std::collections::HashMap;

use serde_json::{Value, json};
use studio_multidb::backend::redis::Client;

use super::scene::{Scene, Shift};
use super::{all, is_honest};
use crate::bulk_copy::{Pair, end};
use crate::fixtures::{given, told};
use crate::support::{Admin, OLDER, address, batch, connect, prefix};

const ROUNDS: usize = 10;
/// Of each copy.
const KEYS: usize = 240;
/// Every so many keys, one is so large that it is put together piece by piece where it can't be
/// dumped.
const LARGE: usize = 24;
const ELEMENTS: usize = 600;

/// Which side of a copy changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    From,
    To,
}

fn kind(round: usize) -> String {
    format!("copied{round}-")
}

/// What a key holds. A list would be longer if a part of it were written twice.
fn elements(i: usize) -> Vec<String> {
    let count = if i.is_multiple_of(LARGE) { ELEMENTS } else { 3 };
    (0..count).map(|element| format!("{element:0>200}")).collect()
}

async fn fill(scene: &Scene, client: &Client) {
    for round in 0..ROUNDS {
        let push = |(i, key)| ["RPUSH".to_owned(), key].into_iter().chain(elements(i)).collect();
        let keys = scene.keys(&kind(round), KEYS).into_iter().enumerate();
        all(client, keys.map(push).collect()).await;
    }
}

/// Two ways between the servers: one can dump or restore values, the other must put them together.
async fn pairs(scene: &Scene, side: Side) -> Option<[Pair; 2]> {
    let still = given("TEST_REDIS_URL")?;
    let still_in = format!("{still}/3");
    match side {
        Side::From => {
            // It reads no dumps of a later generation.
            let older = given("TEST_REDIS_62_URL")?;
            let to = [still_in, format!("{older}/3")];
            Some([Pair::of(&scene.url, &to[0]).await?, Pair::of(&scene.url, &to[1]).await?])
        }
        Side::To => {
            let (user, address) = (prefix().replace(':', ""), address(&still));
            let rules = ["on", ">secret", "~*", "+@all", "-dump"];
            let create = ["ACL", "SETUSER", &user].into_iter().chain(rules).collect::<Vec<_>>();
            Admin::connect(address).await.done(&create).await;
            let without = format!("redis://{user}:secret@{address}/3");
            Some([Pair::of(&still_in, &scene.url).await?, Pair::of(&without, &scene.url).await?])
        }
    }
}

/// What was told of a copy.
struct Told {
    end: Value,
    problems: HashMap<String, Value>,
}

async fn copy(scene: &Scene, pair: &Pair, round: usize) -> Option<Told> {
    let opened = pair.open(json!({ "pattern": scene.pattern(&kind(round)) })).await;
    let records = match opened {
        Ok(records) => records.all().await,
        Err((_, answer)) => {
            assert!(is_honest(&answer["error"]["code"]), "{answer}");
            return None;
        }
    };
    if let Some(error) = records.last().unwrap().get("error") {
        assert!(is_honest(&error["code"]), "{error}");
    }
    let problems = told(&records, "problem").into_iter().map(|problem| {
        // A failover of sentinels may lose the first half of a value; then it is not made of the second.
        let (code, outcome) = (&problem["code"], &problem["outcome"]);
        assert!(is_honest(code) || (code == "CONFLICT" && outcome == "not_applied"), "{problem}");
        (problem["key"].as_str().unwrap().to_owned(), problem["outcome"].clone())
    });
    Some(Told { problems: problems.collect(), end: end(&records).clone() })
}

/// What became of the keys of a round on the other side: each is there as it was, or not at all.
async fn arrived(there: &Client, keys: &[String]) -> Vec<bool> {
    let mut arrived = Vec::with_capacity(keys.len());
    for (i, key) in keys.iter().enumerate() {
        let found = batch(there, &[&["LRANGE", key, "0", "-1"]]).await.remove(0)["ok"].take();
        let is_there = found != json!([]);
        assert!(!is_there || found == json!(elements(i)), "{key} is there in part, or twice");
        arrived.push(is_there);
    }
    arrived
}

fn check(keys: &[String], arrived: &[bool], told: &Told, may_lose: bool) {
    let Told { end, problems } = told;
    let count = |name: &str| usize::try_from(end[name].as_u64().unwrap()).unwrap();
    let there = arrived.iter().filter(|there| **there).count();
    assert!(there <= count("done") + count("unknown"), "{there} are there: {end}");
    for (key, outcome) in problems {
        let at = keys.iter().position(|known| known == key).unwrap();
        assert!(outcome != "not_applied" || !arrived[at], "{key} is there");
    }
    if may_lose {
        return;
    }
    assert!(there >= count("done"), "{there} are there: {end}");
    let vouches = end["ended_by"] == "completion" && end["may_be_incomplete"] == false;
    if vouches && count("failed") == 0 {
        assert!(there + count("unknown") >= keys.len(), "{there} are there: {end}");
    }
}

async fn each_key_arrives_once(shift: Shift, side: Side) {
    let Some(scene) = Scene::of(shift).await else { return };
    let _answering = OLDER.read().await;
    let Some(pairs) = pairs(&scene, side).await else { return };
    let source = connect(&pairs[0].from_url).await;
    fill(&scene, &source).await;
    scene.is_replicated().await;
    let mut shifting = scene.shift().await;
    let mut rounds = Vec::new();
    while shifting.is_under_way() && rounds.len() < ROUNDS - pairs.len() {
        let round = rounds.len();
        rounds.push(copy(&scene, &pairs[round % pairs.len()], round).await);
    }
    shifting.over().await;
    let meanwhile = rounds.len();
    for round in meanwhile..meanwhile + pairs.len() {
        rounds.push(copy(&scene, &pairs[round % pairs.len()], round).await);
    }
    scene.end(shifting).await;
    for (round, told) in rounds.iter().enumerate() {
        let there = connect(&pairs[round % pairs.len()].to_url).await;
        let keys = scene.keys(&kind(round), KEYS);
        let arrived = arrived(&there, &keys).await;
        if let Some(told) = told {
            let may_lose = shift == Shift::Sentinel && side == Side::To && round < meanwhile;
            check(&keys, &arrived, told, may_lose);
        }
        if round >= meanwhile {
            let end = &told.as_ref().unwrap().end;
            assert_eq!((&end["done"], &end["ended_by"]), (&json!(KEYS), &json!("completion")));
        }
        all(&there, keys.into_iter().map(|key| vec!["UNLINK".to_owned(), key]).collect()).await;
    }
    for round in 0..ROUNDS {
        let keys = scene.keys(&kind(round), KEYS).into_iter();
        all(&source, keys.map(|key| vec!["UNLINK".to_owned(), key]).collect()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slots move"]
async fn each_key_arrives_once_while_slots_move_where_it_is_read() {
    each_key_arrives_once(Shift::Slots, Side::From).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slots move"]
async fn each_key_arrives_once_while_slots_move_where_it_is_written() {
    each_key_arrives_once(Shift::Slots, Side::To).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a replica takes over"]
async fn each_key_arrives_once_while_a_replica_takes_over_where_it_is_read() {
    each_key_arrives_once(Shift::Cluster, Side::From).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a replica takes over"]
async fn each_key_arrives_once_while_a_replica_takes_over_where_it_is_written() {
    each_key_arrives_once(Shift::Cluster, Side::To).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "sentinels make another server the primary"]
async fn each_key_arrives_once_while_sentinels_name_another_primary_to_read_from() {
    each_key_arrives_once(Shift::Sentinel, Side::From).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "sentinels make another server the primary"]
async fn no_key_arrives_in_part_or_twice_while_sentinels_name_another_primary_to_write_to() {
    each_key_arrives_once(Shift::Sentinel, Side::To).await;
}
