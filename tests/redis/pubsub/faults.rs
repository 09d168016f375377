//! Servers that go away, and servers that refuse.

use serde_json::{Value, json};

use super::socket::{Socket, publish};
use crate::fixtures::{eventually, given};
use crate::http::{ok, send, service};
use crate::proxy::Proxy;
use crate::support::{Admin, address, prefix};

/// A server user of the test's own, whose connections can be cut without cutting others.
struct User {
    admin: Admin,
    name: String,
    url: String,
}

impl User {
    async fn new(url: &str, rules: &[&str]) -> Self {
        let mut admin = Admin::connect(address(url)).await;
        let name = prefix().replace(':', "");
        let mut set = vec!["ACL", "SETUSER", &name, "on", ">secret", "~*", "&*", "+@all"];
        set.extend(rules);
        admin.done(&set).await;
        let url = format!("redis://{name}:secret@{}", address(url));
        Self { admin, name, url }
    }

    async fn cut(&mut self) {
        assert_ne!(self.admin.ask(&["CLIENT", "KILL", "USER", &self.name]).await, ":0");
    }
}

#[tokio::test]
async fn a_lost_connection_is_made_again_and_the_gap_is_told() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let mut user = User::new(&url, &[]).await;
    let service = service(&user.url);
    let p = prefix();
    let query = format!("channels={p}a&patterns={p}b*");
    let mut first = Socket::subscribed(&service, &query, 2).await;
    let mut second = Socket::subscribed(&service, &format!("channels={p}a"), 1).await;
    user.cut().await;
    let lost = first.next().await;
    assert_eq!(
        (&lost["type"], &lost["code"]),
        (&json!("disconnected"), &json!("DB_CONNECTION_FAILED"))
    );
    let mut gaps = [first.next().await, first.next().await];
    gaps.sort_by_key(|gap| gap["pattern"].is_string());
    let gap = |name: &str, topic: String| json!({ "type": "gap", "dropped": null, "reason": "reconnected", name: topic });
    assert_eq!(gaps, [gap("channel", format!("{p}a")), gap("pattern", format!("{p}b*"))]);
    assert_eq!(second.next().await["type"], "disconnected");
    assert_eq!(second.next().await, gap("channel", format!("{p}a")));
    // Everything goes on as if nothing had been.
    publish(&service, &format!("{p}a"), json!("again")).await;
    assert_eq!(first.next().await["data"], "again");
    assert_eq!(second.next().await["data"], "again");
    publish(&service, &format!("{p}b1"), json!("again")).await;
    assert_eq!(first.next().await["pattern"], format!("{p}b*"));
}

#[tokio::test]
async fn a_server_that_is_down_is_waited_for() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let proxy = Proxy::before(&url).await;
    let mut user = User::new(&url, &[]).await;
    let through = user.url.replace(address(&url), &format!("127.0.0.1:{}", proxy.port));
    let service = service(&through);
    let channel = format!("{}down", prefix());
    let mut socket = Socket::subscribed(&service, &format!("channels={channel}"), 1).await;
    // Each reply of the server now ends a connection.
    proxy.cut_every(1);
    user.cut().await;
    assert_eq!(socket.next().await["type"], "disconnected");
    // One who comes meanwhile waits as well, and has missed nothing.
    socket.say(json!({ "type": "subscribe", "channels": [format!("{channel}2")] })).await;
    let opened = proxy.opened();
    eventually("it being tried again", async || proxy.opened() > opened + 1).await;
    proxy.cut_every(0);
    let mut told = [socket.next().await, socket.next().await];
    told.sort_by_key(|told| told["type"] == "subscribed");
    assert_eq!((&told[0]["type"], &told[0]["channel"]), (&json!("gap"), &json!(channel)));
    assert_eq!(told[1], json!({ "type": "subscribed", "channel": format!("{channel}2") }));
    eventually("publishing", async || {
        let body = json!({ "channel": channel, "message": "x" });
        send(&service, "POST", "/pubsub/publish", body).await.0 == 200
    })
    .await;
    assert_eq!(socket.next().await["data"], "x");
}

