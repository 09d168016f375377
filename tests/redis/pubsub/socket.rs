//! A client of the WebSocket door, byte for byte what `attachWebSocket` passes on.

use std::io::{self, Read, Write};
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use serde_json::{Map, Value, json};
use studio_multidb::access::User;
use studio_multidb::api::http::{Request, Response, handle};
use studio_multidb::config::Config;
use studio_multidb::request::feed::Feed;
use studio_multidb::request::reply::Body;
use studio_multidb::request::upload::{Upload, UploadSender};
use studio_multidb::service::Service;
use tungstenite::protocol::{Role, WebSocketContext};
use tungstenite::{Error, Message};

use crate::support::{PATIENCE, own_settings};

/// A service of its own, whose environment connection is `url`.
pub(super) fn service(url: &str, more: Value) -> Arc<Service> {
    let env = |name: &str| (name == "REDIS_URL").then(|| url.to_owned());
    let Value::Object(more) = more else { panic!("options are an object") };
    let mut options = own_settings();
    options.extend(more);
    options.insert("logLevel".to_owned(), json!("off"));
    Service::shared(Config::from_env(env, &options).unwrap()).unwrap()
}

pub(super) fn headers(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut headers: Map<String, Value> = Map::new();
    for (name, value) in [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    .iter()
    .chain(more)
    {
        headers.insert((*name).to_owned(), json!(value));
    }
    headers.into_iter().map(|(n, v)| (n, v.as_str().unwrap().to_owned())).collect()
}

/// Sends a request as it is.
pub(super) async fn request(
    service: &Arc<Service>,
    method: &str,
    path: &str,
    headers: Vec<(String, String)>,
    upload: Option<Upload>,
    body: Value,
) -> Response {
    request_of(service, None, method, path, headers, upload, body).await
}

/// The same of a user.
async fn request_of(
    service: &Arc<Service>,
    user: Option<&str>,
    method: &str,
    path: &str,
    headers: Vec<(String, String)>,
    upload: Option<Upload>,
    body: Value,
) -> Response {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let request = Request {
        method: method.to_owned(),
        path: format!("/api/platform/redis/default{path}"),
        query: query.to_owned(),
        headers,
        body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
        upload,
        user: user.map(|id| User { id: id.to_owned() }),
        ..Request::default()
    };
    handle(service, request).await
}

/// A request that is answered with JSON.
pub(super) async fn ask(
    service: &Arc<Service>,
    method: &str,
    path: &str,
    body: Value,
) -> (u16, Value) {
    let response = request(service, method, path, Vec::new(), None, body).await;
    (response.status, serde_json::from_slice(&response.body.whole().unwrap()).unwrap())
}

/// Publishes a message and says how many subscribers the server counted.
pub(super) async fn publish(service: &Arc<Service>, channel: &str, message: Value) -> i64 {
    let body = json!({ "channel": channel, "message": message });
    let (status, answer) = ask(service, "POST", "/pubsub/publish", body).await;
    assert_eq!(status, 200, "{answer}");
    answer["data"]["subscribers_reached"].as_i64().unwrap()
}

/// Pings keep a socket alive on which nothing else comes.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("nothing came in time")
}

#[derive(Default)]
struct Memory {
    arrived: Bytes,
    sent: Vec<u8>,
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.arrived.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = buffer.len().min(self.arrived.len());
        self.arrived.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sent.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An open WebSocket.
pub(super) struct Socket {
    pub(super) sender: UploadSender,
    pub(super) feed: Feed,
    protocol: WebSocketContext,
    memory: Memory,
}

impl Socket {
    /// Opens one; fails the test where it is refused.
    pub(super) async fn open(service: &Arc<Service>, path: &str) -> Self {
        Self::open_as(service, None, path).await
    }

    /// The same for a user.
    pub(super) async fn open_as(service: &Arc<Service>, user: Option<&str>, path: &str) -> Self {
        let (sender, upload) = Upload::channel();
        let (headers, upload) = (headers(&[]), Some(upload));
        let response = request_of(service, user, "GET", path, headers, upload, Value::Null).await;
        assert_eq!(response.status, 101, "{:?}", response.body);
        let accept = ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned());
        assert!(response.headers.contains(&accept));
        let Body::Stream(feed) = response.body else { panic!("no stream") };
        let protocol = WebSocketContext::new(Role::Client, None);
        Self { sender, feed, protocol, memory: Memory::default() }
    }

    /// Subscribes, and returns once the server has confirmed all of it.
    pub(super) async fn subscribed(service: &Arc<Service>, query: &str, topics: usize) -> Self {
        let mut socket = Self::open(service, &format!("/pubsub/subscribe?{query}")).await;
        for _ in 0..topics {
            let confirmed = socket.next().await;
            assert_eq!(confirmed["type"], "subscribed", "{confirmed}");
        }
        socket
    }

    pub(super) async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    pub(super) async fn send(&mut self, message: Message) {
        self.protocol.write(&mut self.memory, message).unwrap();
        self.protocol.flush(&mut self.memory).unwrap();
        self.pass_on().await;
    }

    async fn pass_on(&mut self) {
        let sent = std::mem::take(&mut self.memory.sent);
        if !sent.is_empty() {
            self.sender.send(sent.into()).await;
        }
    }

    /// The next message of any kind; pings are answered. `None` once the stream is over.
    pub(super) async fn message(&mut self) -> Option<Message> {
        loop {
            match self.protocol.read(&mut self.memory) {
                Ok(message) => {
                    self.pass_on().await;
                    return Some(message);
                }
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
            self.pass_on().await;
            match in_time(self.feed.next()).await {
                Some(Ok(bytes)) => self.memory.arrived = bytes.into(),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next text, as JSON.
    pub(super) async fn next(&mut self) -> Value {
        in_time(async {
            loop {
                match self.message().await {
                    Some(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                    Some(Message::Ping(_) | Message::Pong(_)) => {}
                    other => panic!("{other:?}"),
                }
            }
        })
        .await
    }

    /// The close frame, after whatever comes before it.
    pub(super) async fn closed(&mut self) -> (u16, String) {
        in_time(async {
            loop {
                match self.message().await {
                    Some(Message::Close(frame)) => {
                        let frame = frame.unwrap();
                        return (frame.code.into(), frame.reason.to_string());
                    }
                    Some(_) => {}
                    None => panic!("over without a goodbye"),
                }
            }
        })
        .await
    }
}
