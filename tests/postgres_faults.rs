//! The PostgreSQL backend when the network or the server misbehaves. The tests with a real server
//! need `TEST_POSTGRES_URL=postgres://user:pw@host/db`; without it they say that they were skipped.

#![allow(clippy::print_stderr)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use studio_multidb::backend::ConnectOptions;
use studio_multidb::backend::postgres::{Client, Parameter, Shape, Statement};
use studio_multidb::deadline::Deadline;
use studio_multidb::error::{Code, Error};
use studio_multidb::json::Writer;
use studio_multidb::outcome::Outcome;
use studio_multidb::target::egress::Egress;
use studio_multidb::target::{ChannelBinding, Endpoint, PostgresTarget};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

fn target(address: SocketAddr) -> PostgresTarget {
    PostgresTarget {
        endpoint: Endpoint { host: address.ip().to_string(), port: address.port() },
        username: "postgres".into(),
        password: Some("a password that must not be seen".into()),
        database: "postgres".into(),
        tls: None,
        statement_timeout_ms: None,
        channel_binding: ChannelBinding::Prefer,
        pool_size: None,
        connect_timeout_ms: None,
        notes: serde_json::Map::new(),
    }
}

fn options(max_connections: u32) -> ConnectOptions {
    ConnectOptions {
        egress: Arc::new(Egress::default()),
        max_connections,
        connect_timeout: Duration::from_secs(2),
        idle_timeout: Duration::from_secs(60),
    }
}

fn statement(sql: &str) -> Statement {
    Statement {
        sql: sql.to_owned(),
        parameters: Vec::new(),
        read_only: false,
        timeout: Duration::from_secs(10),
        max_rows: 100_000,
        shape: Shape::Objects,
        request_id: None,
    }
}

fn reading(sql: &str) -> Statement {
    Statement { read_only: true, ..statement(sql) }
}

async fn rows(client: &Client, statement: &Statement) -> Result<Value, Error> {
    let mut out = Writer::new();
    client.query(statement, soon(), &mut out).await?;
    Ok(serde_json::from_slice(&out.into_bytes()).expect("rows are JSON"))
}

/// What a proxy does to the bytes from the server once a session is ready, per connection.
#[derive(Debug, Clone, Copy)]
enum Fault {
    None,
    /// Every byte in a packet of its own.
    Trickle,
    /// Closes after so many bytes.
    CutAfter(u64),
    /// Sends garbage after so many bytes, and closes.
    GarbageAfter(u64),
    /// Passes nothing on after so many bytes, and keeps the connection open.
    SilentAfter(u64),
    /// Passes nothing on once this is true, and keeps the connection open.
    SilentWhen(&'static AtomicBool),
}

/// A proxy before the real server. `fault` is asked for each connection, by its number.
async fn proxy(
    upstream: SocketAddr,
    fault: impl Fn(usize) -> Fault + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let counter = AtomicUsize::new(0);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let fault = fault(counter.fetch_add(1, Ordering::Relaxed));
            tokio::spawn(pass(client, upstream, fault));
        }
    });
    address
}

async fn pass(client: TcpStream, upstream: SocketAddr, fault: Fault) {
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    client.set_nodelay(true).unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let upward = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
    });
    let mut ready = false;
    let mut passed = 0_u64;
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
        let limit = match fault {
            _ if !ready => u64::MAX,
            Fault::CutAfter(n) | Fault::GarbageAfter(n) | Fault::SilentAfter(n) => n,
            Fault::SilentWhen(dead) if dead.load(Ordering::Relaxed) => 0,
            Fault::None | Fault::Trickle | Fault::SilentWhen(_) => u64::MAX,
        };
        let take = read.min(usize::try_from(limit.saturating_sub(passed)).unwrap_or(read));
        let chunk = if matches!(fault, Fault::Trickle) { 1 } else { take.max(1) };
        for piece in buffer[..take].chunks(chunk) {
            if to_client.write_all(piece).await.is_err() {
                return;
            }
            if chunk == 1 {
                tokio::task::yield_now().await;
            }
        }
        passed += take as u64;
        if passed >= limit {
            match fault {
                Fault::GarbageAfter(_) => {
                    let _ = to_client.write_all(&[0xff; 64]).await;
                }
                Fault::SilentAfter(_) | Fault::SilentWhen(_) => std::future::pending().await,
                _ => {}
            }
            break;
        }
        if !ready && buffer[..read].ends_with(b"Z\0\0\0\x05I") {
            (ready, passed) = (true, 0);
        }
    }
    upward.abort();
}

