//! The operations through the HTTP door, on the connection that `REDIS_URL` names.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};
use studio_multidb::api::http::Request;
use studio_multidb::service::Service;

use crate::fixtures::{Records, ask, door, given, service_of};
use crate::support::prefix;

pub(crate) fn service(url: &str) -> Arc<Service> {
    service_of(&[("REDIS_URL", url)])
}

/// A request below the connection.
pub(crate) fn request(method: &str, path: &str, body: &Value) -> Request {
    door::request(method, &format!("/redis/default{path}"), body)
}

/// Status and JSON of the answer to such a request.
pub(crate) async fn send(
    service: &Arc<Service>,
    method: &str,
    path: &str,
    body: Value,
) -> (u16, Value) {
    ask(service, request(method, path, &body)).await
}

/// The same where the request is done.
pub(crate) async fn ok(service: &Arc<Service>, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = send(service, method, path, body).await;
    assert_eq!(status, 200, "{method} {path}: {answer}");
    answer
}

/// All records of an answer that is a stream.
pub(crate) async fn records(service: &Arc<Service>, path: &str) -> Vec<Value> {
    Records::open(service, request("GET", path, &Value::Null)).await.expect(path).all().await
}

#[tokio::test]
async fn a_key_is_written_read_listed_and_deleted() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let key = format!("{}a/b ü", prefix());
    let path = format!(
        "/keys/{}",
        percent_encoding::utf8_percent_encode(&key, percent_encoding::NON_ALPHANUMERIC)
    );

    let body = json!({ "value": { "field": "1" }, "ttl": 100 });
    let (status, answer) = send(&service, "POST", &path, body).await;
    assert_eq!((status, &answer["data"]["type"]), (200, &json!("hash")), "{answer}");
    let (status, answer) = send(&service, "GET", &path, Value::Null).await;
    assert_eq!((status, &answer["data"]["fields"]), (200, &json!({ "field": "1" })), "{answer}");
    assert_eq!(answer["data"]["key"], key);

    let list = format!("/keys?pattern={}*&with=type,ttl&count=10&type=hash", &key[..8]);
    let answer = ok(&service, "GET", &list, Value::Null).await;
    let found = &answer["data"]["keys"][0];
    assert_eq!((&found["type"], &found["size"]), (&json!("hash"), &Value::Null));

    let (status, answer) =
        send(&service, "POST", &format!("{path}/expire"), json!({ "ttl": -1 })).await;
    assert_eq!((status, &answer["data"]["ttl"]), (200, &json!(-1)), "{answer}");
    let (_, answer) = send(&service, "DELETE", &path, Value::Null).await;
    assert_eq!(answer["data"]["deleted"], 1);
    let (status, answer) = send(&service, "GET", &path, Value::Null).await;
    assert_eq!((status, &answer["error"]["code"]), (404, &json!("DB_NOT_FOUND")));
}

#[tokio::test]
async fn keys_that_no_path_can_spell_are_given_in_base64url() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    for key in [&[0xff, 0x00, 0xfe][..], b".", b".."] {
        let path = format!("/keys/{}?encoding=base64url", BASE64URL.encode(key));
        ok(&service, "POST", &path, json!({ "value": "v", "nx": true })).await;
        let (_, answer) = send(&service, "GET", &path, Value::Null).await;
        assert_eq!(answer["data"]["value"], "v");
        let (status, answer) =
            send(&service, "POST", &path, json!({ "value": "v", "nx": true })).await;
        assert_eq!((status, &answer["error"]["code"]), (409, &json!("CONFLICT")));
        let (_, answer) = send(&service, "DELETE", &path, Value::Null).await;
        assert_eq!(answer["data"]["deleted"], 1);
    }
}

#[tokio::test]
async fn what_is_too_much_or_makes_no_sense_is_refused() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let cases = [
        ("GET", "/keys?count=100000", Value::Null, 413, "PAYLOAD_TOO_LARGE"),
        ("GET", "/keys?count=0", Value::Null, 400, "VALIDATION_ERROR"),
        ("GET", "/keys?patern=a", Value::Null, 400, "VALIDATION_ERROR"),
        ("GET", "/keys?type=a%20b", Value::Null, 400, "VALIDATION_ERROR"),
        ("GET", "/keys?with=colour", Value::Null, 400, "VALIDATION_ERROR"),
        ("POST", "/keys/k", json!({ "value": [] }), 400, "VALIDATION_ERROR"),
        ("POST", "/keys/k", json!({ "value": "v", "ttl": 0 }), 400, "VALIDATION_ERROR"),
        (
            "POST",
            "/keys/k",
            json!({ "value": "v", "nx": true, "xx": true }),
            400,
            "VALIDATION_ERROR",
        ),
        ("POST", "/keys/k/expire", json!({ "ttl": -5 }), 400, "VALIDATION_ERROR"),
        ("GET", "/keys/!?encoding=base64url", Value::Null, 400, "VALIDATION_ERROR"),
    ];
    for (method, path, body, status, code) in cases {
        let (got, answer) = send(&service, method, path, body).await;
        assert_eq!((got, &answer["error"]["code"]), (status, &json!(code)), "{path}: {answer}");
    }
}

#[tokio::test]
async fn the_short_ways_and_the_server_answer() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let key = prefix();
    let (status, answer) =
        send(&service, "POST", "/set", json!({ "key": key, "value": 5, "ttl": 50 })).await;
    assert_eq!((status, &answer["data"]["ttl"]), (200, &json!(50)), "{answer}");
    let (_, answer) = send(&service, "GET", &format!("/get?key={key}"), Value::Null).await;
    assert_eq!(answer["data"], json!({ "key": key, "value": "5" }));
    let commands =
        json!({ "commands": [["GET", key], ["DEL", { "$binary": { "base64": "/w==" } }]] });
    let (_, answer) = send(&service, "POST", "/batch", commands).await;
    assert_eq!(answer["data"], json!([{ "ok": "5" }, { "ok": 0 }]));
    let (status, answer) = send(&service, "GET", "/info", Value::Null).await;
    assert_eq!((status, &answer["data"]["server"]["mode"]), (200, &json!("standalone")));
}
