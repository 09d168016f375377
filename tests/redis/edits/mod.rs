//! One change of one key: every type, through the HTTP door.

mod rules;
mod types;

use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::service::Service;

use crate::fixtures::given;
use crate::http::{ok, send};

/// A value of each type, and edits of it that leave something of it.
fn edits() -> Vec<(&'static str, Value, Vec<Value>)> {
    let bytes = || json!({ "$binary": { "base64": "/wA=" } });
    vec![
        (
            "string",
            json!("12"),
            vec![
                json!({ "string": { "increment": { "by": 5 } } }),
                json!({ "string": { "increment_float": { "by": "0.5" } } }),
                json!({ "string": { "set_bit": { "offset": 3, "bit": 1 } } }),
                json!({ "string": { "set_range": { "offset": 2, "value": "abc" } } }),
                json!({ "string": { "append": { "value": bytes() } } }),
                json!({ "string": { "set": { "value": bytes() } } }),
                json!({ "string": { "set": { "value": "new", "if_unchanged": bytes() } } }),
            ],
        ),
        (
            "hash",
            json!({ "a": "1", "b": "2" }),
            vec![
                json!({ "hash": { "set": { "fields": [["a", "2"], [bytes(), bytes()]] } } }),
                json!({ "hash": { "set": { "fields": [["a", "3"]], "if_unchanged": [["a", "2"]] } } }),
                json!({ "hash": { "increment": { "field": "a", "by": 1 } } }),
                json!({ "hash": { "increment_float": { "field": "a", "by": 1.5 } } }),
                json!({ "hash": { "delete": { "fields": [bytes()] } } }),
            ],
        ),
        (
            "list",
            json!(["a", "b", "a", "c"]),
            vec![
                json!({ "list": { "set": {
                    "index": -1, "value": bytes(), "if_unchanged": "c",
                } } }),
                json!({ "list": { "insert": { "side": "before", "pivot": "b", "value": "x" } } }),
                json!({ "list": { "insert_at": {
                    "index": 0, "side": "after", "value": bytes(), "if_unchanged": "a",
                } } }),
                json!({ "list": { "push": { "side": "left", "values": [bytes(), "p"] } } }),
                json!({ "list": { "push": { "side": "right", "values": ["q"] } } }),
                json!({ "list": { "remove": { "value": bytes(), "count": -1 } } }),
                json!({ "list": { "remove_at": { "index": 0, "if_unchanged": "p" } } }),
                json!({ "list": { "trim": { "start": 0, "stop": 2 } } }),
            ],
        ),
        (
            "set",
            json!(["a"]),
            vec![
                json!({ "set": { "add": { "members": [bytes(), "b"] } } }),
                json!({ "set": { "remove": { "members": [bytes()] } } }),
            ],
        ),
        (
            "zset",
            json!([["a", 1], ["b", "-inf"]]),
            vec![
                json!({ "zset": { "add": { "members": [[bytes(), 5], ["a", "1.5"]] } } }),
                json!({ "zset": { "add": {
                    "members": [["a", "-0"]],
                    "if_unchanged": [["a", 1.5], ["none", null], ["b", "-inf"]],
                } } }),
                json!({ "zset": { "increment": { "member": "a", "by": 2 } } }),
                json!({ "zset": { "remove": { "members": [bytes()] } } }),
            ],
        ),
        (
            "stream",
            json!([{ "id": "1-1", "fields": [["f", "v"]] }]),
            vec![
                json!({ "stream": { "add": { "id": "2-1", "fields": [[bytes(), bytes()]] } } }),
                json!({ "stream": { "add": { "fields": [["f", "v"]], "max_length": 1000 } } }),
                json!({ "stream": { "group_create": { "group": bytes(), "id": "0" } } }),
                json!({ "stream": { "group_set_id": { "group": bytes(), "id": "$" } } }),
                json!({ "stream": { "claim": {
                    "group": bytes(), "consumer": bytes(), "ids": ["1-1"],
                } } }),
                json!({ "stream": { "ack": { "group": bytes(), "ids": ["1-1"] } } }),
                json!({ "stream": { "delete_consumer": {
                    "group": bytes(), "consumer": bytes(),
                } } }),
                json!({ "stream": { "group_destroy": { "group": bytes() } } }),
                json!({ "stream": { "delete": { "ids": ["2-1"] } } }),
                json!({ "stream": { "trim": { "max_length": 1, "exact": true } } }),
            ],
        ),
    ]
}

async fn put(service: &Arc<Service>, key: &str, edit: &Value) -> (u16, Value) {
    send(service, "PUT", &format!("/keys/{key}"), json!({ "edit": edit })).await
}

async fn post(service: &Arc<Service>, key: &str, type_name: &str, value: &Value, ttl: i64) {
    let body = json!({ "value": value, "type": type_name, "ttl": ttl });
    ok(service, "POST", &format!("/keys/{key}"), body).await;
}

async fn get(service: &Arc<Service>, key: &str) -> Value {
    let answer = ok(service, "GET", &format!("/keys/{key}"), Value::Null).await;
    answer["data"].clone()
}

async fn result(service: &Arc<Service>, key: &str, edit: Value) -> Value {
    let (status, answer) = put(service, key, &edit).await;
    assert_eq!(status, 200, "{edit}: {answer}");
    answer["data"]["result"].clone()
}

fn every_server() -> impl Iterator<Item = String> {
    ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"].into_iter().filter_map(given)
}
