//! A cluster of several primaries.

use std::collections::{BTreeSet, HashMap};

use serde_json::json;
use studio_multidb::backend::redis::keyspace::scan::Scan;
use studio_multidb::backend::redis::server::info::Depth;
use studio_multidb::backend::redis::values::{Condition, NewValue, Window};

use crate::fixtures::{given, soon};
use crate::support::{Admin, SLOTS, batch, connect, each, matching, prefix, read, scan, write};

#[tokio::test]
async fn keys_of_all_nodes_are_written_read_and_listed() {
    let Some(url) = given("TEST_REDIS_CLUSTER_URL") else { return };
    let _still = SLOTS.read().await;
    let client = connect(&url).await;
    let prefix = prefix();
    for i in 0..300 {
        let key = format!("{prefix}{i}");
        write(&client, key.as_bytes(), NewValue::List(vec![key.clone().into_bytes()]))
            .await
            .unwrap();
        let value = read(&client, key.as_bytes(), Window::default()).await.unwrap();
        assert_eq!(value["values"], json!([key]));
    }
    let mut request = Scan { count: 50, ..matching(&format!("{prefix}*")) };
    let (mut found, mut pages) = (BTreeSet::new(), 0);
    loop {
        let page = scan(&client, &request).await.unwrap();
        assert_eq!(page["may_be_incomplete"], false);
        assert_eq!(page["warnings"], json!([]));
        let keys = page["keys"].as_array().unwrap();
        found.extend(keys.iter().map(|key| key["key"].as_str().unwrap().to_owned()));
        pages += 1;
        request.cursor = page["cursor"].as_str().unwrap().to_owned();
        if request.cursor == "0" {
            break;
        }
    }
    assert_eq!(found.len(), 300);
    assert!(pages >= 3);
}

#[tokio::test]
async fn a_batch_is_spread_over_the_nodes_and_answered_in_order() {
    let Some(url) = given("TEST_REDIS_CLUSTER_URL") else { return };
    let _still = SLOTS.read().await;
    let client = connect(&url).await;
    let keys: Vec<String> = (0..100).map(|i| format!("{}{i}", prefix())).collect();
    let set = each(&client, &keys, |key| ["SET", key, key]).await;
    assert!(set.iter().all(|result| result["ok"] == "OK"));
    let got = each(&client, &keys, |key| ["GET", key]).await;
    assert!(got.iter().zip(&keys).all(|(result, key)| result["ok"] == key.as_str()));
}

#[tokio::test]
async fn conditions_hold_on_every_node() {
    let Some(url) = given("TEST_REDIS_CLUSTER_URL") else { return };
    let _still = SLOTS.read().await;
    let client = connect(&url).await;
    for _ in 0..10 {
        let key = prefix().into_bytes();
        let value = NewValue::Set(vec![b"v".to_vec()]);
        client.write(&key, &value, None, Some(Condition::Absent), soon()).await.unwrap();
        assert!(client.write(&key, &value, None, Some(Condition::Absent), soon()).await.is_err());
        assert!(client.delete(&key, soon()).await.unwrap());
    }
}

/// Takes along what other tests have left in the slot.
async fn migrate(from: &mut Admin, slot: &str, port: &str) {
    loop {
        let keys = from.all(&["CLUSTER", "GETKEYSINSLOT", slot, "1"]).await;
        let Some(key) = keys.lines().nth(2) else { return };
        from.done(&["MIGRATE", "127.0.0.1", port, key, "0", "5000"]).await;
    }
}

/// A slot on its way from one node to another: what is there is served by the one, what is not by
/// the other (`ASK`); once it has arrived, everything is `MOVED`.
#[tokio::test]
async fn keys_are_found_while_their_slot_moves() {
    let Some(url) = given("TEST_REDIS_CLUSTER_URL") else { return };
    let _moving = SLOTS.write().await;
    let client = connect(&url).await;
    let tag = format!("{{{}}}", prefix());
    let old = format!("{tag}old");
    batch(&client, &[&["SET", &old, "v"]]).await;

    let info = serde_json::to_value(client.info(Depth::Everything, soon()).await.unwrap()).unwrap();
    let (mut nodes, mut ports) = (Vec::new(), HashMap::new());
    let primaries = info["nodes"].as_array().unwrap().iter().filter(|n| n["role"] == "master");
    for node in primaries {
        let mut admin = Admin::connect(&format!("127.0.0.1:{}", node["port"])).await;
        let owns = admin.ask(&["GET", &old]).await.starts_with('$');
        let id = node["id"].as_str().unwrap().to_owned();
        ports.insert(id.clone(), node["port"].to_string());
        nodes.push((owns, id, admin));
    }
    nodes.sort_by_key(|(owns, ..)| !owns);
    let slot = nodes[0].2.ask(&["CLUSTER", "KEYSLOT", &tag]).await;
    let slot = slot.trim_start_matches(':').to_owned();
    let (from, to) = (nodes[0].1.clone(), nodes[1].1.clone());
    nodes[1].2.done(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from]).await;
    nodes[0].2.done(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to]).await;

    let new = format!("{tag}new");
    assert_eq!(batch(&client, &[&["GET", &old]]).await[0]["ok"], "v");
    let results = batch(&client, &[&["INCR", &new], &["GET", &old], &["INCR", &new]]).await;
    assert_eq!(results, [json!({ "ok": 1 }), json!({ "ok": "v" }), json!({ "ok": 2 })]);
    let list = NewValue::List(vec![b"v".to_vec()]);
    write(&client, format!("{tag}list").as_bytes(), list.clone()).await.unwrap();
    let absent = Some(Condition::Absent);
    let conditional = format!("{tag}nx");
    client.write(conditional.as_bytes(), &list, None, absent, soon()).await.unwrap();
    assert!(client.write(conditional.as_bytes(), &list, None, absent, soon()).await.is_err());

    for key in ["new", "list", "nx"] {
        assert!(client.delete(format!("{tag}{key}").as_bytes(), soon()).await.unwrap(), "{key}");
    }
    batch(&client, &[&["DEL", &old]]).await;
    for owner in [&to, &from] {
        // First at the node that gets it, so that it is never without an owner.
        nodes.sort_by_key(|(_, id, _)| id != owner);
        let source = if *owner == to { &from } else { &to };
        nodes[0].2.done(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", source]).await;
        for (_, _, admin) in nodes.iter_mut().filter(|(_, id, _)| id == source) {
            admin.done(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", owner]).await;
            migrate(admin, &slot, &ports[owner]).await;
        }
        for (_, _, admin) in &mut nodes {
            admin.done(&["CLUSTER", "SETSLOT", &slot, "NODE", owner]).await;
        }
        assert_eq!(batch(&client, &[&["INCR", &new]]).await[0], json!({ "ok": 1 }));
        write(&client, new.as_bytes(), list.clone()).await.unwrap();
        assert!(client.delete(new.as_bytes(), soon()).await.unwrap());
    }
}