#[tokio::test]
async fn channels_that_the_server_denies_are_told_one_by_one() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let p = prefix();
    let mut user = User::new(&url, &["resetchannels", &format!("&{p}ok*")]).await;
    let service = service(&user.url);
    let query = format!("channels={p}ok1,{p}no,{p}ok2");
    let mut socket = Socket::open(&service, &format!("/pubsub/subscribe?{query}")).await;
    let told = [socket.next().await, socket.next().await, socket.next().await];
    assert_eq!(told[0], json!({ "type": "subscribed", "channel": format!("{p}ok1") }));
    assert_eq!(
        (&told[1]["type"], &told[1]["code"]),
        (&json!("error"), &json!("PERMISSION_DENIED"))
    );
    assert_eq!(told[1]["channel"], format!("{p}no"));
    assert_eq!(told[2], json!({ "type": "subscribed", "channel": format!("{p}ok2") }));
    let body = json!({ "channel": format!("{p}no"), "message": "x" });
    let (status, answer) = send(&service, "POST", "/pubsub/publish", body).await;
    assert_eq!((status, &answer["error"]["code"]), (403, &json!("PERMISSION_DENIED")), "{answer}");
    // The account is closed: nobody can subscribe again, and the socket says why it ends.
    assert_eq!(user.admin.ask(&["ACL", "DELUSER", &user.name]).await, ":1");
    assert_eq!(socket.closed().await.0, 4502);
}

#[tokio::test]
async fn channels_are_listed_in_pages() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let p = prefix();
    let names: Vec<String> = (0..25).map(|n| format!("{p}{n:02}")).collect();
    let query = format!("channels={}&patterns={p}x*", names.join(","));
    let _socket = Socket::subscribed(&service, &query, 26).await;
    let (mut found, mut cursor, mut pages) = (Vec::new(), "0".to_owned(), 0);
    loop {
        let path = format!("/pubsub/channels?pattern={p}*&limit=10&cursor={cursor}");
        let answer = ok(&service, "GET", &path, Value::Null).await;
        let data = &answer["data"];
        assert_eq!(data["total"], 25);
        for channel in data["channels"].as_array().unwrap() {
            assert_eq!((&channel["subscribers"], &channel["pattern"]), (&json!(1), &json!(false)));
            found.push(channel["channel"].as_str().unwrap().to_owned());
        }
        pages += 1;
        cursor = data["cursor"].as_str().unwrap().to_owned();
        if cursor == "0" {
            break;
        }
    }
    assert_eq!((found, pages), (names, 3));
    // Patterns have no names on the server; those from here are listed with the first page.
    let (_, answer) = send(&service, "GET", "/pubsub/channels?limit=1000", Value::Null).await;
    let data = &answer["data"];
    assert!(data["patterns"].as_i64().unwrap() >= 1);
    let own =
        data["channels"].as_array().unwrap().iter().find(|c| c["channel"] == format!("{p}x*"));
    let own = own.unwrap();
    assert_eq!((&own["pattern"], &own["subscribers"]), (&json!(true), &Value::Null));
    assert_eq!(own["subscribers_here"], 1);
    let (status, _) = send(&service, "GET", "/pubsub/channels?cursor=xyz", Value::Null).await;
    assert_eq!(status, 400);
    let (status, _) = send(&service, "GET", "/pubsub/channels?limit=1001", Value::Null).await;
    assert_eq!(status, 413);
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_is_not_sent_again() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let proxy = Proxy::before(&url).await;
    let behind = service(&proxy.url());
    let service = service(&url);
    let channel = format!("{}once", prefix());
    let mut socket = Socket::subscribed(&service, &format!("channels={channel}"), 1).await;
    publish(&behind, &channel, json!("first")).await;
    proxy.cut_every(1);
    let body = json!({ "channel": channel, "message": "second" });
    let (_, answer) = send(&behind, "POST", "/pubsub/publish", body).await;
    assert_eq!(answer["error"]["outcome"], "unknown", "{answer}");
    proxy.cut_every(0);
    publish(&service, &channel, json!("third")).await;
    for expected in ["first", "second", "third"] {
        assert_eq!(socket.next().await["data"], expected);
    }
}
