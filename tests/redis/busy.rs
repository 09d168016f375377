//! A server that runs a script for so long that it does nothing else.
//!
//! No other test may use these servers meanwhile.

use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::service::Service;

use crate::fixtures::{eventually, given, service_of};
use crate::http::{ok, send, service};
use crate::support::{Admin, OLDER, SLOTS, address, connect, prefix};

/// A script that ends when it is killed.
const ENDLESS: &str = "while true do end";

/// The address of a server, and how to connect to a database of it which is not the first: busy servers
/// before Valkey 9 let nobody select one.
async fn servers() -> Vec<(String, String)> {
    let mut servers = Vec::new();
    for name in ["TEST_REDIS_62_URL", "TEST_REDIS_70_URL"] {
        if let Some(url) = given(name) {
            let address = address(&url).to_owned();
            servers.push((address, format!("{url}/2")));
        }
    }
    if let Some(address) = given("TEST_REDIS_ACL") {
        servers.push((address.clone(), format!("redis://alice:secret@{address}/2")));
    }
    for (address, url) in &servers {
        let mut admin = admin(address, url).await;
        admin.done(&["CONFIG", "SET", "lua-time-limit", "50"]).await;
    }
    servers
}

async fn admin(address: &str, url: &str) -> Admin {
    let mut admin = Admin::connect(address).await;
    if url.contains('@') {
        admin.done(&["AUTH", "alice", "secret"]).await;
    }
    admin
}

/// Waits until the server says that it is busy.
async fn is_busy(address: &str, url: &str) {
    let mut admin = admin(address, url).await;
    eventually("the server being busy", async || admin.ask(&["PING"]).await.starts_with("-BUSY"))
        .await;
}

async fn run(service: &Arc<Service>, line: &str) -> (u16, Value) {
    send(service, "POST", "/command", json!({ "line": line, "confirm": true })).await
}

/// Waits until a command is answered: a script looks now and then whether it is to end.
async fn answers(service: &Arc<Service>, line: &str) {
    eventually("an answer", async || run(service, line).await.0 == 200).await;
}

/// Leaves the server as it was.
async fn leave(address: &str, url: &str) {
    let mut admin = admin(address, url).await;
    eventually("the server being free", async || admin.ask(&["PING"]).await == "+PONG").await;
    admin.done(&["CONFIG", "SET", "lua-time-limit", "5000"]).await;
}

#[tokio::test]
#[ignore = "a server does nothing else"]
async fn every_request_to_a_busy_server_is_told_why_and_the_console_ends_the_script() {
    let _alone = OLDER.write().await;
    for (address, url) in servers().await {
        let service = service(&url);
        let key = prefix();
        assert_eq!(run(&service, &format!("SET {key} v")).await.0, 200);
        let script = tokio::spawn({
            let service = Arc::clone(&service);
            async move { run(&service, &format!("EVAL \"{ENDLESS}\" 0")).await }
        });
        is_busy(&address, &url).await;
        let key_path = format!("/keys/{key}");
        let requests = [
            ("GET", "/keys", Value::Null),
            ("GET", key_path.as_str(), Value::Null),
            ("POST", &key_path, json!({ "value": ["a"], "type": "list" })),
            ("PUT", &key_path, json!({ "edit": { "string": { "set": { "value": "w" } } } })),
            ("DELETE", &key_path, Value::Null),
            ("GET", "/info", Value::Null),
            ("GET", "/tree", Value::Null),
            ("POST", "/command", json!({ "line": format!("GET {key}") })),
            ("POST", "/pubsub/publish", json!({ "channel": "c", "message": "m" })),
        ];
        for (method, path, body) in requests {
            let (status, answer) = send(&service, method, path, body).await;
            let error = &answer["error"];
            assert_eq!((status, &error["code"]), (503, &json!("DB_CONNECTION_FAILED")), "{answer}");
            let details = &error["details"];
            assert_eq!(
                (&details["busy_with"], &error["outcome"]),
                (&json!("script"), &json!("not_applied"))
            );
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("SCRIPT KILL"), "{path}: {message}");
        }
        // That it is busy says nothing against it.
        assert!(!service.pools.status()[0].circuit_open);
        let (status, answer) = run(&service, "SCRIPT KILL").await;
        assert_eq!(
            (status, &answer["data"]["reply"]),
            (200, &json!({ "$status": "OK" })),
            "{answer}"
        );
        let (status, answer) = script.await.unwrap();
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("DB_QUERY_ERROR")), "{answer}");
        let (_, answer) = run(&service, &format!("GET {key}")).await;
        assert_eq!(answer["data"]["reply"], "v", "{answer}");
        run(&service, &format!("DEL {key}")).await;
        leave(&address, &url).await;
    }
}

