//! Connections that are cut, work that is stopped, keys that change meanwhile.

use serde_json::json;

use super::{Pair, counts, end, large, without};
use crate::fixtures::{given, stop, told};
use crate::proxy::Proxy;
use crate::support::{batch, connect, each};
use crate::transfer::fill;

/// A copy whose way to the other server is cut now and then; to one that can't read the dumps too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_are_unknown_and_nothing_is_written_twice() {
    for name in ["TEST_REDIS_URL", "TEST_REDIS_62_URL"] {
        let (Some(from), Some(to)) = (given("TEST_REDIS_URL"), given(name)) else { return };
        let proxy = Proxy::before(&to).await;
        let through = format!("{}/3", proxy.url());
        let Some(pair) = Pair::of(&from, &through).await else { return };
        let client = connect(&from).await;
        let keys: Vec<String> = (0..4_000).map(|i| format!("{}{i}", pair.prefix)).collect();
        each(&client, &keys, |key| ["RPUSH", key, "v"]).await;
        let opened = pair.begin(json!({ "on_conflict": "replace" })).await;
        proxy.cut_every(7);
        let records = opened.all().await;
        proxy.cut_every(0);
        let [done, skipped, failed, unknown] = counts(&records);
        assert_eq!((done + skipped + failed + unknown, skipped), (4_000, 0), "{:?}", end(&records));
        assert!(done > 0 && unknown > 0, "{:?}", end(&records));
        let problems = told(&records, "problem");
        assert!(problems.iter().filter(|p| p["outcome"] == "unknown").count() as u64 <= unknown);
        let there = connect(&format!("{to}/3")).await;
        let mut found = 0;
        for result in each(&there, &keys, |key| ["LRANGE", key, "0", "-1"]).await {
            assert!(result["ok"] == json!(["v"]) || result["ok"] == json!([]), "{result}");
            found += u64::from(result["ok"] == json!(["v"]));
        }
        assert!((done..=done + unknown).contains(&found), "{found} of {:?}", end(&records));
        pair.clean().await;
    }
}

#[tokio::test]
async fn a_copy_that_is_stopped_says_what_it_did_and_leaves_no_half_of_a_value() {
    let (Some(from), Some(to)) = (given("TEST_REDIS_URL"), given("TEST_REDIS_62_URL")) else {
        return;
    };
    let Some(pair) = Pair::of(&from, &format!("{to}/3")).await else { return };
    let count = large(&pair).await;
    let mut work = pair.open(json!({})).await.unwrap();
    let job = work.next().await.unwrap()["job"].as_str().unwrap().to_owned();
    let (status, _) = stop(&pair.registered.service, &job).await;
    let records = work.all().await;
    let [done, skipped, failed, unknown] = counts(&records);
    assert_eq!((skipped, failed, unknown), (0, 0, 0));
    if status == 200 {
        let ended_by = &end(&records)["ended_by"];
        assert!(ended_by == "stop" || ended_by == "completion", "{ended_by}");
    }
    let (from, to) = pair.contents().await;
    assert_eq!((from.len() as u64, to.len() as u64), (count, done));
    let all = without(&from, &["expires_at"]);
    let names = ["entries_added", "max_deleted_id", "expires_at"];
    let all_bare = without(&from, &names);
    assert!(without(&to, &names).iter().all(|key| all_bare.contains(key)), "{}", all.len());
    pair.clean().await;
}

/// Reads are sent again, so that nothing is lost where only the way from the source is cut.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_whose_connections_are_cut_is_read_again() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let proxy = Proxy::before(&url).await;
    let through = proxy.url();
    let Some(pair) = Pair::of(&through, &format!("{url}/3")).await else { return };
    fill(&url, &pair.prefix).await;
    let pattern = pair.pattern();
    let opened = pair.open(json!({ "pattern": pattern })).await.unwrap();
    proxy.cut_every(11);
    let records = opened.all().await;
    proxy.cut_every(0);
    let [done, skipped, failed, unknown] = counts(&records);
    assert_eq!((skipped, unknown), (0, 0), "{records:?}");
    if end(&records)["ended_by"] == "completion" {
        assert_eq!(done + failed, 16, "{records:?}");
    }
    let (from, to) = pair.contents().await;
    assert_eq!((from.len() as u64, to.len() as u64), (16, done));
    let rest = pair.begin(json!({})).await.all().await;
    assert_eq!(counts(&rest), [16 - done, done, 0, 0]);
    assert_eq!(pair.same().await, 16);
    pair.clean().await;
}

/// Values that are put together piece by piece are there as a whole or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_value_whose_copy_is_cut_off_is_not_there_by_half() {
    let (Some(from), Some(to)) = (given("TEST_REDIS_URL"), given("TEST_REDIS_62_URL")) else {
        return;
    };
    let proxy = Proxy::before(&to).await;
    let through = format!("{}/3", proxy.url());
    let Some(pair) = Pair::of(&from, &through).await else { return };
    let count = large(&pair).await;
    for cut_every in [5, 9, 17] {
        let opened = pair.begin(json!({ "on_conflict": "replace" })).await;
        proxy.cut_every(cut_every);
        let records = opened.all().await;
        proxy.cut_every(0);
        counts(&records);
        let (from, to) = pair.contents().await;
        let names = ["entries_added", "max_deleted_id", "entries_read", "expires_at"];
        let (from, to) = (without(&from, &names), without(&to, &names));
        assert!(to.iter().all(|key| from.contains(key)), "{:?}", records.last());
    }
    let whole = pair.begin(json!({ "on_conflict": "replace" })).await.all().await;
    assert_eq!(counts(&whole), [count, 0, 0, 0]);
    assert_eq!(pair.same().await as u64, count);
    pair.clean().await;
}

/// A key that is written over and over, with another time each time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_and_its_time_are_of_one_moment() {
    let Some(pair) = Pair::beside().await else { return };
    let key = format!("{}k", pair.prefix);
    let writing = tokio::spawn({
        let (key, url) = (key.clone(), pair.from_url.clone());
        async move {
            let client = connect(&url).await;
            // No time occurs twice.
            for i in 0_u64.. {
                let (short, long) = ((1_000_000 + i).to_string(), (100_000_000 + i).to_string());
                batch(&client, &[&["SET", &key, "short", "PX", &short]]).await;
                batch(&client, &[&["SET", &key, "long", "PX", &long]]).await;
            }
        }
    });
    let there = connect(&pair.to_url).await;
    let mut copied = 0;
    for _ in 0..60 {
        let listed = json!({ "pattern": null, "keys": [key], "on_conflict": "replace" });
        let records = pair.copy(listed).await;
        let [done, skipped, failed, unknown] = counts(&records);
        assert_eq!((done + skipped + failed, unknown), (1, 0), "{records:?}");
        copied += done;
        let found = batch(&there, &[&["GET", &key], &["TTL", &key]]).await;
        match (found[0]["ok"].as_str(), found[1]["ok"].as_i64().unwrap()) {
            (Some("short"), ttl) => assert!(ttl < 50_000, "{ttl}"),
            (Some("long"), ttl) => assert!(ttl > 50_000, "{ttl}"),
            (other, _) => assert!(other.is_none() && copied == 0, "{other:?}"),
        }
        for problem in told(&records, "problem") {
            assert_eq!(problem["message"], "the key changed each time it was read");
        }
    }
    writing.abort();
    let _ = writing.await;
    pair.clean().await;
}
