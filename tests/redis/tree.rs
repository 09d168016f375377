//! The keyspace as namespaces, and what a page may cost.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::backend::redis::Client;
use studio_multidb::service::Service;

use crate::fixtures::{accepting, ask, given};
use crate::http::{ok, records, request, send, service};
use crate::support::{SLOTS, batch, connect, prefix};

/// 300 keys in `a`, 30 in `b`, one of them a hash, and three in no namespace.
async fn fill(client: &Client, prefix: &str) {
    let mut keys: Vec<String> = (0..300).map(|i| format!("{prefix}a:{}:{i}", i % 3)).collect();
    keys.extend((0..29).map(|i| format!("{prefix}b:{i}")));
    keys.extend((0..3).map(|i| format!("{prefix}{i}")));
    let hash = format!("{prefix}b:hash");
    let mut commands: Vec<Vec<&str>> = keys.iter().map(|key| vec!["SET", key, "v"]).collect();
    commands.push(vec!["HSET", &hash, "f", "v"]);
    let commands: Vec<&[&str]> = commands.iter().map(Vec::as_slice).collect();
    assert!(batch(client, &commands).await.iter().all(|result| result["error"].is_null()));
}

fn namespaces(prefix: &str, counts: &[(&str, u64)]) -> Value {
    counts
        .iter()
        .map(|(name, n)| json!({ "prefix": format!("{prefix}{name}"), "keys": n }))
        .collect()
}

async fn tree(service: &Arc<Service>, query: &str) -> Value {
    let answer = ok(service, "GET", &format!("/tree?{query}"), Value::Null).await;
    answer["data"].clone()
}

#[tokio::test]
async fn namespaces_are_counted_level_by_level() {
    let _still = SLOTS.read().await;
    for url in ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"].into_iter().filter_map(given) {
        let (service, prefix) = (service(&url), prefix());
        fill(&connect(&url).await, &prefix).await;
        let answer = tree(&service, &format!("prefix={prefix}&max_examined=1000000")).await;
        assert_eq!(answer["namespaces"], namespaces(&prefix, &[("a:", 300), ("b:", 30)]));
        let leaves: Vec<String> = (0..3).map(|i| format!("{prefix}{i}")).collect();
        assert_eq!((&answer["keys"], &answer["leaf_keys"]), (&json!(leaves), &json!(3)));
        assert_eq!((&answer["complete"], &answer["done"]), (&json!(true), &json!(true)));
        assert!(answer["total"].as_u64().unwrap() >= 333);

        let below = tree(&service, &format!("prefix={prefix}a:&type=string")).await;
        let expected = namespaces(&prefix, &[("a:0:", 100), ("a:1:", 100), ("a:2:", 100)]);
        assert_eq!(below["namespaces"], expected);

        let deep = tree(&service, &format!("prefix={prefix}&depth=2")).await;
        assert_eq!(deep["namespaces"].as_array().unwrap().len(), 5);
        let hashes = tree(&service, &format!("prefix={prefix}&type=hash")).await;
        assert_eq!(hashes["namespaces"], namespaces(&prefix, &[("b:", 1)]));
    }
}

#[tokio::test]
async fn a_stream_of_growing_counts_ends_with_what_one_answer_says() {
    let _still = SLOTS.read().await;
    for url in ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"].into_iter().filter_map(given) {
        let (service, prefix) = (service(&url), prefix());
        fill(&connect(&url).await, &prefix).await;
        let records = records(&service, &format!("/tree?prefix={prefix}")).await;
        let (last, earlier) = records.split_last().unwrap();
        assert!(earlier.iter().all(|record| record["done"] == false));
        assert_eq!((&last["done"], &last["complete"]), (&json!(true), &json!(true)));
        let mut counts = BTreeMap::new();
        for record in &records {
            for namespace in record["namespaces"].as_array().unwrap() {
                let name = namespace["prefix"].as_str().unwrap().to_owned();
                counts.insert(name, namespace["keys"].as_u64().unwrap());
            }
        }
        let expected = [(format!("{prefix}a:"), 300), (format!("{prefix}b:"), 30)];
        assert_eq!(counts, BTreeMap::from(expected));
        let examined: Vec<u64> =
            records.iter().map(|record| record["examined"].as_u64().unwrap()).collect();
        assert!(examined.is_sorted(), "{examined:?}");
    }
}

