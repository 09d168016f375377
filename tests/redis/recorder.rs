//! A TCP proxy that writes down which commands pass.

use std::collections::BTreeSet;
use std::future::ready;
use std::sync::{Arc, Mutex};

use tokio::net::TcpStream;

use crate::fixtures::{carry, serve};
use crate::support::address;

/// A proxy in front of one server.
pub(crate) struct Recorder {
    port: u16,
    names: Arc<Mutex<BTreeSet<String>>>,
}

impl Recorder {
    /// Before the server of that URL.
    pub(crate) async fn before(server: &str) -> Self {
        let server = address(server).to_owned();
        let names = Arc::<Mutex<BTreeSet<String>>>::default();
        let noted = Arc::clone(&names);
        let (port, _) = serve(move |client| pass(client, server.clone(), Arc::clone(&noted))).await;
        Self { port, names }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
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

async fn pass(client: TcpStream, server: String, names: Arc<Mutex<BTreeSet<String>>>) {
    let server = TcpStream::connect(server).await.unwrap();
    let mut text = Vec::new();
    let note = |sent: &[u8]| {
        text.extend_from_slice(sent);
        while let Some((words, length)) = command(&text) {
            names.lock().unwrap().insert(words);
            text.drain(..length);
        }
        ready(true)
    };
    carry(client, server, note, |_| ready(true)).await;
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
