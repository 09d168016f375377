//! A server that answers as a test says, and remembers what it was asked.

use std::sync::Arc;

use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::fixtures::{eventually, serve};

/// What the server does with a command.
pub(super) enum Answer {
    /// Answers it.
    With(Document),
    /// Answers that it is done.
    Done,
    /// Says nothing and goes on listening.
    Never,
    /// Closes the connection.
    Close,
}

pub(super) struct Fake {
    pub(super) port: u16,
    commands: Arc<Mutex<Vec<Document>>>,
    task: JoinHandle<()>,
}

type Script = dyn Fn(&str, &Document) -> Answer + Send + Sync;

impl Fake {
    /// A standalone server. `script` is given the name of each command but `hello`.
    pub(super) async fn standalone(
        script: impl Fn(&str, &Document) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start(doc! { "isWritablePrimary": true }, script).await
    }

    /// A server that says `hello` of itself, besides what all servers say.
    pub(super) async fn start(
        hello: Document,
        script: impl Fn(&str, &Document) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::changing(move || hello.clone(), script).await
    }

    /// The same, where it says something else of itself from time to time.
    pub(super) async fn changing(
        hello: impl Fn() -> Document + Send + Sync + 'static,
        script: impl Fn(&str, &Document) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let commands = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&commands);
        let answer = move |name: &str, command: &Document| {
            if matches!(name.to_lowercase().as_str(), "hello" | "ismaster") {
                let mut greeting = doc! {
                    "minWireVersion": 0, "maxWireVersion": 21, "maxBsonObjectSize": 16_777_216,
                    "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000,
                    "logicalSessionTimeoutMinutes": 30, "ok": 1.0,
                };
                greeting.extend(hello());
                return Answer::With(greeting);
            }
            noted.lock().push(command.clone());
            script(name, command)
        };
        let script: Arc<Script> = Arc::new(answer);
        let (port, task) = serve(move |client| talk(client, Arc::clone(&script))).await;
        Self { port, commands, task }
    }

    /// Its connections are closed, and nothing listens any more.
    pub(super) fn dies(&self) {
        self.task.abort();
    }

    pub(super) fn url(&self) -> String {
        format!("mongodb://127.0.0.1:{}/", self.port)
    }

    /// The commands of that name, in their order.
    pub(super) fn asked(&self, name: &str) -> Vec<Document> {
        let commands = self.commands.lock();
        commands.iter().filter(|command| command.keys().next().unwrap() == name).cloned().collect()
    }

    /// All commands, in their order.
    pub(super) fn all(&self) -> Vec<Document> {
        self.commands.lock().clone()
    }

    /// Waits for a command of that name.
    pub(super) async fn expect(&self, name: &str) -> Document {
        eventually(name, async || !self.asked(name).is_empty()).await;
        self.asked(name).swap_remove(0)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The first batch of a cursor; with an `id` there are more.
pub(super) fn cursor(id: i64, documents: Vec<Document>) -> Answer {
    let cursor = doc! { "id": id, "ns": "studio_multidb_test.c", "firstBatch": documents };
    Answer::With(doc! { "cursor": cursor, "ok": 1.0 })
}

async fn talk(mut client: TcpStream, script: Arc<Script>) -> Option<()> {
    loop {
        let length = client.read_i32_le().await.ok()?;
        let mut request = vec![0; usize::try_from(length).ok()? - 4];
        client.read_exact(&mut request).await.ok()?;
        let legacy = request[8..12] == 2004_i32.to_le_bytes();
        let command = if legacy { query(&request)? } else { message(&request)? };
        let name = command.keys().next()?;
        let answer = match script(name, &command) {
            Answer::With(answer) => answer,
            Answer::Done => doc! { "ok": 1.0 },
            Answer::Never => continue,
            Answer::Close => return None,
        };
        let mut reply = vec![0; 4];
        reply.extend_from_slice(&1_i32.to_le_bytes());
        reply.extend_from_slice(&request[..4]);
        reply.extend_from_slice(&if legacy { 1_i32 } else { 2013 }.to_le_bytes());
        if legacy {
            reply.extend_from_slice(&[0; 16]);
            reply.extend_from_slice(&1_i32.to_le_bytes());
        } else {
            reply.extend_from_slice(&[0; 5]);
        }
        reply.extend_from_slice(RawDocumentBuf::try_from(&answer).ok()?.as_bytes());
        let length = i32::try_from(reply.len()).ok()?;
        reply[..4].copy_from_slice(&length.to_le_bytes());
        client.write_all(&reply).await.ok()?;
    }
}

/// The document of a legacy query, behind its flags, a name and two numbers.
fn query(request: &[u8]) -> Option<Document> {
    document(request, 16 + request[16..].iter().position(|byte| *byte == 0)? + 9)
        .map(|(found, _)| found)
}

/// The body of a message, with the lists that follow it as its fields.
fn message(request: &[u8]) -> Option<Document> {
    let (mut body, mut at) = document(request, 17)?;
    while at < request.len() {
        let size =
            usize::try_from(i32::from_le_bytes(request.get(at + 1..at + 5)?.try_into().ok()?))
                .ok()?;
        let end = at + 1 + size;
        let name: Vec<u8> =
            request[at + 5..].iter().copied().take_while(|byte| *byte != 0).collect();
        at += 5 + name.len() + 1;
        let mut items = Vec::new();
        while at < end {
            let (item, after) = document(request, at)?;
            items.push(Bson::from(item));
            at = after;
        }
        body.insert(String::from_utf8(name).ok()?, items);
    }
    Some(body)
}

/// The document that stands at `start`, and where it ends.
fn document(bytes: &[u8], start: usize) -> Option<(Document, usize)> {
    let size = i32::from_le_bytes(bytes.get(start..start + 4)?.try_into().ok()?);
    let end = start + usize::try_from(size).ok()?;
    let raw = RawDocumentBuf::from_bytes(bytes.get(start..end)?.to_vec()).ok()?;
    Some((Document::try_from(raw.as_ref()).ok()?, end))
}