#[tokio::test]
async fn an_answer_that_did_not_see_everything_says_so_and_goes_on() {
    let _still = SLOTS.read().await;
    for url in ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"].into_iter().filter_map(given) {
        let (service, prefix) = (service(&url), prefix());
        fill(&connect(&url).await, &prefix).await;
        let (mut found, mut cursor, mut answers) = (0, "0".to_owned(), 0);
        loop {
            let query = format!("prefix={prefix}&max_examined=50&cursor={cursor}");
            let answer = tree(&service, &query).await;
            answers += 1;
            for namespace in answer["namespaces"].as_array().unwrap() {
                found += namespace["keys"].as_u64().unwrap();
            }
            answer["cursor"].as_str().unwrap().clone_into(&mut cursor);
            assert_eq!(answer["complete"], false, "it did not begin and end in one answer");
            if cursor == "0" {
                assert_eq!(answer["ended_by"], "keyspace");
                break;
            }
            assert_eq!(answer["ended_by"], "examined");
        }
        assert!(found >= 330 && answers > 3, "{found} in {answers}");
    }
}

#[tokio::test]
async fn more_namespaces_than_asked_for_are_counted_together() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let (service, prefix) = (service(&url), prefix());
    fill(&connect(&url).await, &prefix).await;
    let answer = tree(&service, &format!("prefix={prefix}&limit=1")).await;
    assert_eq!(answer["limited"], true);
    assert_eq!(answer["namespaces"].as_array().unwrap().len(), 1);
    let told = answer["namespaces"][0]["keys"].as_u64().unwrap();
    assert_eq!(told + answer["other_keys"].as_u64().unwrap(), 330);
    assert_eq!((&answer["leaf_keys"], answer["keys"].as_array().unwrap().len()), (&json!(3), 1));
}

#[tokio::test]
async fn any_separator_and_bytes_that_are_no_text_will_do() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let (service, prefix) = (service(&url), prefix());
    let keys = [format!("{prefix}*[x]->1"), format!("{prefix}*[x]->2"), format!("{prefix}?->1")];
    for key in &keys {
        batch(&connect(&url).await, &[&["SET", key, "v"]]).await;
    }
    let query = format!("prefix={prefix}*[&separator=-%3E");
    let answer = tree(&service, &query).await;
    assert_eq!(answer["namespaces"], namespaces(&prefix, &[("*[x]->", 2)]));
}

#[tokio::test]
async fn what_is_no_tree_is_refused_before_it_begins() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    for (query, code) in [
        ("separator=", "VALIDATION_ERROR"),
        ("depth=0", "VALIDATION_ERROR"),
        ("depth=9", "VALIDATION_ERROR"),
        ("limit=0", "VALIDATION_ERROR"),
        ("limit=100000", "PAYLOAD_TOO_LARGE"),
        ("cursor=x", "VALIDATION_ERROR"),
        ("type=a%20b", "VALIDATION_ERROR"),
    ] {
        for accept in ["application/json", "application/x-ndjson"] {
            let path = format!("/tree?{query}");
            let request = accepting(accept, request("GET", &path, &Value::Null));
            let (_, body) = ask(&service, request).await;
            assert_eq!(body["error"]["code"], code, "{query}: {body}");
        }
    }
}

#[tokio::test]
async fn a_page_costs_no_more_than_it_was_given() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let (service, prefix) = (service(&url), prefix());
    fill(&connect(&url).await, &prefix).await;
    let list = |query: String| {
        let service = Arc::clone(&service);
        async move { send(&service, "GET", &format!("/keys?{query}"), Value::Null).await }
    };
    let (_, page) = list("pattern=*nothing*here*&max_examined=20".to_owned()).await;
    assert_eq!(page["data"]["ended_by"], "examined", "{page}");
    assert!(page["data"]["total_scanned"].as_u64().unwrap() <= 40, "{page}");
    let (_, page) = list("count=5".to_owned()).await;
    assert_eq!(page["data"]["ended_by"], "keys", "{page}");
    // Beyond the limits is held to them.
    let (status, page) =
        list(format!("prefix={prefix}b:&count=1000&max_examined=999999999999&max_ms=0")).await;
    assert_eq!(status, 200, "{page}");
    let (status, page) = list(format!("prefix={prefix}&pattern=*")).await;
    assert_eq!((status, &page["error"]["code"]), (400, &json!("VALIDATION_ERROR")));
}

#[tokio::test]
async fn a_prefix_is_no_pattern() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let (service, prefix) = (service(&url), prefix());
    for key in ["a*b", "a?b", "axb"] {
        batch(&connect(&url).await, &[&["SET", &format!("{prefix}{key}"), "v"]]).await;
    }
    let (_, page) = send(&service, "GET", &format!("/keys?prefix={prefix}a*"), Value::Null).await;
    assert_eq!(page["data"]["keys"].as_array().unwrap().len(), 1, "{page}");
    assert_eq!(page["data"]["keys"][0]["key"], format!("{prefix}a*b"));
}
