//! One change of one key: every type, through the HTTP door.

use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::service::Service;

use crate::http::{send, service};
use crate::support::{Admin, batch, connect, prefix, server};

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
    let (status, answer) = send(service, "POST", &format!("/keys/{key}"), body).await;
    assert_eq!(status, 200, "{answer}");
}

async fn get(service: &Arc<Service>, key: &str) -> Value {
    let (status, answer) = send(service, "GET", &format!("/keys/{key}"), Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    answer["data"].clone()
}

async fn result(service: &Arc<Service>, key: &str, edit: Value) -> Value {
    let (status, answer) = put(service, key, &edit).await;
    assert_eq!(status, 200, "{edit}: {answer}");
    answer["data"]["result"].clone()
}

fn every_server() -> impl Iterator<Item = String> {
    ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"].into_iter().filter_map(server)
}

#[tokio::test]
async fn every_edit_keeps_the_ttl_of_its_key() {
    for url in every_server() {
        let service = service(&url);
        for (type_name, value, edits) in edits() {
            let key = prefix();
            post(&service, &key, type_name, &value, 1000).await;
            for edit in edits {
                let (status, answer) = put(&service, &key, &edit).await;
                assert_eq!(status, 200, "{edit}: {answer}");
                let (data, ttl) = (&answer["data"], answer["data"]["ttl_ms"].as_i64().unwrap());
                assert_eq!(data["type"], type_name);
                assert!((900_000..=1_000_000).contains(&ttl), "{edit}: {answer}");
            }
            assert!(get(&service, &key).await["ttl"].as_i64().unwrap() > 900);
        }
    }
}

#[tokio::test]
async fn an_edit_makes_no_key_of_one_that_was_deleted() {
    for url in every_server() {
        let (service, client) = (service(&url), connect(&url).await);
        for (_, _, edits) in edits() {
            for edit in edits {
                let key = prefix();
                let (status, answer) = put(&service, &key, &edit).await;
                assert_eq!(
                    (status, &answer["error"]["code"], &answer["error"]["outcome"]),
                    (404, &json!("DB_NOT_FOUND"), &json!("not_applied")),
                    "{edit}: {answer}"
                );
                assert_eq!(batch(&client, &[&["EXISTS", &key]]).await[0]["ok"], 0, "{edit}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_of_another_type_is_left_alone_and_its_type_is_told() {
    for url in every_server() {
        let service = service(&url);
        let (string, hash) = (prefix(), prefix());
        post(&service, &string, "string", &json!("v"), 1000).await;
        post(&service, &hash, "hash", &json!({ "f": "v" }), 1000).await;
        for (type_name, _, edits) in edits() {
            for edit in edits {
                let (key, actual) =
                    if type_name == "string" { (&hash, "hash") } else { (&string, "string") };
                let (status, answer) = put(&service, key, &edit).await;
                assert_eq!(status, 409, "{edit}: {answer}");
                let error = &answer["error"];
                assert_eq!(error["code"], "WRONG_TYPE", "{edit}: {answer}");
                assert_eq!(error["details"]["actual_type"], actual, "{edit}: {answer}");
                assert_eq!(error["outcome"], "not_applied", "{edit}: {answer}");
            }
        }
        assert_eq!(get(&service, &string).await["value"], "v");
        assert_eq!(get(&service, &hash).await["fields"], json!({ "f": "v" }));
    }
}

#[tokio::test]
async fn what_someone_else_changed_is_not_overwritten_and_is_told() {
    for url in every_server() {
        let service = service(&url);
        let values = [
            ("string", json!("now")),
            ("hash", json!({ "f": "now" })),
            ("list", json!(["now"])),
            ("zset", json!([["m", 7]])),
        ];
        let edits = [
            json!({ "string": { "set": { "value": "new", "if_unchanged": "then" } } }),
            json!({ "string": { "set": { "value": "new", "if_unchanged": "no" } } }),
            json!({ "string": { "set_range": {
                "offset": 1, "value": "new", "if_unchanged": "xx",
            } } }),
            json!({ "hash": { "set": { "fields": [["f", "new"]], "if_unchanged": [["f", "then"]] } } }),
            json!({ "hash": { "set": { "fields": [["f", "new"]], "if_unchanged": [["f", null]] } } }),
            json!({ "hash": { "delete": { "fields": ["f"], "if_unchanged": [["f", "then"]] } } }),
            json!({ "list": { "set": { "index": 0, "value": "new", "if_unchanged": "then" } } }),
            json!({ "list": { "set": { "index": 5, "value": "new", "if_unchanged": "then" } } }),
            json!({ "list": { "insert_at": {
                "index": 0, "side": "before", "value": "new", "if_unchanged": "then",
            } } }),
            json!({ "list": { "remove_at": { "index": 0, "if_unchanged": "then" } } }),
            json!({ "zset": { "add": { "members": [["m", 1]], "if_unchanged": [["m", 6.5]] } } }),
            json!({ "zset": { "add": { "members": [["m", 1]], "if_unchanged": [["m", null]] } } }),
        ];
        let currents = [
            json!("now"),
            json!("now"),
            json!("ow"),
            json!("now"),
            json!("now"),
            json!("now"),
            json!("now"),
            json!(null),
            json!("now"),
            json!("now"),
            json!("7"),
            json!("7"),
        ];
        for (edit, current) in edits.iter().zip(currents) {
            let type_name = edit.as_object().unwrap().keys().next().unwrap();
            let (_, value) = values.iter().find(|(name, _)| name == type_name).unwrap();
            let key = prefix();
            post(&service, &key, type_name, value, -1).await;
            let before = get(&service, &key).await;
            let (status, answer) = put(&service, &key, edit).await;
            assert_eq!((status, &answer["error"]["code"]), (409, &json!("CONFLICT")), "{edit}");
            assert_eq!(answer["error"]["details"]["current"], current, "{edit}: {answer}");
            assert_eq!(answer["error"]["outcome"], "not_applied");
            assert_eq!(get(&service, &key).await, before, "{edit}");
        }
    }
}

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
    let Some(url) = server("TEST_REDIS_URL") else { return };
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

#[tokio::test]
async fn a_ttl_is_changed_with_an_edit_only_where_it_is_given() {
    for url in every_server() {
        let (service, key) = (service(&url), prefix());
        post(&service, &key, "hash", &json!({ "f": "v" }), -1).await;
        let path = format!("/keys/{key}");
        let edit = json!({ "hash": { "set": { "fields": [["f", "w"]] } } });
        let body = json!({ "edit": edit, "ttl_ms": 500_000 });
        let (_, answer) = send(&service, "PUT", &path, body).await;
        assert_eq!(answer["data"]["ttl"], 500, "{answer}");
        let remove = json!({ "hash": { "delete": { "fields": ["none"] } } });
        let body = json!({ "edit": remove, "ttl": -1 });
        let (_, answer) = send(&service, "PUT", &path, body).await;
        assert_eq!(answer["data"]["ttl"], -1, "{answer}");
        let (_, answer) = send(&service, "PUT", &path, json!({ "at": 4_102_444_800_u64 })).await;
        assert!(answer["data"]["ttl"].as_i64().unwrap() > 1_000_000, "{answer}");
        for body in [json!({}), json!({ "ttl": 5, "at": 4_102_444_800_u64 }), json!({ "at": 5 })] {
            let (status, answer) = send(&service, "PUT", &path, body).await;
            assert_eq!(status, 400, "{answer}");
        }
    }
}

#[tokio::test]
async fn a_key_that_goes_with_its_last_element_is_told_as_gone() {
    for url in every_server() {
        let (service, key) = (service(&url), prefix());
        let cases = [
            (json!(["a"]), "list", json!({ "remove": { "value": "a", "count": 0 } })),
            (json!(["a"]), "list", json!({ "trim": { "start": 1, "stop": 0 } })),
            (json!(["a"]), "set", json!({ "remove": { "members": ["a"] } })),
            (json!({ "a": "1" }), "hash", json!({ "delete": { "fields": ["a"] } })),
        ];
        for (value, type_name, operation) in cases {
            post(&service, &key, type_name, &value, -1).await;
            let (status, answer) = put(&service, &key, &json!({ type_name: operation })).await;
            assert_eq!((status, &answer["data"]["ttl"]), (200, &json!(-2)), "{answer}");
        }
    }
}

#[tokio::test]
async fn what_the_server_refuses_changes_nothing() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let (service, key) = (service(&url), prefix());
    post(&service, &key, "string", &json!("text"), 1000).await;
    for (edit, code) in [
        (json!({ "string": { "increment": { "by": 1 } } }), "DB_QUERY_ERROR"),
        (json!({ "string": { "set_bit": { "offset": u32::MAX, "bit": 1 } } }), "VALIDATION_ERROR"),
        (
            json!({ "string": { "set_range": { "offset": 400_000_000, "value": "x" } } }),
            "VALIDATION_ERROR",
        ),
    ] {
        let (status, answer) = put(&service, &key, &edit).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!(code)), "{edit}: {answer}");
        assert_eq!(answer["error"]["outcome"], "not_applied", "{edit}: {answer}");
    }
    assert_eq!(get(&service, &key).await["value"], "text");
}

/// Scripts are not needed; `MULTI` is, but for what the server's own commands promise.
#[tokio::test]
async fn users_without_scripts_can_edit_and_those_without_transactions_learn_what_they_lack() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let address = url.trim_start_matches("redis://");
    let (user, key) = (prefix().replace(':', ""), prefix());
    let mut admin = Admin::connect(address).await;
    let owner = service(&url);
    post(&owner, &key, "hash", &json!({ "f": "v" }), 1000).await;
    let set = json!({ "hash": { "set": { "fields": [["f", "w"]] } } });
    let delete = json!({ "hash": { "delete": { "fields": ["none"] } } });
    let as_user = format!("redis://{user}:secret@{address}");

    admin.done(&["ACL", "SETUSER", &user, "on", ">secret", "~*", "+@all", "-@scripting"]).await;
    let service = service(&as_user);
    assert_eq!(put(&service, &key, &set).await.0, 200);

    admin.done(&["ACL", "SETUSER", &user, "-@transaction"]).await;
    let (status, answer) = put(&service, &key, &set).await;
    assert_eq!((status, &answer["error"]["code"]), (403, &json!("PERMISSION_DENIED")), "{answer}");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("@transaction"), "{answer}");
    assert_eq!(answer["error"]["outcome"], "not_applied");
    assert_eq!(put(&service, &key, &delete).await.0, 200);

    // Without `MULTI`, what it should hold together runs one by one: that is told.
    let body = json!({ "value": ["a"], "type": "list" });
    let (status, answer) = send(&service, "POST", &format!("/keys/{key}list"), body).await;
    assert_eq!((status, &answer["error"]["outcome"]), (403, &json!("unknown")), "{answer}");

    // An edit learns it before its commands are sent.
    admin.done(&["ACL", "SETUSER", &user, "+watch"]).await;
    let (status, answer) = put(&service, &key, &set).await;
    assert_eq!(status, 403, "{answer}");
    assert_eq!(get(&owner, &key).await["fields"], json!({ "f": "w" }));
    admin.done(&["ACL", "SETUSER", &user, "+multi"]).await;
    let body = json!({ "edit": { "hash": { "set": { "fields": [["f", "x"]] } } } });
    assert_eq!(send(&service, "PUT", &format!("/keys/{key}"), body).await.0, 403);
    // Whoever is next on that connection is not in its transaction.
    assert_eq!(get(&service, &key).await["fields"], json!({ "f": "w" }));
}