/// Nothing is connected yet, as after a restart of the Studio.
#[tokio::test]
#[ignore = "a server does nothing else"]
async fn the_console_reaches_a_server_that_was_busy_before() {
    let _alone = OLDER.write().await;
    for (address, url) in servers().await {
        let mut other = admin(&address, &url).await;
        let script =
            tokio::spawn(async move { other.ask(&["EVAL", &format!("\"{ENDLESS}\""), "0"]).await });
        is_busy(&address, &url).await;
        let service = service(&url);
        let (status, answer) = send(&service, "GET", "/keys", Value::Null).await;
        assert_eq!(
            (status, &answer["error"]["details"]["busy_with"]),
            (503, &json!("script")),
            "{answer}"
        );
        let (status, answer) = run(&service, "SCRIPT KILL").await;
        assert_eq!(status, 200, "{answer}");
        assert!(script.await.unwrap().starts_with("-ERR"));
        answers(&service, "PING").await;
        leave(&address, &url).await;
    }
}

#[tokio::test]
#[ignore = "a server does nothing else"]
async fn a_script_that_outlasts_its_request_is_told_with_what_ends_it() {
    let _alone = OLDER.write().await;
    for (address, url) in servers().await {
        let settings = [("REDIS_URL", url.as_str()), ("MULTIDB_REQUEST_TIMEOUT_MS", "700")];
        let service = service_of(&settings);
        // A script that may not write can still change the server.
        for line in ["EVAL", "EVAL_RO"] {
            if line == "EVAL_RO" && run(&service, "EVAL_RO \"return 1\" 0").await.0 != 200 {
                continue;
            }
            let (status, answer) = run(&service, &format!("{line} \"{ENDLESS}\" 0")).await;
            let error = &answer["error"];
            assert_eq!((status, &error["code"]), (504, &json!("DB_TIMEOUT")), "{answer}");
            assert_eq!(
                (&error["outcome"], &error["details"]["end_with"]),
                (&json!("unknown"), &json!("SCRIPT KILL"))
            );
            assert!(error["message"].as_str().unwrap().contains("may still run"), "{answer}");
            // It does.
            is_busy(&address, &url).await;
            assert_eq!(run(&service, "SCRIPT KILL").await.0, 200);
            answers(&service, "PING").await;
        }
        assert_eq!(
            run(&service, "SCRIPT KILL").await.1["error"]["details"]["server_code"],
            "NOTBUSY"
        );
        leave(&address, &url).await;
    }
}

/// Then nobody ends it but the script itself.
#[tokio::test]
#[ignore = "a server does nothing else"]
async fn a_script_that_has_written_is_not_ended_and_that_is_told() {
    let _alone = OLDER.write().await;
    for (address, url) in servers().await {
        let service = service(&url);
        let key = prefix();
        let script =
            "redis.call('SET', KEYS[1], 'v'); for i = 1, 800000000 do local x = i end return 1";
        let mut running = tokio::spawn({
            let (service, key) = (Arc::clone(&service), key.clone());
            async move {
                let args = json!({ "args": ["EVAL", script, "1", key], "confirm": true });
                send(&service, "POST", "/command", args).await
            }
        });
        tokio::select! {
            () = is_busy(&address, &url) => {}
            early = &mut running => panic!("{early:?}"),
        }
        let (_, answer) = run(&service, "SCRIPT KILL").await;
        let code = answer["error"]["details"]["server_code"].clone();
        // It may have ended in between.
        assert!(code == "UNKILLABLE" || code == "NOTBUSY", "{answer}");
        let (status, answer) = running.await.unwrap();
        assert_eq!((status, &answer["data"]["reply"]), (200, &json!(1)), "{answer}");
        run(&service, &format!("DEL {key}")).await;
        leave(&address, &url).await;
    }
}

/// Slots that are on other nodes are served by those.
#[tokio::test]
#[ignore = "a node does nothing else"]
async fn a_busy_node_of_a_cluster_is_named_and_the_others_go_on() {
    let Some(url) = given("TEST_REDIS_CLUSTER_URL") else { return };
    let _alone = SLOTS.write().await;
    let service = service_of(&[("REDIS_URL", &url), ("MULTIDB_REQUEST_TIMEOUT_MS", "2000")]);
    let key = prefix();
    let mut owner = Admin::at(&url, &connect(&url).await, &key).await;
    owner.done(&["CONFIG", "SET", "lua-time-limit", "50"]).await;
    let endless = json!({ "args": ["EVAL", ENDLESS, "1", key], "confirm": true });
    let (status, answer) = send(&service, "POST", "/command", endless).await;
    assert_eq!((status, &answer["error"]["code"]), (504, &json!("DB_TIMEOUT")), "{answer}");
    let node = answer["error"]["details"]["node"].clone();
    let mut served = 0;
    for i in 0..20 {
        let (status, answer) = run(&service, &format!("GET {key}{i}")).await;
        served += usize::from(status == 200);
        let busy_with = &answer["error"]["details"]["busy_with"];
        assert!(status == 200 || busy_with == "script", "{answer}");
    }
    assert!((1..20).contains(&served), "{served} keys are served");
    let (status, answer) = run(&service, "SCRIPT KILL").await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("VALIDATION_ERROR")), "{answer}");
    let kill = json!({ "line": "SCRIPT KILL", "confirm": true, "node": node });
    ok(&service, "POST", "/command", kill).await;
    answers(&service, &format!("GET {key}")).await;
    owner.done(&["CONFIG", "SET", "lua-time-limit", "5000"]).await;
}
