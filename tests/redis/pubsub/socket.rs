//! A client of the WebSocket door, byte for byte what `attachWebSocket` passes on.

use std::io::{self, Read, Write};
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use serde_json::{Value, json};
use studio_multidb::access::User;
use studio_multidb::api::http::{Request, handle};
use studio_multidb::request::feed::Feed;
use studio_multidb::request::upload::UploadSender;
use studio_multidb::service::Service;
use tungstenite::protocol::{Role, WebSocketContext};
use tungstenite::{Error, Message};

use crate::fixtures::{PATIENCE, stream, upgrading};
use crate::http::{ok, request};

/// Publishes a message and says how many subscribers the server counted.
pub(super) async fn publish(service: &Arc<Service>, channel: &str, message: Value) -> i64 {
    let body = json!({ "channel": channel, "message": message });
    let answer = ok(service, "POST", "/pubsub/publish", body).await;
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
        let (asked, sender) = upgrading(request("GET", path, &Value::Null));
        let user = user.and_then(|id| User::named(id.to_owned()));
        let response = handle(service, Request { user, ..asked }).await;
        assert_eq!(response.status, 101, "{:?}", response.body);
        let accept = ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned());
        assert!(response.headers.contains(&accept));
        let feed = stream(response);
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
