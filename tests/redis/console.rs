//! Commands of a user's choice.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::outcome::Outcome;
use studio_multidb::service::Service;

use crate::fixtures::given;
use crate::http::{ok, send, service};
use crate::proxy::Proxy;
use crate::support::{Admin, SLOTS, command, connect, prefix};

/// The reply to a line that is confirmed.
async fn reply(service: &Arc<Service>, line: &str) -> Value {
    let body = json!({ "line": line, "confirm": true });
    let answer = ok(service, "POST", "/command", body).await;
    answer["data"]["reply"].clone()
}

#[tokio::test]
async fn a_line_is_read_as_redis_cli_reads_it() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let key = prefix();
    assert_eq!(
        reply(&service, &format!(r#"set {key} "\xff\x00 b""#)).await,
        json!({ "$status": "OK" })
    );
    let binary = json!({ "$binary": { "base64": "/wAgYg==" } });
    assert_eq!(reply(&service, &format!("GET '{key}'")).await, binary);
    let (status, answer) = send(&service, "POST", "/command", json!({ "line": "GET \"a" })).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("VALIDATION_ERROR")));
    assert_eq!(answer["error"]["details"]["position"], 4);
}

#[tokio::test]
async fn arguments_are_text_or_bytes() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let binary = json!({ "$binary": { "base64": "/w==" } });
    let args = json!({ "args": ["ECHO", binary] });
    let (_, answer) = send(&service, "POST", "/command", args).await;
    assert_eq!(answer["data"]["reply"], binary);
    assert_eq!(
        (&answer["data"]["command"], &answer["data"]["access"]),
        (&json!("ECHO"), &json!("read"))
    );
    assert!(answer["data"]["ms"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn replies_say_of_which_kind_they_are() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let key = prefix();
    reply(&service, &format!("HSET {key}h f 9007199254740993")).await;
    reply(&service, &format!("SADD {key}s a")).await;
    reply(&service, &format!("ZADD {key}z inf a -1.5 b")).await;
    let cases = [
        (format!("HGETALL {key}h"), json!({ "$map": [["f", "9007199254740993"]] })),
        (format!("HINCRBY {key}h f 0"), json!({ "$numberLong": "9007199254740993" })),
        (format!("SMEMBERS {key}s"), json!({ "$set": ["a"] })),
        (format!("ZSCORE {key}z a"), json!({ "$double": "inf" })),
        (format!("ZSCORE {key}z b"), json!({ "$double": "-1.5" })),
        (format!("GET {key}none"), json!(null)),
        ("EVAL \"redis.setresp(3); return true\" 0".to_owned(), json!(true)),
        (
            "EVAL \"redis.setresp(3); return {double=3.5}\" 0".to_owned(),
            json!({ "$double": "3.5" }),
        ),
        ("EVAL \"return {1,{err='OOPS no'}}\" 0".to_owned(), {
            json!([1, { "$error": { "code": "OOPS", "message": "no" } }])
        }),
    ];
    for (line, expected) in cases {
        assert_eq!(reply(&service, &line).await, expected, "{line}");
    }
    // Scripts before 7.0 make nothing of these.
    let newer = [
        ("{big_number='123456789012345678901'}", json!({ "$bigNumber": "123456789012345678901" })),
        ("{verbatim_string={format='mkd',string='# a'}}", {
            json!({ "$verbatim": { "format": "mkd", "text": "# a" } })
        }),
    ];
    for (result, expected) in newer {
        let line = format!("EVAL \"redis.setresp(3); return {result}\" 0");
        let got = reply(&service, &line).await;
        assert!(got == expected || got == json!([]), "{line}: {got}");
    }
    assert_eq!(reply(&service, "INFO server").await["$verbatim"]["format"], "txt");
}

#[tokio::test]
async fn what_is_not_offered_is_not_sent() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    for line in
        ["SHUTDOWN", "DEBUG SLEEP 0", "SELECT 1", "BLPOP k 0", "CONFIG SET maxmemory 1", "NOPE"]
    {
        let body = json!({ "line": line, "confirm": true });
        let (status, answer) = send(&service, "POST", "/command", body).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (403, &json!("OPERATION_NOT_ALLOWED")),
            "{line}"
        );
        assert_eq!(answer["error"]["outcome"], "not_applied");
    }
    for body in [
        json!({}),
        json!({ "args": [] }),
        json!({ "line": " " }),
        json!({ "line": "a", "args": ["a"] }),
    ] {
        let (status, answer) = send(&service, "POST", "/command", body).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!("VALIDATION_ERROR")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn what_affects_everybody_must_be_confirmed() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let (status, answer) =
        send(&service, "POST", "/command", json!({ "line": "CONFIG GET *" })).await;
    assert_eq!((status, &answer["error"]["details"]["confirm"]), (403, &json!(true)), "{answer}");
    let settings = reply(&service, "CONFIG GET maxmemory").await;
    assert_eq!(settings, json!({ "$map": [["maxmemory", "0"]] }));
}

