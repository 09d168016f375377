//! What one user subscribes to, and everybody else's subscriptions.

use serde_json::{Value, json};
use studio_multidb::service::Service;

use super::socket::{Socket, publish};
use crate::fixtures::{eventually, given};
use crate::http::{send, service};
use crate::support::{Admin, address, prefix, raw_command};

/// How much the server owes a connection that subscribes before it closes it: one test at a time sees
/// to that.
static LIMITS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn links(service: &Service) -> u32 {
    service.pools.status()[0].gauge.in_use
}

/// A socket of a user.
async fn socket_of(
    service: &std::sync::Arc<Service>,
    user: &str,
    query: &str,
    topics: usize,
) -> Socket {
    let path = format!("/pubsub/subscribe?{query}");
    let mut socket = Socket::open_as(service, Some(user), &path).await;
    for _ in 0..topics {
        assert_eq!(socket.next().await["type"], "subscribed");
    }
    socket
}

#[tokio::test]
async fn a_users_subscribers_share_a_connection_and_users_share_none() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let channel = format!("{}own", prefix());
    let query = format!("channels={channel}");
    let mut all = Vec::new();
    for user in ["anna", "ben", "anna", "ben", "anna"] {
        all.push(socket_of(&service, user, &query, 1).await);
    }
    assert_eq!(links(&service), 2);
    // Each of the two is one subscriber to the server.
    assert_eq!(publish(&service, &channel, json!("x")).await, 2);
    for socket in &mut all {
        assert_eq!(socket.next().await["data"], "x");
    }
    let (_, answer) =
        send(&service, "GET", &format!("/pubsub/channels?pattern={channel}"), Value::Null).await;
    let found = &answer["data"]["channels"][0];
    assert_eq!((&found["subscribers"], &found["subscribers_here"]), (&json!(2), &json!(5)));
    drop(all);
    eventually("the links ending", async || links(&service) == 0).await;
}

#[tokio::test]
async fn what_overruns_one_users_connection_cuts_nobody_elses() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let _limits = LIMITS.lock().await;
    let service = service(&url);
    let p = prefix();
    let mut ben = socket_of(&service, "ben", &format!("channels={p}ben"), 1).await;
    // A message that a hundred patterns match is sent a hundred times, which is more than most servers
    // keep for one connection.
    let patterns: Vec<String> = (1..=100).map(|n| format!("{p}big{}", "*".repeat(n))).collect();
    let mut carl = socket_of(&service, "carl", "", 0).await;
    carl.say(json!({ "type": "psubscribe", "channels": patterns })).await;
    for _ in &patterns {
        assert_eq!(carl.next().await["type"], "subscribed");
    }
    let large = "x".repeat(600_000);
    publish(&service, &format!("{p}big"), json!(large)).await;
    // The server closes it, or carl can't keep up, or it is read as fast as it comes.
    for _ in &patterns {
        if carl.next().await["type"] != "message" {
            break;
        }
    }
    publish(&service, &format!("{p}ben"), json!("after")).await;
    assert_eq!(ben.next().await["data"], "after");
}

#[tokio::test]
async fn a_message_that_is_too_large_is_a_gap_of_its_channel_alone() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let _limits = LIMITS.lock().await;
    // The server as it is set up closes a connection to which it owes so much.
    let mut admin = Admin::connect(address(&url)).await;
    let limit = "client-output-buffer-limit";
    admin.done(&["CONFIG", "SET", limit, "\"pubsub 0 0 0\""]).await;
    let service = service(&url);
    let p = prefix();
    let query = format!("channels={p}big,{p}small&patterns={p}bi*");
    let mut socket = Socket::subscribed(&service, &query, 3).await;
    let large = vec![b'x'; 33 << 20];
    let (big, small) = (format!("{p}big"), format!("{p}small"));
    raw_command(&url, &[b"PUBLISH", big.as_bytes(), &large]).await;
    publish(&service, &small, json!("after")).await;
    publish(&service, &big, json!("again")).await;
    let gap = |name: &str, topic: &str| json!({ "type": "gap", "dropped": 1, "reason": "too_large", name: topic });
    let mut gaps = [socket.next().await, socket.next().await];
    gaps.sort_by_key(|gap| gap["pattern"].is_string());
    assert_eq!(gaps, [gap("channel", &big), gap("pattern", &format!("{p}bi*"))]);
    assert_eq!((socket.next().await["data"].clone(), links(&service)), (json!("after"), 1));
    assert_eq!(socket.next().await["data"], "again");
    admin.done(&["CONFIG", "SET", limit, "\"pubsub 32mb 8mb 60\""]).await;
}

#[tokio::test]
async fn patterns_are_few_for_each_user_however_many_sockets_they_have() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let p = prefix();
    let patterns = |of: std::ops::Range<u32>| {
        let names: Vec<String> = of.map(|n| format!("{p}{n}*")).collect();
        json!({ "type": "psubscribe", "channels": names })
    };
    let mut first = socket_of(&service, "carl", "", 0).await;
    let mut second = socket_of(&service, "carl", "", 0).await;
    first.say(patterns(0..60)).await;
    for _ in 0..60 {
        assert_eq!(first.next().await["type"], "subscribed");
    }
    second.say(patterns(60..101)).await;
    let refused = second.next().await;
    assert_eq!(refused["code"], "PAYLOAD_TOO_LARGE", "{refused}");
    assert!(refused["message"].as_str().unwrap().contains("100 patterns"), "{refused}");
    second.say(patterns(60..100)).await;
    assert_eq!(second.next().await["type"], "subscribed");
    let mut ben = socket_of(&service, "ben", "", 0).await;
    ben.say(patterns(0..60)).await;
    assert_eq!(ben.next().await["type"], "subscribed");
    // What is left can be had again.
    drop(first);
    let mut third = socket_of(&service, "carl", "", 0).await;
    eventually("the patterns being free again", async || {
        third.say(patterns(0..60)).await;
        third.next().await["type"] == "subscribed"
    })
    .await;
}

#[tokio::test]
async fn who_changes_topics_without_end_is_refused_and_nobody_else_is() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let p = prefix();
    let names: Vec<String> = (0..1000).map(|n| format!("{p}{n}")).collect();
    let mut sockets = Vec::new();
    for _ in 0..2 {
        sockets.push(socket_of(&service, "carl", "", 0).await);
    }
    let mut refused = None;
    'asking: for round in 0..100 {
        let socket = &mut sockets[round % 2];
        for verb in ["subscribe", "unsubscribe"] {
            socket.say(json!({ "type": verb, "channels": names })).await;
            for _ in &names {
                let told = socket.next().await;
                if told["type"] == "error" {
                    refused = Some(told);
                    break 'asking;
                }
            }
        }
    }
    assert_eq!(refused.expect("it is refused at last")["code"], "RATE_LIMITED");
    socket_of(&service, "ben", &format!("channels={p}1"), 1).await;
}
