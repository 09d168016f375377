//! A primary behind sentinels.

use std::sync::Arc;
use std::time::{Duration, Instant};

use studio_multidb::backend::redis::Client;
use studio_multidb::backend::redis::server::info::Depth;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::fixtures::{given, serve, soon};
use crate::proxy::Proxy;
use crate::support::{Admin, PRIMARY, batch, connect, prefix, target};

/// The old primary answers `READONLY` or goes away; both prove or leave open what they should, and
/// the new one is found without a restart.
#[tokio::test]
async fn the_primary_is_found_and_a_failover_is_followed() {
    let Some(url) = given("TEST_REDIS_SENTINEL_URL") else { return };
    let _alone = PRIMARY.write().await;
    let client = connect(&url).await;
    let key = prefix();
    assert_eq!(batch(&client, &[&["INCR", &key]]).await[0]["ok"], 1);
    let sentinel = &target(&url).endpoints[0];
    let mut admin = Admin::connect(&format!("{}:{}", sentinel.host, sentinel.port)).await;
    let replication = |info: &serde_json::Value| info["raw"]["server"]["tcp_port"].clone();
    let before = serde_json::to_value(client.info(Depth::Usual, soon()).await.unwrap()).unwrap();
    assert_eq!(before["server"]["mode"], "sentinel");
    assert_eq!(before["replication"]["role"], "master");
    admin.done(&["SENTINEL", "FAILOVER", "mymaster"]).await;
    let started = Instant::now();
    let (mut applied, mut unknown) = (1, 0);
    loop {
        let result = batch(&client, &[&["INCR", &key]]).await.remove(0);
        match result["error"]["outcome"].as_str() {
            None => applied += 1,
            Some("unknown") => unknown += 1,
            Some(_) => {}
        }
        if let Ok(info) = client.info(Depth::Usual, soon()).await {
            let info = serde_json::to_value(info).unwrap();
            if replication(&info) != replication(&before) && result["error"].is_null() {
                assert_eq!(info["replication"]["role"], "master");
                break;
            }
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{result}");
    }
    let found = batch(&client, &[&["GET", &key]]).await[0]["ok"].clone();
    let found: i64 = found.as_str().unwrap().parse().unwrap();
    // A failover may lose what the replica had not heard of; it must not add anything.
    assert!(found <= applied + unknown, "{found} > {applied} + {unknown}");
}

/// A sentinel whose word is law: it names the primary at the port that is sent to it, and tells who
/// listens when that changes, unless it is told to close on them instead.
struct Sentinel {
    port: u16,
    names: watch::Sender<(u16, Word)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Tells,
    Closes,
}

impl Sentinel {
    async fn start(primary: u16) -> Self {
        let (names, told) = watch::channel((primary, Word::Tells));
        let (port, _) = serve(move |client| speak(client, told.clone())).await;
        Self { port, names }
    }

    async fn client(&self) -> Client {
        connect(&format!("redis+sentinel://127.0.0.1:{}/mymaster", self.port)).await
    }
}

async fn speak(mut client: TcpStream, mut named: watch::Receiver<(u16, Word)>) {
    let mut buffer = vec![0; 4096];
    let mut subscribed = false;
    loop {
        let answer = tokio::select! {
            read = client.read(&mut buffer) => {
                let Ok(read @ 1..) = read else { return };
                let sent = String::from_utf8_lossy(&buffer[..read]).into_owned();
                let port = named.borrow_and_update().0.to_string();
                if sent.contains("SUBSCRIBE") {
                    subscribed = true;
                    "*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n".to_owned()
                } else if sent.contains("GET-MASTER-ADDR-BY-NAME") {
                    format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{port}\r\n", port.len())
                } else {
                    "+OK\r\n".repeat(3)
                }
            }
            changed = named.changed(), if subscribed => {
                let (port, word) = *named.borrow_and_update();
                if changed.is_err() || word == Word::Closes {
                    return;
                }
                let text = format!("mymaster 127.0.0.1 1 127.0.0.1 {port}");
                let length = text.len();
                format!(
                    "*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n${length}\r\n{text}\r\n"
                )
            }
        };
        if client.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Two ways to one server stand for two primaries, of which the old one would go on taking writes.
async fn leaves_the_old_primary(word: Word) {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let (old, new) = (Proxy::before(&url).await, Proxy::before(&url).await);
    let sentinel = Sentinel::start(old.port).await;
    let client = Arc::new(sentinel.client().await);
    let key = prefix();
    for _ in 0..10 {
        batch(&client, &[&["INCR", &key]]).await;
    }
    assert_eq!(new.opened(), 0);

    // Never idle, so that no connection is renewed for another reason.
    sentinel.names.send((new.port, word)).unwrap();
    let mut written = 10;
    while new.opened() == 0 {
        assert_eq!(batch(&client, &[&["INCR", &key]]).await[0]["ok"], written + 1);
        written += 1;
        assert!(written < 1_000_000, "the old primary is still written to");
    }
    let before = old.opened();
    old.silence_below(u32::MAX);
    for _ in 0..10 {
        assert_eq!(batch(&client, &[&["INCR", &key]]).await[0]["ok"], written + 1);
        written += 1;
    }
    assert_eq!(old.opened(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_primary_gets_no_more_writes_once_a_sentinel_names_another() {
    leaves_the_old_primary(Word::Tells).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_that_was_missed_is_learned_of_when_the_sentinel_is_back() {
    leaves_the_old_primary(Word::Closes).await;
}
