//! A server that answers as a test says, and remembers what it was asked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mongodb::bson::{Document, RawDocumentBuf, doc};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

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
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let commands = Arc::new(Mutex::new(Vec::new()));
        let mut greeting = doc! {
            "minWireVersion": 0, "maxWireVersion": 21, "maxBsonObjectSize": 16_777_216,
            "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000,
            "logicalSessionTimeoutMinutes": 30, "ok": 1.0,
        };
        greeting.extend(hello);
        let script: Arc<Script> = Arc::new(script);
        let noted = Arc::clone(&commands);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (greeting, script) = (greeting.clone(), Arc::clone(&script));
                tokio::spawn(serve(client, greeting, script, Arc::clone(&noted)));
            }
        });
        Self { port, commands, task }
    }

    pub(super) fn url(&self) -> String {
        format!("mongodb://127.0.0.1:{}/", self.port)
    }

    /// The commands of that name, in their order.
    pub(super) fn asked(&self, name: &str) -> Vec<Document> {
        let commands = self.commands.lock();
        commands.iter().filter(|command| command.keys().next().unwrap() == name).cloned().collect()
    }

    /// Waits for a command of that name.
    pub(super) async fn expect(&self, name: &str) -> Document {
        let started = Instant::now();
        loop {
            if let Some(command) = self.asked(name).into_iter().next() {
                return command;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "{name} was never sent");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
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

async fn serve(
    mut client: TcpStream,
    greeting: Document,
    script: Arc<Script>,
    noted: Arc<Mutex<Vec<Document>>>,
) -> Option<()> {
    loop {
        let length = client.read_i32_le().await.ok()?;
        let mut request = vec![0; usize::try_from(length).ok()? - 4];
        client.read_exact(&mut request).await.ok()?;
        let legacy = request[8..12] == 2004_i32.to_le_bytes();
        // A legacy query has its document behind flags, a name and two numbers; a message behind
        // flags and the kind of its first section.
        let start =
            if legacy { 16 + request[16..].iter().position(|byte| *byte == 0)? + 9 } else { 17 };
        let size = i32::from_le_bytes(request.get(start..start + 4)?.try_into().ok()?);
        let body = request.get(start..start + usize::try_from(size).ok()?)?.to_vec();
        let command = Document::try_from(RawDocumentBuf::from_bytes(body).ok()?.as_ref()).ok()?;
        let name = command.keys().next()?.clone();
        let answer = if matches!(name.to_lowercase().as_str(), "hello" | "ismaster") {
            Answer::With(greeting.clone())
        } else {
            noted.lock().push(command.clone());
            script(&name, &command)
        };
        let answer = match answer {
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
