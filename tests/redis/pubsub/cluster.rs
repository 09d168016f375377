//! Channels of a cluster, while its slots and roles move.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use studio_multidb::service::Service;
use tokio::time::timeout;

use super::socket::Socket;
use crate::fixtures::{eventually, given};
use crate::http::{ok, send, service};
use crate::support::{Admin, SLOTS, address, prefix};
use crate::topology::{Node, nodes, settle};

/// Whether the cluster has sharded channels; before Redis 7 there were none.
#[allow(clippy::print_stderr)]
async fn has_sharded_channels(url: &str) -> bool {
    let answer = Admin::connect(address(url)).await.ask(&["PUBSUB", "SHARDNUMSUB"]).await;
    let has = !answer.starts_with('-');
    if !has {
        eprintln!("skipped: the cluster has no sharded channels");
    }
    has
}

async fn slot_of(address: &str, channel: &str) -> u16 {
    let slot = Admin::connect(address).await.ask(&["CLUSTER", "KEYSLOT", channel]).await;
    slot.trim_start_matches(':').parse().unwrap()
}

fn has(node: &Node, slot: u16) -> bool {
    node.slots.iter().any(|(first, last)| (*first..=*last).contains(&slot))
}

/// A channel, and its slot, in which there are no keys that would have to move with it.
async fn channel_without_keys(address: &str) -> (String, u16) {
    loop {
        let channel = format!("{}moves", prefix());
        let slot = slot_of(address, &channel).await;
        let owner = nodes(address).await.into_iter().find(|node| has(node, slot)).unwrap();
        let count = ["CLUSTER", "COUNTKEYSINSLOT", &slot.to_string()];
        if Admin::connect(&owner.address).await.ask(&count).await == ":0" {
            return (channel, slot);
        }
    }
}

async fn publish(service: &Arc<Service>, channel: &str, message: &str, sharded: bool) -> Value {
    let body = json!({ "channel": channel, "message": message, "sharded": sharded });
    let answer = ok(service, "POST", "/pubsub/publish", body).await;
    answer["data"].clone()
}

fn links(service: &Service) -> u32 {
    service.pools.status()[0].gauge.in_use
}

#[tokio::test]
async fn classic_channels_are_heard_from_every_node() {
    let Some(url) = given("TEST_REDIS_CLUSTER_URL") else { return };
    let _steady = SLOTS.read().await;
    let service = service(&url);
    let channel = format!("{}all", prefix());
    let mut socket = Socket::subscribed(&service, &format!("channels={channel}"), 1).await;
    for node in nodes(address(&url)).await {
        let mut admin = Admin::connect(&node.address).await;
        admin.ask(&["PUBLISH", &channel, &node.id]).await;
        assert_eq!(socket.next().await["data"], node.id);
    }
    assert_eq!(publish(&service, &channel, "x", false).await["counted_on"], "node");
    // Whichever node the subscribers are connected to, they are counted.
    let path = format!("/pubsub/channels?pattern={channel}");
    let (_, answer) = send(&service, "GET", &path, Value::Null).await;
    let data = &answer["data"];
    assert_eq!(data["channels"][0]["subscribers"], 1, "{answer}");
    assert_eq!(data["may_be_incomplete"], false);
}

#[tokio::test]
async fn sharded_channels_are_heard_on_the_nodes_that_own_them() {
    let Some(url) = given("TEST_REDIS_CLUSTER_URL") else { return };
    if !has_sharded_channels(&url).await {
        return;
    }
    let _steady = SLOTS.read().await;
    let service = service(&url);
    let p = prefix();
    let names: Vec<String> = (0..12).map(|n| format!("{p}{n}")).collect();
    let query = format!("shard_channels={}", names.join(","));
    let mut socket = Socket::subscribed(&service, &query, 12).await;
    assert_eq!(links(&service), 3, "one link per node");
    for name in &names {
        assert_eq!(publish(&service, name, "x", true).await["subscribers_reached"], 1);
        let expected = json!({ "type": "message", "channel": name, "sharded": true, "data": "x" });
        assert_eq!(socket.next().await, expected);
    }
    let path = format!("/pubsub/channels?pattern={p}*");
    let (_, answer) = send(&service, "GET", &path, Value::Null).await;
    let channels = answer["data"]["channels"].as_array().unwrap();
    assert_eq!(channels.len(), 12);
    assert!(channels.iter().all(|c| c["sharded"] == true && c["subscribers"] == 1), "{answer}");
    socket.say(json!({ "type": "sunsubscribe", "channels": names })).await;
    for _ in &names {
        assert_eq!(socket.next().await["type"], "unsubscribed");
    }
    eventually("the links being closed", async || links(&service) == 0).await;
}

