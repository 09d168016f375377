//! That no socket is opened past the guard, whatever a server says.

use std::sync::Arc;
use std::time::Duration;

use mongodb::bson::{RawArrayBuf, RawDocumentBuf, rawdoc};
use studio_multidb::backend::mongodb::Client;
use studio_multidb::backend::{ConnectOptions, probe};
use studio_multidb::deadline::Deadline;
use studio_multidb::error::Code;
use studio_multidb::target::Target;
use studio_multidb::target::egress::{Egress, EgressPolicy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::support::{options, parsed};

fn guarded(allowed: &str) -> ConnectOptions {
    let policy = EgressPolicy::parse(true, allowed, "").unwrap();
    ConnectOptions { egress: Arc::new(Egress::new(policy)), ..options() }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(5))
}

/// A server that says it is one of a replica set with these hosts.
async fn rogue(hosts: Vec<String>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(answer(client, hosts.clone()));
        }
    });
    port
}

async fn answer(mut client: TcpStream, hosts: Vec<String>) -> Option<()> {
    let mut listed = RawArrayBuf::new();
    for host in &hosts {
        listed.push(host.as_str());
    }
    let hello: RawDocumentBuf = rawdoc! {
        "isWritablePrimary": false, "secondary": true, "setName": "rs0", "setVersion": 1,
        "hosts": listed, "me": hosts.first()?.as_str(), "minWireVersion": 0, "maxWireVersion": 21,
        "maxBsonObjectSize": 16_777_216, "maxMessageSizeBytes": 48_000_000,
        "maxWriteBatchSize": 100_000, "logicalSessionTimeoutMinutes": 30, "ok": 1.0,
    };
    loop {
        let length = client.read_i32_le().await.ok()?;
        let mut request = vec![0; usize::try_from(length).ok()? - 4];
        client.read_exact(&mut request).await.ok()?;
        let legacy = request[8..12] == 2004_i32.to_le_bytes();
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
        reply.extend_from_slice(hello.as_bytes());
        let length = i32::try_from(reply.len()).ok()?;
        reply[..4].copy_from_slice(&length.to_le_bytes());
        client.write_all(&reply).await.ok()?;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_a_server_names_pass_the_guard_too() {
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let trapped = trap.local_addr().unwrap();
    let rogue = rogue(vec![trapped.to_string(), "169.254.169.254:80".to_owned()]).await;
    let url = format!("mongodb://127.0.0.1:{rogue}/?replicaSet=rs0");
    let target = parsed(&url);
    // The seed alone is allowed.
    let options = guarded(&format!("127.0.0.1:{rogue}"));
    let error = Client::connect(&target, &options, soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::HostNotAllowed, "{error}");
    let visited = tokio::time::timeout(Duration::from_millis(200), trap.accept()).await;
    assert!(visited.is_err(), "a connection was made to {trapped}");

    let result = probe::test(&Target::Mongodb(target), &options, soon()).await;
    assert_eq!(result.code, Some("HOST_NOT_ALLOWED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_that_is_not_allowed_gets_no_connection() {
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = trap.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"] {
        let Ok(target) = std::panic::catch_unwind(|| parsed(&format!("mongodb://{host}:{port}/")))
        else {
            continue;
        };
        let error = Client::connect(&target, &guarded(""), soon()).await.unwrap_err();
        assert_eq!(error.code(), Code::HostNotAllowed, "{host}: {error}");
    }
    let visited = tokio::time::timeout(Duration::from_millis(200), trap.accept()).await;
    assert!(visited.is_err());
    for metadata in ["169.254.169.254", "100.100.100.200", "168.63.129.16"] {
        let target = parsed(&format!("mongodb://{metadata}:80/"));
        let error = Client::connect(&target, &options(), soon()).await.unwrap_err();
        assert_eq!(error.code(), Code::HostNotAllowed, "{metadata}");
    }
}
