//! What holds for every edit, whatever the type of its key.

use serde_json::json;

use super::{edits, every_server, get, post, put};
use crate::fixtures::given;
use crate::http::{send, service};
use crate::support::{Admin, address, batch, connect, prefix};

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
async fn what_gives_a_name_two_values_changes_nothing_in_any_door() {
    for url in every_server() {
        let (service, client) = (service(&url), connect(&url).await);
        let (hash, zset) = (prefix(), prefix());
        post(&service, &hash, "hash", &json!({ "a": "0" }), 1000).await;
        post(&service, &zset, "zset", &json!({ "a": 0 }), 1000).await;
        let path = |key: &str| format!("/keys/{key}");
        for (method, path, body, place) in [
            (
                "POST",
                path(&hash),
                json!({ "type": "hash", "value": [["a", 1], ["a", 2]] }),
                "value[1]",
            ),
            (
                "POST",
                path(&zset),
                json!({ "type": "zset", "value": [["a", 1], ["a", 2]] }),
                "value[1]",
            ),
            (
                "PUT",
                path(&hash),
                json!({ "edit": { "hash": { "set": { "fields": [["a", "1"], ["a", "9"]] } } } }),
                "fields[1]",
            ),
            (
                "PUT",
                path(&zset),
                json!({ "edit": { "zset": { "add": { "members": [["a", 1], ["a", 9]] } } } }),
                "members[1]",
            ),
        ] {
            let (status, answer) = send(&service, method, &path, body.clone()).await;
            let error = &answer["error"];
            assert_eq!(
                (status, &error["code"]),
                (400, &json!("VALIDATION_ERROR")),
                "{body}: {answer}"
            );
            assert!(error["message"].as_str().unwrap().contains(place), "{body}: {answer}");
        }
        let read = batch(&client, &[&["HGET", &hash, "a"], &["ZCOUNT", &zset, "0", "0"]]).await;
        assert_eq!((&read[0]["ok"], &read[1]["ok"]), (&json!("0"), &json!(1)), "{read:?}");
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
    let Some(url) = given("TEST_REDIS_URL") else { return };
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
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let address = address(&url);
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

    // Nothing is sent that should be held together.
    let body = json!({ "value": ["a"], "type": "list" });
    let (status, answer) = send(&service, "POST", &format!("/keys/{key}list"), body).await;
    assert_eq!((status, &answer["error"]["outcome"]), (403, &json!("not_applied")), "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("@transaction"), "{answer}");

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
