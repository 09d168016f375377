//! What reaches everything must be confirmed, however it is spelt.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use studio_multidb::service::Service;
use tokio::sync::Mutex;

use crate::fixtures::{given, told};
use crate::http::service;
use crate::streams::bulk;
use crate::support::{Admin, address};

/// These tests fill and flush a database of their own, one at a time.
static TURN: Mutex<()> = Mutex::const_new(());

const DB: &str = "9";

struct Database {
    admin: Admin,
    service: Arc<Service>,
}

impl Database {
    async fn of(url: &str) -> Self {
        let mut admin = Admin::connect(address(url)).await;
        admin.done(&["SELECT", DB]).await;
        Self { admin, service: service(&format!("{url}/{DB}")) }
    }

    async fn fill(&mut self, keys: &[(String, bool)]) {
        self.admin.done(&["FLUSHDB"]).await;
        for (key, is_text) in keys {
            let command: &[&str] = if *is_text { &["SET", key, "v"] } else { &["RPUSH", key, "v"] };
            self.admin.ask(command).await;
        }
    }

    async fn size(&mut self) -> u64 {
        self.admin.ask(&["DBSIZE"]).await[1..].parse().unwrap()
    }

    /// The status, and what is told.
    async fn ask(&self, body: Value) -> (u16, Value) {
        match bulk(&self.service, body).await {
            Ok(records) => (200, told(&records.all().await, "end")[0].clone()),
            Err((status, answer)) => (status, answer),
        }
    }
}

#[tokio::test]
async fn nothing_that_matches_every_key_passes_without_a_confirmation() {
    let _turn = TURN.lock().await;
    for name in ["TEST_REDIS_URL", "TEST_REDIS_62_URL"] {
        let Some(url) = given(name) else { continue };
        let mut database = Database::of(&url).await;
        let key = |name: &str| (name.to_owned(), true);
        let keys = ["app:user:1", "app:user:2", "app:page:3"].map(key);
        for filter in [
            json!({ "pattern": "*" }),
            json!({ "pattern": "**" }),
            json!({ "pattern": "?*" }),
            json!({ "pattern": "[^x]*" }),
            json!({ "pattern": "[a-z]*" }),
            json!({ "pattern": "*:*" }),
            json!({ "pattern": "*:*:*" }),
            json!({ "pattern": "*[0-9]" }),
            json!({ "pattern": "*p*" }),
            json!({ "pattern": "app:*" }),
            json!({ "pattern": "a*" }),
            json!({ "pattern": r"\a*" }),
            json!({ "pattern": "app:????:?" }),
            json!({ "type": "string" }),
            json!({ "type": "STRING" }),
            json!({ "type": "string", "pattern": "*" }),
            json!({ "type": "string", "pattern": "app:*" }),
        ] {
            for action in [
                json!({ "action": "delete" }),
                json!({ "action": "expire", "ttl": 1 }),
                json!({ "action": "persist" }),
            ] {
                database.fill(&keys).await;
                let mut body = action;
                body.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
                let (status, answer) = database.ask(body.clone()).await;
                assert_eq!(status, 403, "{body}: {answer}");
                let error = &answer["error"];
                assert_eq!(error["code"], "OPERATION_NOT_ALLOWED", "{body}: {answer}");
                assert_eq!(
                    (&error["details"]["matched"], &error["details"]["keyspace"]),
                    (&json!(3), &json!(3))
                );
                let message = error["message"].as_str().unwrap();
                assert!(message.contains("all 3 keys") && message.contains("confirm: true"));
                assert_eq!((database.size().await, &error["outcome"]), (3, &json!("not_applied")));
                body["dry_run"] = json!(true);
                assert_eq!(database.ask(body.clone()).await.0, 200, "{body}");
                body["dry_run"] = json!(false);
                body["confirm"] = json!(true);
                assert_eq!(database.ask(body.clone()).await.0, 200, "{body}");
            }
        }
        database.fill(&keys).await;
        let listed =
            json!({ "action": "delete", "keys": ["app:user:1", "app:user:2", "app:page:3"] });
        assert_eq!(database.ask(listed).await.0, 200, "a list says which");
        let (status, _) = database.ask(json!({ "action": "delete", "pattern": "app:*" })).await;
        assert_eq!(status, 200, "there is nothing to lose in an empty database");
    }
}

