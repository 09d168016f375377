//! The operations through the HTTP door, on the connection that `REDIS_URL` names.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};
use studio_multidb::api::http::{Request, Response, handle};
use studio_multidb::config::Config;
use studio_multidb::request::reply::Body;
use studio_multidb::service::Service;

use crate::support::{own_settings, prefix, server};

/// One service per test: each has a runtime of its own.
pub(crate) fn service(url: &str) -> Arc<Service> {
    service_of(&[("REDIS_URL", url)])
}

/// One with these settings.
pub(crate) fn service_of(settings: &[(&str, &str)]) -> Arc<Service> {
    let env = |name: &str| {
        settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    Service::shared(Config::from_env(env, &own_settings()).unwrap()).unwrap()
}

/// The status and the body of an answer to a request below the connection.
pub(crate) async fn send(
    service: &Arc<Service>,
    method: &str,
    path: &str,
    body: Value,
) -> (u16, Value) {
    let response = ask(service, method, path, body, "application/json").await;
    (response.status, serde_json::from_slice(&response.body.whole().unwrap()).unwrap())
}

/// All records of an answer that is a stream.
pub(crate) async fn records(service: &Arc<Service>, path: &str) -> Vec<Value> {
    let response = ask(service, "GET", path, Value::Null, "application/x-ndjson").await;
    assert_eq!(response.status, 200, "{response:?}");
    let Body::Stream(mut feed) = response.body else { panic!("{path} is no stream") };
    let mut text = Vec::new();
    while let Some(chunk) = feed.next().await {
        text.extend(chunk.unwrap());
    }
    text.split(|&b| b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

/// Asks work to stop.
pub(crate) async fn stop(service: &Arc<Service>, job: &str) -> (u16, Value) {
    let request = Request {
        method: "DELETE".to_owned(),
        path: format!("/api/platform/multidb/jobs/{job}"),
        ..Request::default()
    };
    let response = handle(service, request).await;
    (response.status, serde_json::from_slice(&response.body.whole().unwrap()).unwrap())
}

pub(crate) async fn ask(
    service: &Arc<Service>,
    method: &str,
    path: &str,
    body: Value,
    accept: &str,
) -> Response {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    handle(
        service,
        Request {
            method: method.to_owned(),
            path: format!("/api/platform/redis/default{path}"),
            query: query.to_owned(),
            headers: vec![header("content-type", "application/json"), header("accept", accept)],
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
            user: None,
            remote_address: None,
            allowed_origins: Vec::new(),
            upload: None,
        },
    )
    .await
}

#[tokio::test]
async fn a_key_is_written_read_listed_and_deleted() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
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
    let (status, answer) = send(&service, "GET", &list, Value::Null).await;
    assert_eq!(status, 200, "{answer}");
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
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let service = service(&url);
    for key in [&[0xff, 0x00, 0xfe][..], b".", b".."] {
        let path = format!("/keys/{}?encoding=base64url", BASE64URL.encode(key));
        let (status, answer) =
            send(&service, "POST", &path, json!({ "value": "v", "nx": true })).await;
        assert_eq!(status, 200, "{answer}");
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
    let Some(url) = server("TEST_REDIS_URL") else { return };
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
    let Some(url) = server("TEST_REDIS_URL") else { return };
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