/// The real server and what is needed to log in there.
async fn real(max: u32, address: Option<SocketAddr>) -> Option<(Client, SocketAddr)> {
    let Ok(text) = std::env::var("TEST_POSTGRES_URL") else {
        eprintln!("skipped: TEST_POSTGRES_URL is not set");
        return None;
    };
    let url = url::Url::parse(&text).unwrap();
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let upstream = tokio::net::lookup_host(host).await.unwrap().find(SocketAddr::is_ipv4).unwrap();
    let mut target = target(address.unwrap_or(upstream));
    target.username = url.username().to_owned();
    target.password = url.password().map(Into::into);
    target.database = url.path().trim_start_matches('/').to_owned();
    Some((Client::connect(&target, &options(max), soon()).await.unwrap(), upstream))
}

#[tokio::test]
async fn answers_in_single_bytes_are_the_same_answers() {
    let Some((direct, upstream)) = real(1, None).await else { return };
    let address = proxy(upstream, |_| Fault::Trickle).await;
    let (slow, _) = real(1, Some(address)).await.unwrap();
    let sql = "select n, repeat('x', n) as t, null::int as z from generate_series(1, 50) n";
    for _ in 0..3 {
        assert_eq!(
            rows(&slow, &reading(sql)).await.unwrap(),
            rows(&direct, &reading(sql)).await.unwrap()
        );
    }
}

#[tokio::test]
async fn a_read_that_is_cut_is_made_again_once() {
    let Some((_, upstream)) = real(1, None).await else { return };
    for fault in [Fault::CutAfter, Fault::GarbageAfter] {
        let address = proxy(upstream, move |n| match n {
            0 => fault(5000),
            _ => Fault::None,
        });
        let (client, _) = real(1, Some(address.await)).await.unwrap();
        let sql = "select n from generate_series(1, 5000) n";
        let found = rows(&client, &reading(sql)).await.unwrap();
        assert_eq!(found.as_array().unwrap().len(), 5000);
    }
    // Twice is told.
    let address = proxy(upstream, |_| Fault::CutAfter(5000)).await;
    let (client, _) = real(1, Some(address)).await.unwrap();
    let error = rows(&client, &reading("select n from generate_series(1, 5000) n")).await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.code(), error.known_outcome()),
        (Code::DbConnectionFailed, Outcome::NotApplied)
    );
}

#[tokio::test]
async fn a_server_that_falls_silent_costs_no_more_than_the_deadline() {
    let Some((_, upstream)) = real(1, None).await else { return };
    let address = proxy(upstream, |n| match n {
        0 => Fault::SilentAfter(100),
        _ => Fault::None,
    });
    let (client, _) = real(2, Some(address.await)).await.unwrap();
    let started = Instant::now();
    let deadline = Deadline::after(Duration::from_secs(2));
    let write = statement("select n from generate_series(1, 5000) n");
    let error = client.query(&write, deadline, &mut Writer::new()).await.unwrap_err();
    assert_eq!((error.code(), error.known_outcome()), (Code::DbTimeout, Outcome::Unknown));
    assert!(started.elapsed() < Duration::from_secs(4));
    assert_eq!(rows(&client, &reading("select 1 as a")).await.unwrap(), json!([{"a": 1}]));
}

#[tokio::test]
async fn a_session_that_went_dead_while_idle_is_found_before_it_is_used() {
    static DEAD: AtomicBool = AtomicBool::new(false);
    let Some((_, upstream)) = real(1, None).await else { return };
    let address = proxy(upstream, |n| match n {
        0 => Fault::SilentWhen(&DEAD),
        _ => Fault::None,
    });
    let (client, _) = real(1, Some(address.await)).await.unwrap();
    let pid = statement("select pg_backend_pid() as pid");
    let before = rows(&client, &pid).await.unwrap();
    DEAD.store(true, Ordering::Relaxed);
    // The time after which an idle session is no longer trusted.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let after = rows(&client, &pid).await.expect("a dead session is not used for a write");
    assert_ne!(before, after);
}

