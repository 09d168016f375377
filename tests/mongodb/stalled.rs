//! Bodies of imports that do not go on.

use serde_json::{Value, json};
use studio_multidb::access::User;
use studio_multidb::api::http::{Request, handle};
use studio_multidb::request::upload::Upload;

use super::api::api;
use crate::fixtures::{ask, eventually, given, service_of, stream, whole};

#[tokio::test(flavor = "multi_thread")]
async fn imports_that_stall_end_with_what_they_did_and_make_room() {
    let Some(api) = api("stalled").await else { return };
    let url = given("TEST_MONGODB_URL").expect("it is there");
    let hasty = service_of(&[
        ("MONGODB_URL", &url),
        ("MULTIDB_RATE_LIMIT", "off"),
        ("MULTIDB_REQUEST_TIMEOUT_MS", "6000"),
    ]);
    // It is connected before anything is held to the time that bodies have.
    eventually("an answer of the server", async || {
        ask(&hasty, api.request("POST", "/count", &json!({}))).await.0 == 200
    })
    .await;
    let mut imports = Vec::new();
    for n in 0..12 {
        let (sender, upload) = Upload::channel();
        let documents = [0, 1, 2].map(|i| format!("{{\"_id\":\"{n}-{i}\"}}\n")).concat();
        // A record that never ends: what came of it is kept, and counted.
        let half = vec![b' '; 2 << 20];
        assert!(sender.send(documents.into()).await && sender.send(half.into()).await);
        let request = Request {
            upload: Some(upload),
            // Nobody waits for a share of their own.
            user: User::named(format!("user-{}", n % 3)),
            ..api.request("POST", "/import", &Value::Null)
        };
        imports.push((sender, handle(&hasty, request).await));
    }
    for (sender, response) in imports {
        let bytes = whole(stream(response)).await;
        let last = bytes.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap();
        let last: Value = serde_json::from_slice(last).unwrap();
        assert_eq!(last["error"]["code"], "DB_TIMEOUT", "{last}");
        assert_eq!(last["error"]["details"]["counts"]["inserted"], 3, "{last}");
        // Nobody reads any more.
        assert!(!sender.send("x".into()).await);
    }
    let (_, counted) = api.send("POST", "/count", json!({})).await;
    assert_eq!(counted["data"]["value"], 36, "{counted}");
    // Their places are free again.
    let seats: Vec<_> = (0..8).map(|_| hasty.uploads.enter(Some("user-0"))).collect();
    assert!(seats.iter().all(Result::is_ok));
}
