//! Clients of the servers under test.

use std::time::Duration;

use serde_json::Value;
use studio_multidb::backend::redis::console::batch::Batch;
use studio_multidb::backend::redis::keyspace::scan::Scan;
use studio_multidb::backend::redis::keyspace::{Budget, Columns, Filter};
use studio_multidb::backend::redis::server::info::Depth;
use studio_multidb::backend::redis::values::{NewValue, Window};
use studio_multidb::backend::redis::{Client, gate};
use studio_multidb::error::Result;
use studio_multidb::json::{Object, Writer};
use studio_multidb::target::{DatabaseType, RedisTarget, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fixtures::{options, servers, soon};

/// Which node of the cluster has which slot: written by the test that moves one, read by those that
/// must see none move.
pub(crate) static SLOTS: tokio::sync::RwLock<()> = tokio::sync::RwLock::const_new(());

/// Which server is the primary behind the sentinels: written by tests that change it, read by those
/// that must see none change.
pub(crate) static PRIMARY: tokio::sync::RwLock<()> = tokio::sync::RwLock::const_new(());

/// Servers of older generations: written by tests that keep them busy, read by those that need them to
/// answer meanwhile.
pub(crate) static OLDER: tokio::sync::RwLock<()> = tokio::sync::RwLock::const_new(());

pub(crate) fn target(url: &str) -> RedisTarget {
    match servers::target(DatabaseType::Redis, url) {
        Target::Redis(target) => target,
        other => panic!("{other:?}"),
    }
}

/// `host:port` of a URL without a login.
pub(crate) fn address(url: &str) -> &str {
    let (_, behind) = url.split_once("://").unwrap();
    behind.split('/').next().unwrap()
}

pub(crate) async fn connect(url: &str) -> Client {
    Client::connect(&target(url), &options(), soon()).await.unwrap()
}

pub(crate) fn json(out: Writer) -> Value {
    let bytes = out.into_bytes();
    serde_json::from_slice(&bytes)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&bytes)))
}

pub(crate) async fn scan(client: &Client, scan: &Scan) -> Result<Value> {
    let mut out = Writer::new();
    client.scan(scan, &mut out, soon()).await?;
    Ok(json(out))
}

/// All details, 100 keys, from the beginning.
pub(crate) fn everything() -> Scan {
    Scan {
        filter: Filter::default(),
        cursor: "0".to_owned(),
        count: 100,
        budget: Budget { examined: 100_000, time: Duration::from_secs(2) },
        with: Columns { type_name: true, ttl: true, size: true, encoding: true },
    }
}

/// The same for the keys that match.
pub(crate) fn matching(pattern: &str) -> Scan {
    let pattern = Some(pattern.as_bytes().to_vec());
    Scan { filter: Filter { pattern, type_name: None }, ..everything() }
}

pub(crate) async fn read(client: &Client, key: &[u8], window: Window) -> Result<Value> {
    let mut out = Writer::new();
    client.read(key, &window, &mut out, soon()).await?;
    Ok(json(out))
}

pub(crate) async fn write(client: &Client, key: &[u8], value: NewValue) -> Result<()> {
    client.write(key, &value, None, None, soon()).await
}

/// Runs commands of text, and returns their results.
pub(crate) async fn batch(client: &Client, commands: &[&[&str]]) -> Vec<Value> {
    let mut batch = Batch::default();
    for command in commands {
        let args: Vec<&[u8]> = command.iter().map(|arg| arg.as_bytes()).collect();
        batch.push(&args, true);
    }
    let mut out = Writer::new();
    client.batch(&batch, "test", &mut out, soon()).await.unwrap();
    serde_json::from_value(json(out)).unwrap()
}

/// Runs a command for each key, and returns their results.
pub(crate) async fn each<const N: usize>(
    client: &Client,
    keys: &[String],
    command: impl Fn(&str) -> [&str; N],
) -> Vec<Value> {
    let mut results = Vec::new();
    for keys in keys.chunks(1000) {
        let commands: Vec<[&str; N]> = keys.iter().map(|key| command(key)).collect();
        let commands: Vec<&[&str]> = commands.iter().map(<[&str; N]>::as_slice).collect();
        results.extend(batch(client, &commands).await);
    }
    results
}

/// Sends a command that no client of ours sends, to the node that has its key; what it answers, as far
/// as it is text.
pub(crate) async fn raw_command(url: &str, args: &[&[u8]]) -> String {
    let mut address = address(url).to_owned();
    let mut request = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        request.extend(format!("${}\r\n", arg.len()).bytes());
        request.extend([arg, &b"\r\n"[..]].concat());
    }
    loop {
        let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
        socket.write_all(&request).await.unwrap();
        let mut answer = vec![0; 1024];
        let read = socket.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        match answer.strip_prefix("-MOVED ").and_then(|moved| moved.split_whitespace().nth(1)) {
            Some(to) => to.clone_into(&mut address),
            None => return answer,
        }
    }
}

/// Runs one command as the console does, and returns its reply.
pub(crate) async fn command(client: &Client, args: &[&str]) -> Result<Value> {
    let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
    let ruling = gate::rule(&args)?;
    let mut out = Writer::new();
    let mut object = Object::open(&mut out);
    client.command(&args, &ruling, None, soon()).await?.write(&mut object)?;
    object.close();
    Ok(json(out)["reply"].take())
}

/// A prefix that no other test uses.
pub(crate) fn prefix() -> String {
    format!("t{}:", uuid::Uuid::new_v4().simple())
}

/// A connection for commands that no client of ours sends.
pub(crate) struct Admin(tokio::net::TcpStream);

impl Admin {
    pub(crate) async fn connect(address: &str) -> Self {
        Self(tokio::net::TcpStream::connect(address).await.unwrap())
    }

    /// A connection to the server that has the key.
    pub(crate) async fn at(url: &str, client: &Client, key: &str) -> Self {
        let Some((_, address)) = url.split_once("redis://") else {
            let info =
                serde_json::to_value(client.info(Depth::Usual, soon()).await.unwrap()).unwrap();
            for node in info["nodes"].as_array().unwrap() {
                let mut admin = Self::connect(&format!("127.0.0.1:{}", node["port"])).await;
                if !admin.ask(&["EXISTS", key]).await.starts_with("-MOVED") {
                    return admin;
                }
            }
            panic!("no node has {key}");
        };
        Self::connect(address).await
    }

    /// The first line of the answer.
    pub(crate) async fn ask(&mut self, command: &[&str]) -> String {
        self.all(command).await.lines().next().unwrap_or_default().to_owned()
    }

    /// A short answer as it came.
    pub(crate) async fn all(&mut self, command: &[&str]) -> String {
        let line = format!("{}\r\n", command.join(" "));
        self.0.write_all(line.as_bytes()).await.unwrap();
        let mut answer = vec![0; 1024];
        let read = self.0.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    }

    /// The whole of a text that is answered.
    pub(crate) async fn text(&mut self, command: &[&str]) -> String {
        let line = format!("{}\r\n", command.join(" "));
        self.0.write_all(line.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        loop {
            self.0.read_buf(&mut answer).await.unwrap();
            let text = String::from_utf8_lossy(&answer);
            let Some((length, text)) = text.split_once("\r\n") else { continue };
            let length: usize = length.trim_start_matches('$').parse().unwrap();
            if text.len() >= length + 2 {
                return text[..length].to_owned();
            }
        }
    }

    pub(crate) async fn done(&mut self, command: &[&str]) {
        assert_eq!(self.ask(command).await, "+OK", "{command:?}");
    }
}
