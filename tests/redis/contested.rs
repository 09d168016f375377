//! Edits while others write the same key, and while connections are lost.

use futures_util::future::join;
use serde_json::{Value, json};
use studio_multidb::backend::redis::Client;
use studio_multidb::backend::redis::keyspace::lifetime::Expiry;
use studio_multidb::backend::redis::values::edit::{Alone, Edit, EditResult, Seen};
use studio_multidb::backend::redis::values::{NewValue, Window};
use studio_multidb::error::{Code, Result};
use studio_multidb::outcome::Outcome;

use crate::fixtures::{given, soon};
use crate::proxy::Proxy;
use crate::support::{SLOTS, batch, connect, prefix, read, write};

async fn edit(client: &Client, key: &str, edit: &Edit, expiry: Option<Expiry>) -> Result<Value> {
    let (_, lifetime) = client.edit(key.as_bytes(), edit, expiry, soon()).await?;
    Ok(json!(lifetime))
}

/// Whichever comes first, afterwards the key is gone.
#[tokio::test]
async fn a_key_that_is_deleted_during_an_edit_stays_deleted() {
    let _still = SLOTS.read().await;
    for url in ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"].into_iter().filter_map(given) {
        let (client, other) = (connect(&url).await, connect(&url).await);
        let set = Edit::of("hash")
            .step("HSET", vec![b"f".to_vec(), b"w".to_vec()])
            .lasting(vec![b"f".to_vec()]);
        let (mut edited, mut missed) = (0, 0);
        for _ in 0..300 {
            let key = prefix();
            write(&client, key.as_bytes(), NewValue::Hash(vec![(b"f".to_vec(), b"v".to_vec())]))
                .await
                .unwrap();
            let deletion = async {
                tokio::task::yield_now().await;
                other.delete(key.as_bytes(), soon()).await
            };
            let (result, deleted) = join(edit(&client, &key, &set, None), deletion).await;
            assert!(deleted.unwrap());
            match result {
                Ok(_) => edited += 1,
                Err(error) => {
                    assert_eq!(error.code(), Code::DbNotFound);
                    missed += 1;
                }
            }
            assert_eq!(batch(&other, &[&["EXISTS", &key]]).await[0]["ok"], 0);
        }
        assert_eq!(edited + missed, 300);
    }
}

/// Two who count by reading, adding and comparing lose no step.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compare_and_set_loses_no_update() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let key = prefix();
    let client = connect(&url).await;
    write(&client, key.as_bytes(), NewValue::List(vec![b"0".to_vec()])).await.unwrap();
    let counters = (0..2).map(|_| {
        let (url, key) = (url.clone(), key.clone());
        tokio::spawn(async move {
            let client = connect(&url).await;
            let mut done = 0;
            while done < 200 {
                let seen = read(&client, key.as_bytes(), Window::default()).await.unwrap();
                let seen = seen["values"][0].as_str().unwrap().to_owned();
                let next = (seen.parse::<u32>().unwrap() + 1).to_string();
                let set = Edit::of("list")
                    .step("LSET", vec![b"0".to_vec(), next.into_bytes()])
                    .unless_changed([Seen::Element(0, seen.into_bytes())]);
                match edit(&client, &key, &set, None).await {
                    Ok(_) => done += 1,
                    Err(error) => assert_eq!(error.code(), Code::Conflict, "{error}"),
                }
            }
        })
    });
    for counter in counters.collect::<Vec<_>>() {
        counter.await.unwrap();
    }
    let values = read(&client, key.as_bytes(), Window::default()).await.unwrap();
    assert_eq!(values["values"][0], "400");
}

/// What the ledger says was applied, was; what it says was not, was not; nothing was applied twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_edit_runs_twice_and_every_outcome_is_true() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let direct = connect(&url).await;
    let proxy = Proxy::before(&url).await;
    let client = connect(&proxy.url()).await;
    let prefix = prefix();
    proxy.cut_every(5);
    // One that is sent alone, one that is watched, one with a time to live.
    let push = || {
        let push = Edit::of("list").step("RPUSHX", vec![b"x".to_vec()]);
        push.counting(EditResult::Length).alone(Alone::NeedsKey)
    };
    let trim = Edit::of("list").step("LTRIM", vec![b"0".to_vec(), b"-2".to_vec()]);
    let trim = trim.step("LLEN", vec![]).counting(EditResult::Length);
    let edits = [(push(), None), (trim, None), (push(), Some(Expiry::In(1_000_000)))];
    let mut unknown = 0;
    for i in 0..600 {
        let key = format!("{prefix}{i}");
        let start = vec![b"x".to_vec(); 5];
        write(&direct, key.as_bytes(), NewValue::List(start)).await.unwrap();
        let (change, expiry) = &edits[i % edits.len()];
        let expected = if i % edits.len() == 1 { 4 } else { 6 };
        let told = match edit(&client, &key, change, *expiry).await {
            Ok(_) => Outcome::Applied,
            Err(error) => {
                assert_eq!(error.code(), Code::DbConnectionFailed, "{error}");
                error.known_outcome()
            }
        };
        let found = batch(&direct, &[&["LLEN", &key]]).await[0]["ok"].clone();
        match told {
            Outcome::Applied => assert_eq!(found, expected),
            Outcome::NotApplied => assert_eq!(found, 5),
            Outcome::Unknown => {
                unknown += 1;
                assert!(found == 5 || found == expected, "{found}");
            }
        }
    }
    assert!(unknown > 20, "{unknown}");
}

/// Someone writes the key all the time, and an edit still comes through or says why not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_key_is_edited_between_two_writes() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let (client, other, key) = (connect(&url).await, connect(&url).await, prefix());
    write(&client, key.as_bytes(), NewValue::String(b"0".to_vec())).await.unwrap();
    let busy = key.clone();
    let writer = tokio::spawn(async move {
        loop {
            batch(&other, &[&["INCR", &busy]]).await;
        }
    });
    let add = Edit::of("string").step("INCRBY", vec![b"0".to_vec()]);
    for _ in 0..20 {
        match edit(&client, &key, &add, None).await {
            Ok(answer) => assert_eq!(answer["ttl"], -1),
            Err(error) => {
                assert_eq!(error.code(), Code::Conflict, "{error}");
                assert_eq!(error.known_outcome(), Outcome::NotApplied);
            }
        }
    }
    writer.abort();
}
