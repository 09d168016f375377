//! What ends a socket, and what it is told.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use studio_multidb::api::http::{Request, Response, handle};
use studio_multidb::deadline::Deadline;
use studio_multidb::service::Service;
use tungstenite::Message;

use super::socket::{Socket, publish};
use crate::fixtures::{
    PATIENCE, accepting, asked_by, eventually, given, service_of, stream, upgrading,
};
use crate::http::{request, send, service};
use crate::support::prefix;

/// Waits until nothing of a subscription is left.
async fn is_clean(service: &Arc<Service>) {
    eventually("everything being let go", async || {
        let pools = service.pools.status();
        service.seats.open() == 0 && pools.iter().all(|p| p.leases == 0 && p.gauge.in_use == 0)
    })
    .await;
}

#[tokio::test]
async fn a_plain_request_is_told_what_it_takes() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let path = "/pubsub/subscribe";
    let plain = handle(&service, request("GET", path, &Value::Null)).await;
    assert_eq!(plain.status, 426);
    assert!(plain.headers.contains(&("upgrade", "websocket".to_owned())));
    // The headers alone do not make a socket: its bytes have to come with them.
    let (asked, _) = upgrading(request("GET", path, &Value::Null));
    let bare = handle(&service, Request { upload: None, ..asked }).await;
    assert_eq!(bare.status, 426);
    for (name, value) in
        [("sec-websocket-version", "12"), ("sec-websocket-key", "x"), ("connection", "x")]
    {
        let (mut asked, _sender) = upgrading(request("GET", path, &Value::Null));
        let header = asked.headers.iter_mut().find(|(known, _)| known == name).unwrap();
        header.1 = value.to_owned();
        assert_eq!(handle(&service, asked).await.status, 426, "{name}: {value}");
    }
    let (asked, _sender) = upgrading(request("GET", "/keys", &Value::Null));
    assert_eq!(handle(&service, asked).await.status, 400);
    let (status, answer) = send(&service, "POST", "/pubsub/subscribe", Value::Null).await;
    assert_eq!(status, 405, "{answer}");
}

#[tokio::test]
async fn messages_come_as_a_stream_where_one_is_asked_for() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let channel = format!("{}stream", prefix());
    let path = format!("/pubsub/subscribe?channels={channel}");
    let asked = accepting("text/event-stream", request("GET", &path, &Value::Null));
    let response = handle(&service, asked).await;
    assert_eq!(response.status, 200);
    let mut feed = stream(response);
    let confirmed = feed.next().await.unwrap().unwrap();
    let expected = format!("data: {{\"type\":\"subscribed\",\"channel\":\"{channel}\"}}\n\n");
    assert_eq!(String::from_utf8(confirmed).unwrap(), expected);
    publish(&service, &channel, json!("x")).await;
    assert!(feed.next().await.unwrap().unwrap().ends_with(b"\"data\":\"x\"}\n\n"));
    drop(feed);
    is_clean(&service).await;
}

#[tokio::test]
async fn a_client_that_breaks_the_rules_is_told_which() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let cases: [(Vec<u8>, u16); 4] = [
        // Binary, not masked, no text, too large.
        (vec![0x82, 0x80, 0, 0, 0, 0], 1003),
        (vec![0x81, 0x02, b'{', b'}'], 1002),
        (vec![0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),
        (vec![0x81, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], 1009),
    ];
    for (bytes, code) in cases {
        let mut socket = Socket::open(&service, "/pubsub/subscribe?channels=a").await;
        for byte in bytes {
            socket.sender.send(vec![byte].into()).await;
        }
        assert_eq!(socket.closed().await.0, code);
        assert!(socket.message().await.is_none());
    }
    let mut flood = Socket::open(&service, "/pubsub/subscribe").await;
    for _ in 0..300 {
        flood.send(Message::Ping(Bytes::new())).await;
    }
    assert_eq!(flood.closed().await, (1008, "too many messages".to_owned()));
    is_clean(&service).await;
}

#[tokio::test]
async fn one_that_asks_for_too_much_is_refused_and_stays() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let many: Vec<String> = (0..1001).map(|n| format!("c{n}")).collect();
    let path = format!("/pubsub/subscribe?channels={}", many.join(","));
    let (asked, _sender) = upgrading(request("GET", &path, &Value::Null));
    assert_eq!(handle(&service, asked).await.status, 413);
    let mut socket = Socket::open(&service, "/pubsub/subscribe").await;
    socket.say(json!({ "type": "subscribe", "channels": many })).await;
    assert_eq!(socket.next().await["code"], "PAYLOAD_TOO_LARGE");
    socket.say(json!({ "type": "subscribe", "channels": ["a"] })).await;
    assert_eq!(socket.next().await["type"], "subscribed");
}

