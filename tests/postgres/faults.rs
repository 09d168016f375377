//! When the network or the server misbehaves.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use studio_multidb::backend::ConnectOptions;
use studio_multidb::backend::postgres::{Client, Parameter, Statement};
use studio_multidb::deadline::Deadline;
use studio_multidb::error::{Code, Error};
use studio_multidb::json::Writer;
use studio_multidb::outcome::Outcome;
use studio_multidb::target::PostgresTarget;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;

use crate::fixtures::{given, serve, soon};
use crate::proxy::{Fault, proxy};
use crate::support::{self, reading, statement, target_of};

const PASSWORD: &str = "a password that must not be seen";

/// Of whatever listens there.
fn target(port: u16) -> PostgresTarget {
    let mut target = target_of(&format!("postgres://postgres@127.0.0.1:{port}/postgres"));
    target.password = Some(PASSWORD.into());
    target
}

fn options(max_connections: u32) -> ConnectOptions {
    ConnectOptions { connect_timeout: Duration::from_secs(2), ..support::options(max_connections) }
}

async fn rows(client: &Client, statement: &Statement) -> Result<Value, Error> {
    support::run(client, statement).await.map(|(rows, _)| rows)
}

/// A client of the real server, by way of `address` where one is given, and where the server is.
async fn real(max: u32, address: Option<SocketAddr>) -> Option<(Client, SocketAddr)> {
    let mut target = target_of(&given("TEST_POSTGRES_URL")?);
    let host = format!("{}:{}", target.endpoint.host, target.endpoint.port);
    let upstream = tokio::net::lookup_host(host).await.unwrap().find(SocketAddr::is_ipv4).unwrap();
    let address = address.unwrap_or(upstream);
    target.endpoint.host = address.ip().to_string();
    target.endpoint.port = address.port();
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

/// More than one packet of rows.
fn numbers() -> Statement {
    Statement { max_rows: 10_000, ..reading("select n from generate_series(1, 5000) n") }
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
        let found = rows(&client, &numbers()).await.unwrap();
        assert_eq!(found.as_array().unwrap().len(), 5000);
    }
    // Twice is told.
    let address = proxy(upstream, |_| Fault::CutAfter(5000)).await;
    let (client, _) = real(1, Some(address)).await.unwrap();
    let error = rows(&client, &numbers()).await;
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
    let write = Statement { read_only: false, ..numbers() };
    let error = client.query(&write, deadline, &mut Writer::new()).await.unwrap_err();
    assert_eq!((error.code(), error.known_outcome()), (Code::DbTimeout, Outcome::Unknown));
    assert!(started.elapsed() < Duration::from_secs(20));
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

/// A server that answers whatever connects with these bytes, and tells what is sent after that.
async fn rogue(answer: Vec<u8>) -> (u16, mpsc::UnboundedReceiver<Vec<u8>>) {
    let (sent, told) = mpsc::unbounded_channel();
    let (port, _) = serve(move |mut stream| {
        let (answer, sent) = (answer.clone(), sent.clone());
        async move {
            let mut asked = [0; 1024];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(&answer).await;
            let mut more = Vec::new();
            let patience = Duration::from_millis(300);
            let _ = tokio::time::timeout(patience, stream.read_to_end(&mut more)).await;
            let _ = sent.send(more);
        }
    })
    .await;
    (port, told)
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
        let (port, mut told) = rogue(answer).await;
        let started = Instant::now();
        let error = Client::connect(&target(port), &options(1), soon()).await.expect_err(what);
        assert!(started.elapsed() < Duration::from_secs(15), "{what}");
        assert!(
            matches!(
                error.code(),
                Code::DbConnectionFailed | Code::DbInvalidCredentials | Code::DbTimeout
            ),
            "{what}: {error}"
        );
        assert!(!error.to_string().contains(PASSWORD), "{what}: {error}");
        let sent = tokio::time::timeout(Duration::from_secs(60), told.recv()).await;
        let sent = sent.expect("it hangs up").expect("it was connected to");
        let secret = PASSWORD.as_bytes();
        assert!(!sent.windows(secret.len()).any(|part| part == secret), "{what}: it was sent");
    }
}

/// A server, or a pooler, that lets everybody in and has nobody who answers.
async fn silent() -> u16 {
    let mut welcome = message(b'R', &0_u32.to_be_bytes());
    welcome.extend(message(b'K', &[0, 0, 0, 1, 0, 0, 0, 2]));
    welcome.extend(message(b'Z', b"I"));
    let (port, _) = serve(move |mut stream| {
        let welcome = welcome.clone();
        async move {
            let mut sent = [0; 1024];
            // Encryption is asked for first.
            while let Ok(length @ 1..) = stream.read(&mut sent).await {
                let answer = if length == 8 { b"N" } else { &welcome[..] };
                if stream.write_all(answer).await.is_err() || length != 8 {
                    break;
                }
            }
            while matches!(stream.read(&mut sent).await, Ok(1..)) {}
        }
    })
    .await;
    port
}

#[tokio::test]
async fn a_write_that_was_never_sent_is_told_as_not_applied() {
    let client = Client::connect(&target(silent().await), &options(1), soon()).await.unwrap();
    for one in [
        statement("insert into t values (1)"),
        statement("call p()"),
        Statement {
            parameters: support::parameters(&json!([[1]])),
            ..statement("insert into t select unnest($1::int[])")
        },
    ] {
        let late = Deadline::after(Duration::from_millis(500));
        let error = client.query(&one, late, &mut Writer::new()).await.unwrap_err();
        assert_eq!(
            (error.code(), error.known_outcome()),
            (Code::DbTimeout, Outcome::NotApplied),
            "{}: {error}",
            one.sql
        );
    }
}
