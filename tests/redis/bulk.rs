//! Changing many keys.

use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::service::Service;

use crate::fixtures::{Records, eventually, given, stop, told};
use crate::http::{send, service};
use crate::proxy::Proxy;
use crate::streams;
use crate::support::{Admin, SLOTS, address, batch, connect, each, prefix};

/// What `redis.bulk` tells.
async fn bulk(service: &Arc<Service>, body: Value) -> Vec<Value> {
    open(service, body).await.all().await
}

async fn open(service: &Arc<Service>, mut body: Value) -> Records {
    // Nobody knows what else is in the database: the keys of a test may be all of them.
    body["confirm"] = json!(true);
    streams::bulk(service, body).await.unwrap()
}

fn end(records: &[Value]) -> &Value {
    let end = &records.last().unwrap()["end"];
    let count = |name: &str| end[name].as_u64().unwrap();
    let became = count("done") + count("skipped") + count("failed") + count("unknown");
    assert_eq!(count("matched"), became, "{end}");
    end
}

async fn fill(url: &str, prefix: &str, count: usize) {
    let client = connect(url).await;
    let keys: Vec<String> = (0..count).map(|i| format!("{prefix}{i}")).collect();
    let set = each(&client, &keys, |key| ["SET", key, "v"]).await;
    assert!(set.iter().all(|result| result["ok"] == "OK"));
}

async fn count(service: &Arc<Service>, pattern: &str) -> u64 {
    let dry = json!({ "action": "delete", "pattern": pattern, "dry_run": true });
    end(&bulk(service, dry).await)["done"].as_u64().unwrap()
}

#[tokio::test]
async fn what_fits_a_pattern_is_deleted_and_nothing_else() {
    let _still = SLOTS.read().await;
    for url in ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"].into_iter().filter_map(given) {
        let service = service(&url);
        let prefix = prefix();
        fill(&url, &format!("{prefix}a:"), 1200).await;
        fill(&url, &format!("{prefix}b:"), 30).await;
        let pattern = format!("{prefix}a:*");
        let records = bulk(&service, json!({ "action": "delete", "pattern": pattern })).await;
        assert_eq!((&records[0]["action"], &records[0]["version"]), (&json!("delete"), &json!(1)));
        assert_eq!(records[0]["operation"], "redis.bulk");
        assert!(records[0]["job"].is_string() && records[0]["keyspace"].as_u64().unwrap() >= 1230);
        assert!(!told(&records, "progress").is_empty());
        let end = end(&records);
        assert_eq!((&end["done"], &end["ended_by"]), (&json!(1200), &json!("completion")), "{end}");
        assert_eq!(end["may_be_incomplete"], false);
        assert_eq!(count(&service, &pattern).await, 0);
        assert_eq!(count(&service, &format!("{prefix}*")).await, 30);
        bulk(&service, json!({ "action": "delete", "pattern": format!("{prefix}*") })).await;
    }
}

#[tokio::test]
async fn keys_of_a_list_that_are_not_there_are_skipped() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let prefix = prefix();
    fill(&url, &prefix, 2).await;
    let keys = json!([format!("{prefix}0"), format!("{prefix}1"), format!("{prefix}2")]);
    let records = bulk(&service, json!({ "action": "delete", "keys": keys })).await;
    let end = end(&records);
    assert_eq!((&end["done"], &end["skipped"]), (&json!(2), &json!(1)), "{end}");
}

