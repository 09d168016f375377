//! That no socket is opened past the guard, whatever a server says.

use std::sync::Arc;
use std::time::Duration;

use mongodb::bson::doc;
use studio_multidb::backend::mongodb::Client;
use studio_multidb::backend::{ConnectOptions, test_connection};
use studio_multidb::error::Code;
use studio_multidb::target::Target;
use studio_multidb::target::egress::{Egress, EgressPolicy};
use tokio::net::TcpListener;

use super::fake::{Answer, Fake};
use super::support::parsed;
use crate::fixtures::{options, soon};

fn guarded(allowed: &str) -> ConnectOptions {
    let policy = EgressPolicy::parse(true, allowed, "").unwrap();
    ConnectOptions { egress: Arc::new(Egress::new(policy)), ..options() }
}

/// A server that says it is one of a replica set with these hosts.
async fn rogue(hosts: Vec<String>) -> Fake {
    let hello = doc! {
        "isWritablePrimary": false, "secondary": true, "setName": "rs0", "setVersion": 1,
        "me": hosts[0].clone(), "hosts": hosts,
    };
    Fake::start(hello, |_, _| Answer::Done).await
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_a_server_names_pass_the_guard_too() {
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let trapped = trap.local_addr().unwrap();
    let rogue = rogue(vec![trapped.to_string(), "169.254.169.254:80".to_owned()]).await;
    let url = format!("{}?replicaSet=rs0", rogue.url());
    let target = parsed(&url);
    // The seed alone is allowed.
    let options = guarded(&format!("127.0.0.1:{}", rogue.port));
    let error = Client::connect(&target, &options, soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::HostNotAllowed, "{error}");
    let visited = tokio::time::timeout(Duration::from_millis(200), trap.accept()).await;
    assert!(visited.is_err(), "a connection was made to {trapped}");

    let result = test_connection(&Target::Mongodb(target), &options, soon()).await;
    assert_eq!(result.code, Some(Code::HostNotAllowed));
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
