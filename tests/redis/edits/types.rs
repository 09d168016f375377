//! What each edit does to a value of its type.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{every_server, get, post, put, result};
use crate::fixtures::given;
use crate::http::service;
use crate::support::{Admin, connect, prefix};

#[tokio::test]
async fn each_edit_does_what_it_says() {
    for url in every_server() {
        let (service, key) = (service(&url), prefix());
        let service = &service;
        let list = |operation: Value| result(service, &key, json!({ "list": operation }));
        post(service, &key, "list", &json!(["a", "b", "a", "b"]), -1).await;
        // The second of two that are alike.
        let at = json!({ "index": 2, "side": "before", "value": "x", "if_unchanged": "a" });
        assert_eq!(list(json!({ "insert_at": at })).await, json!({ "length": 5 }));
        let at = json!({ "index": -1, "side": "after", "value": "y", "if_unchanged": "b" });
        list(json!({ "insert_at": at })).await;
        let values = json!(["a", "b", "x", "a", "b", "y"]);
        assert_eq!(get(service, &key).await["values"], values);
        list(json!({ "remove_at": { "index": 3, "if_unchanged": "a" } })).await;
        list(json!({ "push": { "side": "left", "values": ["1", "2"] } })).await;
        let values = json!(["2", "1", "a", "b", "x", "b", "y"]);
        assert_eq!(get(service, &key).await["values"], values);
        let removed = list(json!({ "remove": { "value": "b", "count": -1 } })).await;
        assert_eq!(removed, json!({ "removed": 1 }));
        let left = list(json!({ "trim": { "start": 2, "stop": 4 } })).await;
        assert_eq!(left, json!({ "length": 3 }));
        assert_eq!(get(service, &key).await["values"], json!(["a", "b", "x"]));
        let insert = json!({ "insert": { "side": "after", "pivot": "none", "value": "v" } });
        let (status, answer) = put(service, &key, &json!({ "list": insert })).await;
        assert_eq!((status, &answer["error"]["code"]), (409, &json!("CONFLICT")), "{answer}");

        let key = prefix();
        post(service, &key, "string", &json!("\u{0}"), -1).await;
        let string = |operation: Value| result(service, &key, json!({ "string": operation }));
        let bit = string(json!({ "set_bit": { "offset": 1, "bit": 1 } })).await;
        assert_eq!(bit, json!({ "previous": 0 }));
        let length = string(json!({ "append": { "value": "bc" } })).await;
        assert_eq!(length, json!({ "length": 3 }));
        assert_eq!(get(service, &key).await["value"], "@bc");
        string(json!({ "set": { "value": "9007199254740992" } })).await;
        let sum = string(json!({ "increment": { "by": "1" } })).await;
        assert_eq!(sum, json!({ "value": { "$numberLong": "9007199254740993" } }));

        let key = prefix();
        post(service, &key, "zset", &json!({ "m": "inf" }), -1).await;
        let score = json!({ "zset": { "increment": { "member": "n", "by": -0.5 } } });
        assert_eq!(result(service, &key, score).await, json!({ "score": "-0.5" }));
        let members = get(service, &key).await["members"].clone();
        let expected =
            json!([{ "member": "n", "score": "-0.5" }, { "member": "m", "score": "inf" }]);
        assert_eq!(members, expected);
    }
}