#[tokio::test]
async fn keys_of_a_type_expire_and_persist() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let client = connect(&url).await;
    let prefix = prefix();
    let (text, list) = (format!("{prefix}text"), format!("{prefix}list"));
    batch(&client, &[&["SET", &text, "v"], &["RPUSH", &list, "v"]]).await;
    let pattern = format!("{prefix}*");
    let expire = json!({ "action": "expire", "ttl": 100, "pattern": pattern, "type": "list" });
    assert_eq!(end(&bulk(&service, expire).await)["done"], 1);
    let ttls = batch(&client, &[&["TTL", &text], &["TTL", &list]]).await;
    assert_eq!((&ttls[0]["ok"], &ttls[1]["ok"]), (&json!(-1), &json!(100)));
    let dry = json!({ "action": "persist", "pattern": pattern, "dry_run": true });
    let records = bulk(&service, dry).await;
    assert_eq!(end(&records)["done"], 1);
    assert_eq!(told(&records, "preview")[0]["key"], list);
    let records = bulk(&service, json!({ "action": "persist", "pattern": pattern })).await;
    assert_eq!((&end(&records)["done"], &end(&records)["skipped"]), (&json!(1), &json!(1)));
    assert_eq!(batch(&client, &[&["TTL", &list]]).await[0]["ok"], -1);
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_a_sample_estimates() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let prefix = prefix();
    fill(&url, &prefix, 5000).await;
    let pattern = format!("{prefix}*");
    let dry = json!({ "action": "delete", "pattern": pattern, "dry_run": true });
    let records = bulk(&service, dry).await;
    assert_eq!(end(&records)["done"], 5000);
    assert_eq!(told(&records, "preview").len(), 100);
    let sampled =
        json!({ "action": "delete", "pattern": pattern, "dry_run": true, "sample": 1000 });
    let records = bulk(&service, sampled).await;
    let end = end(&records);
    assert_eq!(end["ended_by"], "sample");
    assert!(end["examined"].as_u64().unwrap() < 5000 && end["estimated"].is_u64(), "{end}");
    assert_eq!(count(&service, &pattern).await, 5000);
    bulk(&service, json!({ "action": "delete", "pattern": pattern })).await;
}

#[tokio::test]
async fn what_is_too_wide_or_makes_no_sense_is_refused_before_the_stream() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    for (body, status, code) in [
        (json!({ "action": "delete", "pattern": "*" }), 403, "OPERATION_NOT_ALLOWED"),
        (json!({ "action": "delete" }), 400, "VALIDATION_ERROR"),
        (json!({ "action": "expire", "pattern": "a*" }), 400, "VALIDATION_ERROR"),
        (json!({ "action": "rename", "pattern": "a*" }), 400, "VALIDATION_ERROR"),
    ] {
        let (got, answer) = send(&service, "POST", "/keys/bulk", body).await;
        assert_eq!((got, &answer["error"]["code"]), (status, &json!(code)), "{answer}");
    }
    for job in ["00000000-0000-4000-8000-000000000000", "none"] {
        assert_eq!(stop(&service, job).await.0, 404);
    }
}

/// The deletion of 2000 keys, held up at its first chunk until the proxy's gate is opened.
async fn held_up(url: &str, prefix: &str) -> (Arc<Service>, Proxy, Records, String) {
    let proxy = Proxy::before(url).await;
    let service = service(&proxy.url());
    fill(url, prefix, 2000).await;
    let keys: Vec<String> = (0..2000).map(|i| format!("{prefix}{i}")).collect();
    proxy.gate().close();
    let mut work = open(&service, json!({ "action": "delete", "keys": keys })).await;
    let job = work.next().await.unwrap()["job"].as_str().unwrap().to_owned();
    proxy.gate().has_something().await;
    (service, proxy, work, job)
}

#[tokio::test]
async fn work_that_is_stopped_says_exactly_what_it_did() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let prefix = prefix();
    let (service, proxy, work, job) = held_up(&url, &prefix).await;
    let pattern = format!("{prefix}*");
    let (status, answer) = stop(&service, &job).await;
    assert_eq!((status, &answer["data"]["stopping"]), (200, &json!(true)), "{answer}");
    proxy.gate().open();
    let records = work.all().await;
    let end = end(&records);
    assert_eq!((&end["ended_by"], &end["done"]), (&json!("stop"), &json!(250)), "{end}");
    assert_eq!(count(&service, &pattern).await, 1750);
    let (status, _) = stop(&service, &job).await;
    assert_eq!(status, 404);
    bulk(&service, json!({ "action": "delete", "pattern": pattern })).await;
}