/// Inserts numbered rows while connections are cut at random places; what was told of each insert
/// must be true, and none may be there twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_of_each_write_is_true() {
    let Some((direct, upstream)) = real(1, None).await else { return };
    let writes: u64 = std::env::var("TEST_POSTGRES_LEDGER").map_or(600, |n| n.parse().unwrap());
    rows(&direct, &statement("drop table if exists ledger")).await.unwrap();
    rows(&direct, &statement("create table ledger (id int8)")).await.unwrap();
    let address = proxy(upstream, |n| match n % 3 {
        0 => Fault::CutAfter((n as u64 * 37) % 700),
        1 => Fault::GarbageAfter((n as u64 * 53) % 900),
        _ => Fault::CutAfter(500 + (n as u64 * 101) % 3000),
    });
    let client = Arc::new(real(4, Some(address.await)).await.unwrap().0);
    let next = Arc::new(AtomicU64::new(0));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (client, next) = (client.clone(), next.clone());
            tokio::spawn(async move {
                let mut told = Vec::new();
                loop {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    if id >= writes {
                        return told;
                    }
                    let insert = Statement {
                        parameters: vec![Parameter::Text(id.to_string())],
                        ..statement("insert into ledger values ($1)")
                    };
                    let outcome = match rows(&client, &insert).await {
                        Ok(_) => Outcome::Applied,
                        Err(error) => error.known_outcome(),
                    };
                    told.push((id, outcome));
                }
            })
        })
        .collect();
    let mut told = BTreeMap::new();
    for worker in workers {
        told.extend(worker.await.unwrap());
    }
    let sql = "select id, count(*)::int as n from ledger group by id";
    let mut found = BTreeMap::new();
    for row in rows(&direct, &reading(sql)).await.unwrap().as_array().unwrap() {
        found.insert(row["id"].as_u64().unwrap(), row["n"].as_u64().unwrap());
    }
    let mut seen = BTreeMap::new();
    for (id, outcome) in told {
        let count = found.get(&id).copied().unwrap_or(0);
        *seen.entry(outcome.as_str()).or_insert(0) += 1;
        match outcome {
            Outcome::Applied => assert_eq!(count, 1, "{id} was told to be applied"),
            Outcome::NotApplied => assert_eq!(count, 0, "{id} was told not to be applied"),
            Outcome::Unknown => assert!(count <= 1, "{id} was applied {count} times"),
        }
    }
    eprintln!("outcomes: {seen:?}");
    assert!(seen.len() >= 2, "the faults must have been met");
    rows(&direct, &statement("drop table ledger")).await.unwrap();
}

/// A server that answers whatever connects with these bytes.
async fn rogue(answer: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut asked = [0; 1024];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(&answer).await;
                // The password is only sent to be seen here.
                let mut more = Vec::new();
                let _ =
                    tokio::time::timeout(Duration::from_millis(300), stream.read_to_end(&mut more))
                        .await;
                assert!(!more.windows(10).any(|w| w == b"a password"), "the password was sent");
            });
        }
    });
    address
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![tag];
    message.extend(u32::try_from(body.len() + 4).unwrap().to_be_bytes());
    message.extend(body);
    message
}

#[tokio::test]
async fn whatever_answers_at_the_port_is_refused_in_time_and_told_no_secret() {
    let mut bomb = vec![b'R'];
    bomb.extend(u32::MAX.to_be_bytes());
    for (what, answer) in [
        ("nothing", Vec::new()),
        ("HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        ("Redis", b"-ERR unknown command\r\n".to_vec()),
        ("zeros", vec![0; 1000]),
        ("a message of 4 GiB", bomb),
        ("a length below four", vec![b'R', 0, 0, 0, 3]),
        ("a request for the password in the clear", message(b'R', &3_u32.to_be_bytes())),
        ("a request for Kerberos", message(b'R', &2_u32.to_be_bytes())),
        ("SCRAM that ends before it began", message(b'R', &[0, 0, 0, 12, b'v', b'='])),
        ("SCRAM skipped half-way", {
            let mut both = message(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0");
            both.extend(message(b'R', &0_u32.to_be_bytes()));
            both
        }),
    ] {
        let address = rogue(answer).await;
        let started = Instant::now();
        let error = Client::connect(&target(address), &options(1), soon()).await.expect_err(what);
        assert!(started.elapsed() < Duration::from_secs(4), "{what}");
        assert!(
            matches!(
                error.code(),
                Code::DbConnectionFailed | Code::DbInvalidCredentials | Code::DbTimeout
            ),
            "{what}: {error}"
        );
        assert!(!error.to_string().contains("a password that"), "{what}: {error}");
    }
}