#[tokio::test]
async fn streams_are_trimmed_and_their_groups_managed() {
    for url in every_server() {
        let (service, client, key) = (service(&url), connect(&url).await, prefix());
        let stream = |operation: Value| {
            let (service, key) = (Arc::clone(&service), key.clone());
            async move { result(&service, &key, json!({ "stream": operation })).await }
        };
        let entries: Vec<Value> =
            (1..=20).map(|i| json!({ "id": format!("{i}-0"), "fields": [["f", "v"]] })).collect();
        post(&service, &key, "stream", &json!(entries), -1).await;
        stream(json!({ "group_create": { "group": "g", "id": "0" } })).await;
        let again = json!({ "stream": { "group_create": { "group": "g", "id": "0" } } });
        let (status, answer) = put(&service, &key, &again).await;
        assert_eq!((status, &answer["error"]["code"]), (409, &json!("CONFLICT")), "{answer}");
        let none = json!({ "stream": { "group_set_id": { "group": "none", "id": "0" } } });
        let (status, answer) = put(&service, &key, &none).await;
        assert_eq!((status, &answer["error"]["code"]), (404, &json!("DB_NOT_FOUND")), "{answer}");

        let mut admin = Admin::at(&url, &client, &key).await;
        let read = ["XREADGROUP", "GROUP", "g", "one", "COUNT", "5", "STREAMS", &key, ">"];
        assert!(admin.ask(&read).await.starts_with('*'));
        let claim = json!({ "group": "g", "consumer": "two", "ids": ["1-0", "2-0", "19-0"] });
        let claimed = stream(json!({ "claim": claim })).await;
        assert_eq!(claimed, json!({ "claimed": ["1-0", "2-0"] }));
        let idle = json!({
            "group": "g", "consumer": "one", "ids": ["1-0"], "min_idle_ms": 3_600_000,
        });
        assert_eq!(stream(json!({ "claim": idle })).await, json!({ "claimed": [] }));
        let acked = stream(json!({ "ack": { "group": "g", "ids": ["1-0", "9-0"] } })).await;
        assert_eq!(acked, json!({ "acknowledged": 1 }));
        let gone = json!({ "delete_consumer": { "group": "g", "consumer": "two" } });
        assert_eq!(stream(gone).await, json!({ "pending": 1 }));
        let destroyed = stream(json!({ "group_destroy": { "group": "g" } })).await;
        assert_eq!(destroyed, json!({ "destroyed": 1 }));

        let added = json!({ "add": { "id": "30-1", "fields": [["f", "v"], ["f", "w"]] } });
        assert_eq!(stream(added).await, json!({ "id": "30-1" }));
        let deleted = stream(json!({ "delete": { "ids": ["30-1", "31"] } })).await;
        assert_eq!(deleted, json!({ "removed": 1 }));
        let trimmed = stream(json!({ "trim": { "min_id": "11", "exact": true } })).await;
        assert_eq!(trimmed, json!({ "removed": 10 }));
        let trimmed = stream(json!({ "trim": { "max_length": 3, "exact": true } })).await;
        assert_eq!(trimmed, json!({ "removed": 7 }));
        assert_eq!(get(&service, &key).await["length"], 3);
    }
}

#[tokio::test]
async fn a_hyperloglog_takes_elements_and_any_other_string_does_not() {
    for url in every_server() {
        let (service, client, key) = (service(&url), connect(&url).await, prefix());
        let mut admin = Admin::at(&url, &client, &key).await;
        assert_eq!(admin.ask(&["PFADD", &key, "a"]).await, ":1");
        assert_eq!(admin.ask(&["PEXPIRE", &key, "100000"]).await, ":1");
        let add = json!({ "hyperloglog": { "add": {
            "elements": ["b", { "$binary": { "base64": "/w==" } }],
        } } });
        let (status, answer) = put(&service, &key, &add).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["data"]["result"], json!({ "changed": 1 }));
        assert!(answer["data"]["ttl"].as_i64().unwrap() > 90);
        assert_eq!(admin.ask(&["PFCOUNT", &key]).await, ":3");
        post(&service, &key, "string", &json!("v"), -1).await;
        let (status, answer) = put(&service, &key, &add).await;
        assert_eq!((status, &answer["error"]["code"]), (409, &json!("WRONG_TYPE")), "{answer}");
        assert_eq!(answer["error"]["details"]["expected_type"], "hyperloglog");
    }
}

/// Hash fields that expire are a feature of Redis 7.4 and Valkey 9.
#[tokio::test]
async fn a_field_keeps_its_ttl_when_its_value_is_edited() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let (service, key) = (service(&url), prefix());
    post(&service, &key, "hash", &json!({ "a": "1", "b": "1" }), -1).await;
    let expire = json!({ "hash": { "expire": { "fields": ["a", "none"], "ttl": 1000 } } });
    let (status, answer) = put(&service, &key, &expire).await;
    let set = json!({ "hash": { "set": { "fields": [["a", "2"], ["b", "2"], ["c", "2"]] } } });
    if status == 400 {
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("do not expire"), "{answer}");
        // Editing needs no such feature.
        assert_eq!(result(&service, &key, set).await, json!({ "added": 1 }));
        return;
    }
    let fields = json!({ "fields": { "changed": 1, "missing": 1 } });
    assert_eq!(answer["data"]["result"], fields, "{answer}");
    assert_eq!(result(&service, &key, set).await, json!({ "added": 1 }));
    let increment = json!({ "hash": { "increment": { "field": "a", "by": 1 } } });
    result(&service, &key, increment).await;
    let value = get(&service, &key).await;
    assert_eq!(value["fields"]["a"], "3");
    let ttls = value["field_ttls"].as_object().unwrap();
    assert_eq!(ttls.len(), 1, "{value}");
    assert!(ttls["a"].as_i64().unwrap() > 900, "{value}");
    let persist = json!({ "hash": { "expire": { "fields": ["a"], "ttl": -1 } } });
    let fields = json!({ "fields": { "changed": 1, "missing": 0 } });
    assert_eq!(result(&service, &key, persist).await, fields);
    assert!(get(&service, &key).await["field_ttls"].is_null());
}
