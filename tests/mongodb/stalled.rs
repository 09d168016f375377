//! Bodies of imports that do not go on.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use studio_multidb::access::User;
use studio_multidb::api::http::{Request, handle};
use studio_multidb::config::Config;
use studio_multidb::request::reply::Body;
use studio_multidb::request::upload::Upload;
use studio_multidb::service::Service;

use super::api::api;
use super::support::server;

#[tokio::test(flavor = "multi_thread")]
async fn imports_that_stall_end_with_what_they_did_and_make_room() {
    let Some(api) = api("stalled").await else { return };
    let url = server("TEST_MONGODB_URL").expect("it is there");
    let env = |name: &str| match name {
        "MONGODB_URL" => Some(url.clone()),
        "MULTIDB_RATE_LIMIT" => Some("off".to_owned()),
        "MULTIDB_REQUEST_TIMEOUT_MS" => Some("6000".to_owned()),
        _ => None,
    };
    let hasty = Service::shared(Config::from_env(env, &Map::new()).unwrap()).unwrap();
    // It is connected before anything is held to the time that bodies have.
    let count = || Request {
        method: "POST".to_owned(),
        path: format!("/api/platform/mongodb/default{}/count", api.base),
        body: b"{}".to_vec(),
        ..Request::default()
    };
    let started = Instant::now();
    while handle(&hasty, count()).await.status != 200 {
        assert!(started.elapsed() < Duration::from_secs(60), "the server does not answer");
    }
    let mut imports = Vec::new();
    for n in 0..12 {
        let (sender, upload) = Upload::channel();
        let documents = [0, 1, 2].map(|i| format!("{{\"_id\":\"{n}-{i}\"}}\n")).concat();
        // A record that never ends: what came of it is kept, and counted.
        let half = vec![b' '; 2 << 20];
        assert!(sender.send(documents.into()).await && sender.send(half.into()).await);
        let request = Request {
            method: "POST".to_owned(),
            path: format!("/api/platform/mongodb/default{}/import", api.base),
            upload: Some(upload),
            // Nobody waits for a share of their own.
            user: Some(User { id: format!("user-{}", n % 3) }),
            ..Request::default()
        };
        imports.push((sender, handle(&hasty, request).await));
    }
    for (sender, response) in imports {
        let Body::Stream(mut feed) = response.body else { panic!("{}", response.status) };
        let mut bytes = Vec::new();
        while let Some(chunk) = feed.next().await {
            bytes.extend(chunk.expect("it is told"));
        }
        let last = bytes.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap();
        let last: Value = serde_json::from_slice(last).unwrap();
        assert_eq!(last["error"]["code"], "DB_TIMEOUT", "{last}");
        assert_eq!(last["error"]["details"]["counts"]["inserted"], 3, "{last}");
        // Nobody reads any more.
        assert!(!sender.send("x".into()).await);
    }
    let (_, counted) = api.send("POST", "/count", "", Some(json!({}))).await;
    assert_eq!(counted["data"]["value"], 36, "{counted}");
    // Their places are free again.
    let seats: Vec<_> = (0..8).map(|_| hasty.uploads.enter(Some("user-0"))).collect();
    assert!(seats.iter().all(Result::is_ok));
}