#[tokio::test]
#[ignore = "a replica takes over, under which no other test may run"]
async fn a_sharded_channel_follows_its_slot_and_its_primary() {
    let Some(url) = given("TEST_REDIS_CLUSTER_URL") else { return };
    if !has_sharded_channels(&url).await {
        return;
    }
    let _alone = SLOTS.write().await;
    let service = service(&url);
    let at = address(&url);
    settle(at).await;
    let (channel, slot) = channel_without_keys(at).await;
    let mut socket = Socket::subscribed(&service, &format!("shard_channels={channel}"), 1).await;
    let gap = json!({
        "type": "gap", "dropped": null, "reason": "reconnected", "channel": channel, "sharded": true,
    });
    let owns = |node: &Node| has(node, slot);

    // The slot is given to another node, and back.
    let all = nodes(at).await;
    let owner = all.iter().find(|node| owns(node)).unwrap();
    let other = all.iter().find(|node| node.of.is_none() && node.id != owner.id).unwrap();
    for to in [other, owner] {
        let from = if to.id == other.id { owner } else { other };
        let mut admins = [Admin::connect(&to.address).await, Admin::connect(&from.address).await];
        let slot = slot.to_string();
        for (admin, state, node) in [(0, "IMPORTING", from), (1, "MIGRATING", to)] {
            admins[admin].done(&["CLUSTER", "SETSLOT", &slot, state, &node.id]).await;
        }
        // First at the node that gets it, so that it is never without an owner.
        for admin in &mut admins {
            admin.done(&["CLUSTER", "SETSLOT", &slot, "NODE", &to.id]).await;
        }
        let told = arrival(&service, &mut socket, &channel).await;
        assert_eq!(told, std::slice::from_ref(&gap), "the slot has left the node without a word");
    }

    // The owner's replica takes over, and the other way round.
    for _ in 0..2 {
        // What one node knows of the others takes a moment to be true.
        let mut replica = None;
        eventually("the replica being known", async || {
            let all = nodes(at).await;
            let owner = all.iter().find(|node| owns(node)).map(|node| node.id.clone());
            replica = all.into_iter().find(|node| node.of.is_some() && node.of == owner);
            replica.is_some()
        })
        .await;
        let replica = replica.unwrap();
        // By itself: asked for votes, the others may be busy with the change before.
        Admin::connect(&replica.address).await.done(&["CLUSTER", "FAILOVER", "TAKEOVER"]).await;
        eventually("the failover", async || {
            nodes(&replica.address).await.iter().any(|node| node.id == replica.id && owns(node))
        })
        .await;
        // A server may keep its subscribers when it becomes a replica, and hear for them what its
        // primary is sent; else they are told of the gap.
        let told = arrival(&service, &mut socket, &channel).await;
        assert!(told.is_empty() || told.contains(&gap), "{told:?}");
        settle(at).await;
    }
}

/// Publishes until it is heard; what was told before that.
async fn arrival(service: &Arc<Service>, socket: &mut Socket, channel: &str) -> Vec<Value> {
    let mark = prefix();
    let mut told = Vec::new();
    for _ in 0..100 {
        let body = json!({ "channel": channel, "message": mark, "sharded": true });
        let (status, answer) = send(service, "POST", "/pubsub/publish", body).await;
        // While the slot has no owner it can't be published.
        assert!(status == 200 || answer["error"]["code"] == "DB_CONNECTION_FAILED", "{answer}");
        while let Ok(record) = timeout(Duration::from_millis(200), socket.next()).await {
            if record["data"] == mark.as_str() {
                return told;
            }
            if record["type"] != "message" {
                told.push(record);
            }
        }
    }
    panic!("no message arrived; told was {told:?}");
}