#[tokio::test]
async fn a_client_that_closes_is_answered_and_all_is_let_go() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let mut socket = Socket::subscribed(&service, "channels=a", 1).await;
    socket.send(Message::Close(None)).await;
    while let Some(message) = socket.message().await {
        assert!(matches!(message, Message::Close(None)), "{message:?}");
    }
    is_clean(&service).await;
}

#[tokio::test]
async fn every_way_of_leaving_lets_go_of_everything() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let open = async || Socket::subscribed(&service, "channels=a&patterns=b*", 2).await;
    // The connection is reset.
    let Socket { sender, feed, .. } = open().await;
    drop(sender);
    is_clean(&service).await;
    drop(feed);
    // Nobody takes what is sent: a worker thread ended, or the host gave up.
    let Socket { sender, feed, .. } = open().await;
    drop(feed);
    is_clean(&service).await;
    drop(sender);
    // The host is closing and says so by ending the bytes.
    let mut socket = open().await;
    socket.sender.clone().end().await;
    assert_eq!(socket.closed().await.0, 1001);
    is_clean(&service).await;
}

#[tokio::test]
async fn a_silent_client_is_asked_and_a_dead_one_is_let_go() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service_of(&[("REDIS_URL", &url), ("MULTIDB_SOCKET_PING_MS", "150")]);
    let mut alive = Socket::subscribed(&service, "channels=a", 1).await;
    for _ in 0..3 {
        // `message` answers it.
        assert!(matches!(alive.message().await, Some(Message::Ping(_))));
    }
    let mut dead = Socket::subscribed(&service, "channels=a", 1).await;
    let mut asked = 0;
    while let Some(Ok(_)) = dead.feed.next().await {
        asked += 1;
    }
    assert_eq!(asked, 1);
    drop(alive);
    is_clean(&service).await;
}

#[tokio::test]
async fn a_shutdown_says_goodbye_and_waits_for_it() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let mut socket = Socket::subscribed(&service, "channels=a", 1).await;
    let closing = service.shutdown(Deadline::after(PATIENCE));
    let reading = async {
        let closed = socket.closed().await;
        while socket.message().await.is_some() {}
        closed
    };
    let ((), closed) = futures_util::future::join(closing, reading).await;
    assert_eq!(closed, (1001, "the server is shutting down".to_owned()));
    assert_eq!(service.seats.open(), 0);
}

async fn open_as(service: &Arc<Service>, user: &str) -> (u16, Response) {
    let (asked, sender) = upgrading(request("GET", "/pubsub/subscribe", &Value::Null));
    let response = handle(service, asked_by(user, asked)).await;
    std::mem::forget(sender);
    (response.status, response)
}

#[tokio::test]
async fn users_and_the_process_have_so_many_sockets_and_no_more() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service_of(&[
        ("REDIS_URL", &url),
        ("MULTIDB_MAX_SOCKETS", "3"),
        ("MULTIDB_MAX_SOCKETS_PER_USER", "2"),
    ]);
    let (first, kept) = open_as(&service, "a").await;
    let (second, _kept) = open_as(&service, "a").await;
    let (third, _) = open_as(&service, "a").await;
    assert_eq!((first, second, third), (101, 101, 429));
    let (other, _kept) = open_as(&service, "b").await;
    let (full, _) = open_as(&service, "c").await;
    assert_eq!((other, full), (101, 503));
    drop(kept);
    eventually("a seat being free", async || service.seats.open() == 2).await;
    assert_eq!(open_as(&service, "a").await.0, 101);
}

/// Enough to fill a queue several times.
const SENT: usize = 600;

#[tokio::test]
async fn a_reader_that_stops_neither_grows_nor_slows_another() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let channel = format!("{}flood", prefix());
    let query = format!("channels={channel}");
    let mut slow = Socket::subscribed(&service, &query, 1).await;
    let mut quick = Socket::subscribed(&service, &query, 1).await;
    let text = "x".repeat(10_000);
    let flood = async {
        for n in 0..SENT {
            publish(&service, &channel, json!(format!("{n}:{text}"))).await;
        }
    };
    let reading = async {
        for n in 0..SENT {
            let message = quick.next().await;
            assert!(message["data"].as_str().unwrap().starts_with(&format!("{n}:")), "{n}");
        }
    };
    futures_util::future::join(flood, reading).await;
    // The slow one reads on: what it has is in order, and it is told exactly what it has not.
    let (mut seen, mut dropped) = (0, 0);
    while seen + dropped < SENT {
        let message = slow.next().await;
        if message["type"] == "gap" {
            assert_eq!(message["reason"], "slow_reader");
            dropped += usize::try_from(message["dropped"].as_u64().unwrap()).unwrap();
        } else {
            let number = message["data"].as_str().unwrap().split(':').next().unwrap().to_owned();
            assert_eq!(number, (seen + dropped).to_string());
            seen += 1;
        }
    }
    assert!(dropped > 0, "nothing was dropped: the queue has no bound");
    // Another second of it is all that was held for it.
    assert!(seen * text.len() < 4 << 20, "{seen} messages were held");
}
