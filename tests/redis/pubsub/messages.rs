//! Who gets which message.

use serde_json::{Value, json};

use super::socket::{Socket, publish};
use crate::fixtures::{eventually, given};
use crate::http::{send, service};
use crate::support::prefix;

#[tokio::test]
async fn messages_of_channels_and_patterns_arrive_as_they_were_published() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let p = prefix();
    let query = format!("channels={p}a,{p}b&patterns={p}c*");
    let mut socket = Socket::subscribed(&service, &query, 3).await;
    let a = format!("{p}a");
    assert_eq!(publish(&service, &a, json!("hello \u{1F44B} \"quoted\"")).await, 1);
    let message = json!({ "type": "message", "channel": a, "data": "hello \u{1F44B} \"quoted\"" });
    assert_eq!(socket.next().await, message);
    // Bytes that are no text, and an object, whose text is sent.
    publish(&service, &a, json!({ "$binary": { "base64": "/wA=" } })).await;
    assert_eq!(socket.next().await["data"], json!({ "$binary": { "base64": "/wA=" } }));
    publish(&service, &format!("{p}c1"), json!({ "n": 9_007_199_254_740_993_u64 })).await;
    let message = socket.next().await;
    assert_eq!(message["pattern"], format!("{p}c*"));
    assert_eq!(message["channel"], format!("{p}c1"));
    assert_eq!(message["data"], r#"{"n":9007199254740993}"#);
}

#[tokio::test]
async fn a_client_changes_what_it_is_subscribed_to() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let p = prefix();
    let (a, b) = (format!("{p}a"), format!("{p}b"));
    let mut socket = Socket::open(&service, "/pubsub/subscribe").await;
    socket.say(json!({ "type": "subscribe", "channels": [a] })).await;
    assert_eq!(socket.next().await, json!({ "type": "subscribed", "channel": a }));
    socket.say(json!({ "type": "psubscribe", "channels": [b] })).await;
    assert_eq!(socket.next().await, json!({ "type": "subscribed", "pattern": b }));
    socket.say(json!({ "type": "unsubscribe", "channels": [a] })).await;
    assert_eq!(socket.next().await, json!({ "type": "unsubscribed", "channel": a }));
    eventually("unsubscribing", async || publish(&service, &a, json!("x")).await == 0).await;
    publish(&service, &b, json!("y")).await;
    assert_eq!(socket.next().await["data"], "y");
    socket.say(json!({ "type": "punsubscribe" })).await;
    assert_eq!(socket.next().await, json!({ "type": "unsubscribed", "pattern": b }));

    for nonsense in [
        json!({ "type": "monitor" }),
        json!({ "type": "subscribe" }),
        json!({ "type": "subscribe", "patterns": [b] }),
        json!({ "type": "psubscribe", "patterns": [b] }),
        json!([1]),
    ] {
        socket.say(nonsense).await;
        let error = socket.next().await;
        assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!("VALIDATION_ERROR")));
    }
    assert_eq!(publish(&service, &b, json!("z")).await, 0);
}

#[tokio::test]
async fn subscribers_share_one_connection_and_the_last_closes_it() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let channel = format!("{}shared", prefix());
    let subscribers = async || {
        let path = format!("/pubsub/channels?pattern={channel}");
        let (status, answer) = send(&service, "GET", &path, Value::Null).await;
        assert_eq!(status, 200, "{answer}");
        let found = &answer["data"]["channels"][0];
        (found["subscribers"].as_i64(), found["subscribers_here"].as_i64())
    };
    let query = format!("channels={channel}");
    let mut first = Socket::subscribed(&service, &query, 1).await;
    let mut second = Socket::subscribed(&service, &query, 1).await;
    assert_eq!(subscribers().await, (Some(1), Some(2)));
    assert_eq!(publish(&service, &channel, json!("x")).await, 1);
    assert_eq!(first.next().await["data"], "x");
    assert_eq!(second.next().await["data"], "x");
    drop(first);
    eventually("leaving", async || subscribers().await == (Some(1), Some(1))).await;
    let open = |service: &studio_multidb::service::Service| service.pools.status()[0].gauge.in_use;
    assert_eq!(open(&service), 1);
    drop(second);
    eventually("closing", async || subscribers().await == (None, None)).await;
    eventually("the link ending", async || open(&service) == 0).await;
    assert_eq!(service.pools.status()[0].leases, 0);
}