/// Thousands of keys are not spared because a few others are.
#[tokio::test]
async fn what_matches_nine_tenths_is_confirmed_however_it_begins() {
    let _turn = TURN.lock().await;
    for url in ["TEST_REDIS_URL", "TEST_REDIS_62_URL"].into_iter().filter_map(given) {
        let mut database = Database::of(&url).await;
        let fill = "\"for i=1,tonumber(ARGV[1]) do redis.call('SET','k'..i,'v')end \
                    for i=1,tonumber(ARGV[2]) do redis.call('SET','z'..i,'v')end\"";
        for (matching, others, expected) in [
            ("3000", "5", 403),
            ("3000", "300", 403),
            ("3000", "400", 200),
            ("20000", "100", 403),
            ("20000", "6000", 200),
            ("9", "1", 403),
            ("8", "1", 200),
            ("1", "1", 200),
        ] {
            database.admin.done(&["FLUSHDB"]).await;
            database.admin.ask(&["EVAL", fill, "0", matching, others]).await;
            let before = database.size().await;
            for filter in [
                json!({ "pattern": "k*" }),
                json!({ "pattern": r"\k*" }),
                json!({ "pattern": "k*", "type": "string" }),
            ] {
                for action in [
                    json!({ "action": "persist" }),
                    json!({ "action": "expire", "ttl": 5000 }),
                    json!({ "action": "delete" }),
                ] {
                    let mut body = action;
                    body.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
                    if expected == 200 && body["action"] == "delete" {
                        continue;
                    }
                    let (status, answer) = database.ask(body.clone()).await;
                    assert_eq!(status, expected, "{matching} and {others}: {body}: {answer}");
                    if expected == 403 {
                        let message = answer["error"]["message"].as_str().unwrap();
                        assert!(message.contains("confirm: true"), "{answer}");
                        assert!(message.contains(&format!("of the {before} keys")), "{answer}");
                    }
                }
            }
            assert_eq!(database.size().await, before);
            let (status, answer) =
                database.ask(json!({ "action": "persist", "pattern": "z*" })).await;
            assert_eq!((status, &answer["matched"]), (200, &json!(others.parse::<u64>().unwrap())));
        }
        database.admin.done(&["FLUSHDB"]).await;
    }
}

/// Random keys and patterns: what passes spares a key; what is refused spares none or next to none, or
/// spares the lesser part and does not say what its names begin with.
#[tokio::test]
async fn what_passes_spares_something_whatever_the_keys_and_the_pattern() {
    let _turn = TURN.lock().await;
    for url in ["TEST_REDIS_URL", "TEST_REDIS_62_URL"].into_iter().filter_map(given) {
        let mut database = Database::of(&url).await;
        let mut runner = TestRunner::new(Config::default());
        let keys = proptest::collection::btree_map("[ab:]{1,3}", any::<bool>(), 1..8);
        let pattern = proptest::option::weighted(0.8, r"(a|b|:|\*|\?|\[ab\]|\[\^a\]|\\a){1,4}");
        let kind = proptest::option::weighted(0.4, prop_oneof![Just("string"), Just("list")]);
        for _ in 0..120 {
            let (keys, pattern, kind) =
                (&keys, &pattern, &kind).new_tree(&mut runner).unwrap().current();
            let Some(pattern) = pattern.or(kind.map(|_| "*".to_owned())) else { continue };
            let keys: Vec<(String, bool)> = keys.into_iter().collect();
            database.fill(&keys).await;
            let mut body = json!({ "action": "persist", "pattern": pattern, "type": kind });
            let (status, answer) = database.ask(body.clone()).await;
            body["dry_run"] = json!(true);
            body["action"] = json!("delete");
            let (_, dry) = database.ask(body.clone()).await;
            let (matched, all) = (dry["matched"].as_u64().unwrap(), keys.len() as u64);
            let wild = |c: char| "*?[".contains(c);
            let says_where = !pattern.starts_with(wild);
            let is_one = !pattern.replace(r"\a", "a").contains(wild);
            let is_nothing_but_wild = kind.is_none()
                && !pattern.replace("[ab]", "").replace("[^a]", "").contains(['a', 'b', ':']);
            let must_be_confirmed = !is_one
                && (is_nothing_but_wild
                    || matched * 10 >= all * 9
                    || (!says_where && matched * 2 > all));
            let expected = if must_be_confirmed { 403 } else { 200 };
            assert_eq!(status, expected, "{keys:?} {body} {matched} of {all}: {answer}");
        }
        database.admin.done(&["FLUSHDB"]).await;
    }
}

/// Of many keys only some are looked at.
#[tokio::test]
async fn a_large_database_is_judged_by_a_sample() {
    let _turn = TURN.lock().await;
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let mut database = Database::of(&url).await;
    database.admin.done(&["FLUSHDB"]).await;
    let script = "for i=1,30000 do redis.call('SET',KEYS[1]..i,'v')end";
    for name in ["most:", "all:"] {
        let quoted = format!("\"{script}\"");
        database.admin.ask(&["EVAL", &quoted, "1", name]).await;
        if name == "most:" {
            let (status, answer) =
                database.ask(json!({ "action": "persist", "pattern": "*:*" })).await;
            let details = &answer["error"]["details"];
            assert_eq!((status, &details["matched"]), (403, &json!(30_000)), "{answer}");
            assert_eq!(details["exact"], false);
        }
    }
    let (status, end) = database.ask(json!({ "action": "persist", "pattern": "most:*" })).await;
    assert_eq!((status, &end["matched"]), (200, &json!(30_000)), "{end}");
    database.admin.done(&["FLUSHDB"]).await;
}
