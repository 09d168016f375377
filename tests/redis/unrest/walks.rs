//! Pages of keys, and the tree.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;
use studio_multidb::backend::redis::Client;
use studio_multidb::backend::redis::keyspace::Columns;
use studio_multidb::backend::redis::keyspace::scan::Scan;
use tokio::time::Instant;

use super::scene::{Scene, Shift};
use super::{all, is_honest};
use crate::fixtures::PATIENCE;
use crate::http::{records, service};
use crate::support::{address, connect, matching, scan};
use crate::topology::nodes;

const KEYS: usize = 1200;

/// A walk page by page, which goes on where it was whatever happens.
struct Walk<'a> {
    client: &'a Client,
    request: Scan,
    found: HashSet<String>,
    may_be_incomplete: bool,
    until: Instant,
}

impl<'a> Walk<'a> {
    fn begin(client: &'a Client, pattern: &str) -> Self {
        let with = Columns { type_name: true, ttl: true, size: false, encoding: false };
        let request = Scan { count: 40, with, ..matching(pattern) };
        let until = Instant::now() + PATIENCE * 2;
        Self { client, request, found: HashSet::new(), may_be_incomplete: false, until }
    }

    /// One page; `false` after the last one.
    async fn step(&mut self) -> bool {
        assert!(Instant::now() < self.until, "the walk does not come to its end");
        let page = match scan(self.client, &self.request).await {
            Ok(page) => page,
            Err(error) => {
                assert!(is_honest(&error.code().as_str().into()), "{error}");
                return true;
            }
        };
        let keys = page["keys"].as_array().unwrap();
        self.found.extend(keys.iter().map(|key| key["key"].as_str().unwrap().to_owned()));
        self.may_be_incomplete |= page["may_be_incomplete"].as_bool().unwrap();
        page["cursor"].as_str().unwrap().clone_into(&mut self.request.cursor);
        self.request.cursor != "0"
    }

    async fn finish(&mut self) {
        while self.step().await {}
    }

    fn misses(&self, keys: &[String]) -> usize {
        keys.iter().filter(|key| !self.found.contains(*key)).count()
    }

    fn tells_the_truth(&self, keys: &[String]) {
        let misses = self.misses(keys);
        assert!(misses == 0 || self.may_be_incomplete, "{misses} keys are missing without a word");
    }
}

async fn fill(scene: &Scene, client: &Client) -> Vec<String> {
    let keys = scene.keys("walk", KEYS);
    all(client, keys.iter().map(|key| vec!["SET".into(), key.clone(), "v".into()]).collect()).await;
    keys
}

async fn forget(client: &Client, keys: &[String]) {
    all(client, keys.iter().map(|key| vec!["UNLINK".into(), key.clone()]).collect()).await;
}

/// The counts of the last record, if it vouches for them.
fn counted(records: &[Value]) -> Option<u64> {
    let last = records.last().unwrap();
    if let Some(error) = last.get("error") {
        assert!(is_honest(&error["code"]), "{error}");
        return None;
    }
    assert_eq!(last["done"], true, "{last}");
    let mut counts = BTreeMap::new();
    for namespace in records.iter().flat_map(|record| record["namespaces"].as_array().unwrap()) {
        counts.insert(namespace["prefix"].to_string(), namespace["keys"].as_u64().unwrap());
    }
    (last["complete"] == true).then(|| counts.values().sum())
}

/// Walk after walk, and tree after tree, while servers change.
async fn hold_what_they_promise(shift: Shift) {
    let Some(scene) = Scene::of(shift).await else { return };
    let (client, service) = (connect(&scene.url).await, service(&scene.url));
    let keys = fill(&scene, &client).await;
    let pattern = scene.pattern("walk");
    let path = format!("/tree?prefix={}", pattern.split('*').next().unwrap());
    let mut begun = Walk::begin(&client, &pattern);
    begun.step().await;
    let shifting = scene.shift().await;
    begun.finish().await;
    begun.tells_the_truth(&keys);
    while shifting.is_under_way() {
        let mut walk = Walk::begin(&client, &pattern);
        walk.finish().await;
        walk.tells_the_truth(&keys);
        if let Some(counted) = counted(&records(&service, &path).await) {
            assert_eq!(counted, KEYS as u64, "the tree vouches for what it missed");
        }
    }
    scene.end(shifting).await;
    // At rest, there is no doubt left.
    let mut walk = Walk::begin(&client, &pattern);
    walk.finish().await;
    assert_eq!((walk.misses(&keys), walk.may_be_incomplete), (0, false));
    assert_eq!(counted(&records(&service, &path).await), Some(KEYS as u64));
    forget(&client, &keys).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slots move"]
async fn pages_and_trees_miss_nothing_without_a_word_while_slots_move() {
    hold_what_they_promise(Shift::Slots).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a replica takes over"]
async fn pages_and_trees_miss_nothing_without_a_word_while_a_replica_takes_over() {
    hold_what_they_promise(Shift::Cluster).await;
}

/// Behind sentinels there is one server: the walk begins again on the one that took over, and so it
/// has seen everything in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "sentinels make another server the primary"]
async fn a_cursor_of_the_old_primary_is_not_used_on_the_new_one() {
    let Some(scene) = Scene::of(Shift::Sentinel).await else { return };
    let client = connect(&scene.url).await;
    let keys = fill(&scene, &client).await;
    scene.is_replicated().await;
    let mut walk = Walk::begin(&client, &scene.pattern("walk"));
    while walk.found.len() < KEYS / 2 {
        assert!(walk.step().await);
    }
    let before = walk.found.len();
    let mut shifting = scene.shift().await;
    shifting.followed_by(&client).await;
    walk.finish().await;
    scene.end(shifting).await;
    assert_eq!((walk.misses(&keys), walk.may_be_incomplete), (0, false), "of {before} before");
    forget(&client, &keys).await;
}

/// Keys that went behind the walk's back, to a node that it has left, while their slot still is where
/// it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slots move"]
async fn a_slot_that_is_still_on_its_way_when_its_node_is_left_is_told_of() {
    let Some(scene) = Scene::of(Shift::Slots).await else { return };
    let client = connect(&scene.url).await;
    let keys = fill(&scene, &client).await;
    let primaries = scene.primaries().await;
    let on_second = scene.tag_on(&primaries[1]).await;
    let on_last = scene.tag_on(primaries.last().unwrap()).await;
    let second: Vec<&String> = keys.iter().skip(on_second).step_by(scene.tags()).collect();
    let mut walk = Walk::begin(&client, &scene.pattern("walk"));
    while !second.iter().any(|key| walk.found.contains(*key)) {
        assert!(walk.step().await);
    }
    let half = scene.half_move(on_last, &primaries[0]).await;
    walk.finish().await;
    let (misses, told) = (walk.misses(&keys), walk.may_be_incomplete);
    half.undo(&nodes(address(&scene.url)).await).await;
    assert!(misses > 0, "the keys were found before they moved");
    assert!(told, "{misses} keys are missing without a word");
    forget(&client, &keys).await;
}
