//! Whatever a key holds arrives as it was, on servers of any kind and generation.

use serde_json::json;

use super::{Pair, counts, end, large};
use crate::fixtures::given;
use crate::support::{PRIMARY, SLOTS, connect, each, raw_command};
use crate::topology::{named, sentinel};
use crate::transfer::fill;

#[tokio::test]
async fn every_type_arrives_as_it_was_with_its_time_to_live() {
    let Some(pair) = Pair::beside().await else { return };
    fill(&pair.from_url, &pair.prefix).await;
    let records = pair.copy(json!({})).await;
    assert_eq!((&records[0]["action"], &records[0]["dry_run"]), (&json!("copy"), &json!(false)));
    assert_eq!(counts(&records), [16, 0, 0, 0], "{records:?}");
    assert_eq!(end(&records)["ended_by"], "completion");
    assert_eq!(pair.same().await, 16);
    pair.clean().await;
}

#[tokio::test]
async fn fields_of_hashes_keep_their_times() {
    let Some(pair) = Pair::beside().await else { return };
    let hash = format!("{}hash", pair.prefix);
    raw_command(&pair.from_url, &[b"HSET", hash.as_bytes(), b"a", b"1", b"b", b"2"]).await;
    let expire = [b"HPEXPIRE", hash.as_bytes(), b"900000", b"FIELDS", b"1", b"a"];
    let answer = raw_command(&pair.from_url, &expire).await;
    if answer.contains("unknown command") {
        return pair.clean().await;
    }
    assert_eq!(counts(&pair.copy(json!({})).await), [1, 0, 0, 0]);
    let (from, to) = pair.contents().await;
    assert!(from[0].contains("field_expires"), "{from:?}");
    assert_eq!(from, to);
    pair.clean().await;
}

/// From each generation to each other, whether or not one can read the dumps of the other.
#[tokio::test]
async fn every_type_gets_to_servers_of_other_generations() {
    for (from, to) in [
        ("TEST_REDIS_URL", "TEST_REDIS_62_URL"),
        ("TEST_REDIS_62_URL", "TEST_REDIS_URL"),
        ("TEST_REDIS_70_URL", "TEST_REDIS_62_URL"),
    ] {
        let (Some(from), Some(to)) = (given(from), given(to)) else { continue };
        let Some(pair) = Pair::of(&from, &format!("{to}/3")).await else { return };
        fill(&from, &pair.prefix).await;
        let large = large(&pair).await;
        let records = pair.copy(json!({})).await;
        // What SCAN names twice is there already.
        let [done, _, failed, unknown] = counts(&records);
        assert_eq!((done, failed, unknown), (16 + large, 0, 0), "{from} {to} {records:?}");
        pair.same().await;
        pair.clean().await;
    }
}

#[tokio::test]
async fn a_cluster_is_copied_to_a_server_and_back() {
    let _still = SLOTS.read().await;
    let (Some(one), Some(cluster)) = (given("TEST_REDIS_URL"), given("TEST_REDIS_CLUSTER_URL"))
    else {
        return;
    };
    for (from, to) in [(&cluster, &one), (&one, &cluster)] {
        let Some(pair) = Pair::of(from, to).await else { return };
        fill(from, &pair.prefix).await;
        let client = connect(from).await;
        let keys: Vec<String> = (0..600).map(|i| format!("{}many{i}", pair.prefix)).collect();
        each(&client, &keys, |key| ["SET", key, "v"]).await;
        let records = pair.copy(json!({})).await;
        assert_eq!(counts(&records), [616, 0, 0, 0], "{records:?}");
        assert_eq!(pair.same().await, 616);
        pair.clean().await;
    }
}

#[tokio::test]
async fn what_is_behind_sentinels_is_copied_and_copied_to() {
    let _still = PRIMARY.read().await;
    let (Some(watched), Some(one)) = (given("TEST_REDIS_SENTINEL_URL"), given("TEST_REDIS_URL"))
    else {
        return;
    };
    let primary = format!("redis://{}", named(&sentinel(&watched)).await);
    for (from, to, filled) in [(&watched, &format!("{one}/3"), &primary), (&one, &watched, &one)] {
        let Some(pair) = Pair::of(from, to).await else { return };
        fill(filled, &pair.prefix).await;
        let count = 16 + large(&pair).await;
        let records = pair.copy(json!({})).await;
        assert_eq!(counts(&records), [count, 0, 0, 0], "{records:?}");
        assert_eq!(pair.same().await as u64, count);
        pair.clean().await;
    }
}