#[tokio::test]
async fn an_error_is_told_in_the_servers_words() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let key = prefix();
    reply(&service, &format!("SADD {key} a")).await;
    let (status, answer) =
        send(&service, "POST", "/command", json!({ "args": ["INCR", key] })).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("WRONG_TYPE")));
    let said = answer["error"]["details"]["server_message"].as_str().unwrap();
    assert!(said.starts_with("WRONGTYPE Operation against a key"), "{said}");
    let (status, _) = send(&service, "POST", "/command", json!({ "line": "GET" })).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn no_secret_is_shown() {
    let Some(address) = given("TEST_REDIS_ACL") else { return };
    let mut admin = Admin::connect(&address).await;
    admin.done(&["AUTH", "alice", "secret"]).await;
    admin.done(&["CONFIG", "SET", "masterauth", "canary-secret"]).await;
    admin.done(&["CONFIG", "SET", "slowlog-log-slower-than", "0"]).await;
    admin.done(&["ACL", "SETUSER", "canary", "on", ">canary-secret"]).await;
    let service = service(&format!("redis://alice:secret@{address}"));
    let mut shown = String::new();
    for line in ["CONFIG GET *auth", "ACL LIST", "ACL GETUSER canary", "SLOWLOG GET 128"] {
        shown += &reply(&service, line).await.to_string();
    }
    admin.done(&["CONFIG", "SET", "slowlog-log-slower-than", "10000"]).await;
    admin.done(&["CONFIG", "SET", "masterauth", "\"\""]).await;
    assert_eq!(admin.ask(&["ACL", "DELUSER", "canary"]).await, ":1");
    // The name, the password itself, and how ACL lists it.
    assert!(shown.contains("masterauth") && shown.contains("(redacted)"));
    assert!(!shown.contains("canary-secret"), "{shown}");
    assert!(!shown.contains("7d3b3bd1"), "{shown}");
}

#[tokio::test]
async fn a_cluster_routes_by_key_and_tells_what_it_cannot() {
    let Some(url) = given("TEST_REDIS_CLUSTER_URL") else { return };
    let _still = SLOTS.read().await;
    let service = service(&url);
    let key = prefix();
    for i in 0..20 {
        let set = json!({ "args": ["SET", format!("{key}{i}"), i] });
        let answer = ok(&service, "POST", "/command", set).await;
        assert!(answer["data"]["slot"].is_u64() && answer["data"]["node"].is_null());
    }
    let across = format!("MGET {key}a {key}b");
    let (status, answer) = send(&service, "POST", "/command", json!({ "line": across })).await;
    assert_eq!((status, &answer["error"]["details"]["server_code"]), (400, &json!("CROSSSLOT")));
    let together = reply(&service, &format!("MGET {{{key}}}a {{{key}}}b")).await;
    assert_eq!(together, json!([null, null]));
}

#[tokio::test]
async fn a_command_without_keys_runs_on_the_node_that_is_chosen() {
    let Some(url) = given("TEST_REDIS_CLUSTER_URL") else { return };
    let _still = SLOTS.read().await;
    let service = service(&url);
    let (_, answer) = send(&service, "POST", "/command", json!({ "line": "CLUSTER MYID" })).await;
    assert_eq!(answer["data"]["reply"], answer["data"]["node"]["id"], "{answer}");
    let nodes = reply(&service, "CLUSTER NODES").await;
    let nodes = nodes.as_str().or(nodes["$verbatim"]["text"].as_str()).unwrap().to_owned();
    let ids: BTreeSet<&str> = nodes.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(ids.len() > 2);
    for id in ids {
        let body = json!({ "line": "CLUSTER MYID", "node": id });
        let (_, answer) = send(&service, "POST", "/command", body).await;
        assert_eq!(answer["data"]["reply"], id, "{answer}");
        let port = &answer["data"]["node"]["port"];
        let body = json!({ "line": "CLUSTER MYID", "node": format!("127.0.0.1:{port}") });
        assert_eq!(send(&service, "POST", "/command", body).await.1["data"]["reply"], id);
    }
    let refused = [
        json!({ "line": "DBSIZE", "node": "nobody" }),
        json!({ "line": "GET a", "node": "127.0.0.1:1" }),
        json!({ "line": "SCRIPT FLUSH", "confirm": true }),
    ];
    for body in refused {
        let (status, answer) = send(&service, "POST", "/command", body.clone()).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("VALIDATION_ERROR")), "{body}");
    }
}

/// The connection is cut when the answer is on its way.
#[tokio::test]
async fn a_command_whose_answer_is_lost_is_not_run_again() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let proxy = Proxy::before(&url).await;
    let client = connect(&proxy.url()).await;
    let direct = connect(&url).await;
    for name in ["INCR", "GETEX", "SORT"] {
        let key = prefix();
        let args: &[&str] = match name {
            "SORT" => &["SORT", &key, "STORE", &key],
            name => &[name, &key],
        };
        command(&client, &["PING"]).await.unwrap();
        proxy.cut_every(1);
        let lost = command(&client, args).await.unwrap_err();
        proxy.cut_every(0);
        assert_eq!(lost.known_outcome(), Outcome::Unknown, "{name}: {lost}");
        let found = command(&direct, &["GET", &key]).await.unwrap();
        assert_eq!(found, if name == "INCR" { json!("1") } else { json!(null) });
    }
}
