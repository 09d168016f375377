//! A TCP proxy that writes down which commands pass.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A proxy in front of one server.
pub(crate) struct Recorder {
    pub(crate) port: u16,
    names: Arc<Mutex<BTreeSet<String>>>,
}

impl Recorder {
    /// Listens on any port and passes on to `server`.
    pub(crate) async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let names: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let noted = Arc::clone(&names);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, Arc::clone(&noted)));
            }
        });
        Self { port, names }
    }

    /// The first two words of what passed: a command's name, and its subcommand or first argument.
    pub(crate) fn commands(&self) -> BTreeSet<String> {
        self.names.lock().unwrap().clone()
    }

    /// The first words alone, in capitals.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let first = |words: String| words.split(' ').next().unwrap_or_default().to_owned();
        self.commands().into_iter().map(first).collect()
    }
}

async fn pass(client: TcpStream, server: TcpStream, names: Arc<Mutex<BTreeSet<String>>>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
    });
    let mut text = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
        text.extend_from_slice(&buffer[..count]);
        while let Some((words, length)) = command(&text) {
            names.lock().unwrap().insert(words);
            text.drain(..length);
        }
        if to_server.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    back.abort();
}

/// The first two words of a whole command at the beginning, and how long it is.
fn command(text: &[u8]) -> Option<(String, usize)> {
    let mut at = 0;
    let count = number(text, &mut at)?;
    let mut words = Vec::new();
    for _ in 0..count {
        let length = number(text, &mut at)?;
        let word = text.get(at..at + length)?;
        words.push(String::from_utf8_lossy(word).to_ascii_uppercase());
        at += length + 2;
    }
    words.truncate(2);
    (at <= text.len()).then(|| (words.join(" "), at))
}

/// The number of a line `*3` or `$5`; goes on behind it.
fn number(text: &[u8], at: &mut usize) -> Option<usize> {
    let rest = text.get(*at..)?;
    let end = rest.windows(2).position(|two| two == b"\r\n")?;
    let number = std::str::from_utf8(&rest[1..end]).ok()?.parse().ok()?;
    *at += end + 2;
    Some(number)
}
