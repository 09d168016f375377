//! Keys whose type a module has brought: named and measured, and their values left to the module.

use serde_json::{Value, json};

use crate::http::{records, send, service};
use crate::rogue::serve_each;

/// What a server with a JSON module answers about one document.
fn document(command: &[&str]) -> String {
    match command {
        ["SCAN", ..] => "*2\r\n$1\r\n0\r\n*1\r\n$8\r\ndocument\r\n".to_owned(),
        ["TYPE", ..] => "+ReJSON-RL\r\n".to_owned(),
        ["PTTL" | "PEXPIRETIME", ..] => ":-1\r\n".to_owned(),
        ["OBJECT", ..] => "$3\r\nraw\r\n".to_owned(),
        ["MEMORY", ..] => ":1234\r\n".to_owned(),
        ["DBSIZE", ..] => ":1\r\n".to_owned(),
        ["DUMP", ..] => "$4\r\ndump\r\n".to_owned(),
        ["INFO", ..] => "$0\r\n\r\n".to_owned(),
        ["TIME"] => "*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n".to_owned(),
        ["HELLO" | "CLIENT" | "WATCH" | "MULTI" | "PING" | "DISCARD", ..] => "+OK\r\n".to_owned(),
        _ => "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n".to_owned(),
    }
}

#[tokio::test]
async fn a_key_of_a_module_is_listed_counted_and_exported_and_no_request_breaks_on_it() {
    let port = serve_each(document).await;
    let service = service(&format!("redis://127.0.0.1:{port}"));
    let (_, page) = send(&service, "GET", "/keys?with=type,ttl,size,encoding", Value::Null).await;
    let key = json!({
        "key": "document", "type": "ReJSON-RL", "ttl": -1, "size": 1234, "encoding": "raw",
    });
    assert_eq!(page["data"]["keys"], json!([key]), "{page}");
    let (_, tree) = send(&service, "GET", "/tree", Value::Null).await;
    assert_eq!(tree["data"]["keys"], json!(["document"]), "{tree}");
    let (_, memory) = send(&service, "GET", "/memory", Value::Null).await;
    assert_eq!(memory["data"]["types"][0]["type"], "ReJSON-RL", "{memory}");
    let (_, value) = send(&service, "GET", "/keys/document", Value::Null).await;
    let value = &value["data"];
    assert_eq!((&value["type"], &value["size"]), (&json!("ReJSON-RL"), &json!(1234)));
    assert_eq!((&value["value"], &value["supported"]), (&json!(null), &json!(false)));
    let edit = json!({ "edit": { "string": { "set": { "value": "w" } } } });
    for (method, path, body) in [
        ("PUT", "/keys/document", edit),
        ("GET", "/keys/document/download", Value::Null),
        ("GET", "/keys/document/groups", Value::Null),
    ] {
        let (status, answer) = send(&service, method, path, body).await;
        assert_eq!((status, &answer["error"]["code"]), (409, &json!("WRONG_TYPE")), "{answer}");
        assert_eq!(answer["error"]["details"]["actual_type"], "ReJSON-RL", "{path}: {answer}");
    }
    let lines = records(&service, "/export").await;
    let line = json!({ "key": "document", "type": "ReJSON-RL", "dump": "ZHVtcA==" });
    assert!(lines.contains(&line), "{lines:?}");
}