#[tokio::test]
async fn the_work_waits_when_the_server_becomes_slow() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let proxy = Proxy::before(&url).await;
    let service = service(&proxy.url());
    let prefix = prefix();
    fill(&url, &prefix, 1500).await;
    proxy.gate().slow_down_after(4);
    let keys: Vec<String> = (0..1500).map(|i| format!("{prefix}{i}")).collect();
    let started = std::time::Instant::now();
    let records = bulk(&service, json!({ "action": "delete", "keys": keys })).await;
    let took = started.elapsed().as_secs_f64() * 1000.0;
    let end = end(&records);
    assert_eq!((&end["done"], &end["ended_by"]), (&json!(1500), &json!("completion")), "{end}");
    let waited = end["throttled_ms"].as_f64().unwrap();
    assert!(waited > 0.0 && took >= waited, "{took} ms: {end}");
}

#[tokio::test]
async fn leaving_ends_the_work_after_the_chunk_under_way() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let prefix = prefix();
    let (service, proxy, work, _) = held_up(&url, &prefix).await;
    let pattern = format!("{prefix}*");
    drop(work);
    proxy.gate().open();
    eventually("the end of the work", async || {
        service.pools.status().iter().all(|pool| pool.leases == 0)
    })
    .await;
    assert_eq!(count(&service, &pattern).await, 1750);
    bulk(&service, json!({ "action": "delete", "pattern": pattern })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_are_unknown_and_the_numbers_stay_true() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let direct = service(&url);
    let proxy = Proxy::before(&url).await;
    let cut = service(&proxy.url());
    let prefix = prefix();
    let pattern = format!("{prefix}*");
    fill(&url, &prefix, 5000).await;
    let keys: Vec<String> = (0..5000).map(|i| format!("{prefix}{i}")).collect();
    proxy.cut_every(9);
    let records = bulk(&cut, json!({ "action": "delete", "keys": keys })).await;
    proxy.cut_every(0);
    let end = end(&records);
    let number = |name: &str| end[name].as_u64().unwrap();
    assert!(number("unknown") > 0 && number("done") > 0, "{end}");
    assert_eq!(number("matched"), 5000);
    let gone = 5000 - count(&direct, &pattern).await;
    assert!((number("done")..=number("done") + number("unknown")).contains(&gone), "{end}");
    let problems = told(&records, "problem");
    assert!(problems.iter().all(|problem| problem["outcome"] == "unknown"), "{problems:?}");
    assert_eq!(
        problems.len() as u64 + number("problems_untold"),
        number("unknown") + number("failed")
    );
    bulk(&direct, json!({ "action": "delete", "pattern": pattern })).await;
}

#[tokio::test]
async fn a_user_who_may_not_unlink_deletes_the_older_way() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let address = address(&url);
    let mut admin = Admin::connect(address).await;
    let prefix = prefix();
    let user = prefix.replace(':', "");
    let keys = format!("~{prefix}*");
    admin
        .done(&["ACL", "SETUSER", &user, "on", ">secret", &keys, "+@all", "-unlink", "-info"])
        .await;
    fill(&url, &prefix, 600).await;
    fill(&url, &format!("other{prefix}"), 1).await;
    let service = service(&format!("redis://{user}:secret@{address}"));
    let pattern = format!("{prefix}*");
    let records = bulk(&service, json!({ "action": "delete", "pattern": pattern })).await;
    assert_eq!(end(&records)["done"], 600, "{:?}", records.last());
    let foreign = json!([format!("other{prefix}0")]);
    let records = bulk(&service, json!({ "action": "delete", "keys": foreign })).await;
    assert_eq!(end(&records)["failed"], 1);
    assert_eq!(told(&records, "problem")[0]["code"], "PERMISSION_DENIED");
    assert_eq!(admin.ask(&["ACL", "DELUSER", &user]).await, ":1");
    assert_eq!(admin.ask(&["DEL", &format!("other{prefix}0")]).await, ":1");
}
